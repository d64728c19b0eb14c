"""The command line as people meet it: help that says the defaults, examples that are right, names offered, their language."""

import json
import os
import re
import shlex
import subprocess
import sys

import click
import pytest
import typer

from csi_lib.cli import VERBS, app, completion, guide
from csi_lib.cli.speech import language

LANGUAGES = ("CSI_LANG", "LC_ALL", "LC_MESSAGES", "LANG")


@pytest.fixture
def group(monkeypatch):
    monkeypatch.setenv("CSI_LANG", "en")
    return typer.main.get_command(app())


def help_of(group, verb):
    command = group.commands[verb]
    return command.get_help(click.Context(command, info_name=verb, parent=click.Context(group, info_name="csi")))


@pytest.mark.parametrize("verb", VERBS)
def test_help_says_every_default_and_its_examples_are_commands(group, verb):
    shown = " ".join(help_of(group, verb).split())
    for parameter in group.commands[verb].params:
        for default in re.findall(r"\[default: [^\]]+\]", getattr(parameter, "help", None) or ""):
            assert default in shown  # rich took it for markup
    for line in guide.EXAMPLES[verb]:
        assert line in shown
        words = shlex.split(line)
        assert words[:2] == ["csi", verb]
        group.commands[verb].make_context(verb, words[2:])
    assert re.search("[가-힣]", guide.SUMMARIES_KO[verb])
    assert guide.EXAMPLES.keys() == guide.SUMMARIES_KO.keys() == set(VERBS)


@pytest.mark.parametrize(
    ("said", "expected"),
    [({"LANG": "ko_KR.UTF-8"}, "ko"), ({"LANG": "C.UTF-8"}, "en"), ({"LC_ALL": "ko_KR", "LANG": "en_US"}, "ko"),
     ({"CSI_LANG": "en", "LANG": "ko_KR"}, "en"), ({}, "en")],
)  # fmt: skip
def test_messages_are_in_the_language_of_the_session(monkeypatch, said, expected):
    for name in LANGUAGES:
        monkeypatch.delenv(name, raising=False)
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    assert language() == expected


def test_a_korean_session_is_greeted_in_korean(tmp_path):
    environment = {k: v for k, v in os.environ.items() if k not in LANGUAGES} | {
        "LANG": "ko_KR.UTF-8",
        "PYTHONUTF8": "1",
    }
    code = "from csi_lib.cli import main; main({})"
    run = lambda *words: subprocess.run([sys.executable, "-W", "ignore", "-c", code.format(list(words))], cwd=tmp_path,
                                        env=environment, capture_output=True, text=True)  # fmt: skip
    assert guide.SUMMARIES_KO["verify"][:8] in run("--help").stdout
    assert re.search("[가-힣]", run("new", "mine").stdout)


def test_the_shell_is_offered_studies_agencies_and_years(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "study.yml").write_text("title: x\n", encoding="utf-8")
    assert completion.studies("h") == ["here"]
    assert "example" in completion.studies("ex")
    context = click.Context(click.Command("run"))
    context.params = {"study": "example"}
    names = dict(completion.agencies(context, ""))
    assert names["hanbit-fmc"]
    assert completion.years(context, "2024") == ["2024"]
    context.params = {"study": "no-such-study"}
    assert completion.agencies(context, "") == []


def test_an_error_in_any_notebook_is_a_few_lines(monkeypatch):
    """IPython asks the exception itself; in a batch it is not answered, and keeps the traceback."""
    from csi_lib.errors import InputError

    error = InputError("not numeric", where="items", found="'office'", expected="numbers", action="Leave it out.")
    monkeypatch.delenv("CSI_CONTEXT", raising=False)
    assert error._render_traceback_() == ["items: not numeric", "found: 'office'", "expected: numbers", "Leave it out."]
    monkeypatch.setenv("CSI_CONTEXT", json.dumps({}))
    monkeypatch.delenv("CSI_LAB", raising=False)
    assert not hasattr(error, "_render_traceback_")
