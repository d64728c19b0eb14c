"""`simulate_study`: survey files drawn from a population with known truth, with planted defects.

The sample is stratified and drawn without replacement; people answer with a probability that depends on
their stratum, and weights N_h / r_h correct for it. What is true is written beside the data.
"""

from __future__ import annotations

import json
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd

from csi_lib.errors import InputError
from csi_lib.simulate.defects import plant
from csi_lib.simulate.fieldwork import contact_log, frame_table
from csi_lib.simulate.population import draw_population, frame_counts, generator, world_of
from csi_lib.study.base import written
from csi_lib.study.codebook import Codebook, Column
from csi_lib.study.keeping import made_folder
from csi_lib.study.study import Study, load_study
from csi_lib.survey.files import simulated_folder
from csi_lib.survey.quality import COLUMNS, PEOPLE, SurveyQuality
from csi_lib.survey.reading import Survey
from csi_lib.survey.weighted import designed


def simulate_population(
    study: Study | str | Path, agency: str, year: int, seed: int | None = None, *, source: str = "customers"
) -> Survey:
    """The whole population from which `simulate_study` draws: every estimate on it is the truth.

    Returns a `Survey` whose frame has one row per customer and whose design has no weights, so that an
    index model evaluated on it gives the exact index.

    Examples
    --------
    >>> import csi_lib
    >>> csi_lib.simulate_population("example", "hanbit-fmc", 2024, seed=1).agency
    'hanbit-fmc'
    """
    study = load_study(study)
    study.agency(agency)
    study.wave(year)
    seed = world_of(study, source)[0].seed if seed is None else seed
    frame = draw_population(study, source, agency, int(year), seed)
    frame = frame[[c for c in frame if not c.startswith("\0")]]
    nothing = dict.fromkeys(("weights", "strata", "clusters", "fpc"))
    return _simulated(study, source, agency, int(year), frame, nothing)


def simulate_survey(
    study: Study | str | Path,
    agency: str,
    year: int,
    seed: int,
    *,
    source: str = "customers",
    population_seed: int | None = None,
) -> Survey:
    """One sample from the population of an agency and year, without files and without defects.

    Many samples (`seed`) of one population (`population_seed`; the study's own seed where None) show how
    often an interval covers the truth that `simulate_population` gives.

    Examples
    --------
    >>> import csi_lib
    >>> csi_lib.simulate_survey("example", "hanbit-fmc", 2024, seed=1).agency
    'hanbit-fmc'
    """
    study = load_study(study)
    study.agency(agency)
    study.wave(year)
    fixed = world_of(study, source)[0].seed if population_seed is None else population_seed
    population = draw_population(study, source, agency, int(year), fixed)
    frame = _sample(study, source, agency, int(year), population, seed).replace(-np.inf, np.nan)
    book = study.codebook(source)
    frame = frame[[c for c in frame if c not in book.of_role("id", "contact")]]
    return _simulated(study, source, agency, int(year), *designed(study, source, frame, [int(year)]))


def simulate_study(
    study: Study | str | Path,
    out: str | Path,
    seed: int | None = None,
    *,
    sources: list[str] | None = None,
    defects: bool = True,
) -> list[Path]:
    """Write the simulated data files of a study.

    Parameters
    ----------
    study : study to simulate; its ``simulate`` section declares the world, its codebook the questions.
    out : folder under which the sources' paths are made. It will hold answers of (simulated) people.
    seed : overrides the study's seed. The same seed gives the same bytes (text formats and Parquet).
    sources : names of the sources; all respondent sources where None.
    defects : whether to plant the declared defects.

    Returns
    -------
    list of Path
        The data files; beside them ``truth.parquet`` (``agency year column by group n mean points``: means
        of the population on the codes and on 0–100) and ``defects.json`` (what was planted, where).

    Examples
    --------
    >>> import csi_lib
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     files = csi_lib.simulate_study("example", folder, seed=1)
    >>> len(files) > 0
    True
    """
    study = load_study(study)
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    names = sources or [n for n, s in study.sources.items() if s.is_survey and n in study.codebooks]
    files, truths, planted = [], [], []
    samples_of: dict[tuple[str, int], pd.DataFrame] = {}
    for source in names:
        settings, world = world_of(study, source)
        use = settings.seed if seed is None else seed
        by_file: dict[str, list[pd.DataFrame]] = {}
        for year in study.years:
            samples = []
            for agency in (
                a.id for a in study.agencies if a.took_part(year) and study.sources[source].covers(a.id, year)
            ):
                population = draw_population(study, source, agency, year, use)
                truths.append(_truth(population, study.codebook(source), source))
                samples.append(_sample(study, source, agency, year, population, use))
            if not samples:
                continue
            wave = pd.concat(samples, ignore_index=True) if len(samples) > 1 else samples[0]
            if defects:
                wave, found = plant(wave, study, source, year, world.defects, generator(use, source, year, "defects"))
                planted += found
            samples_of[source, year] = wave
            for agency, rows in wave.groupby("agency", sort=False):
                template = study.sources[source].paths(year, agency)[0]
                by_file.setdefault(template, []).append(_raw(study, source, year, rows))
        for template, parts in by_file.items():
            path = out / template
            path.parent.mkdir(parents=True, exist_ok=True)
            table = pd.concat(parts, ignore_index=True)
            _write(table, path, world.encoding.get(_year_of(study, source, template), "utf-8-sig"))
            files.append(path)
    files += _write_records(study, out, sources, samples_of, planted, seed)
    pd.concat(truths, ignore_index=True).to_parquet(out / "truth.parquet", index=False)
    (out / "defects.json").write_text(json.dumps(planted, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return files


def _write_records(study, out: Path, sources, samples_of, planted, seed) -> list[Path]:
    """Logs of fieldwork and sampling frames, one file per path of their source."""
    settings, files = study.simulate, []
    if settings is None:
        return files
    use = settings.seed if seed is None else seed
    for source in (s for s in (*settings.contacts, *settings.frames) if sources is None or s in sources):
        log = settings.contacts.get(source)
        for year in study.years:
            paths = study.source(source).paths(year)
            if not paths:
                continue
            if log is not None:
                if (log.of, year) not in samples_of:
                    continue
                table = contact_log(study, log, samples_of[log.of, year], year, planted, generator(use, source, year))
            else:
                table = frame_table(study, settings.frames[source], year, generator(use, source, year))
            path = out / paths[0]
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(table, path, "utf-8-sig")
            files.append(path)
    return files


def _simulated(study, source, agency, year, frame: pd.DataFrame, columns, weighting=MappingProxyType({})) -> Survey:
    counts = {"read": len(frame), "dropped": 0, "kept": len(frame), "undeclared": 0, "straight_lined": 0}
    quality = SurveyQuality(pd.DataFrame(columns=COLUMNS), counts, pd.DataFrame(columns=PEOPLE), simulated=True)
    book = study.codebook(source)
    return Survey(frame, book, quality, MappingProxyType(dict(columns)), agency, year, source, study.id, weighting)


def stand_in(study: Study) -> Path:
    """Folder with the study's simulated stand-in data (and its truth), made on first use.

    The folder's name carries a digest of everything the data depend on, so a changed study finds new
    data, and two processes that make it at once make the same. Files that were altered since are made again.
    """
    return made_folder(simulated_folder(study), lambda fresh: simulate_study(study, fresh))


def _sample(study: Study, source: str, agency: str, year: int, population: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Respondents of one agency and year, with weights and all other columns of the codebook."""
    _, world = world_of(study, source)
    rng = generator(seed, source, agency, year, "sample")
    counts = frame_counts(study, source, agency)
    stratum = population["\0stratum"].to_numpy()
    total, chosen, weight, size = sum(counts.values()), [], {}, {}
    for index, (code, count) in enumerate(counts.items()):
        drawn = min(count, max(world.minimum, round(world.sample * count / total)))
        people = rng.choice(np.flatnonzero(stratum == index), size=drawn, replace=False)
        answers = rng.random(drawn) < world.response.get(code, 1.0)
        answers[:2] = True
        chosen.append(people[answers])
        weight[index], size[index] = count / int(answers.sum()), count
    rows = rng.permutation(np.concatenate(chosen))
    sample = population.take(rows).reset_index(drop=True)
    codes = list(counts)
    strata, design = sample.pop("\0stratum"), study.sources[source].design.in_year(year)
    general = sample.pop("\0general").to_numpy()
    codebook, n = study.codebook(source), len(sample)
    extra: dict[str, object] = {}
    for name, column in codebook.columns.items():
        if name == design["weights"]:
            extra[name] = strata.map(weight).to_numpy()
        elif name == design["fpc"]:
            extra[name] = strata.map(size).to_numpy(float)
        elif name == design["strata"] and name not in sample:
            extra[name] = [codes[s] for s in strata]
        elif world.defects.fabrication and name == world.defects.fabrication.column:
            extra[name] = [world.defects.fabrication.valid] * n
        elif name not in sample:
            extra[name] = _filler(
                column, name == study.sources[source].interviewer, world, agency, year, n, general, rng
            )
    silence = {i: b.missing for b in world.blocks.values() if b.missing is not None for i in b.items}
    for item in codebook.items:
        silent = rng.random(n) < silence.get(item, world.item_missing)
        sample[item] = sample[item].mask(silent & sample[item].notna().to_numpy(), -np.inf)  # written as a code
    return pd.concat([sample, pd.DataFrame(extra)], axis=1)


def _filler(column: Column, interviewer: bool, world, agency: str, year: int, n: int, general, rng):
    """Columns that carry no satisfaction: ids, contacts, interviewers, dates, texts, amounts."""
    if column.role == "id":
        return [f"{agency[:2].upper()}{year % 100:02d}-{k:05d}" for k in range(1, n + 1)]
    if column.role == "contact":
        kind = column.name.casefold()
        number = rng.permutation(n) + 1
        if any(word in kind for word in ("phone", "tel", "mobile")):
            return [f"010-0000-{k % 10000:04d}" for k in number]
        return [f"가명{k:04d}" for k in number]
    if interviewer:
        return [f"I{k:02d}" for k in rng.integers(1, world.interviewers + 1, n)]
    if column.labels:
        return [list(column.labels)[k] for k in rng.integers(0, len(column.labels), n)]
    if column.role == "text":
        texts = list(world.texts.get(year) or ())
        speaks = rng.random(n) < (world.text_rate if texts else 0)
        # satisfied people choose from the front of the list, the others from its end
        place = (0.5 - 0.25 * general + 0.15 * rng.standard_normal(n)) * len(texts)
        which = np.clip(place, 0, max(len(texts) - 1, 0)).astype(int)
        return [texts[k] if said else "" for k, said in zip(which, speaks)]
    if column.role == "quasi":
        return [f"{year}-{m:02d}-{d:02d}" for m, d in zip(rng.integers(5, 7, n), rng.integers(1, 29, n))]
    return np.round(np.exp(2.3 + 0.35 * rng.standard_normal(n)), 1)


def _raw(study: Study, source: str, year: int, rows: pd.DataFrame) -> pd.DataFrame:
    """Rows as fieldwork would deliver them: raw names, raw codes of the year, missing as its code."""
    settings, codebook = study.sources[source], study.codebook(source)
    raw: dict[str, object] = {}
    for locator, own in ((settings.agency, "agency"), (settings.year, "year")):
        if locator is not None and locator.column and locator.column not in codebook.columns:
            back = {value: key for key, value in locator.map.items()}
            raw[locator.column] = [back.get(value, value) for value in rows[own]]
    for name, column in codebook.columns.items():
        if not column.available_in(year):
            continue
        derivation = column.derivation_in(year)
        raw_name = column.names_in(year)[0] if not (derivation and derivation.source) else derivation.source
        if raw_name not in raw and derivation and derivation.source in codebook.columns:
            continue  # the column it is derived from is written itself
        values = [_raw_answer(value, column, codebook, year) for value in rows[name]]
        raw[raw_name] = values
    return pd.DataFrame(raw)


def _raw_answer(value, column: Column, codebook: Codebook, year: int):
    if value is None or value != value:
        return ""
    if column.role == "item":
        if value == -np.inf:
            return (column.missing_in(year) or ("",))[0]
        if column.reverse:
            scale = codebook.scales[column.scale]
            value = scale.low + scale.high - value
    derivation = column.derivation_in(year)
    if derivation:
        for key, code in derivation.map.items():
            if code == value:
                return key
        for code, (low, high) in derivation.ranges.items():
            if code == value:
                return low if low is not None else high
    return value if isinstance(value, str) else int(value) if float(value).is_integer() else float(value)


def _truth(population: pd.DataFrame, codebook: Codebook, source: str) -> pd.DataFrame:
    """Exact means of every item, for everybody and for each group."""
    items = [item for item in codebook.items if population[item].notna().any()]
    agency, year = population["agency"].iloc[0], int(population["year"].iloc[0])
    low = pd.Series({item: codebook.scale(item).low for item in items})
    span = pd.Series({item: codebook.scale(item).high for item in items}) - low
    parts = [("", "", population[items].mean(), population[items].count())]
    for by in codebook.groups:
        grouped = population.groupby(by, observed=True)[items]
        means, counts = grouped.mean(), grouped.count()
        parts += [(by, written(code), means.loc[code], counts.loc[code]) for code in means.index]
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "source": source,
                    "agency": agency,
                    "year": year,
                    "column": items,
                    "by": by,
                    "group": group,
                    "n": counts.to_numpy(),
                    "mean": means.to_numpy(),
                    "points": (100 * (means - low) / span).to_numpy(),
                }
            )
            for by, group, means, counts in parts
        ],
        ignore_index=True,
    )


def _year_of(study: Study, source: str, template: str) -> int | None:
    return next(
        (
            year
            for year in study.years
            for agency in study.agencies
            if template in study.sources[source].paths(year, agency.id)
        ),
        None,
    )


def _write(table: pd.DataFrame, path: Path, encoding: str) -> None:
    kind = path.suffix.lower()
    if kind == ".csv":
        table.to_csv(path, index=False, encoding=encoding, lineterminator="\n")
    elif kind == ".parquet":
        table.apply(_one_kind).to_parquet(path, index=False)
    elif kind == ".xlsx":
        table.to_excel(path, index=False)
    elif kind == ".sav":
        import pyreadstat

        pyreadstat.write_sav(table.apply(_one_kind), str(path))
    else:
        raise InputError(
            "data of this kind cannot be simulated",
            where=str(path),
            found=repr(kind),
            expected="a path ending in .csv, .xlsx, .sav or .parquet",
        )


def _one_kind(column: pd.Series) -> pd.Series:
    """Numbers where all answers are numbers, text otherwise: column formats cannot mix."""
    blank = column.map(lambda value: isinstance(value, str) and value == "")
    numbers = pd.to_numeric(column.mask(blank), errors="coerce")
    if numbers.notna().sum() == (~blank).sum():
        return numbers
    return column.map(str)
