"""What is said of single items: means on 0–100, Top-2 and Bottom-2 boxes, distribution, NPS."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from csi_lib.errors import InputError, nearest
from csi_lib.survey.assembly import Assembly, Grouping, domain_means
from csi_lib.survey.estimates import Estimates

#: numbers held at a time
_BLOCK = 2_000_000


def groupings(survey, by: Sequence[str | tuple[str, ...]]) -> list[Grouping]:
    """The total and every banner variable that this wave has."""
    frame = survey.frame
    there = [b for b in by if all(n in frame and frame[n].notna().any() for n in ((b,) if isinstance(b, str) else b))]
    return [Grouping.total(len(frame)), *(Grouping.of(frame, b) for b in there)]


def asked_for(survey, by: str | Sequence[str | tuple[str, ...]]) -> list[str | tuple[str, ...]]:
    """Grouping variables as a list; one that neither the survey nor its codebook knows is refused with the nearest."""
    by = [by] if isinstance(by, str) else list(by)
    known = [*map(str, survey.frame.columns), *getattr(survey.codebook, "columns", ())]
    for name in (n for b in by for n in ((b,) if isinstance(b, str) else b)):
        if name not in known:
            near = nearest(name, known)
            raise InputError("the survey has no variable of this name to group by", where="by", found=repr(name),
                             action=f"Did you mean {near!r}?" if near else "See the groups of the codebook.")  # fmt: skip
    return by


def describe(
    survey, by: Sequence[str | tuple[str, ...]] = (), *, items: Sequence[str] | None = None, answers: bool = False
) -> Estimates:
    """Item statistics of one survey under its design, in total and by each banner variable.

    Rows (measure = item, ``item:top2`` …):

    * ``mean`` (points): 100·(x − low)/(high − low), weighted mean over valid answers;
    * ``share`` (proportion): ``item:top2`` and ``item:bottom2`` of scales with at least 4 categories, and for the
      total (with ``answers=True`` for every group) ``item:<code>`` of every category;
    * ``index`` (nps): ``item:nps`` of 0–10 items, 100·(share of 9–10 − share of 0–6).

    Missing answers make a domain on the full design (R: ``svymean(~x, design, na.rm = TRUE)``); an item that
    nobody answered has n = 0, no estimate and flag ``not_available``.

    Examples
    --------
    >>> import csi_lib
    >>> survey = csi_lib.Survey.from_frame(csi_lib.example_answers(), scale=(1, 5), items=["q1"], groups=["office"])
    >>> rows = csi_lib.describe(survey, ["office"]).frame
    >>> rows.loc[rows["statistic"] == "mean", ["by1", "group1", "estimate", "n"]].round(1)
          by1 group1  estimate      n
    0    <NA>   <NA>      62.5  300.0
    8  office  north      66.8  134.0
    9  office  south      59.0  166.0
    """
    build = Assembly(survey)
    describe_into(build, groupings(survey, asked_for(survey, by)), items=items, answers=answers)
    return build.build(source=survey.source, agency=survey.agency, year=survey.year)


def describe_into(
    build: Assembly, groups: Sequence[Grouping], *, items: Sequence[str] | None = None, answers: bool = False
) -> None:
    """Add the rows of `describe` for these groupings to an assembly."""
    survey = build.survey
    w = np.asarray(survey.design.weights, float)
    wanted = [i for i in (items or survey.codebook.items) if i in survey.frame]
    step = max(1, _BLOCK // max(len(w), 1))
    measures: dict[bool, list] = {}
    kept: dict[bool, tuple] = {}
    for grouping in groups:
        detail = answers or not grouping.by
        if detail not in measures:
            measures[detail] = [m for item in wanted for m in _measures(survey, item, detail=detail)]
        for start in range(0, len(measures[detail]), step):  # bounded memory, whatever the number of items
            block = kept.get(detail) or _columns(measures[detail][start : start + step], w)
            if len(measures[detail]) <= step:
                kept[detail] = block
            values, base, keys = block
            build.add_many(grouping, *domain_means(values, w, grouping, base), base, **keys)


def _columns(part: list[dict], w: np.ndarray) -> tuple[np.ndarray, np.ndarray, dict]:
    """What is averaged and who is counted, a column per measure, and the keys of the measures."""
    values = np.column_stack([m["of"](m["x"]) for m in part])
    base = np.column_stack([np.isfinite(m["x"]) & (w > 0) for m in part])
    return values, base, {k: [m[k] for m in part] for k in ("measure", "statistic", "unit", "scale_low", "scale_high")}


def _measures(survey, item: str, *, detail: bool) -> list[dict]:
    """What is said of one item: ``x`` the answers, ``of`` what is averaged, and the keys of the rows."""
    scale, x = survey.codebook.scale(item), survey.frame[item].to_numpy(float)
    low, high = float(scale.low), float(scale.high)
    turned = survey.codebook.columns[item].reverse  # scores are turned, answers are shown as they were given
    out = []

    def add(measure, of, statistic, unit, ends):
        out.append(
            {
                "x": x,
                "of": of,
                "measure": measure,
                "statistic": statistic,
                "unit": unit,
                "scale_low": ends[0],
                "scale_high": ends[1],
            }
        )

    add(item, lambda x: 100 * (x - low) / (high - low), "mean", "points", (0.0, 100.0))
    if high - low >= 3:
        add(f"{item}:top2", lambda x: x > high - 2, "share", "proportion", (0.0, 1.0))
        add(f"{item}:bottom2", lambda x: x < low + 2, "share", "proportion", (0.0, 1.0))
    if (low, high) == (0, 10):
        add(f"{item}:nps", lambda x: 100.0 * ((x >= 9).astype(float) - (x <= 6)), "index", "nps", (-100.0, 100.0))
    if detail:
        for code in range(int(low), int(high) + 1):
            stored = low + high - code if turned else code
            add(f"{item}:{code}", lambda x, stored=stored: x == stored, "share", "proportion", (0.0, 1.0))
    return out


def shares(survey, columns: Sequence[str], by: Sequence[str | tuple[str, ...]] = ()) -> Estimates:
    """Composition of the sample by each categorical column: measure ``column:<value>``, statistic share."""
    build = Assembly(survey)
    shares_into(build, groupings(survey, asked_for(survey, by)), columns)
    return build.build(source=survey.source, agency=survey.agency, year=survey.year)


def shares_into(build: Assembly, groups: Sequence[Grouping], columns: Sequence[str]) -> None:
    """Add the rows of `shares` for these groupings to an assembly."""
    frame, w = build.survey.frame, np.asarray(build.survey.design.weights, float)
    keys = {"statistic": "share", "unit": "proportion", "scale_low": 0.0, "scale_high": 1.0}
    for column in (c for c in columns if c in frame and frame[c].notna().any()):
        factor = frame[column].astype("category")
        codes, names = factor.cat.codes.to_numpy(), [f"{column}:{value}" for value in factor.cat.categories]
        hit = codes[:, None] == np.arange(len(names))
        base = np.repeat(((codes >= 0) & (w > 0))[:, None], len(names), axis=1)
        for grouping in groups:
            build.add_many(grouping, *domain_means(hit, w, grouping, base), base, measure=names, **keys)
