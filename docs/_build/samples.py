"""The samples of README and docs: every shell and Python block, found, checked and run.

Blocks of class ``elsewhere`` need what this machine has not (a cluster); they are shown, not run.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).resolve().parents[1]
ROOT = DOCS.parent
_FENCE = re.compile(r"^( *)```(sh|bash|python)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Sample:
    """One fenced block: its page, language, line and text."""

    page: str
    lang: str
    line: int
    text: str

    @property
    def commands(self) -> list[list[str]]:
        """Of a shell block the commands, comments and prompts away, continued lines joined."""
        text = re.sub(r"\\\n\s*", " ", self.text)
        found = []
        for line in text.splitlines():
            for part in re.split(r" && ", line):
                words = shlex.split(part, comments=True)
                if words:
                    found.append(words)
        return found


def samples(page: Path) -> list[Sample]:
    """The blocks of a page in order."""
    text = page.read_text(encoding="utf-8")
    name = page.relative_to(ROOT).as_posix()
    return [
        Sample(name, "python" if m[2] == "python" else "sh", text.count("\n", 0, m.start()) + 1, re.sub(rf"^{m[1]}", "", m[3], flags=re.MULTILINE))
        for m in _FENCE.finditer(text)
    ]  # fmt: skip


def pages() -> list[Path]:
    return [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        *sorted(p for p in DOCS.rglob("*.md") if "_" not in p.relative_to(DOCS).parts[0][:1]),
    ]


def stage(folder: Path) -> None:
    """The files that samples speak of, small: a study, answers of two years, a printed table."""
    import csi_lib

    csi_lib.new_study(folder / "my-study")
    answers = csi_lib.example_answers()
    labels = {
        "q1": "Kind",
        "q2": "Sincere",
        "q3": "Active",
        "q4": "Clean",
        "q5": "Safe",
        "q6": "Near",
        "overall": "Satisfied overall",
    }
    named = answers[[*labels, "recommend", "office", "sex"]].rename(columns=labels)
    named.iloc[:150].to_csv(folder / "answers_2023.csv", index=False)
    named.iloc[150:].to_csv(folder / "answers_2024.csv", index=False)
    answers.to_csv(folder / "answers.csv", index=False)
    named.to_excel(folder / "응답.xlsx", index=False)
    _write_sav(answers, labels, folder / "answers.sav")
    rows = [("Office", "n", "Mean"), ("North", 100, 80.0), ("South", 100, 70.0), ("Total", 200, 75.0)]
    text = "\n".join(",".join(map(str, row)) for row in rows) + "\n"
    (folder / "table.csv").write_text(text, encoding="utf-8")
    (folder / "table.yml").write_text("{}\n", encoding="utf-8")
    import openpyxl

    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(folder / "table.xlsx")


def _write_sav(answers, labels: dict[str, str], path: Path) -> None:
    import pyreadstat

    codes = {
        float(k): v
        for k, v in enumerate(("Very dissatisfied", "Dissatisfied", "So so", "Satisfied", "Very satisfied"), 1)
    }
    kept = answers[[*labels, "recommend", "office", "sex"]]
    pyreadstat.write_sav(
        kept,
        str(path),
        column_labels=[labels.get(c, c) for c in kept],
        variable_value_labels=dict.fromkeys(labels, codes),
    )


def run_python(blocks: list[Sample], folder: Path, names: dict | None = None) -> str:
    """Run the Python blocks of one page one after another, as a reader would; returns what they print."""
    code = "".join("\n" * max(0, b.line - 1) * 0 + b.text + "\n" for b in blocks)
    names = {"__name__": "__main__"} if names is None else names
    said = io.StringIO()
    before = Path.cwd()
    os.chdir(folder)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(said):
            warnings.simplefilter("ignore")
            exec(compile(code, blocks[0].page, "exec"), names)
    finally:
        os.chdir(before)
        import matplotlib.pyplot as plt

        plt.close("all")
    return said.getvalue()


#: commands that install or that wait for a person: the session `dist` and the tests of lab and serve cover them
_NOT_HERE = (
    "pip",
    "python3",
    ".venv/bin/pip",
    ".venv/bin/nox",
    "nox",
    "conda",
    "mamba",
    "docker",
    "git",
    "quarto",
    "jupyter",
    "Rscript",
)


def run_shell(block: Sample, folder: Path, *, log=print) -> list[str]:
    """Run the `csi` commands of a block in `folder`; returns what failed (exit code 1 is a finding, not a failure)."""
    failed = []
    for words in block.commands:
        if (
            words[0] in _NOT_HERE
            or words[:2] == ["csi", "serve"]
            or (words[:2] == ["csi", "lab"] and "--use" not in words)
        ):
            continue
        if words[0] == "cd":
            folder = folder / words[1]
            continue
        if words[0] != "csi":
            done = subprocess.run(shlex.join(words), shell=True, cwd=folder, capture_output=True, text=True)
        else:
            command = [sys.executable, "-W", "ignore", "-c", "from csi_lib.cli import main; main()", *words[1:]]
            if words[1] == "run":
                command += ["--jobs", "1"]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        log(f"{block.page}:{block.line}: {shlex.join(words)} → {done.returncode}")
        if done.returncode not in (0, 1) or "Traceback" in done.stderr:
            failed.append(f"{block.page}:{block.line}: {shlex.join(words)}\n{done.stderr[-800:]}")
    return failed


def parse_problems(block: Sample) -> list[str]:
    """Verbs and options of `csi` commands that do not exist, without running anything."""
    import click
    import typer

    from csi_lib.cli import app

    group = typer.main.get_command(app())
    found = []
    for words in block.commands:
        if words[0] != "csi" or words[1:2] == ["--version"]:
            continue
        verb = group.commands.get(words[1])
        if verb is None:
            found.append(f"{block.page}:{block.line}: there is no csi {words[1]}")
            continue
        try:
            verb.make_context(words[1], list(words[2:]))
        except click.exceptions.Exit:
            continue
        except (click.ClickException, Exception) as error:
            message = error.format_message() if hasattr(error, "format_message") else str(error)
            found.append(f"{block.page}:{block.line}: {shlex.join(words)}: {message}")
    return found
