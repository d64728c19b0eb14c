"""Briefing slides (발표 자료) of one report, from its results rows: about twenty, fewer where a study has less to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from csi_lib.errors import InputError
from csi_lib.office.briefing_words import READING, WORDS
from csi_lib.office.deck import MARGIN, WIDTH, Deck, Slide
from csi_lib.office.finding_slides import FindingSlides
from csi_lib.office.fitting import cut
from csi_lib.office.result_rows import ResultRows, priority_points
from csi_lib.prose.change import describe, verdict_of
from csi_lib.prose.numbers import SMALL_BASE, Interval, Number, absent
from csi_lib.prose.sentences import Sentence, say
from csi_lib.report.theme import DEFAULT_PRIMARY
from csi_lib.study.reading import reading

_MOST_BARS, _MOST_DIMENSIONS, _MOST_POINTS = 20, 8, 18


def write_briefing(
    study, results: pd.DataFrame, path: Path, *, agency: str, year: int, lang: str, labels, model=None,
    source: str = "customers", findings: pd.DataFrame | None = None,
) -> Path:  # fmt: skip
    """The slides of one report as ``.pptx``.

    Parameters
    ----------
    results : results rows of the report, masked for its release; nothing is computed anew.
    labels : names of measures and groups (`csi_lib.evaluation.labels.Labels`).
    model : the report's index model (`IndexModel`), or None.
    findings : the report's findings (``findings.parquet``), from which the first slide, the conclusions and the recommendations
        select; without them the report states none.
    source : the source that the slides are about; what a report says of employees, a pretest or fieldwork is not theirs.

    Raises
    ------
    InputError : python-pptx is not installed, or the results are not this agency's.
    """
    own = results[((results["agency"] == agency) & (results["source"] == source)).fillna(False)]
    if not len(own):
        raise InputError("no results of this agency", where="write_briefing", found=f"{agency}, {year}")
    name = study.agency(agency).name.text(lang)
    title = WORDS[lang]["report"].format(study.title.text(lang))
    period = study.period_of(year)
    deck = Deck(lang=lang, primary=str(study.report.theme.get("primary", DEFAULT_PRIMARY)),
                footer=f"{study.title.text(lang)} · {name} · {period}")  # fmt: skip
    who = [x.text(lang) for x in (study.commissioned_by, study.contractor) if x is not None]
    deck.cover(title, [f"{name} · {period}", *who])
    _Briefing(deck, study, ResultRows(own, year), name, lang, labels, model, findings).write()
    return deck.save(path, title=f"{title} – {name} {period}", author=who[-1] if who else "")


class _Briefing:
    def __init__(self, deck: Deck, study, rows: ResultRows, name: str, lang: str, labels, model, findings=None):
        self.deck, self.study, self.rows, self.name, self.lang = deck, study, rows, name, lang
        self.labels, self.model = labels, model
        self.rule = reading()
        self.words = {k: self.rule.worded(v) if isinstance(v, str) else v for k, v in WORDS[lang].items()}
        self.index = model and rows.one(measure=model.file.index, statistic="index", model=model.name)
        root = model.node(model.file.index) if model else None
        parts = (
            [rows.one(measure=c, statistic="index", model=model.name) for c in (root.children or ())] if root else []
        )
        self.dimensions = [r for r in parts if r is not None and not absent(r["estimate"])]
        self.last: list[Sentence] = []  # what the summary repeats
        self.told = FindingSlides(deck, lang, self.words, findings, self.end)

    def write(self) -> None:
        for make in (self.told.sheet, self.outline, self.respondents, self.key_results, self.index_slide, self.standing, self.distribution,
                     self.dimension_scores, self.dimension_changes, self.item_slides, self.group_slides, self.weights,
                     self.priority_slides, self.reliability, self.summary, self.told.conclusion,
                     self.told.recommendations, self.reading):  # fmt: skip
            make()

    # ------------------------------------------------------------------ small things
    def say(self, ko: str, en: str, **fields) -> Sentence:
        return say({"ko": ko, "en": en}[self.lang], self.lang, **fields)

    def measure(self, row: Mapping) -> str:
        return self.labels.measure(row["measure"])

    def end(self, slide: Slide, *notes: str) -> None:
        w, period = self.words, self.study.period_of(self.rows.year)
        lines = [w["source"].format(study=self.study.title.text(self.lang), period=period, agency=self.name)]
        if self.model:
            lines.append(
                w["model"].format(label=self.model.file.label.text(self.lang), edition=self.model.file.formula_edition)
            )
        slide.close([*notes, *lines], rows=w["rows"])

    def changed(self, row: Mapping, subject: str) -> Sentence | None:
        change, before = self.rows.change(row), self.rows.before(row)
        if change is None or before is None:
            return None
        versus = {
            "ko": f"{self.study.period_of(int(before['year']))}년",
            "en": self.study.period_of(int(before["year"])),
        }
        return describe(change, self.lang, subject=subject, versus=versus[self.lang])

    def chart(self, title: str, rows: Sequence[Mapping], *, message: Sentence | None = None, names=None, notes=(),
              columns=False, head: str | None = None) -> None:  # fmt: skip
        """A slide with one chart of the estimates of `rows`."""
        slide = self.deck.slide(title, message)
        names = names or [self.measure(r) for r in rows]
        slide.bars(names, [(head or title, [Number.from_row(r) for r in rows])],
                   alt=self._alt(title, names, rows), columns=columns)  # fmt: skip
        hidden = any(bool(r["suppressed"]) for r in rows)
        self.end(slide, *(s.text for s in (message,) if s), *notes, self.words["hidden"] if hidden else "")

    def _alt(self, title: str, names: Sequence[str], rows: Sequence[Mapping]) -> str:
        told = [Number.from_row(r) for r in rows]
        said = lambda n: n.text(self.lang) + (SMALL_BASE if n.small_base else "")
        return f"{title}: " + ", ".join(f"{name} {said(n)}" for name, n in zip(names, told, strict=True))

    # ------------------------------------------------------------------ slides
    def outline(self) -> None:
        w, rows, study = self.words, self.rows, self.study
        text = lambda label: label.text(self.lang) if label is not None else None
        count = lambda measure, statistic: rows.one(measure=measure, statistic=statistic)
        number = lambda row: Number.from_row(row) if row else None
        lines = [
            (w["agency"], self.name), (w["commissioned"], text(study.commissioned_by)),
            (w["contractor"], text(study.contractor)), (w["period"], text(study.period)),
            (w["population"], number(count("population", "count"))), (w["sample"], number(count("sample", "count"))),
            (w["effective"], number(count("sample", "effective_size"))),
            (w["error"], number(count("sample", "sampling_error"))),
        ]  # fmt: skip
        shown = [line for line in lines if line[1] is not None]
        slide = self.deck.slide(w["outline"])
        slide.table((w["item"], w["content"]), shown, alt=w["outline"], widths=(4.2, 7.9), size=16)
        self.end(slide)

    def respondents(self) -> None:
        """The composition by the first banner variables that fit one chart."""
        shown, names = [], []
        for variable in self.study.report.groups or self.labels.codebook.groups:
            own = [r for r in self.rows.all(statistic="share")
                   if r["measure"].split(":")[0] == variable and (r["estimate"] or 0) > 0]  # fmt: skip
            if own and len(shown) + len(own) <= _MOST_BARS:
                shown += own
                names += [f"{self.labels.variable(variable)} · {self.measure(r)}" for r in own]
        if not shown:
            return
        sample = self.rows.one(measure="sample", statistic="count")
        message = sample and self.say("{name}의 응답자는 {n}이다. 비율은 가중치를 반영했다.",
                                      "{name}: {n} respondents; shares are weighted.", name=self.name,
                                      n=Number.from_row(sample))  # fmt: skip
        self.chart(self.words["respondents"], shown, message=message, names=names, head=self.words["share"])

    def _headlines(self) -> list[dict]:
        """The index, and what the model measures beside it."""
        side = [self.rows.one(measure=n.id, statistic="index", model=self.model.name) for n in self.model.file.side]
        return [r for r in (self.index, *side) if r is not None and not absent(r["estimate"])]

    def key_results(self) -> None:
        if not self.index:
            return
        w, body = self.words, []
        for row in self._headlines():
            change = self.rows.change(row)
            told = (
                self.say("{c} {mark}", "{c} {mark}", c=Number.from_row(change, signed=True),
                         mark=verdict_of(change).mark) if change else "–"
            )  # fmt: skip
            body.append(
                (self.measure(row), Number.from_row(row), Interval.from_row(row), told, Number.from_row(row, "n"))
            )
        message = self.say("{name}의 {what:은/는} {score}이다.", "{what} of {name}: {score}.", name=self.name,
                           what=self.measure(self.index), score=Number.from_row(self.index))  # fmt: skip
        self.last.append(message)
        slide = self.deck.slide(w["key"], message)
        slide.table((w["measure"], w["score"], w["ci"], w["change"], w["n"]), body, alt=w["key"],
                    widths=(4.6, 1.7, 2.6, 2.0, 1.2), size=16)  # fmt: skip
        self.end(slide, message.text)

    def index_slide(self) -> None:
        """The index of this wave beside the last one."""
        if not self.index:
            return
        before = self.rows.before(self.index)
        told = self.changed(self.index, self.measure(self.index))
        if before is None or told is None:
            return
        self.last.append(told)
        waves = [before, self.index]
        names = [self.study.period_of(int(r["year"])) for r in waves]
        self.chart(f"{self.words['index']}: {self.measure(self.index)}", waves, message=told, names=names, columns=True,
                   notes=[f"{self.words['ci']}: " + ", ".join(
                       f"{n} {Interval.from_row(r).text(self.lang)}" for n, r in zip(names, waves, strict=True))])  # fmt: skip

    def standing(self) -> None:
        """Indices of the other models, and the rank among the agencies of the same type."""
        found = [r for r in self.rows.all(statistic="index") if not absent(r["model"]) and not absent(r["estimate"])]
        roots = {}
        for row in found:  # the first index row of a model in the results is its index
            roots.setdefault(row["model"], row)
        others = [r for m, r in roots.items() if not self.model or m != self.model.name]
        rank = self.model and self.rows.one(measure=self.model.file.index, statistic="rank", model=self.model.name)
        if not others:
            return
        message = rank and self.say("같은 유형 기관 가운데 순위는 {r}이다.", "Rank {r} among the agencies of its type.",
                                    r=Number.from_row(rank))  # fmt: skip
        self.chart(self.words["standing"], [r for r in (self.index, *others) if r], message=message)

    def distribution(self) -> None:
        """Answers to the item that asks for overall satisfaction."""
        side = [n for n in self.model.file.side if n.role == "overall"] if self.model else []
        items = [self.model.binding.get(i, i) for n in side for i in (n.items or ())]
        for item in items[:1]:
            own = [r for r in self.rows.all(statistic="share") if r["measure"].rpartition(":")[0] == item]
            codes = sorted((r for r in own if r["measure"].rpartition(":")[2].isdigit()),
                           key=lambda r: int(r["measure"].rpartition(":")[2]))  # fmt: skip
            top = next((r for r in own if r["measure"].endswith(":top2")), None)
            if not codes:
                continue
            message = top and self.say("긍정 응답(가장 높은 두 답)은 {t}이다.", "{t} chose one of the two highest answers.",
                                       t=Number.from_row(top))  # fmt: skip
            names = [self.labels.answer(item, r["measure"].rpartition(":")[2]) for r in codes]
            title = self.words["distribution"].format(self.labels.measure(item))
            self.chart(title, codes, message=message, names=names)

    def dimension_scores(self) -> None:
        if len(self.dimensions) < 2:
            return
        ranked = sorted(self.dimensions, key=lambda r: -r["estimate"])
        message = self.say(
            "{high}의 점수가 {a:으로/로} 가장 높고, {low}의 점수가 {b:으로/로} 가장 낮다.",
            "{high} scores highest ({a}), {low} lowest ({b}).", high=self.measure(ranked[0]), low=self.measure(ranked[-1]),
            a=Number.from_row(ranked[0]), b=Number.from_row(ranked[-1]),
        )  # fmt: skip
        self.last.append(message)
        self.chart(self.words["dimensions"], ranked, message=message)

    def dimension_changes(self) -> None:
        """Every dimension in this wave and the last, and which changes the tests call a change."""
        pairs = [(self.rows.before(r), r, self.rows.change(r)) for r in self.dimensions]
        pairs = [p for p in pairs if p[0] is not None and p[2] is not None]
        if not pairs:
            return
        moved = {d: [self.measure(r) for _, r, c in pairs if verdict_of(c).direction == d]
                 for d in ("up", "down")}  # fmt: skip
        told = [self.say("유의하게 오른 차원: {x}." if d == "up" else "유의하게 내린 차원: {x}.",
                         "Significantly higher: {x}." if d == "up" else "Significantly lower: {x}.", x=names)
                for d, names in moved.items() if names]  # fmt: skip
        message = told[0] + told[1] if len(told) == 2 else told[0] if told else self.say(
            "유의하게 달라진 차원은 없다.", "No dimension changed significantly.")  # fmt: skip
        self.last.append(message)
        names, years = [self.measure(r) for _, r, _ in pairs], [int(pairs[0][0]["year"]), self.rows.year]
        slide = self.deck.slide(self.words["changes"], message)
        series = [(self.study.period_of(y), [Number.from_row(p[k]) for p in pairs]) for k, y in enumerate(years)]
        alt = "; ".join(f"{n} {a.text(self.lang)} → {b.text(self.lang)}"
                        for n, a, b in zip(names, series[0][1], series[1][1], strict=True))  # fmt: skip
        slide.bars(names, series, alt=f"{self.words['changes']}: {alt}")
        self.end(slide, message.text)

    def item_slides(self) -> None:
        """The items of each dimension; of a model with many, or without dimensions, the highest and the lowest."""
        mean = lambda item: self.rows.one(measure=item, statistic="mean")
        blocks = []
        for row in self.dimensions:
            items = [self.model.binding.get(i, i) for i in self.model.node(row["measure"]).items or ()]
            own = [r for r in map(mean, items) if r is not None and not absent(r["estimate"])]
            if own:
                blocks.append((row, own))
        if not blocks or len(blocks) > _MOST_DIMENSIONS:
            every = sorted(
                (r for r in self.rows.all(statistic="mean") if not absent(r["estimate"])), key=lambda r: -r["estimate"]
            )
            halves = [("high", every[:10]), ("low", every[-10:])] if len(every) > _MOST_BARS else [("high", every)]
            left = len(every) - 2 * 10 if len(halves) == 2 else 0
            message = self.say("항목 {n}개 가운데 가장 높은 10개와 가장 낮은 10개이며, 나머지 {left}개는 보고서와 통계표에 있다.",
                               "The 10 highest and 10 lowest of {n} items; the other {left} are in the report and its tables.",
                               n=len(every), left=left) if left else None  # fmt: skip
            for which, part in halves:
                if part:
                    self.chart(self.words["more_items"].format(self.words[which]), part, message=message)
            return
        for row, own in blocks:
            message = self.changed(row, self.measure(row)) or self.say(
                "{what}의 점수는 {x}이다.", "{what}: {x}.", what=self.measure(row), x=Number.from_row(row))  # fmt: skip
            self.chart(
                self.words["items"].format(self.measure(row)),
                sorted(own, key=lambda r: -r["estimate"]),
                message=message,
            )

    def group_slides(self) -> None:
        """The index by banner variable, two on a slide."""
        if not self.index:
            return
        charts = []
        for variable in self.study.report.groups or self.labels.codebook.groups:
            own = self.rows.all(
                measure=self.index["measure"], statistic="index", model=self.model.name, by1=variable, by2=None
            )
            if 1 < len(own) <= _MOST_BARS:
                charts.append((variable, own))
        half = (WIDTH - 2 * MARGIN - 0.3) / 2
        for start in range(0, len(charts), 2):
            pair = charts[start : start + 2]
            names = [self.labels.variable(v) for v, _ in pair]
            heads = [cut(n, width=5, size=20) for n in names]
            slide = self.deck.slide(f"{self.words['groups']}: {', '.join(heads)}", self.words["bases"])
            for position, (variable, own) in enumerate(pair):
                title = cut(self.labels.variable(variable), width=half, size=12)
                bases = [Number.from_row(r, "n") for r in own]
                groups = [self.labels.group(variable, r["group1"]) + (f" ({n.digits_text()})" if n.shown else "")
                          for r, n in zip(own, bases, strict=True)]  # fmt: skip
                slide.bars(groups, [(title, [Number.from_row(r) for r in own])], alt=self._alt(title, groups, own),
                           left=MARGIN + position * (half + 0.3), width=half, title=title)  # fmt: skip
            hidden = any(bool(r["suppressed"]) for _, own in pair for r in own)
            self.end(slide, self.words["hidden"] if hidden else "")

    def weights(self) -> None:
        if not self.index:
            return
        keys = [f"{self.index['measure']}>{r['measure']}" for r in self.dimensions]
        own = [self.rows.one(measure=k, statistic="weight", model=self.model.name) for k in keys]
        own = [r for r in own if r is not None and not absent(r["estimate"])]
        if len(own) > 1:
            self.chart(self.words["weights"], own, head=self.words["weight"])

    def priority_slides(self) -> None:
        """Items by satisfaction and effect on the index, and those to begin with."""
        w = self.words
        found = priority_points(self.rows, {f["subject"]: f["size"] for f in self.told.ranked()})
        if not len(found):  # no importance axis, so no map and no first
            return
        points, left = found.head(_MOST_POINTS), len(found) - _MOST_POINTS
        rest = [self._left_out_sentence(len(found), _MOST_POINTS).text] if left > 0 else []
        side = lambda r, axis: Number.from_row({k[:-2]: v for k, v in r.items() if k.endswith(f"_{axis}")})
        pairs = [(str(i), side(r, "x"), side(r, "y")) for i, r in enumerate(points.to_dict("records"), 1)]
        names = [self.labels.measure(m) for m in points["measure"]]
        message = self.say("먼저 개선할 항목: {x}.", "Improve first: {x}.", x=names[:1])
        self.last.append(message)
        slide = self.deck.slide(w["portfolio"], message)
        alt = "; ".join(f"{i} {n}: {x.text(self.lang)}, {y.text(self.lang)}"
                        for n, (i, x, y) in zip(names, pairs, strict=True))  # fmt: skip
        slide.points(
            pairs, alt=f"{w['portfolio']}: {alt}", axes=(w["satisfaction"], w["gain"]), name=w["portfolio"], width=7.4
        )
        listed = [(i, n, x, y) for n, (i, x, y) in zip(names, pairs, strict=True)]
        slide.table(
            (w["number"], w["item"]),
            [row[:2] for row in listed],
            alt=w["portfolio"],
            widths=(0.7, 3.9),
            left=8.2,
            size=11,
        )
        self.end(slide, message.text, *rest)
        more = len(found) > 8
        slide = self.deck.slide(w["priorities"], message + self._left_out_sentence(len(found), 8) if more else message)
        slide.table((w["number"], w["item"], w["satisfaction"], w["gain"]), listed[:8], alt=w["priorities"],
                    widths=(1.0, 6.5, 2.3, 2.3), size=16)  # fmt: skip
        self.end(slide)

    def _left_out_sentence(self, of: int, shown: int) -> Sentence:
        """That a slide shows the first of a longer list."""
        return self.say("{of}개 가운데 앞의 {shown}개만 실었다.", "The first {shown} of {of}.", of=of, shown=shown)

    def reliability(self) -> None:
        own = [r for r in self.rows.all(statistic="alpha") if not absent(r["estimate"])]
        if not own:
            return
        w = self.words
        body = [(self.measure(r), Number.from_row(r), Interval.from_row(r), Number.from_row(r, "n")) for r in own[:12]]
        slide = self.deck.slide(w["reliability"], self._left_out_sentence(len(own), 12) if len(own) > 12 else None)
        slide.table(
            (w["measure"], w["alpha"], w["ci"], w["n"]),
            body,
            alt=w["reliability"],
            widths=(5.2, 2.0, 3.0, 1.9),
            size=16,
        )
        self.end(slide)

    def summary(self) -> None:
        if self.last:
            slide = self.deck.slide(self.words["summary"])
            slide.text(self.last, top=1.4, size=20)
            self.end(slide)

    def reading(self) -> None:
        slide = self.deck.slide(self.words["reading"])
        lines = [
            self.rule.worded(t).format(small=self.rule.small_base, least=self.rule.min_base) for t in READING[self.lang]
        ]
        slide.text(lines, top=1.4, size=18)
        self.end(slide)
