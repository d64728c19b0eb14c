"""Names planted in an office's records are found in no public output, and are found in the restricted one."""

from __future__ import annotations

import re
import subprocess

import nbformat
import pandas as pd
import pytest

from csi_lib.run.pipeline import run_study
from csi_lib.run.verification import verify_reports
from csi_lib.share import shared_path
from csi_lib.simulate.office import office_stand_in
from csi_lib.study.study import load_study

pytestmark = pytest.mark.slow
AGENCY, YEAR = "garam-city", 2024


@pytest.fixture(scope="module")
def planted():
    """What only the files know: names of staff, raters and petitioners, contacts, telephone numbers, what people wrote."""
    data = office_stand_in(load_study(shared_path("params", "civil-office"))) / "data"
    sheets, book = (pd.read_csv(data / f"{n}_{YEAR}.csv") for n in ("sheets", "register"))
    own = lambda frame: frame[frame["agency"] == AGENCY]
    return {
        "people": set(own(sheets)["person"]),
        "raters": set(sheets["rater"]),
        "petitioners": set(own(book)["petitioner"]),
        "contacts": set(own(sheets)["contact"]),
        "matters": set(own(book)["matter"]),
        "telephones": set(own(book)["content"].str.extract(r"(010-0000-\d{4})")[0]),
        "words": {"설명 없이 기다리게 했습니다", "친절하게 안내해 주었습니다"},
    }


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("out")
    for release, formats in (("public", ["html", "pdf"]), ("restricted", ["html"])):
        result = run_study(
            "civil-office",
            out=folder,
            agencies=[AGENCY],
            years=[YEAR],
            release=release,
            formats=formats,
            renderer="embedded",
            jobs=1,
        )
        assert not result.failed, [(o.problem, o.cell, o.detail) for o in result.failed]
    return folder


def public_texts(out):
    """(file, everything a reader or a program could read in it) of the public part of a run's folder."""
    for path in sorted(p for p in out.rglob("*") if p.is_file() and "restricted" not in p.relative_to(out).parts):
        if path.suffix == ".pdf":
            text = subprocess.run(["pdftotext", path, "-"], capture_output=True, text=True, check=True).stdout
            # the setting of Korean breaks lines anywhere: names may not hide behind a break
            yield path, re.sub(r"\s+", "", text) + text
        elif path.suffix == ".parquet":
            yield path, pd.read_parquet(path).astype(str).to_csv()
        elif path.suffix not in (".otf", ".ttf", ".woff2", ".png"):
            yield path, path.read_text(encoding="utf-8", errors="replace")


def test_nothing_planted_is_in_any_public_file(out, planted):
    seen = 0
    for path, text in public_texts(out):
        seen += 1
        for kind, values in planted.items():
            found = [v for v in values if v in text]
            assert not found, f"{path.relative_to(out)} holds {kind}: {found[:3]}"
    names = {p.suffix for p, _ in public_texts(out)}
    assert {".html", ".pdf", ".parquet", ".ipynb", ".json"} <= names
    assert seen > 10


def test_the_restricted_release_names_people_so_the_search_can_fail(out, planted):
    page = (out / "restricted" / AGENCY / str(YEAR) / "report.html").read_text(encoding="utf-8")
    assert sum(name in page for name in planted["people"]) > 50
    assert not any(rater in page for rater in planted["raters"])
    assert not any(name in page for name in planted["petitioners"] - planted["people"])


def test_every_office_chapter_is_there_and_its_numbers_have_rows(out):
    assert verify_reports(out) == []
    node = nbformat.read(out / AGENCY / str(YEAR) / "report.ipynb", as_version=4)
    ids = {c["id"].rsplit("-", 1)[0] for c in node.cells}
    assert {"kindness", "calls", "happy-call", "register", "charter", "before-after", "department-score"} <= ids
    results = pd.read_parquet(out / AGENCY / str(YEAR) / "results.parquet")
    assert not results["by1"].isin(["person", "matter"]).any()
    assert {"sheets", "calls", "happy_call", "register", "indicators", "cases"} <= set(results["source"])
