"""Colours, logo and fonts of a client in a few lines of YAML."""

import base64
import io
import re
from pathlib import Path

import pytest
import sample
from fontTools.ttLib import TTFont

from csi_lib.errors import InputError
from csi_lib.report.render import render
from csi_lib.report.theme import common_characters, contrast, prepare_theme
from csi_lib.share import shared_path

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><rect width="40" height="20" fill="#333"/></svg>'


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#777777", "#ffffff", 4.478),
        ("#ff0000", "#ffffff", 3.998),
        ("#0000ff", "#ffffff", 8.592),
    ],
)
def test_contrast_is_wcags(one, other, ratio):
    assert contrast(one, other) == pytest.approx(ratio, abs=0.001)  # published values of the WCAG formula


def test_colours_of_any_client_can_be_read_by_day_and_night(tmp_path):
    for primary in ("#7a1f2b", "#00573f", "#757575", "#000000", "#0000ff"):
        css = prepare_theme(tmp_path, {"primary": primary}).folder.joinpath("theme.css").read_text()
        for inks, paper in zip(re.findall(r"--csi-primary: (#\w+); --csi-tint: (#\w+)", css), ("#ffffff", "#10161c")):
            assert contrast(inks[0], inks[1]) >= 4.5
            assert contrast(inks[0], paper) >= 4.5


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"primary": "#ffcc00"}, "too light"),
        ({"primary": "blue"}, "not a colour"),
        ({"colour": "#000000"}, "no setting colour"),
        ({"logo": "none.svg"}, "no such file"),
        ({"fonts": ["none.otf"]}, "no such file"),
    ],
)
def test_bad_settings(tmp_path, settings, says):
    with pytest.raises(InputError, match=says):
        prepare_theme(tmp_path, settings)


def holds(css):
    """Characters by weight of all the fonts in `css`."""
    found = {}
    for weight, data in re.findall(r"font-weight: (\d+).*?base64,([^)]+)\)", css):
        found.setdefault(weight, set()).update(TTFont(io.BytesIO(base64.b64decode(data))).getBestCmap())
    return found


def wanted():
    return {ord(c) for c in common_characters() if "가" <= c <= "힣"} | {ord(c) for c in "▲▼–−·%±α†"}


def test_web_fonts_hold_what_korean_reports_are_written_in(tmp_path):
    held = holds(prepare_theme(tmp_path).folder.joinpath("fonts.css").read_text())
    assert set(held) == {"400", "600"}  # the weights a page sets
    assert len(wanted()) > 2350
    assert all(wanted() <= characters for characters in held.values())


def test_fonts_of_a_client(tmp_path):
    own = tmp_path / "Own-Regular.otf"
    own.write_bytes(shared_path("reports", "fonts", "Pretendard-Regular.otf").read_bytes())
    theme = prepare_theme(tmp_path / "theme", {"fonts": [str(own)]})
    held = holds(theme.folder.joinpath("fonts.css").read_text())
    assert set(held) == {"400"}
    assert wanted() - {ord("†")} <= held["400"]
    assert (theme.font_folder / own.name).exists()


def test_a_page_carries_the_slices_it_shows_and_no_others(document):
    _, plain, _, _ = document("가나다", formats=("html",))
    _, rare, _, _ = document("가나다 쀼", formats=("html",))
    faces = re.compile(r"@font-face.*?unicode-range: [^}]*}")
    assert len(faces.findall(plain)) == 2  # the weights a page sets: 400 and 600
    assert len(faces.findall(rare)) == 3  # the rare syllable is not in bold
    assert holds(rare)["400"] >= {ord("쀼"), ord("가")}
    assert ord("쀼") not in holds(rare)["600"]


def test_colour_and_logo_reach_both_formats(tmp_path):
    (tmp_path / "mark.svg").write_text(SVG, encoding="utf-8")
    job = sample.make_job(
        tmp_path / "out",
        settings={"primary": "#7a1f2b", "logo": str(tmp_path / "mark.svg"), "logo-alt": "가나다"},
    )
    made = render(job, renderer="embedded")
    page = made.paths["html"].read_text(encoding="utf-8")
    assert "#7a1f2b" in page
    assert '<img class="logo" src="data:image/svg+xml' in page
    assert (job / "figures" / "logo.svg").exists()
    plain = render(sample.make_job(tmp_path / "plain"), renderer="embedded").paths["pdf"].read_bytes()
    assert made.paths["pdf"].read_bytes() != plain


def test_a_damaged_file_of_the_theme_is_made_anew_and_a_full_disk_damages_none(tmp_path, monkeypatch):
    """A disk that fills while a font is copied leaves no half of it under its name, and what is damaged is mended."""
    theme = prepare_theme(tmp_path / "_theme")
    font = sorted((theme.folder / "fonts").iterdir())[0]
    whole = font.read_bytes()
    font.write_bytes(whole[:4096])
    prepare_theme(tmp_path / "_theme")
    assert font.read_bytes() == whole
    font.unlink()

    def full(source, target):
        Path(target).write_bytes(whole[:4096])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("csi_lib.report.theme.shutil.copyfile", full)
    with pytest.raises(OSError, match="No space"):
        prepare_theme(tmp_path / "_theme")
    assert not font.exists()
    assert [p.name for p in font.parent.iterdir() if p.suffix == ".tmp"] == []
