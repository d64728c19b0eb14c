"""The statistics book: real numbers that equal the results, letters, suppression under attack, bad input."""

import itertools
import re
import unicodedata
from dataclasses import replace

import numpy as np
import openpyxl
import pandas as pd
import pytest
from openpyxl.utils import range_boundaries

import csi_lib
from csi_lib.errors import InputError
from csi_lib.models.round import Round
from csi_lib.office.statistics_book import letter_rules, statistics_book
from csi_lib.office.table_document import write_document
from csi_lib.office.xlsx import Sheet, Workbook, write_workbook
from csi_lib.prose.numbers import Interval, Number
from csi_lib.report.office_text import file_name, sheet_names, xml_text
from csi_lib.run.verification import printed_forms
from csi_lib.survey.description import groupings
from csi_lib.survey.disclosure import Rules, suppressed_groups
from csi_lib.survey.letters import LetterRules
from csi_lib.tables.table import Column, Row, Table


@pytest.fixture(scope="module")
def written(book, tmp_path_factory):
    path = write_workbook(book.workbook, tmp_path_factory.mktemp("book") / "book.xlsx")
    return openpyxl.load_workbook(path)


def body(sheet):
    """(headings, rows of cells) of the sheet's one native table."""
    (area,) = [t.ref for t in sheet.tables.values()]
    left, top, right, bottom = range_boundaries(area)
    grid = [list(r) for r in sheet.iter_rows(top, bottom, left, right)]
    return [c.value for c in grid[0]], grid[1:]


def links(sheet):
    return {c.hyperlink.location for row in sheet.iter_rows() for c in row if c.hyperlink}


def tables_of(book):
    return [s.table for s in book.workbook.sheets]


_CELLS = ("가", Number(61.25, "points", row_id="r1"))


def small(cells=_CELLS, labels=("구분", "점수"), caption="표", name="t", rows=1, **more):
    columns = [Column("a", labels[0], "left", "stub"), *(Column(f"c{i}", x) for i, x in enumerate(labels[1:]))]
    return Table(name, caption, tuple(columns), tuple(Row(tuple(cells)) for _ in range(rows)), exempt="test", **more)


def save(tmp_path, *sheets, **more):
    path = write_workbook(Workbook("책", tuple(sheets), **more), tmp_path / "x.xlsx")
    return openpyxl.load_workbook(path)


# ---------------------------------------------------------------------- numbers
def test_every_item_stands_in_the_book_by_every_banner(book, round_, example):
    survey = round_.survey("hanbit-fmc", 2024)
    captions = {str(t.caption) for t in tables_of(book)}
    for item in survey.codebook.items:
        assert survey.codebook.label(item, "ko") in captions
    table = next(t for t in tables_of(book) if t.caption == survey.codebook.label("resp_kind", "ko"))
    groups = [r.group for r in table.rows]
    assert list(dict.fromkeys(groups))[1:] == [survey.codebook.label(g, "ko") for g in example.report.groups]
    keys = [c.key for c in table.columns]
    assert keys[:7] == ["row", "letter", "n", "n_weighted", "mean", "se", "top2"]
    assert keys[7:] == [f"answer{i}" for i in range(1, 8)]


def test_cells_are_numbers_and_equal_the_results_rows(book, written):
    """Every number cell of every sheet is its row's value as printed; nothing is text that could be a number."""
    rows = {r["row_id"]: r for r in book.rows.to_dict("records")}
    checked = 0
    for sheet, item in zip(written.worksheets[1:], book.workbook.sheets, strict=True):
        _, grid = body(sheet)
        for row, cells in zip(item.table.rows, grid, strict=True):
            values = [c for c in cells if isinstance(c.value, (int, float))]
            numbers = [n for c in row.cells if isinstance(c, (Number, Interval))
                       for n in ((c.low, c.high) if isinstance(c, Interval) else (c,)) if n.shown]  # fmt: skip
            assert len(values) == len(numbers)
            for cell, number in zip(values, numbers, strict=True):
                per_cent = "%" in cell.number_format
                digits = len(cell.number_format.split(".")[1].rstrip("%")) if "." in cell.number_format else 0
                shown = f"{cell.value * (100 if per_cent else 1):,.{digits}f}"
                assert shown.replace("-", "\u2212") in printed_forms(rows[number.row_id])
                checked += 1
            for cell in cells:
                if isinstance(cell.value, str):
                    assert not re.fullmatch(r"[-+]?[\d.,]+%?", cell.value)
    assert checked > 5000
    assert book.rows["row_id"].is_unique
    assert {i for t in tables_of(book) for i in t.row_ids} == set(book.rows["row_id"])


def test_means_and_shares_equal_those_computed_by_hand(round_, book):
    survey = round_.survey("hanbit-fmc", 2024)
    table = next(t for t in tables_of(book) if t.caption == survey.codebook.label("resp_kind", "ko"))
    frame, w = survey.frame, np.asarray(survey.design.weights, float)
    at = {c.key: i for i, c in enumerate(table.columns)}
    rows = iter(table.rows)
    masks = [np.ones(len(frame), bool)]
    for by in ("customer_type", "service", "channel", "sex", "age", "region"):
        masks += [
            (frame[by].astype("string") == str(g)).to_numpy(bool)
            for g in frame[by].cat.categories
            if (frame[by] == g).any()
        ]
    for mask in masks:
        row, x = next(rows), frame["resp_kind"].to_numpy(float)
        own = mask & np.isfinite(x)
        mean = np.average(100 * (x[own] - 1) / 6, weights=w[own])
        assert row.cells[at["mean"]].value == pytest.approx(mean, abs=1e-9)
        assert row.cells[at["n"]].value == own.sum()
        assert row.cells[at["n_weighted"]].value == pytest.approx(w[own].sum())
        assert row.cells[at["top2"]].value == pytest.approx(w[own & (x >= 6)].sum() / w[own].sum())
        answers = [row.cells[at[f"answer{k}"]].value for k in range(1, 8)]
        assert sum(answers) == pytest.approx(1)
        assert answers[4] == pytest.approx(w[own & (x == 5)].sum() / w[own].sum())


def test_the_letters_of_a_study_that_asks_for_spss(round_, example, tmp_path):
    asked = example.report.letters.model_copy(update={"rules": "spss"})
    study = example.model_copy(update={"report": example.report.model_copy(update={"letters": asked})})
    assert letter_rules(example) == LetterRules("design", "holm", 0.05, 30)
    assert letter_rules(study) == LetterRules.spss()
    book = statistics_book(round_, "hanbit-fmc", 2024, lang="ko", release="public", letters=LetterRules.spss())
    notes = [str(n) for t in tables_of(book)[-3:] for n in t.notes]
    assert all("SPSS" in n and "Bonferroni" in n for n in notes)


# ---------------------------------------------------------------------- the file
def test_contents_lead_to_every_sheet_and_panes_and_print_titles_are_set(written):
    front = written.worksheets[0]
    targets = links(front)
    assert len(targets) == len(written.worksheets) - 1
    for sheet in written.worksheets[1:]:
        quoted = sheet.title.replace("'", "''")
        assert f"'{quoted}'!A1" in targets
        assert sheet.freeze_panes not in (None, "A1")
        assert sheet.print_title_rows
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.page_setup.fitToHeight == 0
        assert f"'{front.title}'!A1" in links(sheet)
        (table,) = sheet.tables.values()
        assert table.headerRowCount in (None, 1)  # headings a screen reader announces
        assert not sheet.merged_cells.ranges


def test_the_composition_counts_the_respondents_of_each_group(round_, written):
    frame = round_.survey("hanbit-fmc", 2024).frame
    heads, grid = body(written.worksheets[1])
    at = heads.index("응답자 수")
    sizes = [int((frame[v] == g).sum()) for v in ("customer_type", "service", "channel", "sex", "age", "region")
             for g in frame[v].cat.categories if (frame[v] == g).any()]  # fmt: skip
    assert [row[at].value for row in grid] == sizes


def test_headings_say_what_stands_under_them_and_equal_titles_are_told_apart(written, book):
    heads = body(written["24 처리의 신속성"])[0]
    assert "표본 적음: 사례수" in heads  # a † is no difference
    front = [[c.value for c in row] for row in written.worksheets[0].iter_rows(min_row=4)]
    told = [(row[1], row[4]) for row in front[1:]]
    assert len(set(told)) == len(told) > len({title for title, _ in told})
    assert ("종합CSI", "지수 모형: " + round_label(book)) in told


def round_label(book):
    return next(s.detail for s in book.workbook.sheets if s.table.caption == "종합CSI").removeprefix("지수 모형: ")


def test_equal_books_are_equal_files(book, tmp_path):
    one, two = (write_workbook(book.workbook, tmp_path / f"{k}.xlsx") for k in "ab")
    assert one.read_bytes() == two.read_bytes()


# ---------------------------------------------------------------------- disclosure
@pytest.mark.parametrize("seed", range(6))
def test_suppressed_groups_cannot_be_worked_out_from_the_book(example, round_, seed, tmp_path):
    """The attacker adds and subtracts rows of a sheet: n of a hidden group, its weighted n, its mean."""
    rng = np.random.default_rng(seed)
    survey = round_.survey("hanbit-fmc", 2024)
    frame, keep = survey.frame, rng.random(len(survey.frame)) < 0.4
    for column, code, few in (("channel", 4, 3), ("age", 5, 1 + seed % 4), ("customer_type", 3, 8)):
        members = np.flatnonzero(frame[column].astype("string") == str(code))
        keep[members] = False
        keep[rng.choice(members, few, replace=False)] = True
    frame = frame[keep].reset_index(drop=True)
    own = Round(example)
    part = replace(survey, frame=frame, weighting={})
    own.survey = lambda agency, year: part if (agency, year) == ("hanbit-fmc", 2024) else round_.survey(agency, year)
    book = statistics_book(own, "hanbit-fmc", 2024, lang="ko", release="public")
    hidden = suppressed_groups(groupings(part, list(example.report.groups)), Rules())
    assert any(hidden.values())
    path = write_workbook(book.workbook, tmp_path / "b.xlsx")
    for sheet in openpyxl.load_workbook(path).worksheets[1:]:
        heads, grid = body(sheet)
        if "기호" not in heads:
            continue
        at = heads.index("사례수")
        values = [[c.value for c in row] for row in grid]
        total = values[0][at]
        by = [(k, list(g)) for k, g in itertools.groupby(values[1:], key=lambda r: r[0])]
        for _, rows in by:
            stars = [r for r in rows if r[at] == "*"]
            if not stars:
                continue
            assert all(cell in ("*", "", None) or i < 3 for r in stars for i, cell in enumerate(r)), stars
            rest = total - sum(r[at] for r in rows if isinstance(r[at], (int, float)))
            # what differencing gives is two groups at least, and together no fewer than the minimum
            assert len(stars) >= 2, (sheet.title, rows)
            assert rest >= 5, (sheet.title, rows)


def test_the_restricted_book_shows_what_the_public_one_hides(round_, example):
    public = statistics_book(round_, "hanbit-fmc", 2024, lang="ko", release="public")
    restricted = statistics_book(round_, "hanbit-fmc", 2024, lang="ko", release="restricted")
    stars = lambda book: sum(n.suppressed for t in tables_of(book) for n in t.numbers())
    assert stars(restricted) == 0 <= stars(public)


# ---------------------------------------------------------------------- one specification, five formats
def test_one_table_says_the_same_in_every_format(book, tmp_path, libreoffice):
    table = next(t for t in tables_of(book) if t.caption == "직원의 친절성")
    expected = [n.digits_text() for n in table.numbers()]
    made = write_document(
        [("문항", [table])], tmp_path, "one", title="통계표", lang="ko", formats=["html", "pdf", "docx", "hwpx"]
    )
    import unhwp

    html = re.sub(r"<[^>]+>", " ", made["html"].read_text(encoding="utf-8"))
    docx = libreoffice(made["docx"], "txt:Text").read_text(encoding="utf-8-sig")
    pdf = pdf_text(made["pdf"])
    hwpx = unhwp.parse(str(made["hwpx"])).plain_text
    for name, text in (("html", html), ("docx", docx), ("pdf", pdf), ("hwpx", hwpx)):
        found = re.findall(r"[\d,]*\.?\d+|\*|–", text)
        for figure in set(expected):
            assert found.count(figure) >= expected.count(figure), (name, figure)


def pdf_text(path):
    import subprocess

    return subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, text=True, check=True).stdout


# ---------------------------------------------------------------------- bad input
def test_labels_of_300_characters(tmp_path):
    long = "가나다라마바사아자차" * 30
    table = small(cells=(long, Number(1.0, "points")), labels=("구분", long), caption=long)
    made = save(tmp_path, Sheet(long, table))
    sheet = made.worksheets[1]
    assert len(sheet.title) <= 31
    heads, grid = body(sheet)
    assert len(heads[1]) == 255
    assert grid[0][0].value == long
    assert sheet["A1"].value == long


def test_formula_like_text_stays_text(tmp_path):
    for k, text in enumerate(
        ["=1+1", "+82-2-123", "-3", "@SUM(A1)", '=HYPERLINK("http://x")', "\t=1", "http://example.org", "3.14"]
    ):
        made = save(
            tmp_path,
            Sheet(f"s{k}", small(cells=(text, Number(1.0, "points")), labels=(text, f"{text} 점수"), caption=text)),
        )
        sheet = made.worksheets[1]
        heads, grid = body(sheet)
        cell = grid[0][0]
        assert cell.data_type in ("s", "inlineStr")
        assert str(cell.value).strip() == text.strip()
        assert sheet["A1"].data_type == "s"
        assert cell.hyperlink is None
        assert heads[0].startswith(text.strip()[:2])


def test_characters_that_xml_cannot_hold_are_replaced(tmp_path):
    dirty = "가\x00나\x0b다\ufffe라\ud800마\x1f"
    sheet = save(
        tmp_path, Sheet(dirty, small(cells=(dirty, Number(1.0, "points")), caption=dirty)), author=dirty
    ).worksheets[1]
    clean = "가\ufffd나\ufffd다\ufffd라\ufffd마\ufffd"
    assert body(sheet)[1][0][0].value == clean
    assert sheet["A1"].value == clean
    assert xml_text("e\u0301") == "é"


def test_sheet_names_too_long_doubled_or_forbidden(tmp_path):
    titles = ["가" * 40, "가" * 45, "가" * 40, "A[1]:*?/\\", "'quoted'", "", "History", "목차", "a", "A", "😀" * 20]
    names = sheet_names(titles)
    assert len({n.casefold() for n in names}) == len(names)
    for name in names:
        assert 0 < len(name.encode("utf-16-le")) // 2 <= 31
        assert not re.search(r"[\[\]:*?/\\]", name)
        assert name[0] != "'" != name[-1]
        assert name.casefold() != "history"
    made = save(tmp_path, *(Sheet(t, small(name=f"t{i}")) for i, t in enumerate(titles)))
    assert len(made.worksheets) == len(titles) + 1


def test_one_column_forty_columns_and_doubled_headings(tmp_path):
    one = Table("one", "한 열", (Column("a", "구분", "left", "stub"),), (Row(("가",)),), exempt="test")
    wide = small(
        cells=("가", *(Number(float(i), "points") for i in range(40))),
        labels=("구분", *["같은 이름"] * 40),
        caption="넓은 표",
    )
    made = save(tmp_path, Sheet("one", one), Sheet("wide", wide))
    heads, grid = body(made.worksheets[2])
    assert len(set(heads)) == 41
    assert [c.value for c in grid[0][1:]] == list(range(40))
    assert made.worksheets[2].page_setup.paperSize == 8  # A3
    assert body(made.worksheets[1])[0] == ["구분"]


def test_empty_tables_and_books_are_refused_with_a_clear_message(tmp_path):
    with pytest.raises(InputError, match="without rows"):
        Table("t", "빈 표", (Column("a", "구분", "left", "stub"),), ())
    with pytest.raises(InputError, match="without tables"):
        write_workbook(Workbook("책", ()), tmp_path / "x.xlsx")
    with pytest.raises(InputError, match="without tables"):
        write_document([], tmp_path, "x", title="책", lang="ko", formats=["docx"])
    with pytest.raises(InputError, match="same name"):
        write_document([(None, [small(), small()])], tmp_path, "x", title="책", lang="ko", formats=["docx"])


def study_of(folder, items: str, groups: str = ""):
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {"agency": "north", "a": rng.integers(1, 6, 40), "b": rng.integers(0, 101, 40), "g": rng.integers(1, 3, 40)}
    )
    frame.to_csv(folder / "answers_2024.csv", index=False)
    (folder / "study.yml").write_text(
        "title: {ko: 시험, en: Trial}\nlanguages: [ko, en]\nyears: [2024]\nsources:\n  customers: {path: 'answers_{year}.csv', agency: agency}\n",
        encoding="utf-8",
    )
    (folder / "agencies.yml").write_text("agencies:\n  - {id: north, name: {ko: 북부, en: North}}\n", encoding="utf-8")
    scales = "scales:\n  five: {low: 1, high: 5}\n  slider: {low: 0, high: 100}\ncolumns:\n"
    (folder / "codebook.yml").write_text(scales + items + groups, encoding="utf-8")
    return statistics_book(Round(csi_lib.load_study(folder)), "north", 2024, lang="ko", release="public")


def test_a_study_without_groups_and_without_a_model(tmp_path):
    book = study_of(tmp_path, "  a: {role: item, scale: five, label: {ko: 문항, en: Item}}\n")
    (table,) = tables_of(book)
    assert [r.kind for r in table.rows] == ["total"]
    assert len(save(tmp_path, *book.workbook.sheets).worksheets) == 2


def test_a_scale_of_101_points_has_no_column_for_every_answer(tmp_path):
    book = study_of(tmp_path, "  b: {role: item, scale: slider, label: {ko: 점수, en: Score}}\n")
    (table,) = tables_of(book)
    assert [c.key for c in table.columns] == ["row", "letter", "n", "n_weighted", "mean", "se", "top2"]


def test_awkward_labels_of_a_study_reach_the_book_whole(tmp_path):
    long = "=1+1 @SUM [a]:*?/ " + "가나다라마" * 60
    item = f"  a: {{role: item, scale: five, label: {{ko: '{long}', en: x}}}}\n"
    group = f"  g: {{role: group, label: {{ko: '{long}', en: x}}, labels: {{1: {{ko: '-1', en: x}}, 2: {{ko: '+2', en: y}}}}}}\n"
    book = study_of(tmp_path, item, group)
    made = save(tmp_path, *book.workbook.sheets)
    sheet = made.worksheets[-1]
    assert sheet["A1"].value == long
    assert [r[1].value for r in body(sheet)[1]] == ["전체", "-1", "+2"]
    assert all(c.data_type != "f" for row in sheet.iter_rows() for c in row)


def test_libreoffice_opens_the_book_with_nothing_lost(book, tmp_path, libreoffice):
    path = write_workbook(book.workbook, tmp_path / "book.xlsx")
    again = openpyxl.load_workbook(libreoffice(path, "xlsx"))
    first = openpyxl.load_workbook(path)
    assert again.sheetnames == first.sheetnames
    for a, b in zip(first.worksheets, again.worksheets, strict=True):
        values = lambda s: [c.value for row in s.iter_rows() for c in row if c.value not in (None, "")]
        assert values(a) == values(b)


# ---------------------------------------------------------------------- names of delivered files
def test_file_names_suit_windows_and_are_composed():
    fields = {
        "year": "2024",
        "agency": unicodedata.normalize("NFD", "한빛시 시설관리공단"),
        "kind": "결과보고서",
        "ext": "hwpx",
    }
    assert file_name("{year}_{agency}_{kind}.{ext}", fields) == "2024_한빛시 시설관리공단_결과보고서.hwpx"
    hostile = {**fields, "agency": 'a<b>:"/\\|?*\x01c. '}
    name = file_name("{year}_{agency}_{kind}.{ext}", hostile)
    assert not re.search(r'[<>:"/\\|?*\x00-\x1f]', name)
    assert file_name("{kind}.{ext}", {"kind": "CON", "ext": "txt"}) == "_CON.txt"
    assert file_name("{kind}.{ext}", {"kind": "../../etc/passwd", "ext": "txt"}).count("/") == 0
    long = file_name("{agency}.{ext}", {"agency": "가" * 300, "ext": "hwpx"})
    assert long.endswith(".hwpx")
    assert len(long.encode()) <= 200
    # a name of 200 characters leaves room for what tells the files of a delivery apart
    wordy = {**fields, "agency": '에이/비:시*디?"' * 20}
    kinds = [
        file_name("{year}_{agency}_{kind}.{ext}", {**wordy, "kind": k})
        for k in ("결과보고서", "통계표", "questionnaire-pretest")
    ]
    assert [n[:5] for n in kinds] == ["2024_"] * 3
    assert [n.rpartition("_")[2] for n in kinds] == ["결과보고서.hwpx", "통계표.hwpx", "questionnaire-pretest.hwpx"]
    assert all(180 < len(n.encode()) <= 200 for n in kinds)
    with pytest.raises(InputError, match="template"):
        file_name("{yeer}.{ext}", fields)
