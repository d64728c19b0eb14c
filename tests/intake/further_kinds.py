"""Further kinds of trouble, found after the first hundred: each bends a `Trial` and says how reading must end."""

from __future__ import annotations

import gzip

from tests.intake.kinds import simple
from tests.intake.trial import Trial

WIDE = {ord(str(i)): 0xFF10 + i for i in range(10)}
CODES = (2, 3, 4, 5)


def each(spell, columns=CODES):
    def make(t: Trial):
        for row in t.rows:
            for column in columns:
                row[column] = spell(row[column])
        t.write()

    return make


def one(text, column=2):
    def make(t: Trial):
        t.rows[3][column] = text
        t.write()

    return make


def by_line(spell):
    return lambda t: t.write("".join(spell(i, line) + "\n" for i, line in enumerate(t.text().split("\n")) if line))


def again_below(t: Trial):
    lines = t.text().split("\n")
    t.write("\ufeff" + "\n".join([*lines[:20], "\ufeff" + lines[0], *lines[20:]]))


def id_with_a_blank(t: Trial):
    t.rows.append([t.rows[-1][0] + " ", *t.rows[-1][1:]])
    t.write()


def excel_texts(t: Trial):
    cell = lambda text, i: f'"=""{text}"""' if i in (0, *CODES) else f'"{text}"'
    lines = [",".join(cell(c, i) for i, c in enumerate(row)) for row in t.rows]
    t.write(",".join(t.header) + "\n" + "\n".join(lines) + "\n")


UNDECLARED = "refused:does not declare"
WRITTEN = "note:became codes"
simple("digits_of_full_width", WRITTEN, each(lambda v: v.translate(WIDE)))
simple("blanks_that_do_not_break", "right", each(lambda v: f"\u00a0{v}\u00a0"))
simple("points_written_out", WRITTEN, each(lambda v: v + "점", (2, 3, 4)))
simple("circled_digits", WRITTEN, each(lambda v: "①②③④⑤"[int(v) - 1], (2,)))
simple("digits_after_an_apostrophe", UNDECLARED, each(lambda v: "'" + v))
simple("leading_zeros", UNDECLARED, each(lambda v: "0" + v, (2,)))
simple("plus_signs", UNDECLARED, each(lambda v: "+" + v, (2,)))
simple("roman_digits", UNDECLARED, each(lambda v: ["I", "II", "III", "IV", "V"][int(v) - 1], (2,)))
simple("truth_values", UNDECLARED, each(lambda v: {"1": "TRUE", "2": "FALSE"}[v], (5,)))
simple("texts_as_formulas", UNDECLARED, excel_texts)
simple("weights_in_scientific_form", "right", each(lambda v: f"{float(v):E}", (1,)))
simple("weights_in_per_cent", UNDECLARED, each(lambda v: f"{100 * float(v):g}%", (1,)))
for name, text in {
    "two_codes_in_one": "1;2", "a_code_turned_date": "01-May", "null_of_spss": "#NULL!", "digits_of_another_alphabet": "٣",
    "an_entity_of_html": "&nbsp;", "an_answer_with_a_star": "5*", "minus_zero": "-0", "a_range": "4-5", "a_half": "4.5", "a_word": "무응답",
}.items():  # fmt: skip
    simple(name, UNDECLARED, one(text))
simple("a_comment_of_forty_thousand_letters", "right", one("가" * 40_000, 6))
simple("a_comment_like_a_formula", "right", one("=cmd|' /C calc'!A0", 6))
simple("a_comment_with_a_vertical_tab", "right", one("a\x0bb", 6))
simple(
    "line_ends_of_both_kinds",
    "right",
    lambda t: t.write("".join(x + ("\r\n" if i % 2 else "\n") for i, x in enumerate(t.text().split("\n")) if x)),
)
simple("separators_at_every_end", "right", by_line(lambda i, line: line + ","))
simple("separators_at_the_ends_of_the_data", "right", by_line(lambda i, line: line + "," * (i > 0)))
simple("row_numbers_without_a_name", "right", by_line(lambda i, line: ("" if i == 0 else str(i)) + "," + line))
simple(
    "row_numbers_called_unnamed", "right", by_line(lambda i, line: ("Unnamed: 0" if i == 0 else str(i)) + "," + line)
)
simple(
    "row_numbers_beside_the_header", "refused:more fields", by_line(lambda i, line: line if i == 0 else f'"{i}",{line}')
)
simple(
    "tabs_and_commas", "refused:fewer fields", by_line(lambda i, line: line.replace(",", "\t", 3) if i % 2 else line)
)
simple("remarks_above", "note:line 3", lambda t: t.write("# exported 2024-05-01\n# by a tool\n" + t.text()))
simple("files_joined_with_their_marks", "note:repeated", again_below)
simple(
    "a_page_called_text",
    "refused:not in the file",
    lambda t: t.write("<html><table><tr><td>ID</td></tr></table></html>"),
)
simple("records_in_braces", "refused:not in the file", lambda t: t.write('[{"ID": "r001", "Q1": 5}]'))
simple("packed_without_saying_so", "refused:encoding", lambda t: t.write(gzip.compress(t.text().encode())))
simple("an_end_of_file_sign", "refused:fewer fields", lambda t: t.write(t.text() + "\x1a"))
simple("an_id_again_with_a_blank", "refused:more than once", id_with_a_blank)
simple("a_name_of_full_width", "right", lambda t: t.write(t.text().replace("Q1", "Ｑ１", 1)))
simple("a_name_with_its_scale", "refused:not in the file", lambda t: t.write(t.text().replace("Q1", "Q1 (1-5)", 1)))
