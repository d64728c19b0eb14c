"""The chapters on management, feedback, checklist, disclosure and programme, executed: numbers, names, labels, empty cases."""

import functools
import json
import re

import nbformat
import pandas as pd
import pytest

import csi_lib
from csi_lib.report import display
from csi_lib.report.chapter import open_chapter
from csi_lib.report.display import ROWS_MIME
from csi_lib.run.verification import printed_forms
from csi_lib.share import shared_path

pytestmark = pytest.mark.slow
CHAPTERS = [
    "72-scorecard",
    "73-management",
    "74-feedback",
    "75-follow-up",
    "76-checklist",
    "92-disclosure",
    "94-programme",
]
_NUMBER = re.compile(r'\[([^\]\[]*)\]\{data-r="([0-9a-f]+)"\}')


@functools.cache
def opened(agency, lang, release):
    """One chapter for all notebooks: the estimates behind it are the same."""
    return open_chapter("civil-office", agency, 2024, lang=lang, release=release)


@functools.cache
def shown(notebook, agency, lang, release):
    """What a notebook's code cells display, as bundles."""
    node, bundles = nbformat.read(shared_path("notebooks") / f"{notebook}.ipynb", as_version=4), []
    patch = pytest.MonkeyPatch()
    patch.setattr(csi_lib, "open_chapter", lambda study, a, y, *, lang, release: opened(a, lang, release))
    patch.setattr(display.Display, "display", lambda self: bundles.append(self.bundle))
    names = {}
    try:
        for cell in node.cells:
            if cell.cell_type != "code":
                continue
            source = cell.source
            if "parameters" in cell.metadata.get("tags", []):
                names.update(study="civil-office", agency=agency, year=2024, lang=lang, release=release)
                continue
            if re.match(r"chapter\.(show|say)\(", source):
                source = f"_last = {source}"
            names.pop("_last", None)
            exec(source, names)
            if names.get("_last") is not None:
                bundles.append(names["_last"].bundle)
    finally:
        patch.undo()
    return bundles


def text_of(bundles):
    return "\n".join(b["text/markdown"] for b in bundles)


def people():
    """Names and contacts planted in the registers."""
    folder = shared_path("params", "civil-office") / "registers"
    tables = [pd.read_csv(p, encoding="utf-8-sig") for p in folder.glob("*.csv")]
    return {str(v) for t in tables for c in ("owner", "contact") if c in t for v in t[c].dropna()}


@pytest.mark.parametrize("lang", ["ko", "en"])
@pytest.mark.parametrize("notebook", CHAPTERS)
def test_every_number_is_what_its_row_says(notebook, lang):
    bundles = shown(notebook, "garam-city", lang, "public")
    rows = {r["row_id"]: r for b in bundles for r in b[ROWS_MIME]}
    numbers = _NUMBER.findall(text_of(bundles))
    assert numbers
    for text, row_id in numbers:
        assert text.replace("\\", "") in printed_forms(rows[row_id]), (text, rows[row_id])


@pytest.mark.parametrize("lang", ["ko", "en"])
@pytest.mark.parametrize("notebook", CHAPTERS)
def test_public_editions_name_nobody(notebook, lang):
    planted = people()
    assert len(planted) > 40
    for agency in ("garam-city", "garam-east"):
        everything = json.dumps(shown(notebook, agency, lang, "public"), ensure_ascii=False)
        assert not [name for name in planted if name in everything]
        assert "person " not in text_of(shown(notebook, agency, lang, "public"))


def test_the_restricted_edition_says_whom_to_write_to():
    text = text_of(shown("75-follow-up", "garam-city", "ko", "restricted"))
    assert "남궁다올" in text
    assert "05-0" in text
    assert "현소담 주무관 제안" in text_of(shown("74-feedback", "garam-city", "ko", "restricted"))


def test_a_department_of_two_people_is_only_in_the_restricted_edition():
    for notebook in ("72-scorecard", "73-management", "74-feedback"):
        public = text_of(shown(notebook, "garam-city", "en", "public"))
        public = re.sub(r"No initiative was registered by.*", "", public)
        assert "Ombudsman" not in public
    assert "Ombudsman" in text_of(shown("72-scorecard", "garam-city", "en", "restricted"))


@pytest.mark.parametrize("lang", ["ko", "en"])
@pytest.mark.parametrize("notebook", CHAPTERS)
def test_readers_see_labels_not_codes(notebook, lang):
    text = re.sub(
        r"\(<?https?:[^)]*\)|\{[^}]*\}|\(figures/[^)]*\)|params/\S+",
        "",
        text_of(shown(notebook, "garam-city", lang, "public")),
    )
    office = csi_lib.load_study("civil-office")
    codes = [*opened("garam-city", lang, "public").system("departments").departments, "civil_index", "csi_growth", "no_evidence",
             "not_met", "done_late", "on_time"]  # fmt: skip
    found = [c for c in codes if re.search(rf"(?<![\w-]){c}(?![\w-])", text) and ("-" in c or "_" in c)]
    assert office.id == "civil-office"
    assert not found
    if lang == "en":
        hangul = re.findall(r"[가-힣]+", text)
        assert not hangul


def test_survey_results_of_the_scorecard_are_those_of_the_survey():
    from csi_lib.chapters.management import section as management

    chapter = opened("garam-city", "ko", "public")
    card = management.card_of(chapter).set_index(["department", "indicator"])
    row = chapter.row(measure="civil_index", statistic="index", by1="department", group1="tax")
    before = chapter.row(chapter.previous, measure="civil_index", statistic="index", by1="department", group1="tax")
    assert card.loc[("tax", "csi"), "actual"] == row["estimate"]
    assert card.loc[("tax", "csi"), "points"] == pytest.approx(8 * row["estimate"] / 100)
    assert card.loc[("tax", "csi_growth"), "growth"] == pytest.approx(row["estimate"] / before["estimate"] - 1)
    # parks was merged into environment: what was planned under the old name counts there, once
    assert "parks" not in card.index.get_level_values("department")


def test_a_task_with_a_measure_is_tested_as_the_trend_is():
    from csi_lib.chapters.feedback import section as feedback

    chapter = opened("garam-city", "ko", "public")
    tasks = feedback.register_of(chapter, "tasks").set_index("department")
    row = chapter.row(measure="staff", statistic="index", by1="department", group1="civil-affairs")
    change = chapter.change(row)
    own = tasks.loc["civil-affairs"]
    assert own["change"] == pytest.approx(change["estimate"])
    assert own["ci_low"] < own["change"] < own["ci_high"]  # read by itself here, among its family there
    assert own["ci_high"] - own["ci_low"] <= change["ci_high"] - change["ci_low"] + 1e-9
    assert tasks.loc["civil-affairs", "change"] == pytest.approx(
        tasks.loc["civil-affairs", "after"] - tasks.loc["civil-affairs", "before"]
    )


def test_an_office_with_empty_registers_says_so():
    text = text_of(shown("74-feedback", "garam-south", "ko", "public"))
    assert "등록된 개선과제가 없다" in text
    assert "등록된 개선과제가 없다" in text_of(shown("75-follow-up", "garam-south", "ko", "public"))
    # its programme restates two lists as empty
    programme = text_of(shown("94-programme", "garam-south", "en", "public"))
    assert "Partnerships" not in programme
    assert "Channels offered" in programme


def test_the_disclosure_page_has_every_field():
    text = text_of(shown("92-disclosure", "garam-city", "en", "public"))
    for field in ("Purpose", "Period", "Target", "Sample", "Confidence and sampling error", "Method", "Change", "Mean of peers",
                  "largest difference"):  # fmt: skip
        assert field in text
    assert "▲" in text


def test_a_department_that_lacks_several_results_is_named_once():
    from csi_lib.chapters.management.tables import _reasons

    part = pd.DataFrame({"department": ["tax", "welfare", "tax"], "reason": ["no result", "no target", "no result"]})
    notes = _reasons(opened("garam-city", "ko", "public"), part)
    assert notes == ("실적이 없어 득점을 매기지 않음: 세무과", "목표가 없어 득점을 매기지 않음: 복지정책과")
