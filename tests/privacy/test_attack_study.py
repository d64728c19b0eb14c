"""`csi attack` on a study of a few people: it finds what a gate without its rules would publish, and nothing with them."""

from __future__ import annotations

import shutil
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import csi_lib
from csi_lib.errors import InputError
from csi_lib.run import attacking, delivery
from csi_lib.run.attacking import AttackReport, Pinned, attack
from csi_lib.survey import disclosure
from csi_lib.survey.protection import Withheld

STUDY = """
title: {ko: 작은 조사, en: Small}
languages: [ko, en]
years: [2024]
sources:
  customers: {kind: respondents, path: "data/w{year}.csv", codebook: codebook.yml, agency: agency}
headline: items
privacy: {min_base: 5}
"""
CODEBOOK = """
scales:
  s5: {low: 1, high: 5, labels: {1: {ko: 아니다, en: 'No'}, 5: {ko: 그렇다, en: 'Yes'}}}
columns:
  claim: {role: item, scale: s5, label: {ko: 처리, en: Claim}}
  area: {role: group, label: {ko: 지역, en: Area}, labels: {n: {ko: 북, en: N}, s: {ko: 남, en: S}, e: {ko: 동, en: E}}}
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """60 people; 3 + 4 + 30 of three areas answered, and nobody of the two small ones gave the best answer."""
    folder = tmp_path_factory.mktemp("small")
    (folder / "data").mkdir()
    rng = np.random.default_rng(4)
    answered = {"n": [1, 2, 2], "s": [2, 3, 1, 3], "e": [*rng.integers(1, 6, 28), 5, 5]}
    rows = [("alpha", area, x) for area, given in answered.items() for x in given]
    rows += [("alpha", area, "") for area in "nse" for _ in range(8)]
    pd.DataFrame(rows, columns=["agency", "area", "claim"]).to_csv(folder / "data" / "w2024.csv", index=False)
    (folder / "study.yml").write_text(STUDY, encoding="utf-8")
    (folder / "agencies.yml").write_text("agencies:\n  - {id: alpha, name: {ko: 가, en: A}}\n", encoding="utf-8")
    (folder / "codebook.yml").write_text(CODEBOOK, encoding="utf-8")
    yield folder
    shutil.rmtree(folder)


def test_nothing_withheld_can_be_computed(study):
    made = attack(study)
    assert made.attacked >= 6
    assert not made.leaks, "\n".join(map(str, made.leaks))


def test_what_a_gate_without_the_rule_would_publish_is_found(study, monkeypatch):
    """Without rule 9 the two small areas are hidden and the third is shown: that nobody of them gave a 5 is then known."""
    monkeypatch.setattr(disclosure, "withheld_answers", lambda *_: Withheld())
    found = [p for p in attack(study).leaks if p.measure == "claim:5"]
    assert {p.group for p in found} == {"area n", "area s"}
    assert all(p.high < 1e-4 and p.knowing == "nothing" for p in found)
    assert "leave 0 to" in str(found[0])


def test_a_figure_hidden_here_and_shown_there_is_a_leak(study, tmp_path):
    round_ = csi_lib.load_study(study)
    truth = attacking.Round(round_).estimates("alpha", 2024).frame
    place = tmp_path / "alpha" / "2024"
    place.mkdir(parents=True)
    shown = truth.assign(suppressed=False, release="public")
    shown.to_parquet(place / "results.parquet")
    made = attack(study, out=tmp_path)
    assert any(p.what == "told" and p.group == "area n" for p in made.leaks)


def test_a_delivery_that_fails_the_attack_is_not_made(monkeypatch):
    leak = Pinned("alpha", 2024, "customers", "claim:5", "share", "area n", "value", "nothing", 0.0, 0.0, 1.0, True)
    jobs = [SimpleNamespace(agency="alpha", year=2024)]
    monkeypatch.setattr(delivery, "attack", lambda *_, **__: AttackReport((leak,), 1, 0))
    with pytest.raises(InputError, match="area n"):
        delivery._refuse_leaks(None, None, None, jobs)
    monkeypatch.setattr(delivery, "attack", lambda *_, **__: AttackReport((), 1, 0))
    delivery._refuse_leaks(None, None, None, jobs)
