"""How much of the differences in satisfaction the groups explain: Welch's test and effect sizes by pingouin, unweighted."""

from __future__ import annotations

import pandas as pd

from csi_lib.prose.numbers import absent
from csi_lib.tables.table import Table


def effect_rows(chapter) -> pd.DataFrame | None:
    """η² of overall satisfaction by each banner variable, with the p-value of Welch's analysis of variance.

    Formula: η² = SS_between / SS_total over the answers as given, unweighted (``pingouin.welch_anova`` and its ``np2``;
    R: ``oneway.test`` and ``effectsize::eta_squared``). Groups with fewer answers than the study compares are left out;
    a variable with fewer than two groups, or whose answers are all the same, is too. None where nothing is left.

    Returns results rows with ``value_text`` (the number of groups compared).
    """
    from pingouin import welch_anova  # takes a second to import, and only this needs it

    item = chapter.overall_item
    if item is None or item not in chapter.survey.frame:
        return None
    rows = []
    for variable in chapter.banners:
        pairs = chapter.survey.frame[[item, variable]].dropna()
        pairs = pairs.assign(**{item: pairs[item].astype(float), variable: pairs[variable].astype(str)})
        sizes = pairs.groupby(variable)[item].agg(["size", "std"])
        kept = sizes.index[(sizes["size"] >= max(2, chapter.reading.compared_base)) & (sizes["std"] > 0)]
        pairs = pairs[pairs[variable].isin(kept)]
        if len(kept) < 2:
            continue
        found = welch_anova(data=pairs, dv=item, between=variable).iloc[0]
        p = found["p_unc"] if "p_unc" in found else found["p-unc"]
        if absent(found["np2"]) or absent(p):
            continue
        rows.append(
            {"measure": item, "statistic": "eta_squared", "by1": variable, "group1": None, "estimate": float(found["np2"]),
             "p_value": float(p), "unit": "correlation", "n": len(pairs), "value_text": str(len(kept)), "model": "welch"}
        )  # fmt: skip
    return chapter.record(rows) if rows else None


def effect_table(chapter, rows: pd.DataFrame) -> Table:
    """The effect sizes, largest first."""
    t = chapter.text
    named = rows.assign(row=[chapter.labels.variable(v) for v in rows["by1"]]).sort_values("estimate", ascending=False)
    return chapter.table(
        named, name="effects", rows="row", fields=("estimate", "p_value", "n"),
        heads={"row": t(ko="구분 변수", en="Variable"), "estimate": "η²"},
        caption=t(ko=f"집단 차이의 크기: {chapter.labels.measure(rows['measure'].iloc[0])}",
                  en=f"How far the groups differ: {chapter.labels.measure(rows['measure'].iloc[0])}"),
    ).with_notes(t(
        ko="η²: 응답의 변동 가운데 집단의 차이가 설명하는 몫(0~1). 유의확률은 웰치의 분산분석에 따른 것이며 가중치를 쓰지 않았다.",
        en="η²: share of the variation that the groups explain (0 to 1). p is that of Welch's analysis of variance, unweighted.",
    ))  # fmt: skip
