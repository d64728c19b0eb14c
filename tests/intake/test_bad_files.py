"""A generator of bad files: every kind ends in the right value, a note, or a worded refusal; none in silence."""

from __future__ import annotations

import numpy as np
import pytest

from csi_lib import InputError, read_survey
from csi_lib.run.receipts import intake_receipts
from tests.intake import further_kinds  # noqa: F401  (adds to KINDS)
from tests.intake.kinds import KINDS
from tests.intake.trial import Trial


def test_there_are_many_kinds():
    assert len(KINDS) >= 120


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", KINDS)
def test_no_file_is_wrong_in_silence(name, seed, tmp_path):
    make, outcome = KINDS[name]
    trial = Trial(tmp_path, np.random.default_rng([seed, len(name)]))
    make(trial)
    how, _, words = outcome.partition(":")
    if how == "refused":
        with pytest.raises(InputError) as caught:
            read_survey(trial.study(), year=2024)
        assert words in str(caught.value)
        assert not any(r[6] and len(r[6]) > 3 and r[6] in str(caught.value) for r in trial.rows)  # nobody's words
        return
    survey = read_survey(trial.study(), year=2024)
    frame = survey.frame[[c for c in trial.truth if c in survey.frame]].astype(float)
    np.testing.assert_array_equal(frame.to_numpy(), trial.truth[list(frame)].to_numpy())
    notes = " | ".join(note.en for note in survey.quality.notes)
    assert (words in notes) if how == "note" else not notes
    assert all(note.ko and note.file for note in survey.quality.notes)
    for receipt in intake_receipts(trial.folder):
        assert receipt.error is None
        assert all(file.balanced for file in receipt.files)
        assert sum(file.lines["respondents"] for file in receipt.files) == 40
