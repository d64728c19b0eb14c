"""Simulated data: the same bytes for a seed, a known truth that estimates recover, known defects."""

import json

import numpy as np
import pandas as pd
import pytest

from csi_lib import load_study, new_study, read_survey, simulate_population, simulate_study, simulate_survey
from csi_lib.intake.wave import _MEMORY
from csi_lib.share import shared_path
from csi_lib.study.location import cache_folder


@pytest.fixture(scope="module")
def example():
    return load_study(shared_path("params", "example"))


@pytest.fixture(scope="module")
def simulated(example, tmp_path_factory):
    out = tmp_path_factory.mktemp("example")
    simulate_study(example, out)
    return out


@pytest.fixture(scope="module")
def clean(example, tmp_path_factory):
    out = tmp_path_factory.mktemp("clean")
    simulate_study(example, out, defects=False)
    return out


def test_same_seed_same_bytes(example, simulated, tmp_path):
    again = simulate_study(example, tmp_path)
    assert [f.name for f in again] == ["customers_2023.csv", "customers_2024.csv"]
    for file in again:
        assert file.read_bytes() == (simulated / "data" / file.name).read_bytes()
    for name in ("truth.parquet", "defects.json"):
        assert (tmp_path / name).read_bytes() == (simulated / name).read_bytes()
    other = simulate_study(example, tmp_path / "other", seed=7)
    assert other[0].read_bytes() != again[0].read_bytes()


def test_truth_is_the_mean_of_the_population(example, simulated):
    truth = pd.read_parquet(simulated / "truth.parquet")
    population = simulate_population(example, "saesol-udc", 2024)
    assert population.n == 5200 + 2900 + 1500
    own = truth.query("agency == 'saesol-udc' and year == 2024")
    overall = own.query("column == 'overall' and by == ''").iloc[0]
    assert overall["mean"] == pytest.approx(population.frame["overall"].mean(), abs=1e-12)
    assert overall["points"] == pytest.approx((overall["mean"] - 1) / 6 * 100, abs=1e-12)
    group = own.query("column == 'overall' and by == 'service' and group == '22'").iloc[0]
    part = population.frame[population.frame["service"] == 22]
    assert (group["n"], group["mean"]) == (len(part), pytest.approx(part["overall"].mean(), abs=1e-12))


def test_weights_reproduce_the_frame(example, clean):
    survey = read_survey(example, "hanbit-fmc", 2024, data=clean)
    totals = survey.frame.groupby("customer_type", observed=True)["weight"].sum()
    assert totals.to_dict() == pytest.approx({1: 9800, 2: 4300, 3: 900})
    assert survey.frame.groupby("customer_type", observed=True)["customers_in_stratum"].first().to_dict() == {
        1: 9800,
        2: 4300,
        3: 900,
    }
    assert not survey.quality.simulated  # read from a folder that was named


def test_weighted_means_recover_the_truth(example, clean):
    """z of 40 items × 6 surveys: mean near 0 and spread near 1 under stratified sampling with fpc."""
    truth = pd.read_parquet(clean / "truth.parquet").query("by == ''")
    z = []
    for (agency, year), own in truth.groupby(["agency", "year"]):
        frame = read_survey(example, agency, int(year), data=clean).frame
        for row in own.itertuples():
            if row.column == "complaint_handling":  # asked of few
                continue
            part = frame[frame[row.column].notna()]
            estimate, variance, total = (
                0.0,
                0.0,
                part.groupby("customer_type", observed=True)["weight"].mean(),
            )
            size = part.groupby("customer_type", observed=True)["customers_in_stratum"].first()
            for code in total.index:
                x = part.loc[part["customer_type"] == code, row.column]
                share = size[code] / size.sum()
                estimate += share * x.mean()
                variance += share**2 * (1 - len(x) / size[code]) * x.var(ddof=1) / len(x)
            z.append((estimate - row.mean) / np.sqrt(variance))
    z = np.array(z)
    # items of one survey are correlated, so the bounds are wide
    assert abs(z.mean()) < 0.5
    assert 0.7 < z.std() < 1.3
    assert np.mean(np.abs(z) < 1.96) > 0.88


def test_correlations_are_those_of_a_questionnaire(example):
    r = (
        simulate_population(example, "gaon-transit", 2023)
        .frame[["resp_kind", "resp_sat", "work_prompt", "overall", "expectation"]]
        .corr()
    )
    assert r.loc["resp_kind", "resp_sat"] > r.loc["resp_kind", "work_prompt"] > 0.3
    assert 0.4 < r.loc["resp_sat", "overall"] < 0.8
    assert r.loc["expectation", "overall"] < r.loc["resp_sat", "overall"]


def test_planted_defects_are_found_and_nothing_else(example, simulated, clean):
    planted = pd.DataFrame(json.loads((simulated / "defects.json").read_text(encoding="utf-8")))
    quality = read_survey(example, data=simulated).quality
    kinds = planted["kind"].value_counts()
    assert quality.counts["dropped"] == kinds["duplicate"] == 6
    assert quality.counts["undeclared"] == kinds["undeclared_code"] == 10
    found = quality.frame.query("check == 'undeclared'")[["agency", "year", "column"]]
    expected = planted.query("kind == 'undeclared_code'")[["agency", "year", "column"]]
    assert sorted(found.values.tolist()) == sorted(expected.drop_duplicates().values.tolist())
    flagged = quality.interviewers.query("flagged")
    lines = planted.query("kind == 'straight_lining'")
    assert sorted(flagged["agency"]) == sorted(lines["agency"])
    assert sorted(flagged["n"]) == sorted(lines["n"].astype(int))
    untouched = read_survey(example, data=clean).quality
    assert untouched.counts["dropped"] == untouched.counts["undeclared"] == 0
    assert not untouched.interviewers["flagged"].any()


def test_years_are_written_as_each_year_was_fielded(example, simulated):
    first = pd.read_csv(simulated / "data" / "customers_2023.csv", encoding="cp949")
    second = pd.read_csv(simulated / "data" / "customers_2024.csv", encoding="utf-8-sig")
    assert {"Q1_1", "연령"} <= set(first)
    assert {"문1-1", "연령"} <= set(second)
    assert first["연령"].max() <= 5
    assert second["연령"].min() >= 15  # age in years, grouped by the codebook
    assert (first["Q1_1"] == 9).any()
    assert (second["문1-1"] == 99).any()
    ages = [
        read_survey(example, year=y, data=simulated).frame["age"].value_counts(normalize=True) for y in (2023, 2024)
    ]
    assert (ages[0] - ages[1]).abs().max() < 0.06


def test_no_identifier_or_contact_is_ever_in_the_frame(example, simulated):
    frame = read_survey(example, data=simulated).frame
    assert not {"respondent", "person", "phone"} & set(frame)
    assert "010-0000" not in frame.to_csv()
    assert "가명" not in frame.to_csv()


def test_stand_in_is_private_and_used_only_without_any_data(tmp_path):
    study = load_study(new_study(tmp_path / "s"))
    survey = read_survey(study, year=2024)
    assert survey.quality.simulated
    cache = cache_folder(study.path)
    assert cache == study.path / ".csi"
    assert cache.stat().st_mode & 0o777 == 0o700
    assert not list((study.path / "data").iterdir())
    # as soon as one real file is there, the other year is missing rather than invented
    real = simulate_study(study, tmp_path / "other", seed=5)
    (study.path / "data" / real[0].name).write_bytes(real[0].read_bytes())
    assert not read_survey(study, year=2023).quality.simulated
    with pytest.raises(ValueError, match="does not exist"):
        read_survey(study, year=2024)


def test_changed_world_gives_new_stand_in_data(tmp_path):
    folder = new_study(tmp_path / "s")
    before = read_survey(folder, "first-agency", 2024).frame["overall"].mean()
    path = folder / "study.yml"
    path.write_text(path.read_text(encoding="utf-8").replace("2024: 0.3", "2024: 2.0"), encoding="utf-8")
    assert read_survey(folder, "first-agency", 2024).frame["overall"].mean() > before + 0.5


@pytest.mark.parametrize("suffix", ["xlsx", "sav", "parquet"])
def test_other_formats_can_be_simulated(tmp_path, suffix):
    folder = new_study(tmp_path / "s")
    expected = read_survey(folder).frame
    path = folder / "study.yml"
    path.write_text(path.read_text(encoding="utf-8").replace(".csv", f".{suffix}"), encoding="utf-8")
    _MEMORY.clear()
    pd.testing.assert_frame_equal(read_survey(folder).frame, expected)


def test_a_bundled_study_that_cannot_be_written_uses_the_users_cache(tmp_path, monkeypatch):
    folder = new_study(tmp_path / "s")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("csi_lib.study.location.os.access", lambda path, mode: False)
    assert cache_folder(folder) == tmp_path / "cache" / "csi" / "s"


def test_samples_of_one_population_vary_around_its_truth(tmp_path):
    """60 samples: the mean of estimates lies near the truth, as their spread and number allow."""
    study = load_study(new_study(tmp_path / "s"))
    truth = simulate_population(study, "first-agency", 2024).frame["overall"].mean()
    estimates = []
    for seed in range(60):
        frame = simulate_survey(study, "first-agency", 2024, seed).frame.dropna(subset="overall")
        estimates.append(np.average(frame["overall"], weights=frame["weight"]))
    spread = np.std(estimates, ddof=1)
    assert abs(np.mean(estimates) - truth) < 4 * spread / np.sqrt(60)
    assert 0.03 < spread < 0.09  # about 0.8 / √200


def test_a_sample_has_the_shape_of_a_survey_that_was_read(example, clean):
    read = read_survey(example, "saesol-udc", 2023, data=clean)
    drawn = simulate_survey(example, "saesol-udc", 2023, 1)
    assert set(drawn.frame) == set(read.frame)
    assert dict(drawn.design_columns) == dict(read.design_columns)
    assert drawn.quality.simulated
