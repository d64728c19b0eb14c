"""Real data sets behind the oracles, read from beside the repository."""

import pandas as pd
import pytest

_REVERSED = ["A1", "C4", "C5", "E1", "E2", "O2", "O5"]


@pytest.fixture(scope="session")
def statistics_data(shared):
    """`statistics_data("psych_bfi")` reads one of the data sets the R scripts used."""

    def read(name: str) -> pd.DataFrame:
        path = shared / "data" / "statistics" / f"{name}.csv"
        if not path.exists():
            pytest.skip(f"{path.name} is not among the data sets beside this repository")
        return pd.read_csv(path, index_col=0 if name == "psych_bfi" else None)

    return read


@pytest.fixture(scope="session")
def bfi(statistics_data):
    """The 25 personality items with the seven negatively keyed ones reversed."""
    frame = statistics_data("psych_bfi")
    frame[_REVERSED] = 7 - frame[_REVERSED]
    return frame


@pytest.fixture(scope="session")
def scale_data(statistics_data, bfi):
    """`scale_data(entry)` gives the items of one entry of the oracle `reliability`."""

    def read(entry: dict) -> pd.DataFrame:
        source = entry["source"].split(".csv")[0].split(",")[0].strip()
        if source.startswith("psych_bfi"):
            return bfi[entry["items"]]
        if source.startswith("x1"):
            source = "lavaan_HolzingerSwineford1939"
        return statistics_data(source.split(" ")[0])[entry["items"]]

    return read
