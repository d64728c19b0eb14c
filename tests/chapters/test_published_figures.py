"""Figures that were published, from the data they were made of."""

import numpy as np
import pandas as pd
import pytest

from csi_lib.chapters.happy_call.compute import Composite, compare, item_from_counts
from csi_lib.chapters.kindness.compute import Edition, Scheme, SheetItem, restate, score_sheets, sheet_points
from csi_lib.chapters.management.compute import points
from csi_lib.errors import InputError
from csi_lib.prose.rounding import round_half_up
from csi_lib.study.base import Label

COUNTS = {"handling": {5: 400, 4: 58, 3: 4, 2: 3, 1: 1}, "kindness": {5: 410, 4: 50, 3: 5, 2: 1, 1: 0}}


@pytest.mark.parametrize(("item", "published"), [("handling", "4.83"), ("kindness", "4.86")])
def test_happy_call_means_from_counts(item, published):
    result = item_from_counts(COUNTS[item], unrated=73)
    assert str(round_half_up(result.mean, 2)) == published
    assert result.n + result.unrated == 539
    raw = np.repeat(list(COUNTS[item]), list(COUNTS[item].values()))
    assert result.se == pytest.approx(raw.std(ddof=1) / np.sqrt(len(raw)), rel=1e-12)
    assert result.response == pytest.approx(466 / 539)


def test_happy_call_counts_are_those_of_the_file(shared):
    table = pd.read_csv(shared / "data/korea_published/ulsan_happycall_2006.csv", encoding="utf-8-sig")
    for row in table.to_dict("records"):
        counts = {int(k[-1]): v for k, v in row.items() if k[-1].isdigit()}
        assert str(round_half_up(item_from_counts(counts).mean, 2)) == f"{row['published_mean']:.2f}"


def test_a_sum_is_not_compared_with_a_mean():
    y2006 = Composite(9.69, "sum", 2, 1, 5)
    y2007 = Composite(9.42, "mean", 2, 1, 10)
    assert round(4.83 + 4.86, 2) == y2006.value
    with pytest.raises(InputError, match="a sum and a mean"):
        compare(y2007, y2006)
    # on 0 to 100 the rise that was never there is a fall of 2.6 points
    assert y2006.rescaled().value == pytest.approx(100 * (9.69 - 2) / 8)
    assert y2007.rescaled().value == pytest.approx(100 * (9.42 - 1) / 9)
    assert compare(y2007.rescaled(), y2006.rescaled()) == pytest.approx(93.5556 - 96.125, abs=1e-3)


def phone_edition(**changes):
    points_of = {
        "fast": 10,
        "greet": 10,
        "connect": 10,
        "words": 10,
        "listen": 10,
        "guide": 10,
        "manner": 10,
        "end": 15,
        "hang": 5,
        "overall": 10,
    }
    points_of |= changes
    return Edition(
        since="2018", items={k: SheetItem(label=Label(ko=k), points=v) for k, v in points_of.items()}, bonus=2
    )


def test_phone_sheet_of_ten_items():
    sheet = pd.DataFrame([[10, 9.2, 7.7, 9.8, 9.4, 8.8, 8.8, 11.8, 5, 9.2]], columns=list(phone_edition().items))
    assert phone_edition().total == 100
    assert str(round_half_up(sheet_points(sheet, phone_edition()).iloc[0], 2)) == "89.70"


def test_phone_sheets_of_the_file(shared):
    table = pd.read_csv(shared / "data/korea_published/seoul_waterworks_phone.csv", encoding="utf-8-sig")
    items = list(table.columns[2:12])
    for row in table.iloc[:2].to_dict("records"):
        sheet = pd.DataFrame([[float(row[i]) for i in items]], columns=list(phone_edition().items))
        # the average sheet sums to 89.04 beside a printed 89.03: ten items printed to .01 may be off by .05
        assert sheet_points(sheet, phone_edition()).iloc[0] == pytest.approx(float(row["published_total"]), abs=0.05)


def test_management_points():
    assert points(8, 89.25) == pytest.approx(7.14)
    assert str(round_half_up(points(8, 89.25), 2)) == "7.14"
    assert str(round_half_up(points(10, 90.26), 2)) == "9.03"
    assert points(10, 87.5) == 8.75
    with pytest.raises(InputError):
        points(8, 892.5)


def test_restatement_moves_scores_to_the_older_weights():
    """Two editions of the same items: restated by hand for one sheet."""
    old = Edition(since="2018-H1", items={"a": SheetItem(label="a", points=80), "b": SheetItem(label="b", points=20)})
    new = Edition(since="2019-H2", items={"a": SheetItem(label="a", points=40), "b": SheetItem(label="b", points=60)})
    scheme = Scheme(label="x", editions={"old": old, "new": new})
    sheets = pd.DataFrame({"sheet": ["1"], "channel": "p", "period": "2019-H2", "a": [30.0], "b": [60.0]})
    assert score_sheets(sheets, {"p": scheme})["score"].iloc[0] == 90
    assert restate(sheets, scheme, to="old")["score"].iloc[0] == pytest.approx(30 * 2 + 60 / 3)
    other = Edition(since="2020-H1", items={"c": SheetItem(label="c", points=100)})
    scheme = Scheme(label="x", editions={"old": old, "other": other})
    with pytest.raises(InputError, match="do not ask the same items"):
        restate(sheets.assign(period="2020-H1", c=90.0), scheme, to="old")
