"""Interviews rejected by fieldwork control: left out, counted, and their weight borne by the others of the stratum."""

import json

import numpy as np
import pytest

from csi_lib import load_study, read_survey, simulate_study
from csi_lib.errors import InputError
from csi_lib.share import shared_path
from csi_lib.survey.reading import answer_status


@pytest.fixture(scope="module")
def corp():
    return load_study(shared_path("params", "public-corp"))


def test_rejected_interviews_are_left_out_and_counted(corp, tmp_path):
    kept, delivered = (read_survey(corp, "raon-corp", 2024, discarded=d) for d in (False, True))
    simulate_study(corp, tmp_path)
    planted = json.loads((tmp_path / "defects.json").read_text(encoding="utf-8"))
    rejected = sum(p["rejected"] for p in planted if p["kind"] == "fabrication" and p["agency"] == "raon-corp")
    assert delivered.n - kept.n == rejected == kept.quality.counts["discarded"]
    assert kept.quality.counts["read"] == kept.n + rejected + kept.quality.counts["dropped"]
    assert not (kept.frame["verdict"] == 2).any()
    assert len(answer_status(corp, "raon-corp", 2024)) == kept.n
    # the record of one agency taken from the reading of all says the same
    assert read_survey(corp, None, 2024).subset("raon-corp").quality.counts["discarded"] == rejected


def test_a_stratum_keeps_its_weight(corp):
    kept, delivered = (read_survey(corp, "raon-corp", 2024, discarded=d).frame for d in (False, True))
    total = lambda frame: frame.groupby("customer_type", observed=True)["weight"].sum()
    np.testing.assert_allclose(total(kept), total(delivered), rtol=1e-12)
    np.testing.assert_allclose(total(kept), [7600, 900, 2100, 3600], rtol=1e-9)
    within = kept.groupby("customer_type", observed=True)["weight"].nunique()
    assert (within == 1).all()


def test_a_wave_without_rejections_reads_as_before(corp):
    assert read_survey(corp, "raon-corp", 2023).n == read_survey(corp, "raon-corp", 2023, discarded=True).n


def test_everything_discarded_is_an_error(corp):
    source = corp.sources["customers"]
    everything = source.model_copy(update={"discard": source.discard.model_copy(update={"codes": (1, 2)})})
    broken = corp.model_copy(update={"sources": {**corp.sources, "customers": everything}})
    with pytest.raises(InputError, match="every interview was discarded"):
        read_survey(broken, "raon-corp", 2024)


def test_an_unknown_column_is_named(tmp_path):
    import shutil

    shutil.copytree(shared_path("params", "public-corp"), tmp_path / "corp")
    file = tmp_path / "corp" / "study.yml"
    file.write_text(
        file.read_text(encoding="utf-8").replace("column: verdict, codes", "column: verdikt, codes"), encoding="utf-8"
    )
    with pytest.raises(InputError, match="Did you mean 'verdict'"):
        load_study(tmp_path / "corp")


def small(folder, *, rule="", ask="", answers=(5, 5, 1, 2, 4)):
    """A study of one agency whose item `waited` is reverse-coded."""
    folder.mkdir(parents=True)
    (folder / "study.yml").write_text(
        "title: {ko: 가}\ncommissioned_by: {ko: 가}\ncontractor: {ko: 가}\nlanguages: [ko]\nyears: {2024: null}\n"
        f"sources:\n  customers: {{kind: respondents, path: d.csv, codebook: codebook.yml, agency: {{constant: a}}{rule}}}\n",
        encoding="utf-8",
    )
    (folder / "agencies.yml").write_text("agencies: [{id: a, name: {ko: 가}}]\n", encoding="utf-8")
    (folder / "codebook.yml").write_text(
        "scales: {s: {low: 1, high: 5, labels: {1: {ko: 하}, 2: {ko: 둘}, 3: {ko: 셋}, 4: {ko: 넷}, 5: {ko: 상}}}}\n"
        "columns:\n  id: {role: id}\n  waited: {role: item, label: {ko: 기다림}, scale: s, reverse: true}\n"
        f"  why: {{role: item, label: {{ko: 까닭}}, scale: s{ask}}}\n",
        encoding="utf-8",
    )
    rows = "".join(f"{i},{a},\n" for i, a in enumerate(answers, 1))
    (folder / "d.csv").write_text("id,waited,why\n" + rows, encoding="utf-8")
    return folder


def test_discard_and_asked_if_read_the_answers_of_a_reversed_item_as_given(tmp_path):
    """5 of `waited` is the answer 5, though its score is 1."""
    ask = ", asked_if: {waited: 3}"  # nobody answered 3, so nobody was asked why
    kept = read_survey(small(tmp_path / "a", rule=", discard: {column: waited, codes: [5]}", ask=ask), "a", 2024)
    assert kept.frame["waited"].tolist() == [5.0, 4.0, 2.0]  # the answers 1, 2 and 4, turned
    assert kept.quality.counts["discarded"] == 2
    with pytest.raises(InputError, match="nobody answered these items"):
        read_survey(small(tmp_path / "b", ask=", asked_if: {waited: 2}", answers=(2, 2, 1)), "a", 2024)
    somebody = small(tmp_path / "c", ask=", asked_if: {waited: 4}", answers=(2, 2, 1))  # turned, 2 would be 4
    assert read_survey(somebody, "a", 2024).n == 3
