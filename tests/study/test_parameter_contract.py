"""Every field of every file of a study does something: read by the code, and the reading rule changes what is said."""

from __future__ import annotations

import ast
import json
import shutil
import typing
from importlib import import_module
from pathlib import Path

import pytest
from pydantic import BaseModel

import csi_lib
from csi_lib.study.location import resolve_study
from csi_lib.study.reading import Reading, reading
from csi_lib.study.schema import FILES

PACKAGE = Path(csi_lib.__file__).parent
#: fields that are read by their name in a loop: where
BY_NAME = {
    ("StudyFile", "schema_version"): "study/migration.py",
    ("Source", "sheet"): "study/source.py",
    ("Source", "separator"): "study/source.py",
    ("Design", "clusters"): "simulate/survey.py",
    ("Design", "fpc"): "simulate/survey.py",
    **dict.fromkeys(
        [("Facets", "person"), ("Facets", "organisation"), ("Facets", "environment")], "chapters/handbook/text.py"
    ),
    ("Agency", "attributes"): "study/agency.py",  # for a study's own chapters; kept as given
}


def classes() -> list[type[BaseModel]]:
    found: list[type[BaseModel]] = []

    def walk(cls):
        if cls in found:
            return
        found.append(cls)
        for field in cls.model_fields.values():
            stack = [field.annotation]
            while stack:
                part = stack.pop()
                if isinstance(part, type) and issubclass(part, BaseModel):
                    walk(part)
                stack += typing.get_args(part)

    for model in FILES.values():
        if isinstance(model, str):
            module, _, name = model.partition(":")
            model = getattr(import_module(module), name)
        walk(model)
    return found


def attributes_read() -> set[str]:
    """Every attribute that code or a chapter's cells look up."""
    sources = [p.read_text(encoding="utf-8") for p in PACKAGE.rglob("*.py")]
    for path in (PACKAGE.parent / "notebooks").glob("*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        sources += ["".join(c["source"]) for c in cells if c["cell_type"] == "code"]
    nodes = (node for source in sources for node in ast.walk(ast.parse(source)))
    return {n.attr for n in nodes if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Load)}


def test_every_field_of_every_schema_is_read_somewhere():
    read, dead = attributes_read(), []
    for cls in classes():
        for name in cls.model_fields:
            by_name = BY_NAME.get((cls.__name__, name))
            if by_name is not None:
                assert f'"{name}"' in (PACKAGE / by_name).read_text(encoding="utf-8"), (cls.__name__, name)
            elif name not in read:
                dead.append(f"{cls.__module__}:{cls.__name__}.{name}")
    assert dead == []


def test_nothing_but_the_reading_rule_decides():
    """No level, interval or base is written where a report is made."""
    wrong = []
    for room in ("chapters", "evaluation", "report", "office", "run", "tables", "figures", "prose"):
        for path in (PACKAGE / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Attribute) and node.attr in ("small_base_flag", "minimum_base", "significance"):
                    if not (isinstance(node.value, ast.Attribute) and node.value.attr == "reading") and not (
                        isinstance(node.value, (ast.Name, ast.Call)) and _name(node.value) in ("rule", "reading", "of")
                    ):
                        wrong.append(f"{path.relative_to(PACKAGE)}:{node.lineno} {ast.unparse(node)}")
                elif isinstance(node, ast.Constant) and isinstance(node.value, float):
                    if round(node.value, 4) in (1.96, 0.975) or (
                        isinstance(node.value, float) and abs(node.value - 1.959964) < 1e-4
                    ):
                        wrong.append(f"{path.relative_to(PACKAGE)}:{node.lineno} {node.value}")
                elif isinstance(node, ast.Compare) and any(
                    isinstance(c, ast.Constant) and c.value == 0.05 for c in node.comparators
                ):
                    wrong.append(f"{path.relative_to(PACKAGE)}:{node.lineno} {ast.unparse(node)}")
    assert wrong == []


def _name(node) -> str:
    return node.id if isinstance(node, ast.Name) else _name(node.func) if isinstance(node, ast.Call) else node.attr


@pytest.fixture
def study(tmp_path):
    """Function (settings of study.yml to add or change) → folder of a copy of the example."""

    def copied(**changed: str) -> Path:
        folder = tmp_path / f"{len(list(tmp_path.iterdir()))}" / "example"
        shutil.copytree(resolve_study("example"), folder, ignore=shutil.ignore_patterns(".csi", "data"))
        text = (folder / "study.yml").read_text(encoding="utf-8")
        for key, value in changed.items():
            text = text.replace("minimum_base: 30", f"minimum_base: {value}") if key == "minimum_base" else text.replace(
                "privacy: {min_base", f"{key}: {value}\nprivacy: {{min_base", 1
            )  # fmt: skip
        (folder / "study.yml").write_text(text, encoding="utf-8")
        return folder

    return copied


def opened(folder):
    return csi_lib.open_chapter(folder, "hanbit-fmc", 2024, lang="en")


def test_one_level_for_sentence_table_figure_and_key_figures(study):
    from csi_lib import figures
    from csi_lib.chapters.groups.section import change_table

    said = {}
    for level in ("0.05", "0.001"):
        chapter = opened(study(thresholds=f"{{significance: {level}}}"))
        rows = chapter.rows(measure=chapter.top_nodes, model=chapter.model.name, statistic="index", by1=None)
        rows = rows[rows["measure_label"] == "Work handling"]
        row = rows.iloc[0]
        p = chapter.change(row)["p_value"]
        assert 0.001 < p < 0.05  # the case in point
        table = change_table(chapter, rows, name="changes", caption="x")
        drawn = figures.slope_chart(
            chapter.previous_rows(rows), rows, differences=chapter.change_rows(rows), waves=("2023", "2024"), lang="en"
        )
        said[level] = (
            chapter.change_sentence(row).text, table.rows[0].cells[-1], " ".join(map(str, table.all_notes())), drawn.alt,
            chapter.highlights([row]).bundle["text/markdown"],
        )  # fmt: skip
    loose, strict = said["0.05"], said["0.001"]
    assert "rose significantly" in loose[0]
    assert "did not change significantly" in strict[0]
    assert "rose" in loose[1]
    assert "not significant" in strict[1]
    assert "5% level" in loose[2]
    assert "0.1% level" in strict[2]
    assert "rose" in loose[3]
    assert "rose" not in strict[3]
    assert "▲" in loose[4]
    assert "▲" not in strict[4]


def test_confidence_sets_every_interval_and_its_name(study):
    default, half = opened("example"), opened(study(thresholds="{confidence: 0.5}"))
    wide, narrow = default.index(), half.index()
    assert narrow["estimate"] == pytest.approx(wide["estimate"], abs=1e-9)
    assert (narrow["ci_high"] - narrow["ci_low"]) / (wide["ci_high"] - wide["ci_low"]) == pytest.approx(
        0.6745 / 1.96, rel=0.01
    )
    assert "50% interval" in half.change_sentence(narrow).text
    assert "95% interval" in default.change_sentence(wide).text  # the rule is the chapter's, not the last one opened
    share = {"statistic": "share", "by1": None, "unit": "proportion"}
    a, b = default.rows(**share), half.rows(**share)
    assert ((b["ci_high"] - b["ci_low"]) <= (a["ci_high"] - a["ci_low"]) + 1e-12).all()
    change = half.change(narrow)
    assert change["ci_high"] - change["estimate"] == pytest.approx(0.6745 * change["se"], rel=0.01)


def test_the_minimum_base_decides_what_is_compared(study):
    from csi_lib.office.statistics_book import letter_rules
    from csi_lib.study.study import load_study

    assert letter_rules(load_study(study(minimum_base="77"))).least == 77


def test_collinearity_is_named_by_the_studys_limit(study):
    from csi_lib.chapters.portfolio import drivers

    chapter = opened(study(thresholds="{vif: 1.01}"))
    assert "variance inflation of 1.01 or more" in drivers.collinear(chapter).text
    assert drivers.collinear(opened(study(thresholds="{vif: 1000}", comparisons="{control: none}"))) is None


def test_a_rule_holds_inside_its_block_only():
    before = reading()
    with Reading(significance=0.2):
        with Reading(significance=0.3):
            assert reading().significance == 0.3
        assert reading().significance == 0.2
    assert reading() is before
