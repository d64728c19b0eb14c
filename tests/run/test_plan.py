"""What a round would do: nothing, quickly, when nothing changed; what one agency's data touch, and nothing else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from csi_lib.errors import InputError
from csi_lib.run.ledger import Ledger
from csi_lib.run.plan import Wanted, manifest_stamp, plan_run
from tests.bench.round_study import YEARS, answers, write_study
from tests.run.conftest import ROOT


def publish_as_planned(study: Path, out: Path, **wanted):
    """Put reports under every planned key, as a finished round would have left them."""
    ledger = Ledger(out)
    for plan in plan_run(study, Wanted(out, **wanted), ledger):
        order = plan.order
        order.folder.mkdir(parents=True, exist_ok=True)
        for name in order.formats:
            (order.folder / f"report.{name}").write_text("")
        (order.folder / "manifest.json").write_text(json.dumps({"key": order.key, "inputs": order.inputs}))
        ledger.finish(
            order.name, state="done", key=order.key, manifest=manifest_stamp(order.folder), reasons=[], outcome={}
        )
    ledger.close()


def reasons(study: Path, out: Path, **wanted) -> dict[tuple[str, int], tuple[str, ...]]:
    ledger = Ledger(out)
    try:
        planned = plan_run(study, Wanted(out, **wanted), ledger)
    finally:
        ledger.close()
    return {(p.order.job.agency, p.order.job.year): p.reasons for p in planned if p.reasons}


def change_one_answer(path: Path, agency: str | None = None) -> None:
    frame = pd.read_csv(path)
    row = frame.index[frame["agency"] == agency][0] if agency else 0
    frame.loc[row, "q1_1"] = 5 if frame.loc[row, "q1_1"] != 5 else 1
    frame.to_csv(path, index=False)


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    """Thirty agencies in three peer groups, a file for each, whose trend chapter shows the group's mean."""
    root = tmp_path_factory.mktemp("plan")
    study, out = write_study(root / "bench", 30), root / "out"
    publish_as_planned(study, out)
    return study, out


def test_nothing_to_do_is_nothing(bench):
    assert reasons(*bench) == {}


def test_one_agency_changed_is_its_group_in_that_wave_and_its_own_later_one(bench):
    study, out = bench
    path = study / "data" / "a005_2024.csv"
    before = path.read_bytes()
    change_one_answer(path)
    found = reasons(study, out)
    path.write_bytes(before)
    overall = {("_overall", 2024)}
    assert set(found) - overall == {(f"a{k:03d}", 2024) for k in range(1, 11)}
    assert found["a005", 2024][0] == "data: customers 2024"
    assert found["a001", 2024] == ("peers: customers 2024 of t01",)


def test_an_earlier_wave_belongs_to_the_agencys_later_reports(bench):
    study, out = bench
    path = study / "data" / "a005_2023.csv"
    before = path.read_bytes()
    change_one_answer(path)
    found = set(reasons(study, out))
    path.write_bytes(before)
    group = {(f"a{k:03d}", 2023) for k in range(1, 11)}
    assert {f for f in found if f[0] != "_overall"} == group | {("a005", 2024)}


def test_touching_a_file_without_changing_it_is_no_reason(bench):
    study, out = bench
    os.utime(study / "data" / "a005_2024.csv")
    assert reasons(study, out) == {}


def test_without_peers_figures_one_agency_is_one_report(tmp_path):
    study, out = write_study(tmp_path / "alone", 12, peers=False), tmp_path / "out"
    publish_as_planned(study, out)
    change_one_answer(study / "data" / "a005_2024.csv")
    assert set(reasons(study, out)) - {("_overall", 2024)} == {("a005", 2024)}


def test_in_a_file_with_all_agencies_only_the_changed_rows_count(tmp_path):
    study, out = write_study(tmp_path / "shared", 12, peers=False, shared=True), tmp_path / "out"
    publish_as_planned(study, out)
    assert reasons(study, out) == {}
    change_one_answer(study / "data" / "2024.csv", "a005")
    assert set(reasons(study, out)) - {("_overall", 2024)} == {("a005", 2024)}


def test_a_missing_document_a_changed_chapter_and_a_changed_setting_are_reasons(tmp_path):
    study, out = write_study(tmp_path / "small", 2), tmp_path / "out"
    publish_as_planned(study, out)
    (out / "a001" / "2024" / "report.pdf").unlink()
    assert reasons(study, out) == {("a001", 2024): ("report.pdf is gone",)}
    (out / "a001" / "2024" / "report.pdf").write_text("")
    chapter = study / "chapters" / "10-summary.ipynb"
    chapter.write_text(chapter.read_text().replace("차원", "영역"))
    found = reasons(study, out)
    assert found["a002", 2023][-1] == "notebooks: summary"
    publish_as_planned(study, out)
    file = study / "study.yml"
    file.write_text(file.read_text().replace("벤치 조사", "다른 제목"))
    assert all(r == ("study",) for r in reasons(study, out).values())


def test_a_lost_ledger_costs_a_look_at_the_manifests_and_no_report(bench):
    study, out = bench
    for file in (out / ".run").iterdir():
        file.unlink()
    assert reasons(study, out) == {}
    ledger = Ledger(out)
    assert sum(e.state == "done" for e in ledger.entries().values()) >= 30 * len(YEARS)
    ledger.close()


def test_the_overall_report_by_itself(tmp_path):
    study = write_study(tmp_path / "study", 4)
    assert set(reasons(study, tmp_path / "out", agencies=["_overall"])) == {("_overall", y) for y in YEARS}
    some = reasons(study, tmp_path / "out", agencies=["a002", "_overall"], years=[2024])
    assert set(some) == {("a002", 2024), ("_overall", 2024)}
    alone = write_study(tmp_path / "alone", 1)
    with pytest.raises(InputError, match="no overall report"):
        reasons(alone, tmp_path / "out", agencies=["_overall"])


def test_failed_and_force(bench):
    study, out = bench
    assert reasons(study, out, failed=True) == {}
    assert set(reasons(study, out, force=True, agencies=["a001"]).values()) == {("asked for (--force)",)}


@pytest.mark.slow
def test_nothing_to_do_for_300_agencies_and_two_years_is_quick_and_light(tmp_path):
    study, out = write_study(tmp_path / "large", 300), tmp_path / "out"
    publish_as_planned(study, out)
    for name in ("index.html", "intake.json"):  # as a run leaves them
        (out / name).write_text("")
    code = (
        "import sys\nfrom csi_lib.cli import main\n"
        "try:\n    main()\nfinally:\n"
        "    heavy = {'papermill', 'nbclient', 'nbformat', 'pandas', 'numpy', 'matplotlib', 'jsonschema'} & set(sys.modules)\n"
        "    print('HEAVY', sorted(heavy))"
    )
    command = [sys.executable, "-c", code, "run", study, "--out", out, "--json"]
    seconds = []
    for _ in range(2):
        before, started = os.times(), time.perf_counter()
        done = subprocess.run(
            command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True
        )
        after = os.times()
        seconds.append(min(time.perf_counter() - started, sum(after[2:4]) - sum(before[2:4])))
    text, _, heavy = done.stdout.partition("HEAVY")
    summary = json.loads(text)
    assert heavy.strip() == "[]"
    assert summary["done"] == []
    assert len(summary["skipped"]) >= 600
    # on a machine that is busy with other things the clock says nothing, so the smaller of clock and processor counts
    assert min(seconds) < 2.0


def test_answers_of_the_bench_are_what_they_say():
    frame = answers("a001", 0, 2024, [f"q{k}" for k in range(40)])
    assert frame.shape == (400, 45)


def test_a_manifest_names_no_folder_of_the_machine(tmp_path):
    """The same study in another folder has the same key, also where a file is not there."""
    keys, said = [], ""
    (write_study(tmp_path / "first" / "bench", 2) / "data" / "a002_2023.csv").unlink()
    for name in ("one", "another"):
        study = shutil.copytree(tmp_path / "first" / "bench", tmp_path / name / "bench")
        ledger = Ledger(tmp_path / name / "out")
        planned = plan_run(study, Wanted(tmp_path / name / "out"), ledger)
        ledger.close()
        keys.append([plan.order.key for plan in planned])
        said += json.dumps([plan.order.inputs for plan in planned], default=str)
    assert "absent: data/a002_2023.csv" in said
    assert str(tmp_path) not in said
    assert keys[0] == keys[1]
