"""Validity of the model's scales: sampling adequacy, fit of the measurement model, convergence and discrimination."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

from csi_lib.chapters.measurement.section import scales
from csi_lib.errors import InputError, MeasureWarning
from csi_lib.measure.adequacy import bartlett_sphericity, kmo
from csi_lib.measure.cfa import cfa
from csi_lib.measure.construct_validity import fornell_larcker
from csi_lib.measure.htmt import htmt
from csi_lib.measure.omega import mcdonald_omega
from csi_lib.prose.numbers import Number
from csi_lib.tables.table import Column, Row, Table

#: readers' names of the checks
NAMES = {
    "ko": {
        "kmo": "표본 적합도(KMO)",
        "bartlett": "바틀렛 구형성 검정(χ²)",
        "cfi": "CFI",
        "tli": "TLI",
        "rmsea": "RMSEA",
        "srmr": "SRMR",
        "omega": "맥도널드 ω",
        "composite_reliability": "합성신뢰도(CR)",
        "average_variance_extracted": "평균분산추출(AVE)",
        "htmt": "HTMT",
    },
    "en": {
        "kmo": "Sampling adequacy (KMO)",
        "bartlett": "Bartlett's test of sphericity (χ²)",
        "cfi": "CFI",
        "tli": "TLI",
        "rmsea": "RMSEA",
        "srmr": "SRMR",
        "omega": "McDonald's ω",
        "composite_reliability": "Composite reliability",
        "average_variance_extracted": "Average variance extracted",
        "htmt": "HTMT",
    },
}


@dataclass(frozen=True)
class ValidityChecks:
    """Recorded rows: ``overall`` (one per check), ``by_dimension`` (ω, CR, AVE), ``pairs`` (HTMT); ``problem`` in words where the
    measurement model could not be fitted."""

    overall: pd.DataFrame
    by_dimension: pd.DataFrame
    pairs: pd.DataFrame
    problem: str | None = None


def validity_checks(chapter) -> ValidityChecks | None:
    """All checks on the items of the index's dimensions; None with fewer than two scales or too few complete answers.

    Answers are used as given (one scale per model), listwise over all scales; unweighted, as usual for the structure
    of a questionnaire.
    """
    blocks = scales(chapter)
    columns = list(dict.fromkeys(i for items in blocks.values() for i in items))
    frame = chapter.survey.frame[columns].astype(float)
    n = int(frame.notna().all(axis=1).sum())
    if len(blocks) < 2 or n < max(50, 3 * len(columns)):
        return None
    model = {"model": chapter.model.name, "formula_edition": chapter.model.file.formula_edition, "unit": "coefficient"}
    overall, dimension, pairs, problem = [], [], [], None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MeasureWarning)
        try:
            overall.append({"measure": "kmo", "estimate": kmo(frame).overall})
            test = bartlett_sphericity(frame)
            overall.append(
                {
                    "measure": "bartlett",
                    "estimate": test.chi_square,
                    "df": test.df,
                    "p_value": test.p_value,
                    "unit": "test",
                }
            )
            fitted = cfa(frame, blocks)
            for index in ("cfi", "tli", "rmsea", "srmr"):
                row = {"measure": index, "estimate": getattr(fitted.fit, index)}
                if index == "rmsea":
                    row |= {"ci_low": fitted.fit.rmsea_ci_low, "ci_high": fitted.fit.rmsea_ci_high}
                overall.append(row)
            convergence = fornell_larcker(fitted)
            for statistic in ("composite_reliability", "average_variance_extracted"):
                dimension += [
                    {"measure": b, "statistic": statistic, "estimate": v}
                    for b, v in getattr(convergence, statistic).items()
                ]
            for line in htmt(frame, blocks).pairs.to_dict("records"):
                pairs.append(
                    {
                        "measure": line["block_1"],
                        "versus": line["block_2"],
                        "statistic": "htmt",
                        "estimate": line["estimate"],
                    }
                )
        except InputError as error:
            problem = str(error)
        for block, items in blocks.items():
            if len(items) > 2:
                try:
                    dimension.append(
                        {"measure": block, "statistic": "omega", "estimate": mcdonald_omega(frame[items]).omega}
                    )
                except InputError:
                    continue
    record = lambda rows, **more: (
        chapter.record([{**model, "n": n, **more, **r} for r in rows]) if rows else pd.DataFrame()
    )
    return ValidityChecks(record(overall, statistic="validity"), record(dimension), record(pairs), problem)


def overall_table(chapter, checks: ValidityChecks, *, name: str, caption: str) -> Table:
    """Checks of the questionnaire as a whole beside their reference values."""
    t, limits = chapter.text, chapter.study.thresholds
    reference = {
        "kmo": f"≥ {limits.kmo:g}",
        "bartlett": t(ko="유의하면 적합", en="significant"),
        "cfi": f"≥ {limits.cfi:g}",
        "tli": f"≥ {limits.cfi:g}",
        "rmsea": f"≤ {limits.rmsea:g}",
        "srmr": f"≤ {limits.srmr:g}",
    }
    columns = (
        Column("check", t(ko="지표", en="Check"), "left", "stub"),
        Column("value", t(ko="값", en="Value")),
        Column("p", t(ko="유의확률", en="p")),
        Column("reference", t(ko="참고 기준", en="Reference"), "left", "text"),
        Column("n", t(ko="사례수", en="n"), "right", "base"),
    )
    body = [
        Row(
            (
                NAMES[chapter.lang][r["measure"]],
                Number.from_row(r),
                "" if np.isnan(r["p_value"]) else Number.from_row(r, "p_value"),
                reference[r["measure"]],
                Number.from_row(r, "n"),
            )
        )
        for r in checks.overall.to_dict("records")
    ]
    return Table(name, caption, columns, tuple(body), lang=chapter.lang)


def verdicts(chapter, checks: ValidityChecks) -> list:
    """What the figures say, in careful words, and what to do about a weak scale."""
    limits, label = chapter.study.thresholds, chapter.labels.measure
    out = []
    if checks.problem:
        out.append(
            chapter.sentence(
                ko="측정 모형을 적합하지 못하였다. 문항의 응답이 거의 같거나 사례수가 적을 때 생기는 일이므로, 아래 값은 참고로만 본다.",
                en="The measurement model could not be fitted, which happens when items hardly vary or answers are few; read the figures below with care.",
            )
        )
    fit = {r["measure"]: r for r in checks.overall.to_dict("records")} if len(checks.overall) else {}
    if "cfi" in fit:
        good = (
            fit["cfi"]["estimate"] >= limits.cfi
            and fit["rmsea"]["estimate"] <= limits.rmsea
            and fit["srmr"]["estimate"] <= limits.srmr
        )
        out.append(
            chapter.sentence(
                ko="확인적 요인분석의 적합도는 CFI {cfi}, RMSEA {rmsea}, SRMR {srmr}"
                + (
                    "로 참고 기준 안에 있다."
                    if good
                    else "이며, 참고 기준을 벗어난 지표가 있다. 문항이 어느 차원에 속하는지 다시 살펴볼 필요가 있다."
                ),
                en="The confirmatory model fits with CFI {cfi}, RMSEA {rmsea} and SRMR {srmr}"
                + (
                    ", within the reference values."
                    if good
                    else "; some index lies outside its reference value, so it is worth asking to which dimension the items belong."
                ),
                cfi=fit["cfi"],
                rmsea=fit["rmsea"],
                srmr=fit["srmr"],
            )
        )
    if len(checks.by_dimension):
        short = checks.by_dimension[
            (checks.by_dimension["statistic"] == "composite_reliability")
            & (checks.by_dimension["estimate"] < limits.composite_reliability)
        ]
        if len(short):
            out.append(
                chapter.sentence(
                    ko="{names}의 합성신뢰도가 참고 기준 {limit}에 미치지 못한다.",
                    en="The composite reliability of {names} stays below the reference value {limit}.",
                    names=[label(m) for m in short["measure"]],
                    limit=f"{limits.composite_reliability:g}",
                )
            )
        low = checks.by_dimension[
            (checks.by_dimension["statistic"] == "average_variance_extracted")
            & (checks.by_dimension["estimate"] < limits.average_variance_extracted)
        ]
        if len(low):
            out.append(
                chapter.sentence(
                    ko="{names:은/는} 문항이 공유하는 분산이 절반에 미치지 못하여(AVE < {limit}) 한 차원으로 수렴하는 힘이 약하다.",
                    en="The items of {names} share less than half of their variance (AVE < {limit}), so they converge only weakly.",
                    names=[label(m) for m in low["measure"]],
                    limit=f"{limits.average_variance_extracted:g}",
                )
            )
    if len(checks.pairs):
        close = checks.pairs[checks.pairs["estimate"] >= limits.htmt]
        if len(close):
            names = [f"{label(a)}–{label(b)}" for a, b in zip(close["measure"], close["versus"], strict=True)]
            out.append(
                chapter.sentence(
                    ko="{names}의 HTMT가 참고 기준 {limit} 이상이어서, 응답자가 이 차원들을 뚜렷이 구별하지 않는 것으로 보인다.",
                    en="The HTMT of {names} reaches the reference value {limit}: respondents hardly tell these dimensions apart.",
                    names=names,
                    limit=f"{limits.htmt:g}",
                )
            )
        else:
            out.append(
                chapter.sentence(
                    ko="모든 차원 쌍의 HTMT가 참고 기준 {limit} 미만이어서, 차원들이 서로 구별된다고 볼 수 있다.",
                    en="Every pair of dimensions has an HTMT below {limit}, so the dimensions can be told apart.",
                    limit=f"{limits.htmt:g}",
                )
            )
    return out


def dimension_frame(chapter, checks: ValidityChecks, alphas: pd.DataFrame) -> pd.DataFrame:
    """α, ω, CR and AVE of every dimension as one frame, with labels."""
    parts = [alphas.assign(statistic="alpha")] + (
        [checks.by_dimension] if checks is not None and len(checks.by_dimension) else []
    )
    frame = chapter.labels.attach(pd.concat(parts, ignore_index=True))
    names = {"alpha": chapter.text(ko="크론바흐 α", en="Cronbach's α"), **NAMES[chapter.lang]}
    frame["statistic_label"] = [names[s] for s in frame["statistic"]]
    order = ["alpha", "omega", "composite_reliability", "average_variance_extracted"]
    return frame.sort_values("statistic", key=lambda s: s.map(order.index), kind="stable").reset_index(drop=True)


def weights_note(chapter) -> str:
    """Which of the coefficients are weighted: they stand side by side and need not be."""
    return (
        chapter.text(
            ko="크론바흐 α에는 가중치를 적용했고, 확인적 요인분석에서 얻은 ω, CR, AVE에는 적용하지 않았다.",
            en="Cronbach's α is weighted; ω, CR and AVE come from an unweighted confirmatory factor analysis.",
        )
        if len(set(chapter.survey.design.weights)) > 1
        else chapter.text(ko="모든 값은 가중치 없이 계산하였다.", en="No coefficient is weighted.")
    )


def pair_frame(chapter, checks: ValidityChecks) -> pd.DataFrame:
    """HTMT of every pair of dimensions, lower triangle: rows ``measure``, columns ``versus``."""
    frame = chapter.labels.attach(checks.pairs)
    frame["versus_label"] = [chapter.labels.measure(v) for v in frame["versus"]]
    return frame
