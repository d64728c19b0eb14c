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
