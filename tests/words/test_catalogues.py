"""A third language is files: what is said passes the catalogue, what is not in it stays English, and nothing gets past it."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from csi_lib.errors import InputError
from csi_lib.prose.numbers import Number
from csi_lib.prose.sentences import say
from csi_lib.study.catalogue import Catalogue, read_catalogue, tongue
from csi_lib.study.reading import Reading
from csi_lib.study.study import load_study
from csi_lib.words.extract import of_code, texts
from csi_lib.words.writing import coverage, write_catalogue

SPANISH = Catalogue(
    "es",
    {
        "Base": "Casos", "stratified by {}": "estratificada por {}", " points": " puntos", "{n} of {all} indicators rose": "Subieron {n} de {all} indicadores",
        "The {name} is {x}.": "{name}: {x}.", "size: share of writers": "tamaño: parte de quienes escriben",
    },
)  # fmt: skip


@pytest.mark.parametrize(
    ("english", "said"),
    [
        ("Base", "Casos"),
        ("▲ Base", "▲ Casos"),
        ("Stratified by kind", "Estratificada por kind"),
        ("3 of 4 indicators rose", "Subieron 3 de 4 indicadores"),
        ("Base · size: share of writers.", "Casos · tamaño: parte de quienes escriben."),
        ("Subieron 3 de 4 indicadores", "Subieron 3 de 4 indicadores"),
        ("Names of staff", "Names of staff"),
    ],
)
def test_texts_are_found_whole_filled_and_joined(english, said):
    assert SPANISH.text(english) == said


def test_sentences_are_translated_before_they_are_filled():
    with Reading(lang=tongue("es"), catalogue=SPANISH):
        told = say("The {name} is {x}.", tongue("es"), name="index", x=Number(81.25, "points", row_id="r1"))
    assert told.text == "index: 81.3 puntos."
    assert told.row_ids == ("r1",)


def test_code_is_read_for_pairs_of_texts():
    source = (
        'f(ko="값", en="value")\nT = {"ko": {"a": "가"}, "en": {"a": f"{x.name} of {n}"}}\n'
        'y = "년" if lang == "ko" else "year"\npair("부서", "Department")\nf(ko="가", en="one" + ("" if z else " more"))\n'
        'other = "not said"'
    )
    assert dict(of_code(source)) == {
        "value": "값", "{name} of {n}": "가", "year": "년", "Department": "부서", "one more": "가", "one": "가",
    }  # fmt: skip


def test_a_translation_with_other_fields_names_its_line(tmp_path):
    (tmp_path / "words" / "es").mkdir(parents=True)
    (tmp_path / "words" / "es" / "one.yml").write_text('- en: "a"\n  es: "b"\n- en: "{n} rose"\n  es: "{m} subió"\n')
    with pytest.raises(InputError, match=r"one\.yml:4") as caught:
        read_catalogue("es", tmp_path)
    assert "m, n" in str(caught.value)


def test_files_are_written_again_without_losing_a_translation(tmp_path):
    made = dict(write_catalogue("es", chapter="overall", study=tmp_path))
    path = tmp_path / "words" / "es" / "overall.yml"
    assert made[path].done == 0 < made[path].all
    entries = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    first = next(e["en"] for e in entries if "{" not in e["en"])
    written = [{"en": first, "es": "uno"}, {"en": "no longer there", "es": "dos"}]
    path.write_text(json.dumps(written), encoding="utf-8")
    again = dict(write_catalogue("es", chapter="overall", study=tmp_path))[path]
    assert (again.done, again.all, again.gone) == (1, made[path].all, 1)
    assert read_catalogue("es", tmp_path).texts == {first: "uno", "no longer there": "dos"}
    assert sum(c.done for c in coverage("es", tmp_path)) >= 1


def test_a_language_without_a_catalogue_is_refused_in_words():
    with pytest.raises(InputError, match="csi words") as caught:
        load_study("example").jobs(lang="vi")
    assert caught.value.exit_code == 2


# ------------------------------------------------------------------ nothing gets past the catalogue
#: what a template keeps: fields, references, addresses, code, mathematics
_KEPT = re.compile(r"\{\{|\}\}|\{[^{}]*\}|@\S+|\]\([^)]*\)|<[^>]*>|`[^`]*`|\$[^$]*\$|\\.")


def foreign(text: str) -> str:
    """`text` in letters that no data of the study have."""
    other = lambda part: "".join(
        chr(ord(c) - ord("a") + 0x430) if "a" <= c <= "z" else chr(ord(c) - ord("A") + 0x410) if "A" <= c <= "Z" else c
        for c in part
    )
    out, at = [], 0
    for kept in _KEPT.finditer(text):
        out += [other(text[at : kept.start()]), kept[0]]
        at = kept.end()
    return "".join([*out, other(text[at:])])


def leaks(page: str, data: set[str]) -> list[str]:
    """Visible lines of a page, texts for screen readers included, with words that are neither foreign nor data."""
    body = re.sub(r"<(script|style|svg)\b.*?</\1>", "", page[page.index("<body") :], flags=re.DOTALL)
    inner = re.sub(r"</?(?:a|span|em|strong|sup|sub|b|i|br|code|time|small|mark)\b[^>]*>", "", body)
    lines = [*re.split(r"<[^>]*>", inner), *re.findall(r'(?:alt|aria-label)="([^"]*)"', body)]
    words = lambda line: [w for w in re.findall("[A-Za-z]{2,}", line) if w.lower() not in data]
    return [f"{words(line)}: {line.strip()[:160]}" for line in map(html.unescape, lines) if words(line)]


@pytest.mark.slow
def test_nothing_of_a_report_gets_past_the_catalogue(tmp_path):
    import csi_lib
    from csi_lib.run.pipeline import run_study

    folder = Path(csi_lib.new_study(tmp_path / "study"))
    text = (folder / "study.yml").read_text(encoding="utf-8")
    chapters = "[outline, overall, trend]"
    (folder / "study.yml").write_text(text.replace("report:", f"report:\n  chapters: {chapters}", 1), encoding="utf-8")
    words = folder / "words" / "xx"
    words.mkdir(parents=True)
    entries = [{"en": t, "xx": foreign(t)} for t in dict.fromkeys(t.en for t in texts())]
    (words / "all.yml").write_text(json.dumps(entries, ensure_ascii=False), encoding="utf-8")
    study = load_study(folder)
    agency, year = study.agencies[0].id, max(study.years)
    done = run_study(
        folder, out=tmp_path / "out", agencies=[agency], years=[year], lang="xx", formats=("html",), jobs=1
    )
    assert not done.failed, [o.problem for o in done.failed]
    page = (tmp_path / "out" / agency / str(year) / "report.xx.html").read_text(encoding="utf-8")
    assert '<html lang="xx"' in page
    sources = " ".join(p.read_text(encoding="utf-8") for p in folder.glob("*.yml"))
    data = set(re.findall("[a-z]{2,}", sources.lower())) | _NAMES
    assert leaks(page, data) == []


#: names of programs in the colophon, and of estimators
_NAMES = {"csi", "workbench", "numpy", "pandas", "scipy", "statsmodels", "matplotlib", "python", "study"}


# ------------------------------------------------------------------ a small real one
def test_three_chapters_in_spanish_read_as_spanish(tmp_path):
    import shutil

    import csi_lib

    folder = Path(csi_lib.new_study(tmp_path / "study"))
    shutil.copytree(Path(__file__).parent / "es", folder / "words" / "es")
    study = load_study(folder)
    assert study.check_language("es") == "es"
    rule = Reading.of(study, lang="es")
    assert rule.worded("Distribution of overall satisfaction") == "Distribución de la satisfacción global"
    assert rule.narrative("## Telephone manners <!-- {#sec-top} -->\n\nThere is no call log for this year.") == (
        "## Atención telefónica <!-- {#sec-top} -->\n\nNo hay registro de llamadas de este año."
    )
    done = {c.room: c for c in coverage("es", folder)}
    assert done["calls"].done >= 15
    assert done["questions"].done >= 12
    assert done["pretest"].done < done["pretest"].all
