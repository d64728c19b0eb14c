"""Findings: zones, coherence of published files, and that one contradiction is noticed."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from scipy import stats

from csi_lib.errors import InputError
from csi_lib.findings.agreement import contradictions
from csi_lib.findings.finding import Finding, findings_frame, findings_json
from csi_lib.findings.zones import zone_of
from csi_lib.survey.results import results_frame


def test_the_chances_of_the_zones_are_those_of_the_t_distribution():
    row = {"estimate": 52.0, "se": 2.0, "df": 40.0}
    zone = zone_of(row, (50, 70))
    assert zone.name == "fair"
    assert zone.chances["danger"] == pytest.approx(stats.t.cdf(-1.0, 40))
    assert zone.chances["good"] == pytest.approx(stats.t.sf(9.0, 40))
    assert sum(zone.chances.values()) == pytest.approx(1)
    assert zone_of({"estimate": 49.99, "se": None}, (50, 70)).name == "danger"
    assert zone_of({"estimate": 70.0, "se": 0.0}, (50, 70)).chances is None
    assert zone_of({"estimate": None}, (50, 70)) is None


def row(p, *, agency="a", estimate=2.0, versus="index:year=2023", **more):
    return {"study": "s", "agency": agency, "year": 2024, "measure": "csi", "model": "m", "statistic": "difference", "versus": versus,
            "estimate": estimate, "se": 1.0, "df": 100.0, "n": 200, "p_value": p, "ci_low": 0.1, "ci_high": 3.9, "unit": "points",
            "release": "public", **more}  # fmt: skip


def finding(row_id, *, direction="better", certainty=0.01, says="지수는 2023년보다 2.0점 유의하게 상승했다."):
    return Finding(
        "a", 2024, "overall", "csi", "change", direction, 2.0, "points", certainty, rows=(row_id,), says={"ko": says}
    )


@pytest.fixture
def published(tmp_path):
    """Function (folder, rows, findings) that publishes a report of them."""

    def write(folder, rows, findings=()):
        place = tmp_path / folder
        place.mkdir(parents=True)
        results = results_frame(rows)
        results.to_parquet(place / "results.parquet", index=False)
        made = [f(results["row_id"].iloc[0]) for f in findings]
        findings_frame(json.loads(json.dumps(findings_json(made)))).to_parquet(place / "findings.parquet", index=False)
        return tmp_path

    return write


def test_reports_that_agree_have_nothing_to_say(published):
    published("a/2024", [row(0.01)], [finding])
    assert contradictions(published("_overall/2024", [row(0.01)])) == []


def test_another_verdict_on_the_same_change_is_a_contradiction(published):
    published("a/2024", [row(0.009)])
    found = contradictions(published("_overall/2024", [row(0.065)]))
    assert len(found) == 1
    assert "csi of a, 2024" in found[0]


@pytest.mark.parametrize("change", [
    {"direction": "none"},
    {"direction": "worse", "says": "지수는 2023년보다 2.0점 유의하게 하락했다."},
    {"says": "지수는 2023년과 통계적으로 유의한 차이가 없다."},
    {"certainty": 0.4},
])  # fmt: skip
def test_a_finding_against_its_number_is_a_contradiction(published, change):
    if change.get("direction") == "worse":  # better or worse depends on the measure; the words do not
        change = {"says": change["says"]}
    out = published("a/2024", [row(0.01)], [lambda i: finding(i, **change)])
    assert len(contradictions(out)) == 1


def test_evidence_that_is_not_published_is_missed(published):
    out = published("a/2024", [row(0.01)], [lambda i: finding("nowhere")])
    assert "not in results.parquet" in contradictions(out)[0]


def test_a_finding_says_what_it_is(published):
    with pytest.raises(InputError, match="kind"):
        Finding("a", 2024, "c", "s", "opinion", says={"ko": "x"})
    with pytest.raises(InputError, match="says nothing"):
        Finding("a", 2024, "c", "s", "level")


def test_the_same_claim_is_kept_once_with_what_to_do():
    one = finding("r")
    two = Finding(
        **{
            **{k: getattr(one, k) for k in ("agency", "year", "chapter", "subject", "kind", "direction", "says")},
            "action": {"ko": "올린다"},
        }
    )
    frame = findings_frame([one, two])
    assert len(frame) == 1
    assert json.loads(frame["action"].iloc[0]) == {"ko": "올린다"}
    assert isinstance(frame, pd.DataFrame)
