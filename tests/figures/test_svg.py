"""Letters of a drawing made smaller stay where they were."""

import re

import pytest
from matplotlib.path import Path
from matplotlib.textpath import TextPath

from csi_lib.figures.svg import _glyph


def absolute(d: str) -> list[tuple[str, float, float]]:
    """Points of relative path data, as (command, x, y), read by a reader of its own."""
    out, x, y, begin = [], 0, 0, (0, 0)
    for command, numbers in re.findall(r"([a-z])([^a-z]*)", d):
        values = [int(v) for v in re.findall(r"-?\d+", numbers)]
        size = {"m": 2, "l": 2, "q": 4, "c": 6, "z": 0}[command]
        if not size:
            x, y = begin
        for at in range(0, len(values), size or 1):
            piece = values[at : at + size]
            points = [(x + piece[k], y + piece[k + 1]) for k in range(0, size, 2)]
            out += [(command, *point) for point in points]
            x, y = points[-1]
            begin = (x, y) if command == "m" else begin
    return out


@pytest.mark.parametrize("letters", ["8", "가", "힣", "Q%", "•"])
def test_an_outline_keeps_every_point_within_an_800th_of_the_letter(letters):
    path = TextPath((0, 0), letters, size=6400)
    words = {Path.MOVETO: "M", Path.LINETO: "L", Path.CURVE3: "Q", Path.CURVE4: "C"}
    data, expected = [], []
    for points, code in path.iter_segments(curves=True, simplify=False):
        if code == Path.CLOSEPOLY:
            data.append("z")
            continue
        data.append(words[code] + " ".join(f"{v:.0f}" for v in points))
        expected += [(words[code].lower(), a, b) for a, b in zip(points[::2], points[1::2], strict=True)]
    found = absolute(_glyph("".join(data)))
    assert [c for c, *_ in found] == [c for c, *_ in expected]
    for (_, x, y), (_, a, b) in zip(found, expected, strict=True):
        assert abs(8 * x - a) <= 4.6
        assert abs(8 * y - b) <= 4.6


def test_a_figure_that_does_not_return_to_its_start_is_closed_there():
    assert _glyph("M800 800L1600 800L1600 1600zM80 80L160 160z") == "m100 100l100 0l0 100zm-90-90l10 10z"
