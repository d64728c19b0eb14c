"""A printed number leads back to its data, and what was tampered with on the way is said; two rounds are compared."""

from __future__ import annotations

import hashlib
import re
import shutil

import pandas as pd
import pytest

import csi_lib
from csi_lib.errors import InputError
from csi_lib.run.comparison import compare
from csi_lib.run.tracing import trace, words
from tests.run.small_round import small_round, start

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("traced")
    study = small_round(folder / "study", agencies=2)
    process = start(study, folder / "out")
    _, said = process.communicate(timeout=300)
    assert process.returncode == 0, said
    return study, folder / "out"


def printed(report):
    page = (report / "report.html").read_text(encoding="utf-8")
    return re.search(r'data-r="([^"]+)"[^>]*>([\d.]+)<', page).groups()


def test_a_figure_leads_to_row_cell_formula_columns_and_file(made):
    study, out = made
    row_id, figure = printed(out / "a001" / "2024")
    loaded = csi_lib.load_study(study)
    for number in (figure, f"{figure}점", row_id):
        found = [t for t in trace(out, number, study=loaded) if t.place == "a001/2024" and t.row["row_id"] == row_id]
        assert len(found) == 1
    (one,) = found
    results = pd.read_parquet(out / "a001" / "2024" / "results.parquet").set_index("row_id")
    assert one.row["estimate"] == results.loc[row_id, "estimate"]
    assert one.printed == (figure,)
    assert one.cells[0][0] == "10-only.ipynb"
    assert "chapter.say" in one.cells[0][2]
    assert one.row["measure"] in one.formula
    assert "weights:" in one.formula
    file = next((study / "data").glob("a001*2024*"))
    assert one.files == {file.name: hashlib.sha256(file.read_bytes()).hexdigest()}
    header = set(pd.read_csv(file, nrows=0).columns)
    assert one.columns
    assert set(one.columns) <= header | set(loaded.codebook("customers").columns)
    assert len(one.checks) == 5
    assert all(holds for _, holds in one.checks), one.checks
    assert any(line.startswith("  formula: ") for line in words(one))
    with pytest.raises(InputError):
        trace(out, "123456.7")


def test_checks_on_the_way_fail_where_something_was_changed(made, tmp_path):
    study, out = made
    shutil.copytree(out, tmp_path / "out")
    shutil.copytree(study, tmp_path / "study")
    report = tmp_path / "out" / "a001" / "2024"
    row_id, _ = printed(report)
    frame = pd.read_parquet(report / "results.parquet")
    frame.loc[frame["row_id"] == row_id, "estimate"] += 7.0
    frame.to_parquet(report / "results.parquet", index=False)
    data = next((tmp_path / "study" / "data").glob("a001*2024*"))
    data.write_text(data.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    (one,) = trace(tmp_path / "out", row_id, study=csi_lib.load_study(tmp_path / "study"), agency="a001")
    failed = {what for what, holds in one.checks if not holds}
    assert failed == {"results.parquet is the one that was published", "every text printed with this id is what the row says",
                      "the data are those that the report was made from"}  # fmt: skip


def test_what_changed_between_two_rounds_by_how_much_and_why(made, tmp_path):
    _, out = made
    assert [len(d.numbers) + d.only_before + d.only_after for d in compare(out, out)] == [0, 0]
    shutil.copytree(out, tmp_path / "out")
    report = tmp_path / "out" / "a001" / "2024"
    frame = pd.read_parquet(report / "results.parquet")
    at = frame.index[frame["estimate"].notna()][3]
    frame.loc[at, "estimate"] += 2.5
    frame.drop(frame.index[-1]).to_parquet(report / "results.parquet", index=False)
    manifest = report / "manifest.json"
    manifest.write_text(
        re.sub(r'("customers 2024": ")', r"\1changed", manifest.read_text(encoding="utf-8")), encoding="utf-8"
    )
    first, second = compare(out, tmp_path / "out")
    assert first.numbers["row_id"].tolist() == [frame.loc[at, "row_id"]]
    assert first.numbers["change"].tolist() == pytest.approx([2.5])
    assert (first.only_before, first.only_after, len(second.numbers)) == (1, 0, 0)
    assert any("customers 2024" in words for words in first.inputs)
    (across,) = compare(out / "a001" / "2024", out / "a002" / "2024")
    assert len(across.numbers) == 0 or "→" in across.place
