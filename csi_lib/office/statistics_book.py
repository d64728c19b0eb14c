"""The statistics tables (통계표) of one report as a workbook: the index, every item, who answered."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count

import pandas as pd

from csi_lib.evaluation.labels import Labels
from csi_lib.models.index import IndexModel
from csi_lib.models.round import Round
from csi_lib.models.scoring import banners, tabulate
from csi_lib.models.study_models import study_models
from csi_lib.office.xlsx import Sheet, Workbook
from csi_lib.prose.numbers import Interval, Number
from csi_lib.study.reading import Reading
from csi_lib.survey.estimates import Estimates
from csi_lib.survey.group_sizes import group_sizes
from csi_lib.survey.letters import LetterRules
from csi_lib.survey.results import results_frame
from csi_lib.tables.banner import banner_tables
from csi_lib.tables.table import Column, Row, Table

_TITLE = {"ko": "통계표", "en": "Statistics tables"}
_PARTS = {
    "ko": {"who": "응답자", "index": "지수", "item": "문항", "model": "지수 모형"},
    "en": {"who": "Respondents", "index": "Indices", "item": "Items", "model": "Index model"},
}
_HEADS = {
    "ko": {"row": "구분", "n": "응답자 수", "share": "비율(가중)", "ci": "95% 신뢰구간"},
    "en": {"row": "Group", "n": "Respondents", "share": "Share (weighted)", "ci": "95% interval"},
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
    minimum = Reading.of(study).compared_base
    rules = letters or letter_rules(study)
    options = {"banners": by, "labels": labels, "lang": lang,
               "letters": rules}  # fmt: skip
    # an index has no answers to take a variance from, so SPSS's rules do not reach it
    by_design = replace(rules, rules="design", least=minimum) if rules.rules == "spss" else rules
    words, number = _PARTS[lang], count(1)
    indices, answers = [], []
    for model in models:
        nodes = list(dict.fromkeys(scored.select(model=model.name, statistic="index", by1=None).frame["measure"]))
        said = f"{words['model']}: {model.file.label.text(lang)}"
        if nodes:
            indices += [(t, said) for t in banner_tables(scored, items=nodes, statistic="index", model=model.name,
                                                         **options | {"letters": by_design})]  # fmt: skip
    asked = list(survey.codebook.items)
    for table in banner_tables(items, items=asked, **options):
        question = survey.codebook.columns[asked[int(table.name.removeprefix("book-")) - 1]].question
        answers.append((table, question.text(lang) if question else ""))
    sizes = group_sizes(survey, scored.frame, by)
    if release == "public":  # a withheld size says nothing
        sizes.loc[sizes["suppressed"], ["estimate", "n"]] = float("nan")
    sizes = results_frame(sizes, study=study.id, agency=agency, year=year, period=study.period_of(year),
                          source=round_.source, release=release)  # fmt: skip
    composition = _composition(scored, sizes, labels, lang, minimum)
    kept = [(words["who"], [(t, "") for t in composition]), (words["index"], indices), (words["item"], answers)]
    kept = [
        (head, [(replace(t, name=f"book-{next(number)}"), said) for t, said in part]) for head, part in kept if part
    ]
    # what tells two tables of one title apart: in a workbook under the title, in a document under the table
    noted = lambda t, said: replace(t, notes=(said, *t.notes)) if said else t
    parts = tuple((head, tuple(noted(t, said) for t, said in part)) for head, part in kept)
    tables = [t for _, part in parts for t in part]
    shown = {i for t in tables for i in t.row_ids}
    rows = pd.concat([scored.frame, items.frame, sizes], ignore_index=True).drop_duplicates("row_id")
    place = study.agency(agency).name.text(lang)
    about = f"{place} · {study.period_of(year)}"
    sheets = [Sheet(f"{i:02d} {t.caption}", t, about, said)
              for i, (t, said) in enumerate((pair for _, part in kept for pair in part), 1)]  # fmt: skip
    who = study.contractor.text(lang) if study.contractor else ""
    book = Workbook(f"{study.title.text(lang)} – {_TITLE[lang]}", tuple(sheets), (about,), lang, who)
    return StatisticsBook(book, parts, rows[rows["row_id"].isin(shown)].reset_index(drop=True))


def letter_rules(study) -> LetterRules:
    """The comparisons that ``report.letters`` of a study declares; groups under ``report.minimum_base`` are not compared."""
    said, rule = study.report.letters, Reading.of(study)
    if said.rules == "spss":
        return LetterRules.spss(adjust=said.adjust or "bonferroni", level=rule.significance)
    return LetterRules(said.rules, said.adjust or rule.comparisons.control, rule.significance, rule.compared_base)


def wave_labels(round_: Round, agency: str, year: int, lang: str) -> tuple[Labels, list[IndexModel]]:
    """What measures and groups of a wave are called, and the index models that score it."""
    survey = round_.survey(agency, year)
    models = study_models(round_.study, round_.source, year=year)
    models = [m.fitted(survey) if m.file.open_ended else m for m in models]
    return Labels(round_.study, survey.codebook, models, lang), models


def _composition(scored: Estimates, sizes: pd.DataFrame, labels: Labels, lang: str, minimum: int) -> list[Table]:
    """How many respondents every group has, and their weighted share."""
    frame = scored.frame
    single = frame[frame["by2"].isna() & frame["versus"].isna()]
    base = {r["measure"]: r for r in sizes.to_dict("records")}
    own = single[(single["statistic"] == "share") & single["by1"].isna() & single["measure"].isin(list(base))]
    rows = [
        Row((labels.group(variable, group), Number.from_row(base[row["measure"]]), Number.from_row(row),
             Interval.from_row(row)), labels.variable(variable))
        for row in own.to_dict("records")
        for variable, group in [row["measure"].split(":", 1)]
        # categories of the codebook that this agency does not have
        if row["estimate"] != 0
    ]  # fmt: skip
    heads = _HEADS[lang]
    columns = (Column("row", heads["row"], "left", "stub"), Column("n", heads["n"], "right", "base"),
               Column("share", heads["share"]), Column("ci", heads["ci"]))  # fmt: skip
    return [Table("respondents", _COMPOSITION[lang], columns, tuple(rows), (), lang, minimum)] if rows else []
