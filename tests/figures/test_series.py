"""Control charts and broken series: what is drawn is what the rows say; gaps stay gaps; words say it too."""

import numpy as np
import pandas as pd

from csi_lib.figures.series import broken_series, control_chart

MONTHS = [f"2024-{m:02d}" for m in range(1, 7)]


def chart(lang="en", **changes):
    frame = pd.DataFrame(
        {
            "row_id": [f"r{i}" for i in range(6)],
            "group1": MONTHS,
            "group1_label": [m[-2:] for m in MONTHS],
            "estimate": [80.0, 81.0, np.nan, 79.0, 60.0, 80.0],
            "n": [30, 28, 0, 31, 25, 33],
            "unit": "points",
            "low": [75.0, 74.8, np.nan, 75.1, 74.4, 75.3],
            "high": [85.0, 85.2, np.nan, 84.9, 85.6, 84.7],
            "signal": pd.array([None, None, None, None, "below", None], dtype="str"),
        }
    ).assign(**changes)
    centre = {"row_id": "c", "estimate": 80.0, "n": 147, "unit": "points"}
    return control_chart(frame, centre=centre, lang=lang)


def drawn(figure, gid):
    return [line for ax in figure.fig.axes for line in ax.lines if line.get_gid() == gid]


def test_no_line_is_drawn_over_a_month_without_value():
    runs = [list(line.get_xdata()) for line in drawn(chart(), "value") if len(line.get_xdata()) > 1]
    assert runs == [[0, 1], [3, 4, 5]]


def test_signals_are_printed_and_said():
    figure = chart()
    texts = [t.get_text() for ax in figure.fig.axes for t in ax.texts]
    assert "60.0" in texts
    assert "Months outside the limits or in a run on one side: 05 60.0 points (below the limit)." in figure.alt
    assert "03: no data" in figure.alt
    marked = [line for line in drawn(figure, "value") if line.get_marker() == "D"]
    assert [list(m.get_xdata()) for m in marked] == [[4]]
    assert "No month lies outside the limits." in chart(signal=None).alt


def test_a_hidden_month_is_withheld_not_drawn():
    hidden = [False, True, False, False, False, False]
    figure = chart(
        suppressed=hidden, estimate=[80.0, np.nan, np.nan, 79, 60, 80], low=[75.0, np.nan, np.nan, 75, 74, 75],
        high=[85.0, np.nan, np.nan, 85, 85, 85], n=[30, np.nan, 0, 31, 25, 33],
    )  # fmt: skip
    assert "02: withheld" in figure.alt
    assert "81" not in figure.alt


def test_a_series_breaks_at_the_change_in_the_unit_of_print():
    months = pd.period_range("2023-01", periods=20, freq="M").astype(str)
    t = np.arange(20)
    frame = pd.DataFrame(
        {"row_id": [f"r{i}" for i in t], "group1": months, "group1_label": months, "estimate": 0.1 + 0.001 * t, "n": 20.0, "unit": "proportion",
         "fitted": 0.1 + 0.001 * t - 0.03 * (t >= 12), "counterfactual": 0.1 + 0.001 * t}
    )  # fmt: skip
    figure = broken_series(frame, change="2024-01", event="콜센터 교체", lang="ko")
    (without,) = drawn(figure, "without")
    assert list(without.get_xdata()) == list(range(12, 20))
    assert without.get_ydata()[0] == 100 * frame["counterfactual"][12]
    before, after = drawn(figure, "fitted")
    assert (before.get_xdata()[-1], after.get_xdata()[0]) == (11, 12)
    assert drawn(figure, "break")[0].get_xdata()[0] == 11.5
    assert "2023-01 10.0%에서 2024-08 11.9%까지 20개월" in figure.alt
    assert figure.svg() == broken_series(frame, change="2024-01", event="콜센터 교체", lang="ko").svg()
    assert "%" in [t.get_text() for ax in figure.fig.axes for t in ax.texts]
