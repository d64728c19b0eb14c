"""Kinds of trouble that files of answers have in practice, described in our own words. Each bends a `Trial`, writes its file
and says how reading must end: ``right`` (the true frame), ``note:<word>`` (the true frame, and a note that holds the word) or
``refused:<words>`` (an InputError that holds them)."""

from __future__ import annotations

import datetime

from tests.intake.trial import LABELS, Trial

KINDS = {}


def kind(outcome: str):
    def add(make):
        KINDS[make.__name__] = (make, outcome)
        return make

    return add


def simple(name: str, outcome: str, make) -> None:
    KINDS[name] = (make, outcome)


# ---------------------------------------------------------------------- text files: form
simple("plain", "right", lambda t: t.write())
simple("utf8_mark", "right", lambda t: t.write("\ufeff" + t.text()))
simple("cp949", "right", lambda t: t.write(encoding="cp949"))
simple("utf16", "right", lambda t: t.write(encoding="utf-16"))
simple("utf16_without_mark", "right", lambda t: t.write(encoding="utf-16-le"))
simple("carriage_returns", "right", lambda t: t.write(t.text(end="\r")))
simple("windows_line_ends", "right", lambda t: t.write(t.text(end="\r\n")))
simple("no_last_line_end", "right", lambda t: t.write(t.text().rstrip("\n")))
simple("semicolons", "right", lambda t: t.write(t.text(";")))
simple("tabs", "right", lambda t: t.write(t.text("\t")))
simple("bars", "right", lambda t: t.write(t.text("|")))
simple("separator_line", "note:line 2", lambda t: t.write("sep=;\n" + t.text(";")))
simple(
    "all_quoted",
    "right",
    lambda t: t.write("\n".join(",".join(f'"{c}"' for c in row) for row in [t.header, *t.rows]) + "\n"),
)
simple("nul_tail", "note:NUL", lambda t: t.write(t.text() + "\x00" * 300))
simple("nul_inside", "refused:NUL", lambda t: t.write(t.text().replace("r005", "r0\x0005")))
simple("empty", "refused:empty", lambda t: t.write(b""))
simple("only_blank_lines", "refused:holds nothing", lambda t: t.write("\n\n\n"))
simple("header_only", "refused:no rows", lambda t: t.write(",".join(t.header) + "\n"))
simple("spreadsheet_called_text", "refused:spreadsheet", lambda t: t.write(b"PK\x03\x04" + b"\x00" * 50))


@kind("refused:two encodings")
def two_encodings(t: Trial):
    for row in t.rows:
        row[6] = "설명"
    lines = t.text().encode().split(b"\n")
    lines[t.at()] = b"r900,1,3,3,3,1," + "친절".encode("cp949")
    t.write(b"\n".join(lines))


@kind("refused:cannot be read in the declared encoding")
def wrong_encoding_declared(t: Trial):
    t.more = "    encoding: utf-8\n"
    t.rows[3][6] = "친절"
    t.write(encoding="cp949")


# ---------------------------------------------------------------------- rows that are no respondents
simple("comma_rows", "note:blank", lambda t: t.write(t.text() + ",,,,,,\n" * 7))
simple("lines_of_blanks", "right", lambda t: t.write(t.text() + "   \n\n \t \n"))


@kind("right")
def empty_lines_between(t: Trial):
    lines = t.text().split("\n")
    at = t.at()
    t.write("\n".join([*lines[:at], "", "", *lines[at:]]))


@kind("note:totals")
def totals(t: Trial):
    t.rows.append(
        [t.rng.choice(["합계", "총계", "Total", "계", "TOTAL:", "평 균", "Mean"]), "60", "120", "118", "130", "", ""]
    )
    t.write()


@kind("note:totals")
def means_without_a_word(t: Trial):
    t.rows.append(["", "1.7", "3.025", "2.95", "3.3", "", ""])
    t.write()


@kind("note:totals")
def means_of_which_one_could_be_an_answer(t: Trial):
    t.more = "    on_undeclared: missing\n"
    t.rows.append(["", "1.7", "3.0", "2.9", "3.2", "", ""])
    t.write()


@kind("note:totals")
def shares_below(t: Trial):
    t.more = "    on_undeclared: missing\n"
    t.rows.append(["", "", "45%", "50.5%", "60%", "", ""])
    t.write()


@kind("note:totals")
def total_with_its_base(t: Trial):
    t.more = "    on_undeclared: missing\n"
    t.rows.append(["합 계 (N=40)", "60", "1,020", "118", "130", "", ""])
    t.write()


@kind("note:footnote")
def footnote_with_more_cells(t: Trial):
    t.more = "    on_undeclared: missing\n"
    t.rows.append(["주1) 면접조사", "", "전화 포함", "", "", "", ""])
    t.write()


@kind("right")
def blank_ids(t: Trial):
    t.rows[5][0] = t.rows[20][0] = ""
    t.write()


@kind("note:names of the columns repeated")
def files_pasted_together(t: Trial):
    head, *rest = t.text().rstrip("\n").split("\n")
    at = t.at()
    t.write("\n".join([head, *rest[:at], "\ufeff" + head, *rest[at:]]) + "\n")


@kind("right")
def a_name_over_two_lines(t: Trial):
    t.header[2] = "Q1\n"
    t.write()


@kind("note:totals")
def total_in_a_column_nobody_asked_for(t: Trial):
    t.header.insert(0, "번호")
    t.rows = [[str(i + 1), *row] for i, row in enumerate(t.rows)] + [["전체", "", "60", "3", "3", "3", "", ""]]
    t.write()


@kind("note:footnote")
def footnote(t: Trial):
    t.write(
        t.text()
        + "\n"
        + t.rng.choice(
            ["※ 만족도는 5점 척도이다", "주: 2024년 조사", "Note: five points", "Source: own survey of 2024"]
        )
        + "\n"
    )


@kind("note:names of the columns")
def header_again(t: Trial):
    t.rows.insert(t.at(), list(t.header))
    t.write()


@kind("note:line 3")
def title_above(t: Trial):
    t.write("2024년 고객만족도 조사 결과\n\n" + t.text())


@kind("note:texts of the questions")
def question_texts(t: Trial):
    t.rows.insert(
        0,
        [
            "응답자",
            "가중치",
            "직원이 친절했습니까?",
            "신속했습니까?",
            "전반적으로 만족합니까?",
            "성별은?",
            "하고 싶은 말",
        ],
    )
    t.write()


@kind("note:import ids")
def survey_system(t: Trial):
    t.rows.insert(0, ["Response ID", "Weight", "How kind?", "How prompt?", "Overall?", "Your sex", "Anything else"])
    t.rows.insert(1, [f'{{"ImportId":"QID{i}"}}' for i in range(7)])
    t.write()


@kind("refused:fewer fields")
def cut_short(t: Trial):
    lines = t.text().rstrip("\n").split("\n")
    at = t.at()
    lines[at] = ",".join(lines[at].split(",")[:4])
    t.write("\n".join(lines) + "\n")


@kind("refused:more fields")
def too_long(t: Trial):
    lines = t.text().rstrip("\n").split("\n")
    lines[t.at()] += ",7,8"
    t.write("\n".join(lines) + "\n")


simple(
    "separator_at_line_ends",
    "right",
    lambda t: t.write("".join(line + ",\n" for line in t.text().rstrip("\n").split("\n"))),
)
simple(
    "separator_at_row_ends",
    "right",
    lambda t: t.write(
        t.text().split("\n")[0] + "\n" + "".join(line + ",\n" for line in t.text().rstrip("\n").split("\n")[1:])
    ),
)


# ---------------------------------------------------------------------- quotes
@kind("note:quotation mark")
def unpaired_quotes(t: Trial):
    at = t.at()
    for row in t.rows:
        row[6] = "fine"
    lines = t.text().rstrip("\n").split("\n")
    lines[at] = lines[at].replace("fine", '"fine')
    lines[min(at + 6, 40)] += '"'
    t.write("\n".join(lines) + "\n")


@kind("right")
def line_breaks_in_answers(t: Trial):
    for row in t.rows[3:9]:
        row[6] = "첫 줄\n둘째 줄, 끝"
    t.write()


@kind("refused:fewer fields")
def line_break_without_quotes(t: Trial):
    t.header[5], t.header[6] = "T", "SEX"
    t.rows = [[*r[:5], "fine", r[5]] for r in t.rows]
    lines = t.text().rstrip("\n").split("\n")
    at = t.at()
    lines[at] = lines[at].replace("fine", "one\ntwo")
    t.write("\n".join(lines) + "\n")


simple("inches", "right", lambda t: (t.rows[5].__setitem__(6, "x"), t.write(t.text().replace(",x\n", ',5" pipe\n'))))


# ---------------------------------------------------------------------- names of columns
@kind("refused:two columns are called Q2")
def one_name_twice(t: Trial):
    t.header[4] = "Q2"
    t.write()


@kind("note:spelled nearly the same")
def one_name_twice_but_for_a_blank(t: Trial):
    t.header.append("q1 ")
    t.rows = [[*row, "1"] for row in t.rows]
    t.write()


@kind("refused:nearly alike")
def two_variants_and_none_exact(t: Trial):
    t.header[2:4] = [" q1", "*Q1"]
    t.codebook = t.codebook.replace("names: [Q2]", "names: {default: [Q2], 2024: null}")
    t.write()


@kind("refused:did you mean")
def misspelt(t: Trial):
    t.header[1] = "WW"
    t.codebook = t.codebook.replace("names: [W]", "names: [WWW]")
    t.write()


simple(
    "variants_of_names", "right", lambda t: (t.header.__setitem__(slice(0, 4), ["id", " W", "*q1", "Ｑ2"]), t.write())
)


# ---------------------------------------------------------------------- answers
def _spelled(t: Trial, spell):
    for row in t.rows[: int(t.rng.integers(5, 40))]:
        row[2] = spell(int(row[2]))
    t.write()


simple("labels_in_korean", "note:written out", lambda t: _spelled(t, lambda k: LABELS["ko"][k - 1]))
simple("labels_in_english", "note:written out", lambda t: _spelled(t, lambda k: f" {LABELS['en'][k - 1].upper()} "))
simple("code_and_label", "note:written out", lambda t: _spelled(t, lambda k: f"{k}. {LABELS['en'][k - 1]}"))
simple(
    "circled_code_and_label",
    "note:written out",
    lambda t: _spelled(t, lambda k: f"{'①②③④⑤'[k - 1]} {LABELS['ko'][k - 1]}"),
)
simple("label_and_code", "note:written out", lambda t: _spelled(t, lambda k: f"{LABELS['ko'][k - 1]}({k})"))
simple("points", "note:written out", lambda t: _spelled(t, lambda k: f"{k}점"))
simple("wide_digits", "note:written out", lambda t: _spelled(t, lambda k: "０１２３４５"[k]))
simple("decimals", "right", lambda t: _spelled(t, lambda k: f" {k}.0 "))
simple(
    "code_and_wrong_label",
    "refused:text of",
    lambda t: _spelled(t, lambda k: f"{k}. {LABELS['en'][5 - k] if k != 3 else 'Bad'}"),
)
simple("zeros_before", "refused:01", lambda t: _spelled(t, lambda k: f"0{k}"))
simple("underscores", "refused:text of 3", lambda t: _spelled(t, lambda k: f"{k}_0"))
simple("exponents", "refused:e0", lambda t: _spelled(t, lambda k: f"{k}e0"))
simple("na", "refused:missing_text: [NA]", lambda t: (t.rows[4].__setitem__(5, "NA"), t.write()))
simple("spreadsheet_errors_as_text", "refused:#N/A", lambda t: (t.rows[4].__setitem__(2, "#N/A"), t.write()))
simple(
    "decimal_comma_unsaid",
    "refused:decimal",
    lambda t: (
        [r.__setitem__(1, r[1].replace(".", ",")) for r in t.rows],
        t.rows[0].__setitem__(1, "1,5"),
        t.write(t.text(";")),
    ),
)


@kind("right")
def na_declared(t: Trial):
    t.more = "    missing_text: [NA, N/A, ., '-']\n"
    for at, word in zip((3, 9, 14, 20), ("NA", "n/a", ".", "-"), strict=True):
        t.rows[at][2], t.truth.loc[at, "a"] = word, float("nan")
    t.write()


@kind("right")
def decimal_comma(t: Trial):
    t.more = '    decimal: ","\n'
    for row in t.rows:
        row[1] = row[1].replace(".", ",")
    t.rows[7][1], t.truth.loc[7, "weight"] = "1.234,5", 1234.5
    t.write(t.text(";"))


@kind("right")
def thousands(t: Trial):
    t.rows[7][1], t.truth.loc[7, "weight"] = "1,234.5", 1234.5
    t.rows[8][1], t.truth.loc[8, "weight"] = "2,000", 2000.0
    t.write()


# ---------------------------------------------------------------------- ids
def _ids(t: Trial, spell, more: str = ""):
    for i, row in enumerate(t.rows):
        row[0] = spell(i)
    t.more = more
    t.write()


simple(
    "ids_of_17_digits", "right", lambda t: _ids(t, lambda i: f"{20240501123456700 + i}", "    duplicates: drop-later\n")
)
simple("ids_with_zeros", "right", lambda t: _ids(t, lambda i: "0" * (i % 4) + str(1 + i // 4)))
simple("ids_by_case", "right", lambda t: _ids(t, lambda i: ("r" if i % 2 else "R") + str(i // 2)))
simple(
    "ids_shortened",
    "refused:lost their digits",
    lambda t: _ids(t, lambda i: "2.02E+16", "    duplicates: drop-later\n"),
)
simple(
    "ids_rounded_in_a_workbook",
    "refused:lost their digits",
    lambda t: (
        setattr(t, "more", "    duplicates: drop-later\n"),
        t.workbook(rows=[[20240501123456700 + i // 4 * 100, *r[1:]] for i, r in enumerate(t.typed())]),
    ),
)
simple("ids_twice", "refused:more than once", lambda t: _ids(t, lambda i: str(max(i, 1))))


@kind("refused:more than once")
def the_same_people_in_two_files(t: Trial):
    rows = list(t.rows)
    t.rows = rows[:25]
    t.write(name="d1.csv")
    t.rows = rows[10:]
    t.write(name="d2.csv")
    t.path = "d*.csv"


@kind("right")
def batches(t: Trial):
    rows = list(t.rows)
    for name, part in (("d1.csv", rows[:15]), ("d2.csv", rows[15:])):
        t.rows = part
        t.write(name=name)
    t.write(b"lock", name="~$d3.csv")
    t.path = "*d*.csv"


@kind("refused:the same")
def a_copy_without_ids(t: Trial):
    t.codebook = t.codebook.replace("  respondent: {role: id, names: [ID]}\n", "")
    t.write(name="d1.csv")
    t.write(name="d1 - copy.csv")
    t.path = "d1*.csv"


# ---------------------------------------------------------------------- workbooks
simple("workbook", "right", lambda t: t.workbook())
simple("workbook_of_texts", "right", lambda t: t.workbook(rows=t.rows))
simple("workbook_footnote", "note:footnote", lambda t: t.workbook(below=[[], ["※ 2024년 5월에 조사함"]]))
simple("workbook_total", "note:totals", lambda t: t.workbook(below=[["합계", 60.0, 121, 118, 132]]))
simple("workbook_means", "note:totals", lambda t: t.workbook(below=[[], [None, 1.5, 3.025, 2.95, 3.3]]))
simple("text_called_workbook", "refused:not a readable Excel file", lambda t: (setattr(t, "path", "d.xlsx"), t.write()))


def _hidden(book, sheet):
    old = book.create_sheet("old", 0)
    for row in sheet.iter_rows(values_only=True):
        old.append([1 if isinstance(v, int) else v for v in row])
    old.sheet_state = "hidden"


def _cover(book, sheet):
    book.create_sheet("표지", 0).append(["2024년 조사"])


def _again(book, sheet):
    other = book.create_sheet("2차")
    for row in sheet.iter_rows(values_only=True):
        other.append(row)


def _formulas(book, sheet):
    for row in range(2, 42):
        sheet.cell(row, 6).value = f"=IF(C{row}>3,1,2)"


def _title(book, sheet):
    sheet.merge_cells("A1:G1")


def _two_rows(book, sheet):
    sheet.insert_rows(1)
    for column, value in enumerate(["번호", "가중", "만족도", None, None, "성별", "기타"], start=1):
        sheet.cell(1, column).value = value
    sheet.merge_cells("C1:E1")


simple("hidden_sheet_first", "note:was read", lambda t: t.workbook(edit=_hidden))
simple("cover_sheet", "note:was read", lambda t: t.workbook(edit=_cover))
simple("data_on_two_sheets", "refused:several sheets", lambda t: t.workbook(edit=_again))
simple("formulas_uncalculated", "refused:formulas", lambda t: t.workbook(edit=_formulas))
simple("title_over_the_header", "note:line 2", lambda t: t.workbook(above=[["2024년 조사"]], edit=_title))
simple("two_header_rows", "note:line 2", lambda t: t.workbook(edit=_two_rows))
simple(
    "only_a_hidden_sheet",
    "refused:hidden sheet",
    lambda t: t.workbook(edit=lambda b, s: (_cover(b, s), setattr(s, "sheet_state", "hidden"))),
)


def _cell(t: Trial, value, column: int = 2):
    rows = t.typed()
    rows[t.at()][column] = value
    t.workbook(rows=rows)


simple("error_cells", "refused:#DIV/0!", lambda t: _cell(t, "#DIV/0!"))
simple("dates_among_answers", "refused:a date", lambda t: _cell(t, datetime.datetime(2024, 1, 2)))
simple("truth_values_among_answers", "refused:text of 4", lambda t: _cell(t, True))
simple("percentages_among_answers", "refused:0.85", lambda t: _cell(t, 0.85))

# ---------------------------------------------------------------------- SPSS and Parquet
simple("sav", "right", lambda t: t.sav())
simple(
    "sav_turned",
    "note:run against",
    lambda t: t.sav(variable_value_labels={"Q1": dict(enumerate(LABELS["ko"][::-1], 1))}),
)
simple("sav_other_sex", "note:contradict", lambda t: t.sav(variable_value_labels={"SEX": {1: "여성", 2: "남성"}}))
simple("sav_answers_called_missing", "note:user-missing", lambda t: t.sav(missing_ranges={"Q2": [5]}))
simple(
    "sav_same_labels",
    "right",
    lambda t: t.sav(variable_value_labels={"Q1": dict(enumerate(LABELS["ko"], 1)), "SEX": {1: "남성", 2: "여성"}}),
)


@kind("right")
def sav_missing_range(t: Trial):
    for row in t.rows[5:9]:
        row[2] = "97"
    t.truth.loc[5:8, "a"] = float("nan")
    t.sav(missing_ranges={"Q1": [{"lo": 90, "hi": 99}]})


@kind("right")
def parquet(t: Trial):
    import pandas as pd

    t.path = "d.parquet"
    pd.DataFrame(t.typed(), columns=t.header).astype({"Q1": "float64", "SEX": "int8"}).to_parquet(t.folder / t.path)
