"""A change of the index in its parts: exact in sum, right in size, with errors that hold."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from csi_lib.models.absence import absent_nodes, present
from csi_lib.models.composition import composition
from csi_lib.models.scoring import score
from csi_lib.models.study_models import study_models
from csi_lib.report.chapter import open_chapter
from csi_lib.study.study import load_study
from csi_lib.survey.reading import read_survey

ITEMS = ("a1", "a2", "b1", "b2", "p1", "p2")


@pytest.fixture
def trial(tmp_path):
    """A study of two waves; `wave` makes the answers of each."""

    def make(wave, *, weights="correlation", sectors=True, absent="drop", study=""):
        (tmp_path / "study.yml").write_text(
            "title: {ko: 시험, en: Trial}\nlanguages: [ko, en]\nyears: [2023, 2024]\nsources:\n"
            "  customers: {path: 'd_{year}.csv', agency: {constant: one}}\nmodels: {customers: [own]}\n"
            f"report: {{language: en, formats: [html], groups: [kind]}}\n{study}",
            encoding="utf-8",
        )
        (tmp_path / "agencies.yml").write_text("agencies: [{id: one, name: {ko: 하나, en: One}}]\n", encoding="utf-8")
        columns = "".join(
            f"  {i}: {{role: item, scale: ten, label: {{ko: 문항 {i}, en: Item {i}}}{', asked_if: {sector: 2}' if i[0] == 'p' else ''}}}\n"
            for i in ITEMS
        )
        (tmp_path / "codebook.yml").write_text(
            "scales:\n  ten: {low: 0, high: 10}\ncolumns:\n"
            + columns
            + "  sector: {role: group, label: {ko: 부문, en: Sector}, labels: {1: {ko: 임대, en: Rental}, 2: {ko: 분양, en: Sale}}}\n"
            "  kind: {role: group, label: {ko: 유형, en: Kind}, labels: {1: {ko: 갑, en: A}, 2: {ko: 을, en: B}, 3: {ko: 병, en: C}}}\n",
            encoding="utf-8",
        )
        node = lambda name, items: (
            f"      - {{id: {name}, label: {{ko: {name}, en: {name}}}, items: [{items}], weights: {{rule: {weights}}}}}\n"
        )
        (tmp_path / "model.yml").write_text(
            "own:\n  - name: own\n    label: {ko: 지수, en: Index}\n    formula_edition: '1'\n    source: s\n    index: t\n"
            f"    absent: {absent}\n    nodes:\n"
            "      - {id: t, label: {ko: 종합, en: Total}, children: [na, nb, np], weights: {rule: equal}}\n"
            + node("na", "a1, a2")
            + node("nb", "b1, b2")
            + node("np", "p1, p2")
            + ("    sectors: {by: sector, criteria: {sales: {1: 30, 2: 70}}}\n" if sectors else ""),
            encoding="utf-8",
        )
        for year in (2023, 2024):
            wave(np.random.default_rng(year), year).to_csv(tmp_path / f"d_{year}.csv", index=False)
        return load_study(tmp_path)

    return make


def people(rng, n=160, level=5.5, kinds=(1 / 3, 1 / 3, 1 / 3)):
    common = rng.normal(level, 1.4, n)
    frame = pd.DataFrame({i: np.clip(np.rint(common + rng.normal(0, 1, n)), 0, 10) for i in ITEMS})
    return frame.assign(sector=rng.integers(1, 3, n), kind=rng.choice([1, 2, 3], n, p=kinds))


def found(study, by=(), frames=None, min_base=1):
    now, before = (read_survey(study, "one", y) for y in (2024, 2023))
    if frames:
        from dataclasses import replace

        now, before = replace(now, frame=frames[0]), replace(before, frame=frames[1])
    (model,) = study_models(study, "customers")
    return composition(present(study, model, now), present(study, model, before), now, before, by=by, min_base=min_base)


def part(composed, name):
    return composed.parts.frame.set_index("statistic").loc[name]


def vanished(rng, year):
    frame = people(rng)
    frame.loc[frame["sector"] == 2, list(ITEMS)] = np.clip(frame.loc[frame["sector"] == 2, list(ITEMS)] + 3, 0, 10)
    frame.loc[frame["sector"] == 1, ["p1", "p2"]] = np.nan  # the third dimension belongs to the second sector
    return frame[frame["sector"] == 1] if year == 2024 else frame


@pytest.mark.parametrize("weights", ["equal", "correlation"])
def test_a_sector_and_its_dimension_that_vanished(trial, weights):
    study = trial(vanished, weights=weights)
    composed = found(study)
    assert composed.structure.sectors_gone == ("2",)
    assert composed.structure.nodes_gone == ("np",)
    rows = composed.parts.frame.set_index("statistic")["estimate"]
    assert rows.drop("change").sum() == pytest.approx(rows["change"], abs=1e-12)
    published = {
        y: score(study, read_survey(study, "one", y)).one(measure="t", statistic="index", by1=None)
        for y in (2023, 2024)
    }
    assert rows["change"] == pytest.approx(published[2024]["estimate"] - published[2023]["estimate"], abs=1e-10)
    assert rows["structure_effect"] < -5 < 0
    assert composed.parts.frame["se"].gt(0).all()
    if weights == "equal":  # by hand: the mean of the two common dimensions in the common sector
        by_hand = [
            10 * read_survey(study, "one", y).frame.query("sector == 1")[["a1", "a2", "b1", "b2"]].mean().mean()
            for y in (2023, 2024)
        ]
        assert composed.like.frame["estimate"].tolist() == pytest.approx(by_hand, abs=1e-9)
        assert "weight_effect" not in rows.index
        assert rows["score_effect"] == pytest.approx(by_hand[1] - by_hand[0], abs=1e-9)


def test_a_mix_of_respondents_that_moved(trial):
    """Equal weights and complete answers: the mix effect is Σ (p₁ − p₀)·(m₁ + m₀)/2 by hand."""

    def wave(rng, year):
        frame = people(rng, kinds=(0.6, 0.3, 0.1) if year == 2023 else (0.2, 0.3, 0.5))
        frame.loc[frame["kind"] == 3, list(ITEMS)] = np.clip(frame.loc[frame["kind"] == 3, list(ITEMS)] + 2, 0, 10)
        return frame

    study = trial(wave, weights="equal", sectors=False)
    composed = found(study, by=["kind"])
    p, m = [], []
    for year in (2023, 2024):
        frame = read_survey(study, "one", year).frame
        own = 10 * frame[list(ITEMS)].mean(axis=1)
        p.append(frame["kind"].value_counts(normalize=True).sort_index().to_numpy())
        m.append(own.groupby(frame["kind"], observed=False).mean().to_numpy())
    by_hand = ((p[1] - p[0]) * (m[0] + m[1]) / 2).sum()
    assert composed.by == "kind"
    assert part(composed, "mix_effect")["estimate"] == pytest.approx(by_hand, abs=1e-9)
    assert part(composed, "score_effect")["estimate"] == pytest.approx((p[0] + p[1]) / 2 @ (m[1] - m[0]), abs=1e-9)


@pytest.mark.parametrize(("name", "wave"), [("vanished", vanished), ("mix", None)])
def test_errors_agree_with_resampling(trial, name, wave):
    def mixed(rng, year):
        frame = people(rng, kinds=(0.6, 0.3, 0.1) if year == 2023 else (0.2, 0.3, 0.5))
        return frame.assign(a1=np.clip(frame["a1"] + frame["kind"], 0, 10))

    study = trial(wave or mixed, sectors=wave is not None)
    by = [] if wave else ["kind"]
    linear = found(study, by=by).parts.frame.set_index("statistic")["se"]
    frames = [read_survey(study, "one", y).frame for y in (2024, 2023)]
    rng, drawn = np.random.default_rng(1), []
    for _ in range(60):
        sample = [f.iloc[rng.integers(0, len(f), len(f))].reset_index(drop=True) for f in frames]
        drawn.append(found(study, by=by, frames=sample).parts.frame.set_index("statistic")["estimate"])
    spread = pd.DataFrame(drawn).std()
    for statistic, se in linear.items():
        assert se == pytest.approx(spread[statistic], rel=0.35), statistic


def test_a_sector_too_small_to_be_told_is_not_told(trial):
    def wave(rng, year):
        frame = people(rng)
        frame["sector"] = np.where(np.arange(len(frame)) < (3 if year == 2023 else 0), 2, 1)
        return frame

    assert found(trial(wave), min_base=5) is None


def test_nodes_declared_absent_and_those_that_nobody_answered(trial):
    study = trial(lambda rng, year: people(rng), absent="error", study="absent: {one: {2024: [np]}}\n")
    (model,) = study_models(study, "customers")
    assert absent_nodes(study, model, read_survey(study, "one", 2024)) == ["np"]
    assert absent_nodes(study, model, read_survey(study, "one", 2023)) == []
    rows = score(study, read_survey(study, "one", 2024))
    frame = read_survey(study, "one", 2024).frame
    weights = rows.select(statistic="weight", measure=["t>na", "t>nb", "t>np"]).frame.set_index("measure")["estimate"]
    assert weights.to_dict() == {"t>na": 0.5, "t>nb": 0.5}
    assert len(frame) == rows.one(measure="t", statistic="index", by1=None)["n"]


def test_an_absent_node_that_does_not_exist_is_named(trial):
    from csi_lib.errors import InputError

    study = trial(lambda rng, year: people(rng), study="absent: {one: {2024: [nq]}}\n")
    with pytest.raises(InputError, match="absent names no node"):
        score(study, read_survey(study, "one", 2024))


def test_the_report_says_what_came_and_went(trial):
    from csi_lib.chapters.trend.composition import (
        breaks,
        change_parts,
        composition_sentences,
        composition_table,
        panels,
    )

    study = trial(vanished)
    chapter = open_chapter(study.path, "one", 2024, lang="en")
    parts = change_parts(chapter)
    said = " ".join(map(str, composition_sentences(chapter, parts)))
    assert "Sectors of the last wave that are gone: Sale." in said
    assert "Dimensions that are gone: np." in said
    assert "like-for-like index" in said
    assert len(composition_table(chapter, parts).rows) == 4
    assert breaks(chapter, [2023, 2024]) == [2024]
    waves = pd.DataFrame({"measure": [m for m in ["t", *"abcdefghij"] for _ in range(2)], "year": [2023, 2024] * 11})
    split = panels(waves, "t", 6)
    assert [p["measure"].nunique() for p in split] == [6, 6]
    assert set().union(*(p["measure"] for p in split)) == set(waves["measure"])
