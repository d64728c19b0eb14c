"""Parquet: columns already typed; integers of any length stay exact."""

from __future__ import annotations

from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from csi_lib.errors import InputError
from csi_lib.intake.cells import Cells
from csi_lib.intake.sav_file import _text
from csi_lib.intake.sheets import Body, File, Sheet


def open_parquet(path: Path) -> File:
    """One sheet without a header line; rows are counted from 1."""
    import pyarrow.parquet as pq

    try:
        names = tuple(pq.read_schema(path).names)
    except Exception as error:
        raise InputError(
            "this is not a readable Parquet file", where=str(path), found=str(error)[:120] or None
        ) from None
    return File("parquet", (Sheet(None, ((0, names),), lru_cache(maxsize=2)(partial(_read, path))),))


def _read(path: Path, header: int, width: int, columns: tuple[int, ...]) -> Body:
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = pq.ParquetFile(path)
    names = file.schema_arrow.names
    flat = len(set(names)) == len(names) and len(file.schema.names) == len(names)
    table = file.read(columns=[names[c] for c in columns] if flat else None, use_threads=False)
    cells = {}
    for place, column in enumerate(columns):
        whole = table.column(place if flat else column)
        if pa.types.is_nested(whole.type) and not pa.types.is_dictionary(whole.type):
            raise InputError("a column holds lists, not answers", where=str(path), found=names[column])
        if not pa.types.is_dictionary(whole.type):
            whole = whole.dictionary_encode()
        whole = whole.unify_dictionaries().combine_chunks()
        whole = whole.chunk(0) if isinstance(whole, pa.ChunkedArray) and whole.num_chunks else whole
        if isinstance(whole, pa.ChunkedArray):  # no rows
            cells[column] = Cells(np.empty(0, np.int32), ())
            continue
        codes = whole.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        if pa.types.is_integer(whole.dictionary.type):
            cells[column] = Cells.clean(codes, whole.dictionary.cast(pa.string()).to_pylist())
            continue
        texts = ["" if v is None or v != v else _text(v) for v in whole.dictionary.to_pylist()]
        cells[column] = Cells.encoded(codes, texts)
    n = table.num_rows
    return Body(cells, np.arange(1, n + 1), n, 0, 0, np.zeros(n, bool))
