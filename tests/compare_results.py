"""Are the numbers of two output folders the same? ``python tests/compare_results.py BEFORE AFTER``.

Every results.parquet below the folders is compared row by row (by ``row_id``) and column by column; where a row stands in
the report (``chapter``, ``object_id``) does not count. Exit code 1 when a number was lost, added or changed.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

PLACE = ["chapter", "object_id"]


def read(folder: Path) -> dict[Path, pd.DataFrame]:
    found = {path.relative_to(folder): pd.read_parquet(path) for path in folder.rglob("results.parquet")}
    return {
        name: frame.drop(columns=PLACE).drop_duplicates("row_id").set_index("row_id") for name, frame in found.items()
    }


def differing(a: pd.Series, b: pd.Series) -> np.ndarray:
    if pd.api.types.is_numeric_dtype(a) and pd.api.types.is_numeric_dtype(b):
        return ~np.isclose(a.astype(float), b.astype(float), rtol=1e-12, atol=0, equal_nan=True)
    return ~((a.astype(str) == b.astype(str)) | (a.isna() & b.isna())).to_numpy()


def main(before: Path, after: Path) -> int:
    a, b, wrong = read(before), read(after), 0
    for name in sorted({*a, *b}):
        if name not in a or name not in b:
            print(f"{name}: only {'before' if name in a else 'after'}")
            wrong += 1
            continue
        x, y = a[name], b[name]
        lost, added = x.index.difference(y.index), y.index.difference(x.index)
        both = x.index.intersection(y.index)
        changed = {c: int(n) for c in x if c in y and (n := differing(x.loc[both, c], y.loc[both, c]).sum())}
        if len(lost) or len(added) or changed:
            print(f"{name}: {len(lost)} rows lost, {len(added)} added, changed {changed or 'none'}")
            for word, rows in (("lost", x.loc[lost]), ("added", y.loc[added])):
                for row in rows[["measure", "statistic", "group1", "estimate"]].head(3).itertuples():
                    print(f"  {word}: {tuple(row)}")
            wrong += 1
    print(f"{len(a)} reports before, {len(b)} after, {wrong} differ")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
