"""A headline is said only where its precondition holds; each is negated here."""

import pytest

from csi_lib.prose.headline import caption, moved, standing_out


def row(name, value, error=1.0, **more):
    low, high = (None, None) if value is None else (value - 2 * error, value + 2 * error)
    return {"row_id": f"r{abs(hash(name))}", "measure_label": name, "estimate": value, "ci_low": low, "se": error,
            "ci_high": high, "unit": "points", "flag": None, "suppressed": False, "n": 400, **more}  # fmt: skip


def change(value, p):
    return row("change", value, p_value=p, statistic="difference")


def test_the_lowest_beyond_doubt_is_said():
    assert standing_out([row("접근성", 50.0), row("응대", 70.0), row("시설", 71.0)], "ko") == "접근성이 가장 낮다"


@pytest.mark.parametrize("rows", [
    [row("가", 50.0), row("나", 53.0), row("다", 71.0), row("라", 72.0)],  # the next interval touches the lowest, and the highest's
    [row("가", 50.0), row("나", 70.0)],
    [row("가", 50.0, flag="small_base"), row("나", 70.0), row("다", 71.0)],
    [row("가", None), row("나", 70.0), row("다", 71.0)],
])  # fmt: skip
def test_nothing_is_said_in_doubt(rows):
    assert standing_out(rows, "ko") is None


def test_changes_are_counted_by_their_tests():
    assert moved([change(3.0, 0.001), change(4.0, 0.001)], "en") == "All 2 rose"
    assert moved([change(3.0, 0.001), change(4.0, 0.3), change(-2.0, 0.001)], "en") == "Of 3, 1 rose, 1 fell"
    assert moved([change(3.0, 0.4), change(4.0, 0.3)], "ko") == "유의하게 달라진 것이 없다"
    assert moved([change(3.0, 0.001)], "ko") is None


def test_a_caption_without_headline_is_the_topic():
    assert caption("차원별 만족도", None, "ko") == "차원별 만족도"
    assert caption("차원별 만족도", "접근성이 낮다", "ko") == "접근성이 낮다 – 차원별 만족도"
