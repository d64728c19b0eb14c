"""The grid writes what was changed, and nothing else."""

import pytest

from csi_lib.errors import InputError
from csi_lib.serve.codebook_grid import read_rows, write_rows

BOOK = """\
# a comment at the top
missing: [9]
scales:
  five: {low: 1, high: 5}
sections:
  - {id: hall, label: {ko: 창구, en: Hall}}
columns:
  who: {role: id, names: [ID]}  # kept
  kind:
    role: item  # guess: five whole numbers
    label: {ko: '친절', en: "Kindness"}
    scale: five
    missing: [9, '09']  # guess: 9 is far from the others
  sex: {role: group, label: {ko: 성별, en: Sex}, labels: {1: {ko: 남, en: M}, 2: {ko: 여, en: F}}}
  years: {role: item, label: 해, scale: five, missing: {2023: [8], 2024: [9]}}
"""
LANGUAGES = ("ko", "en")


def form_of(text):
    """What the browser sends when nothing was changed."""
    form = {}
    for r in read_rows(text, LANGUAGES)[0]:
        form |= {
            f"{r.name}.role": r.role,
            f"{r.name}.scale": r.scale,
            f"{r.name}.missing": r.missing,
            f"{r.name}.section": r.section,
        }
        form |= {f"{r.name}.label.{lang}": label for lang, label in r.labels.items()}
        form |= {f"{r.name}.reverse": "1"} if r.reverse else {}
    return form


def test_what_nobody_changed_stays_to_the_letter():
    assert write_rows(BOOK, form_of(BOOK), LANGUAGES) == BOOK


def test_one_change_changes_one_line():
    form = form_of(BOOK) | {"sex.label.en": "Gender"}
    after = write_rows(BOOK, form, LANGUAGES)
    differing = [(a, b) for a, b in zip(BOOK.splitlines(), after.splitlines(), strict=True) if a != b]
    assert differing == [(BOOK.splitlines()[13], BOOK.splitlines()[13].replace("Sex", "Gender"))]


def test_codes_stay_what_they_are():
    after = write_rows(BOOK, form_of(BOOK) | {"sex.missing": "9, 09, 99"}, LANGUAGES)
    row = {r.name: r for r in read_rows(after, LANGUAGES)[0]}["sex"]
    assert row.missing == "9, 09, 99"
    assert "[9, '09', 99]" in after or '[9, "09", 99]' in after or "- '09'" in after


def test_codes_that_differ_by_year_are_not_flattened():
    with pytest.raises(InputError, match="differ by year"):
        write_rows(BOOK, form_of(BOOK) | {"years.missing": "7"}, LANGUAGES)


def test_a_column_outside_the_form_is_left_alone():
    form = {k: v for k, v in form_of(BOOK).items() if not k.startswith("kind.")}
    assert write_rows(BOOK, form, LANGUAGES) == BOOK


def test_a_box_that_was_ticked_and_one_that_was_cleared():
    turned = write_rows(BOOK, form_of(BOOK) | {"kind.reverse": "1"}, LANGUAGES)
    assert {r.name: r.reverse for r in read_rows(turned, LANGUAGES)[0]}["kind"]
    form = form_of(turned)
    del form["kind.reverse"]
    assert "reverse" not in write_rows(turned, form, LANGUAGES)


def test_guesses_are_named_with_their_reasons_and_confirmed_one_by_one():
    rows = {r.name: r for r in read_rows(BOOK, LANGUAGES)[0]}
    assert rows["kind"].guess == "five whole numbers; 9 is far from the others"
    assert rows["sex"].guess is None
    after = write_rows(BOOK, form_of(BOOK) | {"kind.confirm": "1"}, LANGUAGES)
    assert "guess" not in after
    assert "# a comment at the top" in after
    assert "# kept" in after
