"""League tables with uncertainty, one page a year; peer groups, one page a type. Only for `publish: true`."""

from __future__ import annotations

import pandas as pd

from csi_lib.evaluation.standing import MIN_PEERS, ranks
from csi_lib.prose.numbers import Number
from csi_lib.run.site.frame import Site, changed, e, interval, interval_bar, number, span_of, sparkline, table
from csi_lib.run.site.reports import Headline, Report
from csi_lib.survey.estimates import results_frame


class Scores:
    """The published figures of all reports, and what follows from them: ranks and means, recorded as rows."""

    def __init__(self, site: Site, reports: list[Report], headline: Headline):
        self.frame = results_frame([row for report in reports for row in report.rows])
        self.frame["type"] = [site.study.agency(a).type for a in self.frame["agency"]]
        self.headline, self.site = headline, site
        self.derived: list[pd.DataFrame] = []
        self.pages = {r.place: r for r in reports}
        self._row = {(r["agency"], r["year"], r["measure"], r["statistic"]): r for r in self.frame.to_dict("records")}

    def row(self, agency: str, year: int, measure: str | None = None, statistic: str = "index") -> dict | None:
        return self._row.get((agency, year, measure or self.headline.index, statistic))

    def trend(self, agency: str) -> str:
        study, lang = self.site.study, self.site.lang
        values = [(y, self.row(agency, y)) for y in study.years]
        numbers = [(y, Number.from_row(r)) for y, r in values if r is not None]
        said = ", ".join(f"{study.period_of(y)} {n.text(lang, unit=False)}" for y, n in numbers if n.shown)
        return sparkline(values, label=self.site.words["trend_of"].format(name=self.site.name(agency), values=said))

    def wave(self, year: int, measure: str | None = None) -> pd.DataFrame:
        f = self.frame
        return f[(f["year"] == year) & (f["statistic"] == "index") & (f["measure"] == (measure or self.headline.index))]

    def ranks(self, year: int, type: str | None) -> dict[str, dict]:
        """Rank rows by agency among those of its type (None: the agencies without one)."""
        wave = self.wave(year)
        wave = wave[wave["type"].isna()] if type is None else wave[wave["type"] == type]
        found = ranks(wave.drop(columns="type").assign(type=type or ""), self.headline.index, type=type or "")
        like = {r["agency"]: r for r in wave.to_dict("records")}
        rows = [
            {k: like[a][k] for k in ("study", "agency", "year", "period", "source", "release", "model", "measure")}
            | {"formula_edition": like[a]["formula_edition"], "statistic": "rank", "by1": "type", "group1": type or "",
               "estimate": r.rank, "ci_low": r.low, "ci_high": r.high, "n": r.of, "unit": "rank"}
            for a, r in found.items()
        ]  # fmt: skip
        return {r["agency"]: r for r in self._kept(results_frame(rows))}

    def means(self, year: int, type: str) -> dict[str, dict]:
        """Mean over the agencies of a type, by measure; none for fewer than three (`MIN_PEERS`); every agency counts once."""
        f = self.frame
        wave = f[(f["year"] == year) & (f["statistic"] == "index") & (f["type"] == type) & f["estimate"].notna()]
        rows = []
        for measure, own in wave.groupby("measure", sort=False):
            if len(own) >= MIN_PEERS:
                one = own.iloc[0]
                rows.append(
                    {k: one[k] for k in ("study", "year", "period", "source", "release", "model", "formula_edition")}
                    | {"measure": measure, "statistic": "index", "versus": "agencies", "by1": "type", "group1": type,
                       "estimate": own["estimate"].mean(), "se": float((own["se"] ** 2).sum() ** 0.5 / len(own)),
                       "n": own["n"].sum(), "unit": one["unit"], "value_text": str(len(own))}
                )  # fmt: skip
        return {r["measure"]: r for r in self._kept(results_frame(rows))}

    def _kept(self, frame: pd.DataFrame) -> list[dict]:
        self.derived.append(frame)
        return frame.to_dict("records")

    def results(self) -> pd.DataFrame:
        """Every row that some page of the site shows."""
        frame = pd.concat([results_frame(self.frame.drop(columns="type")), *self.derived], ignore_index=True)
        return frame.drop_duplicates("row_id").reset_index(drop=True)

    def link(self, agency: str, year: int) -> str:
        """The agency's name, leading to its report."""
        report, name = self.pages.get(f"{agency}/{year}"), e(self.site.name(agency))
        if report is None or not report.documents:
            return name
        return f'<a href="../{agency}/{year}/{report.documents[0]}">{name}</a>'


def league_page(site: Site, scores: Scores, year: int, address: str) -> str:
    """One table per type of agency, highest index first, with interval and possible ranks."""
    t, lang = site.words, site.lang
    low, high = span_of(scores.wave(year))
    drawn = f'{t["drawn"]} <span class="scale">{low:g}–{high:g}</span>'
    heads = [
        (t["agency"], False), (t["index"], True), (t["interval"], True), (drawn, False), (t["n"], True),
        (t["rank"], True), (t["between"], True), (t["change"], True),
    ]  # fmt: skip
    parts = []
    wave = scores.wave(year).sort_values("estimate", ascending=False, na_position="last")
    for type in _types(site, wave):
        own = wave[wave["type"].isna()] if type is None else wave[wave["type"] == type]
        found = scores.ranks(year, type)
        lines = []
        for row in own.to_dict("records"):
            rank = found.get(row["agency"])
            lines.append([
                scores.link(row["agency"], year), number(row, lang=lang), interval(row, lang=lang),
                interval_bar(row, low, high), number(row, "n", lang=lang),
                number(rank, lang=lang, unit=True) if rank else "–", interval(rank, lang=lang) if rank else "–",
                changed(scores.row(row["agency"], year, None, "difference"), lang=lang),
            ])  # fmt: skip
        name = e(site.type_name(type) or t["no_type"])
        note = "" if found else f"<p>{t['few']}</p>"
        parts.append(
            f'<section class="level2"><h2>{name}</h2>{note}{table(name, heads, lines, titled=False)}</section>'
        )
    title = t["league_title"].format(year=site.study.period_of(year))
    notes = " ".join((t["unit"] + ".", t["changed"], t["hidden"]))
    body = f'<p class="lead-in">{t["league_lead"]}</p>{"".join(parts)}<p class="table-notes">{notes}</p>'
    return site.page(title, body, up="../", here=address)


def group_page(site: Site, scores: Scores, type: str, address: str) -> str:
    """One type of agency: index by year with trend, and the dimensions of the latest year with scores."""
    t, lang, study = site.words, site.lang, site.study
    frame = scores.frame[(scores.frame["type"] == type) & (scores.frame["statistic"] == "index")]
    years = [y for y in study.years if (frame["year"] == y).any()]
    latest = years[-1]
    agencies = [a.id for a in study.agencies if a.type == type and (frame["agency"] == a.id).any()]
    means = {y: scores.means(y, type) for y in years}
    index = scores.headline.index
    trend = [
        [e(site.name(a)), *(number(scores.row(a, y), lang=lang) or "–" for y in years), scores.trend(a)]
        for a in agencies
    ]
    average = t["mean"].format(k=len(agencies))
    if any(means.values()):
        trend.append([average, *(number(means[y].get(index), lang=lang) or "–" for y in years), ""])
    parts = [
        table(t["group_trend"], [(t["agency"], False), *((e(study.period_of(y)), True) for y in years), (t["trend"], False)], trend)
    ]  # fmt: skip
    labels = _labels(study, lang, scores.headline)
    measures = [m for m in scores.headline.measures if (frame["measure"] == m).any()]
    cells = [
        [scores.link(a, latest), *(number(scores.row(a, latest, m), lang=lang) or "–" for m in measures), number(scores.row(a, latest), "n", lang=lang)]
        for a in agencies if scores.row(a, latest) is not None
    ]  # fmt: skip
    if means[latest]:
        k = next(iter(means[latest].values()))["value_text"]
        cells.append([t["mean"].format(k=k), *(number(means[latest].get(m), lang=lang) or "–" for m in measures),
                      number(means[latest].get(index), "n", lang=lang)])  # fmt: skip
    heads = [(t["agency"], False), *((e(labels[m]), True) for m in measures), (t["n"], True)]
    parts.append(table(t["group_scores"].format(year=study.period_of(latest)), heads, cells))
    body = f'<p class="lead-in">{t["group_lead"]}</p>{"".join(parts)}'
    body += f'<p class="table-notes">{t["unit"]}. {t["trend_note"]}</p>'
    return site.page(site.type_name(type), body, up="../", here=address)


def _types(site: Site, wave: pd.DataFrame) -> list[str | None]:
    """Types in the study's order, those without one last."""
    there = {x for x in wave["type"] if isinstance(x, str)}
    order = [c for c in site.study.types if c in there]
    return [*order, *sorted(there - set(order)), *([None] if wave["type"].isna().any() else [])]


def _labels(study, lang: str, headline: Headline) -> dict[str, str]:
    from csi_lib.models.study_models import study_models

    model = study_models(study, "customers")[0]
    return {m: model.node(m).label.text(lang) for m in headline.measures}
