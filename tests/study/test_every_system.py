"""Every system file of the bundled studies, every element of it: broken in every way, it ends in words or is accepted.

Elements are found by walking the files and systems by `SYSTEMS`, so a new system is tried without being named here.
"""

import copy
import math
import typing
from importlib import import_module

import pytest

import csi_lib
from csi_lib.chapters.record_checks import record_faults
from csi_lib.errors import InputError
from csi_lib.evaluation import systems
from csi_lib.study.base import Part
from csi_lib.study.references import Refers, references
from csi_lib.study.schema import SYSTEMS
from csi_lib.study.yaml_file import YamlFile

STUDIES = ("civil-office", "public-corp", "example", "round")


def models():
    for name, where in SYSTEMS.items():
        module, _, model = where.partition(":")
        yield name, getattr(import_module(module), model)


def elements(node, path=()):
    for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield (*path, key), value
        yield from elements(value, (*path, key))


def changed(data, path, value=None, *, gone=False):
    out = copy.deepcopy(data)
    node = out
    for step in path[:-1]:
        node = node[step]
    if gone:
        del node[path[-1]]
    else:
        node[path[-1]] = value
    return out


def wrong_values(value):
    if isinstance(value, (dict, list)):
        return {"empty": type(value)(), "a text": "x", "a number": 7, "nothing": None}
    if isinstance(value, bool):
        return {"a text": "x", "nothing": None}
    if isinstance(value, (int, float)):
        return {
            "negative": -1,
            "huge": 10**9,
            "not finite": math.inf,
            "not a number": math.nan,
            "a text": "x",
            "nothing": None,
        }
    return {"unknown": "nosuch_name", "blank": "", "a list": ["a"], "nothing": None}


class Held(YamlFile):
    """A file that is read once, whose data a test may exchange."""

    read: typing.ClassVar[dict] = {}
    instead: typing.ClassVar[dict] = {}

    def __init__(self, path):
        if path not in self.read:
            self.read[path] = YamlFile(path)
        self.__dict__.update(self.read[path].__dict__)
        self.data = self.instead.get(path, self.data)


@pytest.fixture(scope="module")
def studies():
    return {name: csi_lib.load_study(name) for name in STUDIES}


@pytest.fixture
def held(monkeypatch):
    monkeypatch.setattr(systems, "YamlFile", Held)
    yield Held
    Held.instead.clear()


def test_every_system_is_in_a_bundled_study_or_tried_by_its_model(studies):
    """`peers`, `portfolio` and the like stand in `round`; what no bundled study declares must at least refuse nonsense."""
    declared = {name for study in studies.values() for name in study.extensions}
    for name, model in models():
        if name not in declared:
            with pytest.raises(ValueError, match=r"not_there|Extra inputs"):
                model.model_validate({"not_there": 1})


@pytest.mark.parametrize("study", STUDIES)
def test_every_element_broken_ends_in_words(study, studies, held, monkeypatch):
    """One of each kind of place and mutation; any other exception than `InputError` fails the test by itself."""
    whole, tried = studies[study], 0
    real = systems._known
    for name, file in whole.extensions.items():
        if name == "office":  # only simulates
            continue
        path = whole.path / file
        one = whole.model_copy(
            update={"extensions": {k: v for k, v in whole.extensions.items() if k in (name, "departments", "kindness")}}
        )
        known = real(one)
        monkeypatch.setattr(systems, "_known", lambda study, known=known: known)
        data, seen = held(path).data, set()
        for place, value in elements(data):
            kind = (place[0], len(place), place[-1] if isinstance(place[-1], str) else "#", type(value).__name__)
            if kind in seen:
                continue
            seen.add(kind)
            mutants = {f"{k}": changed(data, place, v) for k, v in wrong_values(value).items()}
            mutants["gone"] = changed(data, place, gone=True)
            mutants["another"] = changed(data, (*place[:-1], "not_a_key"), 1) if isinstance(place[-1], str) else data
            turn = len(seen) % 3  # a third of the ways for each kind of place, and never the same third
            for what, mutant in [m for i, m in enumerate(mutants.items()) if i % 3 == turn or m[0].startswith("not")]:
                held.instead[path] = mutant
                faults = systems.system_faults(one)
                tried += 1
                for fault in faults:
                    assert isinstance(fault, InputError)
                    assert fault.where, (name, place, what)
                if what in ("not finite", "not a number"):
                    assert faults, (name, place, what)
        held.instead.pop(path, None)
    assert tried > 100


@pytest.mark.parametrize(("text", "words"), [
    ("", "hold keys and values"), ("- a\n- b\n", "hold keys and values"), ("7\n", "hold keys and values"), ("a: 1\na: 2\n", "twice"),
    ("a: [1\n", "not valid YAML"), ("\x00", "valid|text"),
])  # fmt: skip
def test_a_file_that_is_none_is_worded_for_every_system(text, words, tmp_path):
    path = tmp_path / "file.yml"
    path.write_text(text, encoding="utf-8")
    for _, model in models():
        with pytest.raises(InputError, match=words):
            YamlFile(path).validate(model)
    with pytest.raises(InputError):
        YamlFile(tmp_path / "absent.yml")


def test_an_absent_file_and_a_wrong_department_file_are_said_once_and_stop_no_other_system(studies, held):
    whole = studies["civil-office"]
    gone = whole.model_copy(update={"extensions": {**whole.extensions, "calls": "nowhere.yml"}})
    assert [f for f in systems.system_faults(gone) if "nowhere.yml" in str(f)]
    path = whole.path / whole.extensions["departments"]
    held.instead[path] = {"departments": {}}
    faults = [str(f) for f in systems.system_faults(whole)]
    assert len(faults) == 1
    assert "departments.yml" in faults[0]


#: fields that hold text but name something else than what they are called: values and labels of the file itself
NOT_OF_THE_STUDY = {
    ("appraisal.Unit", "group"), ("customers.CustomerType", "group"), ("grade.Published", "source"), ("loyalty.Stage", "column"),
    ("touch_points.TouchPointsFile", "channel"), ("standards.Standard", "column"), ("charter.Promise", "column"),
    ("grade.GradingFile", "business"),
}  # fmt: skip


def test_no_field_that_names_something_of_the_study_is_left_untyped():
    """A field called source, agency, department, column, measure, channel or group is typed as a name, so that it is checked."""
    names = {
        "source",
        "agency",
        "department",
        "column",
        "measure",
        "channel",
        "group",
        "staff_source",
        "tasks",
        "initiatives",
    }

    def parts(annotation):
        if isinstance(annotation, type) and issubclass(annotation, Part):
            yield annotation
        for below in typing.get_args(annotation):
            yield from parts(below)

    todo, seen, bare = [m for n, m in models() if n != "office"], set(), []
    while todo:
        model = todo.pop()
        if model in seen:
            continue
        seen.add(model)
        room = (
            model.__module__.split(".")[-2]
            if model.__module__.endswith(("settings", "compute"))
            else model.__module__.split(".")[-1]
        )
        for field, about in model.model_fields.items():
            todo += parts(about.annotation)
            marked = "Refers" in repr(about.annotation) or any(isinstance(m, Refers) for m in about.metadata)
            text = about.annotation in (str, str | None)
            if field in names and text and not marked and (f"{room}.{model.__name__}", field) not in NOT_OF_THE_STUDY:
                bare.append(f"{room}.{model.__name__}.{field}")
    assert bare == []


def test_names_are_found_in_lists_mappings_and_keys(studies):
    file = systems.system_file(studies["civil-office"], "feedback")
    found = {(what, value) for what, value, _ in references(file)}
    assert ("agency", "garam-city") in found
    assert ("department", "resident") in found
    assert ("source", "tasks") in found
    programme = systems.system_file(studies["civil-office"], "programme")
    assert ("agency", "garam-south") in {(w, v) for w, v, _ in references(programme)}


# ---------------------------------------------------------------------- records
REGISTERS = {"management": "targets_2024.csv", "feedback": "tasks_2024.csv", "appraisal": "appraisal_2024.csv"}


def broken(lines):
    """What may be wrong with a file of records, by name; the first line is its header."""
    head, *rest = lines
    first = next(line for line in rest if '"' not in line)
    rest.remove(first)
    cells = first.split(",")
    columns = head.lstrip("\ufeff").split(",")
    assert '"' not in first
    put = lambda name, value: [
        head,
        ",".join(value if c == name else v for c, v in zip(columns, cells, strict=True)),
        *rest,
    ]
    yield "no line at all", []
    yield "only a header", [head]
    yield "a column gone", [",".join(line.split(",")[1:]) for line in lines]
    for name in ("department", "unit"):
        if name in columns:
            yield f"an unknown {name}", put(name, "없는 부서")
            yield f"a blank {name}", put(name, "")
    for name in ("allotted", "due", "actual", "agency"):
        if name in columns:
            yield f"nonsense in {name}", put(name, "x?")


@pytest.mark.parametrize("name", REGISTERS)
def test_records_that_are_wrong_are_worded_with_their_file(name, studies, tmp_path):
    whole = studies["civil-office"]
    one = whole.model_copy(
        update={
            "extensions": {k: v for k, v in whole.extensions.items() if k in (name, "departments", "office")},
            "years": {2024: whole.years[2024]},
            "agencies": whole.agencies[:1],
        }
    )
    folder = tmp_path / "registers"
    folder.mkdir()
    file = folder / REGISTERS[name]
    text = (whole.path / "registers" / REGISTERS[name]).read_text(encoding="utf-8")
    for what, lines in broken(text.splitlines()):
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        faults = list(record_faults(one, data=tmp_path))
        assert all(isinstance(f, InputError) for f in faults)
        if what != "only a header":
            assert faults, what
            assert any(REGISTERS[name].split("_2")[0] in str(f) or "2024" in str(f) for f in faults), (what, faults)
