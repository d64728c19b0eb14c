"""Figures on dark pages: what could be read by day can be read by night, and hues stay."""

import colorsys
import itertools

import pytest

from csi_lib.figures.theme import Theme
from csi_lib.report.night import night, with_night
from csi_lib.report.theme import contrast

T = Theme()
WRITING = [T.ink, T.muted, T.primary, T.accent, T.second]


def test_white_becomes_the_paper_and_black_the_ink():
    assert contrast(night("#ffffff"), "#10161c") < 1.15
    assert contrast(night("#000000"), night("#ffffff")) > 12


@pytest.mark.parametrize("colour", WRITING)
def test_writing_stays_legible(colour):
    assert contrast(colour, T.page) >= 4.5
    assert contrast(night(colour), night(T.page)) >= 4.5


@pytest.mark.parametrize("bar", [T.primary, T.likert_low, T.likert_high])
def test_white_figures_on_bars_stay_legible(bar):
    assert contrast("#ffffff", bar) >= 4.5
    assert contrast(night("#ffffff"), night(bar)) >= 4.5


@pytest.mark.parametrize("zone", [T.danger, T.caution, T.good, T.likert_middle])
def test_dark_words_on_zones_stay_legible(zone):
    assert contrast(night(T.ink), night(zone)) >= 4.5


def test_lines_keep_their_hues_and_stay_apart():
    hue = lambda c: colorsys.rgb_to_hls(*(int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)))[0]
    for colour in T.lines[:5]:
        turn = abs(hue(colour) - hue(night(colour)))
        assert min(turn, 1 - turn) < 0.09, colour
        assert contrast(night(colour), night(T.page)) >= 3
    for one, other in itertools.combinations(T.lines, 2):
        assert night(one) != night(other)


def test_only_drawings_whose_colours_are_all_known_are_turned():
    known = '<svg xmlns="x"><path style="fill:#ffffff"/><path fill="none" stroke="#1f5a99"/></svg>'
    out = with_night(known)
    assert '[style*="fill:#ffffff"]{fill:' + night("#ffffff") in out
    assert f'[stroke="#1f5a99"]{{stroke:{night("#1f5a99")}}}' in out
    for unknown in ('<path fill="white"/>', '<image href="x.png"/>', '<path style="fill: rgb(1,2,3)"/>'):
        assert with_night(f"<svg>{unknown}</svg>") is None
