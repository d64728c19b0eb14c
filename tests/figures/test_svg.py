"""Letters of a drawing made smaller stay where they were."""

import re

import pytest
from matplotlib.path import Path
from matplotlib.textpath import TextPath

from csi_lib.figures.svg import _glyph


def absolute(d: str) -> list[tuple[str, float, float]]:
    """Points of relative path data, as (command, x, y), read by a reader of its own; level and upright lines as ``l``."""
    out, x, y, begin = [], 0, 0, (0, 0)
    for command, numbers in re.findall(r"([a-z])([^a-z]*)", d):
        values = [int(v) for v in re.findall(r"-?\d+", numbers)]
        size = {"m": 2, "l": 2, "q": 4, "c": 6, "h": 1, "v": 1, "z": 0}[command]
        if not size:
            x, y = begin
        for at in range(0, len(values), size or 1):
            piece = values[at : at + size]
            if size == 1:
                piece = [piece[0], 0] if command == "h" else [0, piece[0]]
            points = [(x + piece[k], y + piece[k + 1]) for k in range(0, len(piece), 2)]
            out += [("l" if size == 1 else command, *point) for point in points]
            x, y = points[-1]
            begin = (x, y) if command == "m" else begin
    return out


@pytest.mark.parametrize("letters", ["8", "가", "힣", "Q%", "•"])
def test_an_outline_keeps_every_point_within_an_800th_of_the_letter(letters):
    path = TextPath((0, 0), letters, size=6400)
    words = {Path.MOVETO: "M", Path.LINETO: "L", Path.CURVE3: "Q", Path.CURVE4: "C"}
    data, expected = [], []
    for points, code in path.iter_segments(curves=True, simplify=False):
        if code == Path.CLOSEPOLY:  # the line back to the beginning is left to it
            data.append("z")
            begin = next(e for e in reversed(expected) if e[0] == "m")
            if expected[-1][0] == "l" and expected[-1][1:] == begin[1:]:
                expected.pop()
            continue
        data.append(words[code] + " ".join(f"{v:.0f}" for v in points))
        expected += [(words[code].lower(), a, b) for a, b in zip(points[::2], points[1::2], strict=True)]
    found = absolute(_glyph("".join(data)))
    assert [c for c, *_ in found] == [c for c, *_ in expected]
    for (_, x, y), (_, a, b) in zip(found, expected, strict=True):
        assert abs(8 * x - a) <= 4.6
        assert abs(8 * y - b) <= 4.6


def test_a_figure_that_does_not_return_to_its_start_is_closed_there():
    assert _glyph("M800 800L1600 800L1600 1600zM80 80L160 160z") == "m100 100h100v100zm-90-90l10 10z"
    assert _glyph("M0 0L80 0L160 80L80 80L0 0z") == "m0 0h10l10 10h-10z"
