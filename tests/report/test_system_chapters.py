"""Every chapter of the systems runs for every agency, language and release, and says in words what is not there."""

import json
import re
import shutil

import pandas as pd
import pytest

from csi_lib import load_study, simulate_study
from csi_lib.report.display import Display
from csi_lib.share import shared_path

CHAPTERS = ("customers", "pretest", "fieldwork", "internal", "touch-points", "integrity")


@pytest.fixture
def told(monkeypatch):
    """`told(chapter, study, **parameters)`: the Markdown that the chapter shows, cell by cell."""

    def run(name, study="public-corp", **given):
        path = next(shared_path("notebooks").glob(f"*-{name}.ipynb"))
        shown = []
        monkeypatch.setattr(Display, "display", lambda self: shown.append(self.bundle["text/markdown"]))
        known = {"study": str(study), "agency": "raon-corp", "year": 2024, "lang": "ko", "release": "public"} | given
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "code" and "parameters" not in cell["metadata"].get("tags", ()):
                exec(compile("".join(cell["source"]), f"{path.name}:{cell['id']}", "exec"), known)
        assert shown
        return re.sub(r"\{data-r=[^}]*\}", "", "\n".join(shown))

    return run


@pytest.mark.parametrize("name", CHAPTERS)
@pytest.mark.parametrize(("agency", "lang", "release"), [("raon-corp", "ko", "public"), ("raon-corp", "en", "restricted"),
                                                         ("dure-housing", "en", "public")])  # fmt: skip
def test_chapter(told, name, agency, lang, release):
    text = told(name, agency=agency, lang=lang, release=release)
    assert not re.search(r"\bnan\b", text, re.IGNORECASE)
    if lang == "en":
        assert not re.search("[가-힣]", text), re.findall("[^|\n]*[가-힣][^|\n]*", text)[:3]


def test_an_agency_without_employees_or_pretest_says_so(told):
    assert "did not survey its employees" in told("internal", agency="dure-housing", lang="en")
    assert "held no pre-test" in told("pretest", agency="dure-housing", lang="en")


def test_interviewers_stand_only_in_the_restricted_edition(told):
    public, restricted = told("fieldwork"), told("fieldwork", release="restricted")
    assert "I05" not in public
    assert not re.search(r"person \d", public)
    assert "I05" in restricted


@pytest.fixture
def copy(tmp_path):
    """`copy(edit)`: the study with its own simulated data and what `edit(folder)` changed."""

    def make(edit):
        folder = tmp_path / "corp"
        shutil.copytree(shared_path("params", "public-corp"), folder, ignore=shutil.ignore_patterns(".csi", "data"))
        simulate_study(load_study(folder), folder)
        edit(folder)
        return folder

    return make


def rewrite(path, change):
    change(frame := pd.read_csv(path, dtype=str, keep_default_na=False))
    frame.to_csv(path, index=False)


def test_interim(told, copy):
    """While fieldwork runs: the log up to a day, marked as interim, with the day on which it will be done."""

    def stop_early(folder):
        file = folder / "fieldwork.yml"
        file.write_text(file.read_text(encoding="utf-8") + "as_of: 2024-05-12\n", encoding="utf-8")

    text = told("fieldwork", copy(stop_early), lang="en")
    assert "Interim check" in text
    assert "the log runs to 2024-05-12" in text
    assert re.search(r"still to do; at the pace of the last seven days they are done by 2024-0[56]-\d\d", text)
    assert "Interim check" not in told("fieldwork", lang="en")


def test_nothing_to_discard_and_nobody_verified(told, copy):
    def clean(folder):
        rewrite(folder / "data" / "customers_2024.csv", lambda f: f.__setitem__("검증판정", "1"))

        def unverified(frame):
            for column in ("verified_by", "verification", "action"):
                frame[column] = ""

        rewrite(folder / "data" / "fieldwork_2024.csv", unverified)

    text = told("fieldwork", copy(clean), lang="en")
    assert "No interview was discarded" in text
    assert "short of" in text


def test_everybody_by_one_channel(told, copy):
    text = told(
        "touch-points",
        copy(lambda f: rewrite(f / "data" / "customers_2024.csv", lambda d: d.__setitem__("접촉경로", "2"))),
        lang="en",
    )
    assert "100.0" in text
    assert "Internet" not in text


def test_channel_not_answered_at_all(told, copy):
    text = told(
        "touch-points",
        copy(lambda f: rewrite(f / "data" / "customers_2024.csv", lambda d: d.__setitem__("접촉경로", ""))),
        lang="en",
    )
    assert text.strip() == "Touch points were not asked about in this wave."


def test_few_discarded_are_not_told_by_the_two_indices(told, copy):
    def three(frame):
        frame["검증판정"] = "1"
        at = frame.index[frame["기관"] == "raon-corp"][:3]
        frame.loc[at, "검증판정"] = "2"

    folder = copy(lambda f: rewrite(f / "data" / "customers_2024.csv", three))
    cleaned = told("fieldwork", folder).split("정제 전 사례수")[1]
    assert r"\*" in cleaned
    assert r"\*" not in told("fieldwork", folder, release="restricted").split("정제 전 사례수")[1]


def test_all_answers_the_same(told, copy):
    """Every customer answers 5 throughout and nobody complained: the index is that answer, bounds are a point, nothing
    breaks, and no reliability is claimed."""
    study = load_study(shared_path("params", "public-corp"))
    items = [
        n for c in study.codebook("customers").items for n in study.codebook("customers").columns[c].names_in(2024)
    ]

    def same(frame):
        for item in items:
            if item in frame:
                frame.loc[~frame[item].isin(["", "99"]), item] = "5"
        frame["문7"], frame["문7-1"] = "2", ""  # so nobody was asked how a complaint was handled

    folder = copy(lambda f: rewrite(f / "data" / "customers_2024.csv", same))
    (folder / "model.yml").write_text(
        (folder / "model.yml").read_text(encoding="utf-8").replace(
            "    use: iudc-external\n", "    use: iudc-external\n    weights:\n" + "".join(
                f"      {n}: {{rule: equal}}\n" for n in ("csi", "response", "handling", "facilities", "access", "professional"))),
        encoding="utf-8",
    )  # fmt: skip
    text = told("integrity", folder, lang="en")
    assert text.count("66.7") >= 8
    told("customers", folder)
    told("fieldwork", folder)
    told("overall", folder)
    told("groups", folder, lang="en")
    said = told("measurement", folder, lang="en")
    assert "alpha cannot be computed" in said
    assert "Every dimension's alpha reaches" not in said


def test_check_reads_logs_and_frames(copy):
    """`csi check` finds what would stop a report: an undeclared outcome in the log, a stratum twice in the frame."""
    from csi_lib.run.check import check_study

    def spoil(folder):
        rewrite(
            folder / "data" / "fieldwork_2024.csv", lambda f: f.__setitem__("outcome", f["outcome"].replace("NC", "XC"))
        )
        rewrite(folder / "data" / "frame_2024.csv", lambda f: f.__setitem__("stratum", f["stratum"].replace("4", "3")))

    errors = [f for f in check_study(copy(spoil)) if f.level == "error"]
    assert {w for e in errors for w in (e.where, *e.also)} == {
        "customer_definition, raon-corp 2024",
        "fieldwork, raon-corp 2024",
        "fieldwork, dure-housing 2024",
    }
    assert any("'XC'" in e.message for e in errors)
    assert any("stands twice" in e.message for e in errors)


def test_two_bodies_are_not_ranked_against_each_other():
    """Number one of two tells what the other one is."""
    from csi_lib import open_chapter
    from csi_lib.chapters.trend.section import rank_sentence

    chapter = open_chapter("public-corp", "raon-corp", 2024, lang="ko")
    assert chapter.rank("csi") is None or chapter.rank("csi").of == 2
    assert rank_sentence(chapter, chapter.index()["measure"]) is None
    assert chapter.labels.each("sex") == "성별"  # not 성별별
    assert chapter.labels.each("age") == "연령별"
