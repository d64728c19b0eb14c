"""Slides of studies with little to say, hidden groups and awkward names: what is shown, and what is left out."""

from __future__ import annotations

import io
import re

import openpyxl
import pandas as pd
import pytest
from pptx import Presentation

from csi_lib.errors import InputError
from csi_lib.office.briefing import write_briefing
from csi_lib.office.deck import Deck, plotted
from csi_lib.office.fitting import cut
from csi_lib.office.statistics_book import wave_labels
from csi_lib.prose.numbers import Number
from tests.office.reading import chart_values, pptx_text


@pytest.fixture(scope="module")
def made(round_, example, tmp_path_factory):
    """`slides(lang=…, model=…, rows=…)`: a deck of an agency's first wave, from its estimates alone."""
    results = round_.estimates("saesol-udc", 2023).masked("public").frame

    def slides(*, lang="ko", with_model=True, rows=results, study=example):
        labels, models = wave_labels(round_, "saesol-udc", 2023, lang)
        path = tmp_path_factory.mktemp("deck") / "x.pptx"
        write_briefing(study, rows, path, agency="saesol-udc", year=2023, lang=lang, labels=labels,
                       model=models[0] if with_model else None)  # fmt: skip
        return path

    slides.results = results
    return slides


def titles(path):
    """The topics of the slides: where a sentence heads a slide, the line below it."""
    topic = lambda slide: next((x.text_frame.text for x in slide.shapes if x.name == "topic"), slide.shapes.title.text)
    return [topic(s) for s in Presentation(str(path)).slides]


def test_what_a_slide_shows_is_its_heading(made):
    slides = list(Presentation(str(made())).slides)
    headed = [s for s in slides if any(x.name == "topic" for x in s.shapes)]
    assert len(headed) > len(slides) / 3
    assert all(re.search(r"[다.]$|[.)]$", s.shapes.title.text) for s in headed)


def test_a_first_wave_has_no_slide_about_change(made):
    found = titles(made())
    assert "핵심 결과" in found
    assert not any("변화" in t for t in found)
    assert not any(t.startswith("종합 지수") for t in found)


def test_without_an_index_model_items_and_respondents_remain(made):
    found = titles(made(with_model=False))
    assert "응답자 구성" in found
    assert any("높은 항목" in t for t in found)
    assert "핵심 결과" not in found
    assert not any("종합 지수" in t for t in found)


def test_both_languages_say_the_same_numbers(made):
    ko, en = made(), made(lang="en")
    assert [v for _, v, _ in chart_values(ko)] == [v for _, v, _ in chart_values(en)]
    assert len(titles(ko)) == len(titles(en))
    assert not any("가" <= c <= "힣" for c in pptx_text(en).replace("(가상)", ""))


def test_a_hidden_group_has_neither_bar_nor_label(made):
    rows = made.results.copy()
    group = (rows["measure"] == "csi") & (rows["statistic"] == "index") & (rows["by1"] == "sex").fillna(False)
    hidden = rows.index[group & (rows["group1"] == "2").fillna(False)]
    values = rows.loc[hidden, "estimate"].tolist()
    rows.loc[hidden, "suppressed"] = True
    rows.loc[hidden, ["estimate", "se", "ci_low", "ci_high", "n", "n_weighted", "n_effective"]] = float("nan")
    path = made(rows=rows)
    shown = [(t, v) for t, v, _ in chart_values(path) if "성별" in t]
    assert not any(abs(v - round(x, 1)) < 1e-9 for _, v in shown for x in values if x == x)
    slide = next(s for s in Presentation(str(path)).slides if "성별" in s.shapes.title.text)
    assert "공개하지 않는" in slide.notes_slide.notes_text_frame.text
    alt = [s._element.nvGraphicFramePr.cNvPr.get("descr") for s in slide.shapes if s.has_chart]
    assert any("여성 *" in a for a in alt)
    assert "여성*" in categories(path)


def categories(path):
    charts = [s.chart for slide in Presentation(str(path)).slides for s in slide.shapes if s.has_chart]
    return [str(c) for chart in charts if chart.plots[0].categories for c in chart.plots[0].categories]


def test_bars_on_small_bases_carry_the_mark_that_the_deck_explains(made):
    rows = made.results
    small = rows[(rows["measure"] == "csi") & (rows["statistic"] == "index") & rows["by1"].notna() & rows["by2"].isna()
                 & rows["n"].between(5, 29)]  # fmt: skip
    assert len(small) > 0
    found = categories(made())
    assert sum(c.endswith("†") for c in found) >= len(small)
    for n in small["n"]:
        assert any(c.endswith(f"({n:.0f})†") for c in found)


def test_what_a_chart_draws_is_what_its_workbook_holds(made):
    """Edit data opens the workbook: its cells must be the values that were drawn."""
    drawn = 0
    for slide in Presentation(str(made())).slides:
        for chart in (s.chart for s in slide.shapes if s.has_chart):
            sheet = openpyxl.load_workbook(io.BytesIO(chart.part.chart_workbook.xlsx_part.blob)).active
            columns = [[c.value for c in column[1:]] for column in sheet.iter_cols(min_col=2)]
            values = [list(s.values) for s in chart.plots[0].series]
            assert [c[: len(v)] for c, v in zip(columns, values, strict=True)] == values
            drawn += sum(map(len, values))
    assert drawn > 50


def test_what_employees_said_is_not_on_the_slides_about_customers(made):
    """A report with an internal survey or a pretest has their rows too, under names that no customer label knows."""
    own = made.results
    index = own[(own["statistic"] == "index") & own["by1"].isna() & (own["measure"] == "csi")].head(1)
    means = own[(own["statistic"] == "mean") & own["by1"].isna()].head(2)
    strange = pd.concat([
        index.assign(source="employees", measure="icsi", model="iudc-internal", estimate=11.1, row_id="e1"),
        index.assign(source="pretest", measure="pretest:work", statistic="alpha", model=None, estimate=0.111, row_id="e2"),
        means.assign(source="employees", measure=["welfare_pay", "welfare_leave"], row_id=["e3", "e4"]),
        means.assign(source="employees", measure=["welfare_pay", "welfare_leave"], statistic="gain", row_id=["e5", "e6"]),
    ])  # fmt: skip
    path = made(rows=pd.concat([own, strange], ignore_index=True))
    assert path.read_bytes() == made().read_bytes()


def test_awkward_names_are_shown_or_cut_and_nothing_is_damaged(made, example, libreoffice):
    awkward = "=1+1 @SUM <b>&\x01" + "긴 이름 " * 60
    label = example.title.model_copy(update={"ko": awkward})
    path = made(study=example.model_copy(update={"title": label}))
    assert "=1+1 @SUM <b>&" in Presentation(str(path)).slides[0].shapes.title.text
    assert libreoffice(path, "pdf").stat().st_size > 10_000


def test_equal_results_give_equal_decks(made):
    assert made().read_bytes() == made().read_bytes()


def test_results_of_another_agency_are_refused(made, example, tmp_path):
    with pytest.raises(InputError, match="no results"):
        write_briefing(
            example, made.results, tmp_path / "x.pptx", agency="hanbit-fmc", year=2023, lang="ko", labels=None
        )


def test_charts_hold_the_printed_figure():
    assert plotted(Number(61.2449, "points")) == 61.2
    assert plotted(Number(0.29671, "proportion")) == 0.297
    assert plotted(Number(0.082, "proportion")) == 0.082
    assert plotted(Number(50.0, "points", suppressed=True)) is None
    assert plotted(Number(None, "points")) is None


def test_a_chart_of_one_bar_and_of_forty(tmp_path, libreoffice):
    deck = Deck(lang="ko", primary="#1F5A99", footer="발")
    for count in (1, 40):
        slide = deck.slide(f"{count}")
        values = [Number(float(i % 100), "points", row_id=f"r{i}") for i in range(count)]
        slide.bars([f"항목 {i} " + "긴 이름 " * 20 for i in range(count)], [("점수", values)], alt="막대")
        slide.close(["노트"], rows="행:")
    path = deck.save(tmp_path / "x.pptx", title="시험")
    assert len(chart_values(path)) == 41
    assert pd.Series([v for _, v, _ in chart_values(path)]).max() == 39.0
    assert libreoffice(path, "pdf").exists()


def test_what_fits_is_not_cut(made):
    assert "…" not in pptx_text(made()) + pptx_text(made(lang="en"))
    assert cut("Quality of the service itself", width=3.9, size=11) == "Quality of the service itself"


def test_titles_messages_and_cells_of_300_characters_stay_in_their_boxes(tmp_path):
    long = "가나다라마바사아자차" * 30
    deck = Deck(lang="ko", primary="#1F5A99", footer=long)
    deck.cover(long, [long, long])
    for _ in range(2):
        slide = deck.slide(long, long)
        slide.table(("번호", "구분"), [("1", long)] * 15, alt="표", widths=(1.0, 4.0), size=11)
        slide.close([], rows="행:")
    slide = deck.slide("요약")
    slide.text([long] * 6, top=1.4)
    slide.close([], rows="행:")
    made = Presentation(str(deck.save(tmp_path / "x.pptx", title="시험")))
    titles = [s.shapes.title.text for s in made.slides]
    assert len(set(titles)) == len(titles)
    assert long in made.slides[1].notes_slide.notes_text_frame.text  # cut on the slide, whole in its notes
    seen = 0
    for shape in (x for s in made.slides for x in s.shapes):
        if shape.has_table:
            heights = sum(taken(c.text_frame, w.width) for r in shape.table.rows
                          for c, w in [(r.cells[1], shape.table.columns[1])])  # fmt: skip
            assert heights <= 7.5 - 1.75 - 0.3
        elif shape.has_text_frame and shape.text_frame.text and "번" not in shape.name:
            seen += 1
            assert taken(shape.text_frame, shape.width) <= shape.height / 914400 + 0.05, shape.text_frame.text[:40]
    assert seen > 8


def taken(frame, width) -> float:
    """Inches that the paragraphs take: a Hangul letter is as wide as it is high, lines are 1.2 letters apart."""
    inches = 0.0
    for paragraph in (p for p in frame.paragraphs if p.runs):
        size = paragraph.runs[0].font.size.pt / 72
        wide = sum(1.0 if ord(c) > 0x2E7F else 0.5 for c in paragraph.text) * size
        inches += -(-wide // (width / 914400 - 0.2)) * 1.2 * size
    return inches
