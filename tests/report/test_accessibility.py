"""The report in a real browser: axe-core finds nothing, everything can be reached and used by keyboard."""

import re
from itertools import pairwise

import pytest

pytestmark = pytest.mark.slow


def test_axe(finished, accessible):
    accessible(finished[1].paths["html"])


def test_everything_is_there_without_javascript(finished, visit):
    page = visit(finished[1].paths["html"], scripts=False)
    assert page.locator(".tab-panel:visible").count() == page.locator(".tab-panel").count() > 1
    for details in page.locator("main details").all():  # they open without a script
        details.locator("summary").click()
    assert page.locator("table:visible").count() == page.locator("table").count() > 5
    assert page.locator(".table-tools").count() == 0


def test_tables_have_a_csv_each_and_tabs_work_by_keyboard(finished, visit):
    text = finished[1].paths["html"].read_text(encoding="utf-8")
    page = visit(finished[1].paths["html"])
    assert page.locator(".table-tools button").count() == text.count('class="table-scroll"')
    tabs = page.locator('[role="tab"]')
    tabs.first.focus()
    page.keyboard.press("ArrowRight")
    assert tabs.nth(1).get_attribute("aria-selected") == "true"
    assert page.evaluate("document.activeElement.id") == tabs.nth(1).get_attribute("id")
    panel = page.locator("#" + tabs.nth(1).get_attribute("aria-controls"))
    assert panel.is_visible()
    page.keyboard.press("Home")
    assert tabs.first.get_attribute("aria-selected") == "true"
    assert not panel.is_visible()


def test_sorting_by_keyboard_sorts_numbers_as_numbers(document, visit):
    _, _, _, made = document(
        "| 이름 | 값 |\n|:--|--:|\n| 가 | 9.5 |\n| 나 | −1.0 |\n| 다 | 1,020 |\n| 라 | – |\n\n: 표 {#tbl-a}",
        formats=("html",),
    )
    page = visit(made.paths["html"])
    cells = lambda: page.locator("tbody td:first-child").all_inner_texts()
    page.locator("th button").nth(1).focus()
    page.keyboard.press("Enter")
    assert cells() == ["나", "가", "다", "라"]
    page.keyboard.press("Enter")
    assert cells() == ["다", "가", "나", "라"]
    assert page.locator("th").nth(1).get_attribute("aria-sort") == "descending"


def test_rows_are_sorted_within_their_group(document, visit):
    rows = "| **갑** |  |\n| 가 | 9 |\n| 나 | 1 |\n| **을** |  |\n| 다 | 8 |\n| 라 | 2 |"
    _, _, _, made = document(f"| 이름 | 값 |\n|:--|--:|\n{rows}\n\n: 표 {{#tbl-a}}", formats=("html",))
    page = visit(made.paths["html"])
    page.locator("th button").nth(1).click()
    assert page.locator("tbody td:first-child").all_inner_texts() == ["갑", "나", "가", "을", "라", "다"]


def test_csv_is_what_the_table_says_and_defuses_formulas(document, visit, tmp_path):
    _, _, _, made = document(
        '| 이름 | 값 |\n|:--|--:|\n| =cmd() | 1,234 |\n| \\"가, 나\\" | −1 |\n\n: 표 이름 {#tbl-a}', formats=("html",)
    )
    page = visit(made.paths["html"])
    with page.expect_download() as caught:
        page.locator(".table-tools button").click()
    caught.value.save_as(tmp_path / "t.csv")
    assert caught.value.suggested_filename == "표 1. 표 이름.csv"
    text = (tmp_path / "t.csv").read_bytes().decode("utf-8-sig")
    assert text == '이름,값\r\n\'=cmd(),"1,234"\r\n"“가, 나”",−1'.replace("“", '""').replace("”", '""')


def test_the_way_by_tab_key_is_the_reading_order_and_never_a_trap(finished, visit):
    page = visit(finished[1].paths["html"])
    seen, tops = [], []
    for _ in range(400):
        page.keyboard.press("Tab")
        where = page.evaluate(
            "() => { const e = document.activeElement; if (e === document.body) return null;"
            " e.dataset.seen = (e.dataset.seen || 0) * 1 + 1; const main = !!e.closest('main');"
            " return [e.tagName, main, e.getBoundingClientRect().top + scrollY, e.dataset.seen] }"
        )
        if where is None or where[3] != "1":
            break
        seen.append(where[0])
        if where[1]:
            tops.append(where[2])
    assert seen[0] == "A"  # the skip link is first
    assert len(seen) > 30
    assert all(after >= before - 60 for before, after in pairwise(tops))  # cells of one row differ a little


def test_dark_mode_reaches_the_figures(finished, visit):
    """The middle of the corner of every figure is dark by night: the paper is part of the drawing."""
    page = visit(finished[1].paths["html"], dark=True)
    shades = page.evaluate(
        """async () => { const out = [];
        for (const image of document.querySelectorAll('figure img[src^="data:image/svg"]')) {
          await image.decode(); const canvas = new OffscreenCanvas(8, 8), pen = canvas.getContext('2d');
          pen.fillStyle = getComputedStyle(document.body).backgroundColor; pen.fillRect(0, 0, 8, 8);
          pen.drawImage(image, 0, 0, image.naturalWidth, image.naturalHeight, 0, 0, 800, 800);
          out.push([...pen.getImageData(2, 2, 1, 1).data]);
        } return out; }"""
    )
    assert shades
    for red, green, blue, _ in shades:
        assert red + green + blue < 200


def test_reduced_motion(finished):
    css = finished[1].paths["html"].read_text(encoding="utf-8")
    outside = re.sub(r"@media \(prefers-reduced-motion: no-preference\) \{.*?\}\s*\}", "", css)
    assert "transition" not in outside
    assert "animation" not in outside


def test_a_column_says_what_it_means(document, visit):
    _, _, _, made = document(
        "| 구분 | 사례수 |\n|:--|--:|\n| 가 | 9 |\n| 나 | 1 |\n| 다 | 2 |\n\n: 표 {#tbl-a}", formats=("html",)
    )
    page = visit(made.paths["html"])
    tip = page.locator("#csi-tip")
    assert not tip.is_visible()
    page.locator("th button").nth(1).focus()
    assert "응답자 수" in tip.inner_text()
    assert "응답자 수" in page.locator("th button").nth(1).get_attribute("aria-description")
    page.keyboard.press("Escape")
    assert not tip.is_visible()
    page.locator("th button").nth(1).hover()
    assert tip.is_visible()
