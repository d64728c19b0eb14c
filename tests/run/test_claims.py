"""What a page says is held against its rows: planted contradictions are noticed, and nothing else is."""

from __future__ import annotations

import pandas as pd
import pytest

from csi_lib.run.verification.claims import Rows, claim_findings, zone_findings
from csi_lib.run.verification.statements import statements
from csi_lib.survey.results import results_frame

SHARED = {
    "study": "s",
    "agency": "a",
    "year": 2024,
    "source": "customers",
    "model": "m",
    "release": "public",
    "unit": "points",
    "n": 200,
}


def level(measure, estimate, n=200):
    return {**SHARED, "measure": measure, "statistic": "index", "estimate": estimate, "n": n}


def change(measure, estimate, p):
    sign = 1 if estimate > 0 else -1
    low, high = (estimate - 1, estimate + 1) if p < 0.05 else (estimate - 9, estimate + 9)
    return {**SHARED, "measure": measure, "statistic": "difference", "versus": "index:year=2023", "estimate": estimate,
            "se": 1.0 * sign * sign, "df": 100.0, "p_value": p, "ci_low": low, "ci_high": high}  # fmt: skip


@pytest.fixture
def rows():
    return results_frame(pd.DataFrame([
        level("kind", 70.0), level("fast", 60.0), level("clean", 50.0), level("few", 20.0, n=9),
        change("kind", 3.0, 0.001), change("fast", -3.0, 0.001), change("clean", 1.0, 0.6),
        {**SHARED, "measure": "i1", "statistic": "rank", "versus": "priority", "estimate": 1.0, "unit": "rank"},
        {**SHARED, "measure": "i2", "statistic": "rank", "versus": "priority", "estimate": 2.0, "unit": "rank"},
    ]))  # fmt: skip


def page(rows, *parts):
    """HTML in which {k} is the number of the k-th row."""
    spans = {
        f"r{k}": f'<span data-r="{i}">{e}</span>'
        for k, (i, e) in enumerate(zip(rows["row_id"], rows["estimate"], strict=True))
    }
    return "<main>" + "".join(p.format(**spans) for p in parts) + "</main>"


def found(rows, *parts):
    return claim_findings(statements(page(rows, *parts)), Rows(rows))


LEVELS = "<table>{}</table>".format(
    "".join(f"<tr><td>{name}</td><td>{{r{k}}}</td></tr>" for k, name in enumerate(("친절", "신속", "청결", "소수")))
)
ORDER = "<table><tr><td>{r7}</td><td>안내</td></tr><tr><td>{r8}</td><td>주차</td></tr></table>"

TRUE = [
    "<p>친절은 {r4}점 유의하게 상승했다.</p>",
    "<p>신속은 {r5}점 유의하게 하락했다.</p>",
    "<p>청결의 변화는 {r6}점으로 유의한 차이가 없다.</p>",
    "<table><tr><td>친절</td><td>{r4}</td><td>▲ 상승</td></tr></table>",
    LEVELS + "<p>친절의 점수가 {r0}점으로 가장 높고, 청결의 점수가 {r2}점으로 가장 낮다.</p>",
    ORDER + "<p>가장 먼저 살펴야 할 항목은 ‘안내’이다.</p>",
]
FALSE = [
    "<p>청결은 {r6}점 유의하게 상승했다.</p>",
    "<p>친절은 {r4}점 유의하게 하락했다.</p>",
    "<p>친절의 변화는 {r4}점으로 유의한 차이가 없다.</p>",
    "<p>Kindness rose significantly, by {r6} points.</p>",
    "<table><tr><td>청결</td><td>{r6}</td><td>▲ 상승</td></tr></table>",
    "<table><tr><td>신속</td><td>{r5}</td><td>▲</td></tr></table>",
    LEVELS + "<p>신속의 점수가 {r1}점으로 가장 높다.</p>",
    LEVELS + "<p>신속의 점수가 {r1}점으로 가장 낮다.</p>",
    ORDER + "<p>가장 먼저 살펴야 할 항목은 ‘주차’이다.</p>",
]


@pytest.mark.parametrize("part", TRUE)
def test_what_the_rows_bear_out_is_no_finding(rows, part):
    assert found(rows, part) == []


@pytest.mark.parametrize("part", FALSE)
def test_what_the_rows_deny_is_one(rows, part):
    assert len(found(rows, part)) == 1


def test_a_higher_score_is_in_no_worse_zone():
    assert zone_findings([(44.0, 0, "a"), (60.0, 1, "b"), (71.0, 2, "c")]) == []
    assert len(zone_findings([(44.0, 1, "a"), (60.0, 0, "b")])) == 1
