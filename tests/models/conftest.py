"""Models written to disk for a test."""

from __future__ import annotations

import pytest

from csi_lib.models.index import IndexModel


@pytest.fixture
def model_file(tmp_path):
    """`model_file(text)` writes a model to disk and loads it."""

    def write(text: str) -> IndexModel:
        path = tmp_path / "model.yml"
        path.write_text(text, encoding="utf-8")
        return IndexModel.load(path)

    return write


@pytest.fixture
def errors_of():
    """Message of what goes wrong, as the user reads it."""

    def call(action):
        with pytest.raises(ValueError) as caught:
            action()
        return str(caught.value)

    return call
