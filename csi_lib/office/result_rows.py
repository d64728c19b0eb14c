"""Looking up results rows by what they are about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from csi_lib.errors import InputError
from csi_lib.evaluation.portfolio import quadrants
from csi_lib.prose.numbers import absent


@dataclass
class ResultRows:
    """Results rows by what they are about; the agency's own wave unless a year is given."""

    frame: pd.DataFrame
    year: int

    def all(self, **keys) -> list[dict]:
        """Rows with these keys (None: null); `year`, `by1` and `versus` default to this wave, the whole, no difference."""
        frame = self.frame
        for name, value in ({"year": self.year, "by1": None, "versus": None} | keys).items():
            column = frame[name]
            frame = frame[column.isna() if value is None else (column == value).fillna(False)]
        return frame.to_dict("records")

    def one(self, **keys) -> dict | None:
        found = self.all(**keys)
        return found[0] if found else None

    def change(self, row: Mapping) -> dict | None:
        """The tested difference of `row` from the last wave."""
        keys = {k: None if absent(row[k]) else row[k] for k in ("measure", "model")}
        frame = self.frame
        mine = (frame["statistic"] == "difference") & frame["by1"].isna() & (frame["measure"] == keys["measure"])
        mine &= frame["versus"].str.contains("year=", regex=False).fillna(False) & (frame["year"] == self.year)
        found = [
            r for r in frame[mine.fillna(False)].to_dict("records") if absent(r["model"]) == (keys["model"] is None)
        ]
        return next((r for r in found if keys["model"] is None or r["model"] == keys["model"]), None)

    def before(self, row: Mapping) -> dict | None:
        """The same number of the latest earlier wave that the report shows."""
        frame = self.frame
        same = (frame["measure"] == row["measure"]) & (frame["statistic"] == row["statistic"]) & frame["by1"].isna()
        same &= (frame["year"] < self.year) & frame["versus"].isna() & (frame["agency"] == row["agency"])
        same &= frame["model"].isna() if absent(row["model"]) else (frame["model"] == row["model"])
        found = frame[same.fillna(False)]
        return found.sort_values("year").iloc[-1].to_dict() if len(found) else None


def priority_points(rows: ResultRows, order: Mapping[str, float]) -> pd.DataFrame:
    """Items by satisfaction and importance in the order of the priorities (item → rank); empty without an importance axis."""
    frame = rows.frame
    here = frame[frame["by1"].isna() & (frame["year"] == rows.year)]
    important = here[here["statistic"].isin(["importance", "gain"])].sort_values("statistic", ascending=False)
    important = important[important["statistic"] == important["statistic"].max()] if len(important) else important
    means = here[(here["statistic"] == "mean") & here["versus"].isna() & here["measure"].isin(important["measure"])]
    try:
        found = quadrants(means, important)
    except InputError:
        return frame.head(0)
    found = found[found["measure"].isin(order)]
    return found.assign(priority=[order[m] for m in found["measure"]]).sort_values("priority")
