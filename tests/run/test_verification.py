"""`csi verify` looks at everything under the output folder: silent when nothing was changed, and any change is found."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from csi_lib.run import root
from csi_lib.run.verification import signature_findings, verify_reports, verify_round
from csi_lib.run.verification.figures import Known, counted, printed_forms, says
from csi_lib.study import keeping
from tests.run.small_round import small_round, start

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A round of two agencies in every format that needs no estimates of its own."""
    folder = tmp_path_factory.mktemp("round")
    study = small_round(folder / "study", agencies=2)
    process = start(study, folder / "out", "--formats", "html,pdf,docx,hwpx,xlsx")
    _, words = process.communicate(timeout=600)
    assert process.returncode == 0, words
    return folder / "out"


@pytest.fixture
def out(made, tmp_path):
    shutil.copytree(made, tmp_path / "out")
    return tmp_path / "out"


def rewritten(folder: Path) -> None:
    """What a careful forger does: manifest and root say what is there now, and no seal of the maker's is in the way."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"] = {n: hashlib.sha256((folder / n).read_bytes()).hexdigest() for n in manifest["files"]}
    text = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True)
    (folder / "manifest.json").write_text(text, encoding="utf-8")
    out = folder.parents[1]
    said = root.read_root(out)
    said["reports"][folder.relative_to(out).as_posix()] = hashlib.sha256(text.encode()).hexdigest()
    (out / root.NAME).write_text(json.dumps(said, ensure_ascii=False, indent=1, sort_keys=True), encoding="utf-8")


def test_an_untouched_round_is_silent(made):
    done = verify_round(made)
    assert (done.findings, done.notes, done.reports) == ([], [], 2)


def test_copied_to_another_user_it_is_silent_and_says_who_vouches(out, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another"))
    keeping._secret.cache_clear()
    try:
        done = verify_round(out)
    finally:
        keeping._secret.cache_clear()
    assert done.findings == []
    assert any("seal" in note for note in done.notes)


def next_digit(text: str) -> str:
    return text[:-1] + str((int(text[-1]) + 1) % 10)


def in_page(folder):
    path = folder / "report.html"
    text = path.read_text(encoding="utf-8")
    spans = [m for m in re.finditer(r'data-r="[^"]+"[^>]*>([\d.,]*\d)<', text) if "." in m[1]]
    at = spans[len(spans) // 2]
    path.write_text(text[: at.start(1)] + next_digit(at[1]) + text[at.end(1) :], encoding="utf-8")


def in_archive(name, member, pattern):
    def harm(folder):
        path = folder / name
        with zipfile.ZipFile(path) as archive:
            members = {n: archive.read(n) for n in archive.namelist()}
        inner = next(n for n in members if re.fullmatch(member, n))
        text = members[inner].decode("utf-8")
        found = list(re.finditer(pattern, text))
        at = found[len(found) // 2]
        members[inner] = (text[: at.start(1)] + next_digit(at[1]) + text[at.end(1) :]).encode("utf-8")
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for n, data in members.items():
                archive.writestr(n, data)

    return harm


def in_notebook(name):
    def harm(folder):
        path = next(folder.glob(name))
        text = path.read_text(encoding="utf-8")
        spans = [m for m in re.finditer(r"\[([\d.,]*\d)\]\{data-r=", text) if "." in m[1]]
        at = spans[0]
        path.write_text(text[: at.start(1)] + next_digit(at[1]) + text[at.end(1) :], encoding="utf-8")

    return harm


def in_results(folder):
    path = folder / "results.parquet"
    frame = pd.read_parquet(path)
    at = frame.index[frame["statistic"].eq("index") & frame["by1"].isna()][0]
    frame.loc[at, "estimate"] += 1.0
    frame.to_parquet(path, index=False)


def in_figure(folder):
    path = next((folder / "figures").glob("*.svg"), None) or folder / "_quarto.yml"
    path.write_bytes(path.read_bytes() + b"\n")


HARMS = {
    "html": in_page,
    "docx": in_archive("report.docx", r"word/document\.xml", r"<w:t[^>]*>[^<]*?(\d+\.\d)[^<]*<"),
    "hwpx": in_archive("report.hwpx", r"Contents/section0\.xml", r"<hp:t>[^<]*?(\d+\.\d)[^<]*<"),
    "xlsx": in_archive("report.xlsx", r"xl/worksheets/sheet(?!1\.)\d+\.xml", r"<v>(\d+\.\d)"),
    "pdf": lambda folder: shutil.copyfile(folder.parents[1] / "a002" / "2024" / "report.pdf", folder / "report.pdf"),
    "report.ipynb": in_notebook("report.ipynb"),
    "notebook": in_notebook("notebooks/*.ipynb"),
    "results": in_results,
}


@pytest.mark.parametrize("name", [*HARMS, "figure"])
def test_one_digit_is_noticed(out, name):
    folder = out / "a001" / "2024"
    plain = lambda folder: (folder / f"report.{name}").write_bytes((folder / f"report.{name}").read_bytes() + b"\n")
    HARMS.get(name, in_figure if name == "figure" else plain)(folder)
    assert any("changed after it was published" in f for f in verify_reports(out))
    rewritten(folder)
    found = verify_reports(out)
    assert any("round.json is not the one" in f for f in found), found


#: cells of a workbook are rounded and name no row: what another row says too is noticed by seal and hash only
@pytest.mark.parametrize("name", [n for n in HARMS if n != "xlsx"])
def test_one_digit_is_noticed_where_nobody_vouches(out, name):
    """The forger has rewritten manifest and root and taken all seals and traces of the run away: the numbers still speak."""
    folder = out / "a001" / "2024"
    HARMS[name](folder)
    rewritten(folder)
    shutil.rmtree(out / ".run")
    for seal in (*out.rglob("manifest.seal"), out / root.SEAL):
        seal.unlink()
    found = verify_reports(out)
    assert any(f.startswith("a001/2024: ") for f in found), found


def test_another_run_does_not_heal_what_was_forged(out, made):
    folder = out / "a001" / "2024"
    in_page(folder)
    rewritten(folder)
    root.write_root(out, "bench")
    assert any(f.startswith("a001/2024") for f in verify_reports(out))


def test_what_is_not_listed_or_is_gone_or_is_no_file(out):
    (out / "a001" / "2024" / "more.html").write_text("x")
    (out / "stray.txt").write_text("x")
    (out / "a002" / "2024" / "manifest.json").unlink()
    os.symlink("/etc/hostname", out / "link")
    os.mkfifo(out / "pipe")
    script = next((out / "site" / "search").glob("t-a001-*.js"))
    script.write_text(script.read_text(encoding="utf-8").replace("0", "1"), encoding="utf-8")
    (out / "site" / "search" / "evil.js").write_text("alert(1)")
    words = "\n".join(verify_reports(out))
    for part in ("a001/2024: more.html is not in manifest.json", "stray.txt: is named by no manifest", "a002/2024: has no manifest",
                 "a002/2024: the report is missing", "link: is a link", "pipe: is a link, a pipe",
                 f"{script.name} was changed", "evil.js: is not a script of the search"):  # fmt: skip
        assert part in words, words


BROKEN = {"empty": b"", "zeros": b"\x00" * 100, "cut": b"{", "list": b"[]", "deep": b"[" * 100000,
          "outside": b'{"files": {"../../../etc/passwd": "x"}}'}  # fmt: skip
READ = (".parquet", ".html", ".pdf", ".docx", ".hwpx", ".xlsx", ".ipynb", ".zip", ".js")


@pytest.mark.parametrize("name", list(BROKEN))
@pytest.mark.parametrize("manifests", [True, False])
def test_broken_files_are_findings_never_faults(out, name, manifests):
    kinds = (*READ, ".json") if manifests else READ
    broken = [p for p in out.rglob("*") if p.is_file() and p.suffix in kinds and ".run" not in p.parts]
    for path in broken:
        path.write_bytes(BROKEN[name])
    found = verify_reports(out)
    assert len(found) >= (4 if manifests else len(broken) / 2)
    assert not any("passwd is missing" in f for f in found)


def test_signatures_hold_and_openssh_agrees(out, tmp_path):
    pytest.importorskip("cryptography")
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    from csi_lib.run.signing import sign_root, signer

    keys = {}
    for name in ("own", "other"):
        key = Ed25519PrivateKey.generate()
        keys[name] = tmp_path / name
        keys[name].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
        public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
        keys[name].with_suffix(".pub").write_bytes(b"maker " + public + b"\n")
        keys[name].chmod(0o600)
    assert signature_findings(out, keys["own"].with_suffix(".pub")) == ["the round is not signed"]
    sign_root(out, keys["own"])
    assert signer(out).startswith("ssh-ed25519 ")
    assert signature_findings(out) == []
    assert signature_findings(out, keys["own"].with_suffix(".pub")) == []
    assert "not trusted" in signature_findings(out, keys["other"].with_suffix(".pub"))[0]
    assert verify_reports(out) == []
    if shutil.which("ssh-keygen"):
        command = [
            "ssh-keygen",
            "-Y",
            "verify",
            "-f",
            keys["own"].with_suffix(".pub"),
            "-I",
            "maker",
            "-n",
            "csi",
            "-s",
            out / root.SIGNATURE,
        ]
        assert subprocess.run(command, input=(out / root.NAME).read_bytes(), check=False).returncode == 0
    (out / root.NAME).write_bytes((out / root.NAME).read_bytes() + b" ")
    assert any("does not hold" in f for f in signature_findings(out))


def test_fast_figures_agree_with_the_printed_forms():
    rows = [
        {"row_id": f"r{i}", "measure": "m", "estimate": value, "se": 0.7321, "ci_low": value - 1.234, "ci_high": value + 1.234, "n": 1234.0,
         "p_value": 0.00012, "unit": unit, "df": None, "deff": 1.25, "n_weighted": None, "n_effective": 99.6, "suppressed": False}
        for i, (value, unit) in enumerate([(63.949999999999996, "points"), (0.125, "proportion"), (-2.675, "scale"), (68.74999999999999, "points")])
    ]  # fmt: skip
    known = Known(pd.DataFrame(rows))
    from decimal import Decimal

    for row in rows:
        for form in printed_forms(row):
            assert says(row, form)
            bare = form.replace(",", "").replace("\u2212", "").lstrip("+")
            if re.fullmatch(r"\d*\.?\d+", bare):
                assert Decimal(bare) in known, form
    assert not says(rows[0], "64.1")
    assert Decimal("64.1") not in known
    assert counted("2024년 표 1: 63.9점, 1,234명, 12쪽") == {"63.9": 1, "1,234": 1}


def test_results_are_made_again_and_compared(tmp_path):
    """An insider who holds every seal has changed a number and all that says it: the data still tell."""
    from csi_lib.run.verification.recompute import recompute_findings

    study, out = small_round(tmp_path / "study", agencies=1), tmp_path / "out"
    process = start(study, out, "--jobs", "1")
    _, words = process.communicate(timeout=300)
    assert process.returncode == 0, words
    assert recompute_findings(study, out, jobs=1) == []
    folder = out / "a001" / "2024"
    in_results(folder)
    rewritten(folder)
    root.seal_manifest(folder, "a001/2024")
    found = recompute_findings(study, out, jobs=1)
    assert any("estimate is" in f and "the data give" in f for f in found), found
