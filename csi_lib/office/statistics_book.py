"""The statistics tables (통계표) of one report as a workbook: the index, every item, who answered."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count

import pandas as pd

from csi_lib.models.index import IndexModel
from csi_lib.models.round import Round
from csi_lib.models.scoring import banners, tabulate
from csi_lib.models.study_models import study_models
from csi_lib.office.xlsx import Sheet, Workbook
from csi_lib.report.labels import Labels
from csi_lib.survey.estimates import Estimates
from csi_lib.survey.letters import LetterRules
from csi_lib.tables.banner import banner_tables
from csi_lib.tables.estimates import estimates_table
from csi_lib.tables.table import Table

_TITLE = {"ko": "통계표", "en": "Statistics tables"}
_PARTS = {
    "ko": {"who": "응답자", "index": "지수", "item": "문항"},
    "en": {"who": "Respondents", "index": "Indices", "item": "Items"},
}
_COMPOSITION = {"ko": "응답자 구성", "en": "Respondents"}


@dataclass(frozen=True)
class StatisticsBook:
    """A workbook, its tables in `parts` (heading, tables), and the results `rows` behind them, masked for the release."""

    workbook: Workbook
    parts: tuple[tuple[str, tuple[Table, ...]], ...]
    rows: pd.DataFrame


def statistics_book(
    round_: Round, agency: str, year: int, *, lang: str, release: str, letters: LetterRules | None = None
) -> StatisticsBook:
    """Tables of the index nodes, of every item, and of the composition of the sample, by every banner variable.

    Parameters
    ----------
    round_ : the evaluation of the study; its estimates and decisions on disclosure are used as they are.
    letters : rules of the significance letters; default the study's (`letter_rules`).
    """
    study = round_.study
    survey = round_.survey(agency, year)
    labels, models = wave_labels(round_, agency, year, lang)
    by = banners(study, survey)
    scored, items = (
        round_.estimates(agency, year).masked(release),
        tabulate(study, survey, by, surveys=round_.survey).masked(release),
    )
    minimum = study.privacy.small_base_flag
    rules = letters or letter_rules(study)
    options = {"banners": by, "labels": labels, "lang": lang, "min_base": minimum,
               "letters": rules}  # fmt: skip
    # an index has no answers to take a variance from, so SPSS's rules do not reach it
    by_design = replace(rules, rules="design", least=minimum) if rules.rules == "spss" else rules
    indices = []
    for model in models:
        nodes = list(dict.fromkeys(scored.select(model=model.name, statistic="index", by1=None).frame["measure"]))
        if nodes:
            indices += banner_tables(scored, items=nodes, statistic="index", model=model.name,
                                     **options | {"letters": by_design})  # fmt: skip
    composition = _composition(scored, by, labels, lang, minimum)
    answers = banner_tables(items, items=list(survey.codebook.items), **options)
    words, number = _PARTS[lang], count(1)
    parts = [(words["who"], [composition] if composition else []), (words["index"], indices), (words["item"], answers)]
    parts = tuple(
        (head, tuple(replace(t, name=f"book-{next(number)}") for t in tables)) for head, tables in parts if tables
    )
    tables = [t for _, part in parts for t in part]
    shown = {i for t in tables for i in t.row_ids}
    rows = pd.concat([scored.frame, items.frame], ignore_index=True).drop_duplicates("row_id")
    place = study.agency(agency).name.text(lang)
    sheets = [Sheet(f"{i:02d} {t.caption}", t, f"{place} · {study.period_of(year)}") for i, t in enumerate(tables, 1)]
    who = study.contractor.text(lang) if study.contractor else ""
    book = Workbook(
        f"{study.title.text(lang)} – {_TITLE[lang]}", tuple(sheets), (f"{place} · {study.period_of(year)}",), lang, who
    )
    return StatisticsBook(book, parts, rows[rows["row_id"].isin(shown)].reset_index(drop=True))


def letter_rules(study) -> LetterRules:
    """The comparisons that ``report.letters`` of a study declares; groups under its small-base mark are not compared."""
    said = study.report.letters
    if said.rules == "spss":
        return LetterRules.spss(adjust=said.adjust or "bonferroni", level=study.thresholds.significance)
    return LetterRules(said.rules, said.adjust or "holm", study.thresholds.significance, study.privacy.small_base_flag)


def wave_labels(round_: Round, agency: str, year: int, lang: str) -> tuple[Labels, list[IndexModel]]:
    """What measures and groups of a wave are called, and the index models that score it."""
    survey = round_.survey(agency, year)
    models = study_models(round_.study, round_.source, year=year)
    models = [m.fitted(survey) if m.file.open_ended else m for m in models]
    return Labels(round_.study, survey.codebook, models, lang), models


def _composition(scored: Estimates, by: list[str], labels: Labels, lang: str, minimum: int):
    frame = scored.frame
    own = frame[(frame["statistic"] == "share") & frame["by1"].isna()]
    variable = own["measure"].str.split(":").str[0]
    # categories of the codebook that this agency does not have
    own = own[variable.isin(by) & ~(own["estimate"] == 0)].copy()
    if not len(own):
        return None
    own["by1"] = own["measure"].str.split(":").str[0]
    own["by1_label"] = [labels.variable(v) for v in own["by1"]]
    own["measure_label"] = [labels.group(*m.split(":", 1)) for m in own["measure"]]
    return estimates_table(own, name="respondents", caption=_COMPOSITION[lang], rows="measure", row_group="by1",
                           fields=("n", "estimate", "ci"), lang=lang, min_base=minimum,
                           heads={"estimate": {"ko": "비율", "en": "Share"}[lang]})  # fmt: skip
