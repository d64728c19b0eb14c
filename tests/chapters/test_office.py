"""Simulated records of the bundled civil office give the declared truth back; the same declaration gives the same bytes."""

import json

import jsonschema
import numpy as np
import pandas as pd
import pytest

from csi_lib.chapters.before_after.compute import PAIRS, before_after, interrupted_series, month_fields
from csi_lib.chapters.calls.compute import CALLS, call_compliance, pick_up
from csi_lib.chapters.charter.compute import case_columns, charter_compliance
from csi_lib.chapters.happy_call.compute import case_fields, happy_call, rated_cases
from csi_lib.chapters.kindness.compute import rater_agreement, score_sheets, sheet_fields
from csi_lib.chapters.register.compute import REGISTER, apologies
from csi_lib.errors import InputError
from csi_lib.evaluation.clustered import clustered_means
from csi_lib.evaluation.records import read_records
from csi_lib.evaluation.systems import SYSTEMS, system_faults, system_file
from csi_lib.share import shared_path
from csi_lib.simulate.office import SheetWorld, office_stand_in, simulate_office
from csi_lib.simulate.office_records import Office
from csi_lib.study.schema import FILES, json_schema
from csi_lib.study.study import load_study
from csi_lib.study.yaml_file import YamlFile

OWN = ["departments", "kindness", "calls", "happy_call", "register", "before_after", "charter", "department_score", "office"]  # fmt: skip
YEARS = (2022, 2023, 2024)


@pytest.fixture(scope="module")
def study():
    return load_study(shared_path("params", "civil-office"))


@pytest.fixture(scope="module")
def world(study):
    return system_file(study, "office")


def records(study, source, fields, years=YEARS):
    parts = [read_records(study, source, fields, year=y, release="restricted").assign(year=y) for y in years]
    frame = pd.concat(parts, ignore_index=True)
    # the same name may work in two agencies
    if "person" in frame:
        frame["person"] = frame["agency"] + frame["person"]
    return system_file(study, "departments").placed(frame, 2022) if "department" in frame else frame


def coverage(rows, truth) -> tuple[int, int]:
    """How many intervals hold their truth, of how many."""
    held = [(r["ci_low"] <= t <= r["ci_high"]) for r, t in zip(rows, truth, strict=True) if r["se"] == r["se"]]
    return sum(held), len(held)


def test_every_system_of_the_study_reads_and_is_labelled(study):
    assert set(OWN) <= set(study.extensions) & set(SYSTEMS) & set(FILES)
    assert system_faults(study) == []
    assert study.untranslated() == []


@pytest.mark.parametrize("name", OWN)
def test_files_satisfy_the_schema_beside_them(name):
    stored = json.loads(shared_path("params", "schema", f"{name}.json").read_text(encoding="utf-8"))
    assert stored == json_schema(name), "run csi_lib.write_schemas('params/schema')"
    path = shared_path("params", "civil-office", f"{name}.yml")
    jsonschema.validate(json.loads(json.dumps(YamlFile(path).data)), stored)
    assert f"$schema=../schema/{name}.json" in path.read_text(encoding="utf-8").splitlines()[0]


def test_same_seed_same_bytes_and_another_seed_other_records(study, tmp_path):
    a, b, c = (simulate_office(study, tmp_path / n, seed=s) for n, s in (("a", None), ("b", None), ("c", 7)))
    assert [p.name for p in a] == [p.name for p in b]
    for x, y, z in zip(a, b, c, strict=True):
        assert x.read_bytes() == y.read_bytes()
        assert x.read_bytes() != z.read_bytes()
    assert office_stand_in(study) == office_stand_in(study)


def test_department_scores(study, world):
    """Intervals of all departments, agencies, rounds and channels hold the declared mean about as often as they say."""
    file = system_file(study, "kindness")
    sheets = score_sheets(records(study, "sheets", sheet_fields(file)), file.schemes)
    # what bonus and deductions add on average; a point of the sheet is a point of the score (100 in all)
    extra = {"phone": world.sheets.bonus * 1 - world.sheets.deduction * 10, "visit": world.sheets.bonus * 1}
    office, held, n, gaps = Office(study, world), 0, 0, []
    for (agency, period, channel), part in sheets.groupby(["agency", "period", "channel"]):
        rows = clustered_means(part, "score", "department", clusters="person").to_dict("records")
        truth = [office.expected(agency, r["department"], period, channel) + extra[channel] for r in rows]
        one, all_ = coverage(rows, truth)
        held, n = held + one, n + all_
        gaps += [r["estimate"] - t for r, t in zip(rows, truth, strict=True)]
    assert n > 400
    assert held / n > 0.9
    assert abs(np.mean(gaps)) < 0.4  # 384 people with a spread of 3: 0.15


def test_agreement_of_raters_is_that_of_the_declared_spreads(study, world):
    """ICC(2,1) = V(contact) / (V(contact) + V(rater) + V(items)) of the simulated sheets, within its interval."""
    sheets = SheetWorld(level=80, person_sd=4, contact_sd=6, item_sd=0.1, raters=2, severity=1, shared=1, per_person=4)
    office = Office(study, world.model_copy(update={"sheets": sheets}))
    file = system_file(study, "kindness")
    frame = office.sheets("garam-city", 2024)
    frame = frame[(frame["channel"] == "visit") & (frame["period"] == "2024-H1")]
    result = rater_agreement(score_sheets(frame, file.schemes))
    points = np.array([i.points for i in file.schemes["visit"].editions["2022"].items.values()])
    between, error = 4**2 + 6**2, (0.1**2 * points**2).sum() + 1**2
    assert result.contacts == 4 * len(office.people("garam-city", "2024-H1"))
    assert result.icc["ci_low"] < between / (between + error) < result.icc["ci_high"]
    assert result.alpha.alpha == pytest.approx(result.icc["icc"], abs=0.02)
    assert result.kappa.kappa == pytest.approx(result.icc["icc"], abs=0.03)


def test_call_rules_and_pick_ups(study, world):
    calls = records(study, "calls", CALLS)
    truth = world.calls
    rules = system_file(study, "calls").rules
    rows = call_compliance(calls, rules).to_dict("records")
    rows = [r for r in rows if isinstance(r["department"], str) and r["standard"] in truth.keep]
    keep = [truth.departments.get(r["department"], {}).get(r["standard"], truth.keep[r["standard"]]) for r in rows]
    held, n = coverage(rows, keep)
    assert n == 36
    assert held >= 31
    rows = [r for r in pick_up(calls).to_dict("records") if isinstance(r["department"], str)]
    held, n = coverage(rows, [truth.picked_up_departments.get(r["department"], truth.picked_up) for r in rows])
    assert held >= n - 2
    assert calls["rings"].isna().mean() == pytest.approx(truth.unanswered, abs=0.005)


def test_happy_calls(study, world):
    file, truth = system_file(study, "happy_call"), world.happy_call
    cases = records(study, "happy_call", case_fields(file))
    rated = rated_cases(cases, file)
    rated = rated[~pd.to_datetime(rated["month"]).dt.strftime("%Y-%m").isin(list(truth.months))]
    result = happy_call(rated, file)
    rows = result.scores[
        result.scores["month"].isna() & result.scores["department"].notna() & (result.scores["measure"] != "composite")
    ]
    rows = rows.to_dict("records")
    held, n = coverage(rows, [truth.items[r["measure"]] + truth.departments.get(r["department"], 0) for r in rows])
    assert n == 24
    assert held >= 21
    assert (cases["outcome"] == "reached").mean() == pytest.approx(truth.outcomes["reached"], abs=0.01)
    bad = rated_cases(cases, file)
    bad = bad[pd.to_datetime(bad["month"]).dt.strftime("%Y-%m") == "2024-09"]["composite"].mean()
    assert bad == pytest.approx(result.scores.iloc[-1]["estimate"] + truth.months["2024-09"], abs=0.15)


def test_indicators_around_the_change(study, world):
    file = system_file(study, "before_after")
    months = records(study, "indicators", month_fields(file))
    held = n = 0
    for _, part in months.groupby("agency"):
        for name, measure in file.measures.items():
            value = part[name] / part[measure.of] if measure.of else part[name]
            effects = interrupted_series(part["month"], value, file.change).effects.set_index("term")
            for term, truth in (
                ("level", world.indicators.measures[name].jump),
                ("slope", world.indicators.measures[name].slope),
            ):
                held += effects.loc[term, "ci_low"] <= truth <= effects.loc[term, "ci_high"]
                n += 1
    assert n == 40
    assert held >= 35


@pytest.mark.parametrize("source", ["training", "consulting"])
def test_pairs_around_a_treatment(study, world, source):
    truth, pairs = world.pairs[source], records(study, source, PAIRS)
    change = pairs["after"] - pairs["before"]
    gap = before_after(change[pairs["treated"] == 0], change[pairs["treated"] == 1])
    assert gap.ci_low < truth.effect < gap.ci_high
    assert gap.p_value < 0.001
    assert change[pairs["treated"] == 0].mean() == pytest.approx(truth.drift, abs=1)


def test_register_rates(study, world):
    file, truth = system_file(study, "register"), world.book
    register = records(study, "register", REGISTER)
    staff = {d: x.staff for d, x in system_file(study, "departments").departments.items()}
    wanted = {
        "칭찬": truth.praise * sum(staff.values()),
        "불만": sum(truth.departments.get(d, truth.complaint) * n for d, n in staff.items()),
    }
    for kind, rate in wanted.items():
        mean = rate * 4 * 3  # agencies and years
        assert abs((register["kind"] == kind).sum() - mean) < 4 * np.sqrt(mean)
    state = apologies(register, file, asof="2030-01-01")["state"]
    assert (state == "overdue").mean() == pytest.approx(1 - truth.apology, abs=0.05)
    # Poisson(1.6) is at most 3 days in 92.1 of 100
    assert (state[state != "overdue"] == "in_time").mean() == pytest.approx(0.921, abs=0.05)


def test_charter_standards(study, world):
    file = system_file(study, "charter")
    rows = charter_compliance(records(study, "cases", case_columns(file)), file).set_index("standard")
    for name, truth in world.cases.keep.items():
        assert rows.loc[name, "ci_low"] < truth < rows.loc[name, "ci_high"]


def test_people_move_and_merged_departments_keep_their_people(study, world):
    office = Office(study, world)
    first, second = office.people("garam-city", "2024-H1"), office.people("garam-city", "2024-H2")
    assert (first["person"] == second["person"]).all()
    assert (first["department"] != second["department"]).sum() == 1
    departments = system_file(study, "departments")
    assert "parks" in departments.existing(2023)
    assert "parks" not in departments.existing(2024)
    frame = pd.DataFrame({"department": ["공원관리과", "Parks", "parks", "환경녹지과"]})
    assert departments.placed(frame, 2024)["department"].unique().tolist() == ["environment"]
    assert departments.placed(frame, 2023)["department"].tolist() == ["parks"] * 3 + ["environment"]
    assert departments.tiny(2024) == {"hearing"}


def test_a_department_nobody_declared_is_named(study, world):
    wrong = world.model_copy(update={"sheets": SheetWorld(departments={"taxes": 80})})
    with pytest.raises(InputError, match="taxes"):
        Office(study, wrong)
    with pytest.raises(InputError, match="세무관"):
        system_file(study, "departments").placed(pd.DataFrame({"department": ["세무관"]}), 2024)
