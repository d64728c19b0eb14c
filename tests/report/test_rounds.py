"""Sections on trends, peers and rounds: new, merged and renamed, one formula and two, suppressed bodies."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import csi_lib
from csi_lib.chapters.loyalty import section as loyalty
from csi_lib.chapters.peers import section as peers
from csi_lib.chapters.peers.compute import Covariate, PeersFile, check_columns, covariate, standardised
from csi_lib.chapters.round import changes as round_changes
from csi_lib.chapters.round import methods as round_methods
from csi_lib.chapters.trend import section as trend
from csi_lib.chapters.voice import quotations
from csi_lib.chapters.voice import section as voice
from csi_lib.errors import InputError
from csi_lib.survey.estimates import Estimates


@pytest.fixture(scope="module")
def overall():
    return csi_lib.open_chapter("round", "_overall", 2024, lang="en", release="public")


@pytest.fixture(scope="module")
def restricted():
    return csi_lib.open_chapter("round", "_overall", 2024, lang="en", release="restricted")


def chapter(agency, year=2024, study="round", **more):
    return csi_lib.open_chapter(study, agency, year, **{"lang": "en", "release": "public", **more})


def test_a_new_body_has_no_change_and_is_named(overall):
    changes = round_changes.agency_changes(overall)
    assert "bit-energy" not in set(changes["agency"])
    said = " ".join(s.text for s in round_changes.change_sentences(overall, changes))
    assert "Bit Energy" in said
    assert "Mul Water Corporation came out of a merger" in said


def test_the_change_of_a_body_is_that_of_its_own_report(overall):
    changes = round_changes.agency_changes(overall).set_index("agency")
    own = chapter("sol-housing")
    row = own.change(own.index())
    assert changes.loc["sol-housing", "estimate"] == pytest.approx(row["estimate"], abs=1e-12)
    assert changes.loc["sol-housing", "se"] == pytest.approx(row["se"], rel=1e-9)


def test_the_last_wave_is_scored_by_this_waves_formula(overall):
    """Restated by hand: .20·access + .20·staff + .25·handling + .35·outcome of the 2023 dimensions."""
    row = round_changes.agency_changes(overall).set_index("agency").loc["gil-road"]
    old = chapter("gil-road", 2023).rows(statistic="index", by1=None).set_index("measure")["estimate"]
    by_hand = 0.20 * old["access"] + 0.20 * old["staff"] + 0.25 * old["process"] + 0.35 * old["outcome"]
    assert row["before"]["estimate"] == pytest.approx(by_hand, abs=1e-9)
    assert old["psi"] != pytest.approx(by_hand, abs=1e-3)


def test_headline_rows_give_the_same_change_as_the_full_estimates():
    study = chapter("_overall", 2024, "example")
    assert round_changes._same_formula(study, 2023)
    quick = {n.frame["agency"].iloc[0]: (n, b) for n, b in round_changes._headlines(study, 2023)}
    for now, before in round_changes._restated(study, 2023):
        agency = now.frame["agency"].iloc[0]
        full = Estimates.concat([now, before]).contrast({"year": 2024}, {"year": 2023}).frame.iloc[0]
        fast = Estimates.concat(quick[agency]).contrast({"year": 2024}, {"year": 2023}).frame.iloc[0]
        assert fast["estimate"] == pytest.approx(full["estimate"], abs=1e-12)
        assert fast["se"] == pytest.approx(full["se"], rel=1e-9)
        assert fast["p_value"] == pytest.approx(full["p_value"], rel=1e-6)


def test_an_item_asked_for_the_first_time_has_no_change():
    said = " ".join(s.text for s in trend.items_came_and_went(chapter("bada-port", 2023)))
    assert "Ease of online use" in said
    rows, before, _ = trend.item_changes(chapter("bada-port", 2024))
    assert "proc_notice" in set(before["measure"])  # renumbered in 2024, the same item
    assert "acc_online" not in set(rows["measure"])  # not an item of the index


def test_a_first_wave_has_no_trend():
    new = chapter("bit-energy")
    assert new.previous_year is None
    assert trend.item_changes(new) is None
    assert trend.items_came_and_went(new) == []
    assert trend.trend(new, new.top_nodes)["year"].nunique() == 1


def test_peers_of_the_type_and_of_other_types(restricted):
    own = chapter("bada-port")
    wave = own.wave[(own.wave["measure"] == "psi") & (own.wave["statistic"] == "index")]
    others = wave[(wave["type"] == "corporation") & (wave["agency"] != "bada-port")]["estimate"]
    assert own.peers("psi").frame["estimate"].iloc[0] == pytest.approx(others.mean())
    foundations = wave[wave["type"] == "foundation"]["estimate"]
    assert own.peers("psi", others=True).frame["estimate"].iloc[0] == pytest.approx(foundations.mean())
    below = peers.percentile_sentence(own, "psi")
    assert f"{100 * (others < own.index()['estimate']).mean():.1f}%" in below.text


def test_a_covariate_is_the_weighted_share_of_its_codes():
    own = chapter("bada-port")
    found = covariate(own.estimates, Covariate.model_validate({"label": "x", "column": "customer_type", "codes": [2]}))
    frame, w = own.survey.frame, np.asarray(own.survey.design.weights, float)
    share = w[(frame["customer_type"].astype(str) == "2").to_numpy()].sum() / w.sum()
    assert found.frame["estimate"].iloc[0] == pytest.approx(share)


def test_the_standardised_index_is_the_index_of_groups_at_the_common_mix(overall):
    wave = {a: overall.estimates_of(a, 2024) for a in ("bada-port", "dure-market", "saem-youth")}
    found = standardised(wave, "psi", "customer_type").frame.set_index("agency")["estimate"]
    shares = {a: e.select(measure="customer_type:2", by1=None).frame["estimate"].iloc[0] for a, e in wave.items()}
    mix = np.mean(list(shares.values()))
    for agency, estimates in wave.items():
        one = lambda g, e=estimates: (
            e.select(measure="psi", statistic="index", by1="customer_type", group1=g).frame["estimate"].iloc[0]
        )
        assert found[agency] == pytest.approx((1 - mix) * one("1") + mix * one("2"))


def test_a_body_with_a_hidden_group_has_no_standardised_index(overall):
    wave = {a: overall.estimates_of(a, 2024) for a in ("bada-port", "gil-road", "sol-housing")}
    frame = wave["gil-road"].frame.copy()
    hidden = (frame["by1"] == "customer_type") & (frame["group1"] == "2")
    frame.loc[hidden, ["estimate", "se", "n"]] = np.nan
    wave["gil-road"] = Estimates(frame, wave["gil-road"].influence)
    assert set(standardised(wave, "psi", "customer_type").frame["agency"]) == {"bada-port", "sol-housing"}


def test_a_misspelt_column_of_peers_is_named():
    with pytest.raises(InputError, match="customer_type"):
        check_columns(PeersFile(standardise="custmer_type"), ["customer_type", "age"])


def test_best_and_worst_items_are_those_of_the_index(overall):
    table = round_methods.item_extremes_by_agency(overall, name="x", caption="x")
    items = {overall.labels.measure(m) for m in overall.model_items}
    assert {row.cells[1] for row in table.rows} | {row.cells[3] for row in table.rows} <= items
    assert len(table.rows) == 9


def test_quartiles_of_the_bodies(overall):
    table = round_changes.distribution_table(overall, name="x", caption="x")
    from csi_lib.chapters.round.section import agency_rows

    scores = agency_rows(overall)["estimate"]
    whole = table.rows[0].cells
    assert [c.value for c in whole[3:8]] == pytest.approx(list(np.quantile(scores, [0, 0.25, 0.5, 0.75, 1])))


def test_stated_importance_stands_beside_the_derived_ones():
    from csi_lib.chapters.portfolio import drivers

    rows = drivers.drivers(chapter("on-welfare"))
    assert list(dict.fromkeys(rows["statistic"])) == [
        "stated",
        "correlation",
        "partial",
        "beta",
        "beta_share",
        "lmg",
        "johnson",
    ]
    shares = rows[rows["statistic"].isin(["beta_share", "lmg", "johnson"])].groupby("statistic")["estimate"].sum()
    assert shares.to_numpy() == pytest.approx(1)
    own = chapter("on-welfare").row(measure="imp_staff", statistic="mean", by1=None)
    assert rows[(rows["statistic"] == "stated") & (rows["measure"] == "staff")]["estimate"].iloc[0] == own["estimate"]


def test_fixed_weights_leave_the_gain_without_error():
    own = chapter("mul-water")
    assert own.gains()["se"].fillna(0).eq(0).all()  # known, not estimated


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_complaints_of_a_small_round_are_shown_together_or_hidden(lang):
    own = chapter("bada-port", lang=lang)
    opened = loyalty.open_loyalty(own)
    table = loyalty.comparison_table(own, opened, name="x", caption="x")
    assert all(len(row.cells) == len(table.columns) for row in table.rows)
    assert pd.notna(loyalty.chain_rows(own, opened)["ci_high"].iloc[0])


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_no_raw_comment_reaches_what_is_shown(lang):
    own = chapter("hanbit-fmc", 2024, "example", lang=lang)
    opened = voice.open_voice(own)
    shown = quotations.listing(own, opened, name="x", caption="x")
    text = " ".join(str(c) for row in shown.rows for c in row.cells)
    text += " ".join(q.text for q in quotations.quotes(own, opened))
    for secret in ("나래", "031-000-4321", "hong@example.com"):
        assert any(secret in str(v) for v in own.survey.frame["opinion"]), secret
        assert secret not in text
    assert not any(secret in str(v) for v in opened.estimates.frame.to_numpy().ravel() for secret in ("나래", "4321"))
