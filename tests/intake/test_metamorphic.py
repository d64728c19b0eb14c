"""The same data in another guise gives the same numbers to the last bit: rows permuted, a file split in two, blank rows
added, ids renamed; CSV in UTF-8 and CP949, XLSX, SAV and Parquet."""

from __future__ import annotations

import csv
import io
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from csi_lib import load_results, load_study, new_study, read_survey, run_study, simulate_study
from csi_lib.intake import wave
from csi_lib.models.scoring import score
from csi_lib.share import shared_path

STUDIES = ("example", "round", "public-corp", "civil-office")


@pytest.fixture(scope="module", params=STUDIES)
def bundled(request, tmp_path_factory):
    """A bundled study of its last wave, with simulated files that stand in its own folder."""
    folder = tmp_path_factory.mktemp("meta") / request.param
    shutil.copytree(shared_path("params", request.param), folder, ignore=shutil.ignore_patterns(".csi"))
    study = load_study(folder)
    simulate_study(study, folder, defects=False)
    (file,) = files_of(study, list(study.years)[-1])
    written([[shortened(cell) for cell in row] for row in table_of(file)], file, "csv")
    return folder


def shortened(cell: str) -> str:
    """Numbers of twelve digits: writers of spreadsheets keep sixteen, one less than every binary number needs."""
    return f"{float(cell):.12g}" if re.fullmatch(r"[0-9]+\.[0-9]{8,}", cell) else cell


def files_of(study, year: int) -> list[Path]:
    return [study.path / p for p in study.sources["customers"].paths(year)]


def table_of(path: Path) -> list[list[str]]:
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp949")
    return list(csv.reader(io.StringIO(text)))


def plain(rows: list[list[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def typed(rows: list[list[str]]) -> pd.DataFrame:
    """Columns of numbers as numbers, the rest as text: what a program that holds types writes."""
    frame = pd.DataFrame(rows[1:], columns=rows[0])
    for name in frame:
        numbers = pd.to_numeric(frame[name].replace("", np.nan), errors="coerce")
        if numbers.notna().eq(frame[name] != "").all():
            frame[name] = numbers
    return frame


def permuted(rows, rng):
    order = rng.permutation(len(rows) - 1) + 1
    return [rows[0], *(rows[i] for i in order)]


def with_blanks(rows, rng):
    at = int(rng.integers(2, len(rows)))
    blank = [""] * len(rows[0])
    return [*rows[:at], blank, blank, *rows[at:], blank]


def renamed(rows, rng):
    names = [f"x{i:06d}" for i in rng.permutation(len(rows))]
    ids = [i for i, name in enumerate(rows[0]) if name == "ID"]
    return [rows[0], *([names[k] if i in ids else v for i, v in enumerate(row)] for k, row in enumerate(rows[1:]))]


def written(rows: list[list[str]], path: Path, how: str) -> None:
    if how == "xlsx":
        from openpyxl import Workbook

        book = Workbook(write_only=True)
        sheet = book.create_sheet("응답")
        frame = typed(rows)
        sheet.append(list(frame))
        for row in frame.astype(object).where(frame.notna() & (frame != ""), None).itertuples(index=False):
            sheet.append(list(row))
        book.save(path)
    elif how == "sav":
        import pyreadstat

        pyreadstat.write_sav(typed(rows), str(path))
    elif how == "parquet":
        typed(rows).to_parquet(path)
    else:
        path.write_bytes(plain(rows).encode("cp949" if how == "cp949" else "utf-8"))


def numbers(study, year: int, agency: str):
    survey = read_survey(study, agency, year)
    return survey, score(study, survey).frame


def declared(folder: Path, old: str, new: str) -> None:
    path = folder / "study.yml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.slow
def test_the_same_data_give_the_same_numbers(bundled):
    study, rng = load_study(bundled), np.random.default_rng(5)
    year = list(study.years)[-1]
    agency = next(a.id for a in study.agencies if a.took_part(year))
    (file,) = files_of(study, year)
    rows = table_of(file)
    wave._MEMORY.clear()
    survey, before = numbers(study, year, agency)
    key = survey.frame.drop(columns=[c for c in survey.frame if str(survey.frame[c].dtype) in ("str", "object")])
    guises = {
        "cp949": (rows, "cp949"),
        "blank rows": (with_blanks(rows, rng), "csv"),
        "ids renamed": (renamed(rows, rng), "csv"),
    }
    for name, (changed, how) in guises.items():
        written(changed, file, how)
        wave._MEMORY.clear()
        other, after = numbers(load_study(bundled), year, agency)
        pd.testing.assert_frame_equal(other.frame[list(key)], key, check_exact=True, obj=name)
        pd.testing.assert_frame_equal(after, before, check_exact=True, obj=name)
        assert other.quality.counts == survey.quality.counts, name
    written(permuted(rows, rng), file, "csv")
    wave._MEMORY.clear()
    other, after = numbers(load_study(bundled), year, agency)
    sort = lambda frame: frame.sort_values(list(frame), ignore_index=True)
    plain_key = lambda frame: sort(frame[list(key)].astype("string"))
    pd.testing.assert_frame_equal(plain_key(other.frame), plain_key(survey.frame))
    written(rows, file, "csv")


@pytest.mark.slow
@pytest.mark.parametrize("how", ["xlsx", "sav", "parquet", "split"])
def test_the_same_data_in_other_files(bundled, how, tmp_path):
    study = load_study(bundled)
    year = list(study.years)[-1]
    agency = next(a.id for a in study.agencies if a.took_part(year))
    (file,) = files_of(study, year)
    rows = table_of(file)
    if how == "sav" and not all(re.fullmatch(r"[A-Za-z가-힣][\w.]*", name) for name in rows[0]):
        pytest.skip("names that SPSS does not take")
    wave._MEMORY.clear()
    survey, before = numbers(study, year, agency)
    folder = tmp_path / bundled.name
    shutil.copytree(bundled, folder, ignore=shutil.ignore_patterns(".csi"))
    name = file.name.replace(str(year), "{year}")
    target = folder / file.relative_to(bundled)
    if how == "split":
        cut = len(rows) // 3
        written(rows[:cut], target.with_name(f"part1_{target.name}"), "csv")
        written([rows[0], *rows[cut:]], target.with_name(f"part2_{target.name}"), "cp949")
        target.unlink()
        declared(folder, name, f"part*_{name}")
    else:
        written(rows, target.with_suffix(f".{how}"), how)
        declared(folder, name, str(Path(name).with_suffix(f".{how}")))
    wave._MEMORY.clear()
    other, after = numbers(load_study(folder), year, agency)
    texts = [c for c in survey.frame if str(survey.frame[c].dtype) in ("str", "object")]
    pd.testing.assert_frame_equal(other.frame.drop(columns=texts), survey.frame.drop(columns=texts), check_exact=True)
    pd.testing.assert_frame_equal(after, before, check_exact=True)


@pytest.mark.slow
def test_a_whole_report_has_the_same_numbers(tmp_path):
    """From the same answers as CSV and as a workbook with a cover, blank rows and a footnote: results equal to the last bit."""
    results = {}
    for how in ("csv", "xlsx"):
        folder = new_study(tmp_path / how / "study")
        study = load_study(folder)
        simulate_study(study, folder, defects=False)
        year, agency = list(study.years)[-1], study.agencies[0].id
        for at in study.years:
            (file,) = files_of(study, at)
            rows = [[shortened(cell) for cell in row] for row in table_of(file)]
            if how == "xlsx":
                blank = [""] * len(rows[0])
                rows = [*rows[:5], blank, *rows[5:], blank, ["※ 5월에 조사함", *blank[1:]]]
            written(rows, file.with_suffix(f".{how}"), how)
        declared(folder, "{year}.csv", f"{{year}}.{how}")
        made = run_study(folder, out=tmp_path / how / "out", agencies=[agency], years=[year], formats=["html"], jobs=1)
        assert made.exit_code == 0
        results[how] = load_results(tmp_path / how / "out").sort_values("row_id", ignore_index=True)
    pd.testing.assert_frame_equal(results["xlsx"], results["csv"], check_exact=True)
