"""Where the outside data is, when it is there."""

import json
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"
ORACLES = Path(__file__).parent / "oracles"


@pytest.fixture(scope="session")
def shared():
    """Folder of data sets kept outside this repository; skips where it is absent."""
    if not SHARED.exists():
        pytest.skip("the data sets beside this repository (../shared) are not here")
    return SHARED


@pytest.fixture(scope="session")
def oracle():
    """`oracle("name")` reads tests/oracles/name.json: reference values with their provenance."""
    return lambda name: json.loads((ORACLES / f"{name}.json").read_text(encoding="utf-8"))
