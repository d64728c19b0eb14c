"""Figures in a client's colours: the client's colour leads, and no meaning is lost."""

import itertools
from pathlib import Path

import matplotlib
import pytest

from csi_lib.figures.colour import difference, mixed, oklab, srgb
from csi_lib.figures.theme import HOUSE, NEAR, Theme, adopt, client_theme
from csi_lib.share import shared_path


@pytest.fixture(autouse=True)
def house_again():
    yield
    adopt(Theme())


def test_oklab_of_known_colours():
    # published reference values (Ottosson 2020, table of XYZ/sRGB pairs): white L=1, black L=0, red
    assert oklab("#ffffff") == pytest.approx((1, 0, 0), abs=1e-3)
    assert oklab("#000000") == pytest.approx((0, 0, 0), abs=1e-3)
    assert oklab("#ff0000") == pytest.approx((0.628, 0.2249, 0.1258), abs=1e-3)
    assert srgb(*oklab("#1f5a99")) == pytest.approx((0x1F / 255, 0x5A / 255, 0x99 / 255), abs=1e-3)
    assert difference("#000000", "#ffffff") == pytest.approx(1, abs=1e-3)
    assert mixed("#000000", "#ffffff", 0.5) == "#808080"


@pytest.mark.parametrize("primary", ["#00573f", "#7a1f2b", "#c2410c", "#7b4ba0", "#4a5560", "#8a6d00"])
def test_what_must_be_told_apart_stays_apart(primary, tmp_path):
    theme = client_theme({"primary": primary}, tmp_path)
    assert theme.primary == primary
    assert difference(theme.primary, theme.accent) >= NEAR
    assert difference(theme.likert_low, theme.likert_high) >= NEAR
    assert len(theme.lines) == len(Theme().lines)
    for one, other in itertools.combinations(theme.lines, 2):
        assert difference(one, other) >= NEAR / 3, (one, other)


def test_without_settings_the_house_look(tmp_path):
    assert client_theme({}, tmp_path) == Theme()


def test_adopting_changes_what_figures_draw(tmp_path):
    from csi_lib.figures import gauge

    row = {"measure": "csi", "estimate": 68.3, "se": 1, "ci_low": 66, "ci_high": 70, "n": 400, "unit": "points",
           "row_id": "r1", "suppressed": False, "flag": None}  # fmt: skip
    assert b"#00573f" not in gauge(row, lang="ko", label="지수").svg()
    adopt(client_theme({"primary": "#00573f"}, tmp_path))
    assert b"#00573f" in gauge(row, lang="ko", label="지수").svg()
    assert HOUSE.primary == "#00573f"


def test_a_clients_font_is_used_where_it_can_write_korean(tmp_path):
    own = tmp_path / "Own.otf"
    own.write_bytes(shared_path("reports", "fonts", "Pretendard-Regular.otf").read_bytes())
    assert client_theme({"fonts": ["Own.otf"]}, tmp_path).family == "Pretendard"
    latin = tmp_path / "Latin.ttf"
    latin.write_bytes(Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf").read_bytes())
    assert client_theme({"fonts": ["Latin.ttf"]}, tmp_path).family == Theme().family
