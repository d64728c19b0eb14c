"""The one reader of what a user hands over: pandas, polars, Arrow or plain arrays, their columns by name.

Every public call of `csi_lib.measure` and of the survey design takes its data through here, so that one rule holds
everywhere:

* A table is pandas (any dtype), polars, pyarrow, anything else that speaks the Arrow interface, a mapping of columns,
  or an array. Columns are known by name; only an array has none, and its columns are counted.
* A column is numeric if it holds numbers, true/false or categories that are numbers, with missing values of any kind.
  Ordered categories count in their **declared** order: as their numbers where these rise, else as 1, 2, 3 …
  Text, dates and categories without an order are refused in words; their alphabet is never taken for an order.
* Values beside a table (weights, groups, an outcome) are matched to it by their index where both have one, and refused
  where they belong to other rows. What has no index (arrays, polars, Arrow) goes by row, and must have its length.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from csi_lib.errors import InputError, nearest

#: what pandas infers of an object column that holds only numbers
_NUMERIC_OBJECTS = {"integer", "floating", "mixed-integer-float", "boolean", "decimal", "empty"}
_ORDER = "pandas.Categorical(answers, categories=[lowest, …, highest], ordered=True)"


def as_frame(data, *, where: str = "items", prefix: str | None = "item") -> pd.DataFrame:
    """Any table as a pandas frame, columns by name; `prefix` names the columns of an array (None: 0, 1, …)."""
    if isinstance(data, pd.DataFrame):
        return data
    if isinstance(data, Mapping):
        return pd.DataFrame({name: as_series(values, where=f"{where}[{name!r}]") for name, values in data.items()})
    if not isinstance(data, pd.Series):
        found = _from_arrow(data, where)
        if found is not None:
            return found
        if isinstance(data, Sequence) and len(data) and isinstance(data[0], Mapping):
            return pd.DataFrame(list(data))
    array = _array(data, where)
    if array.dtype.names:
        return pd.DataFrame(array)
    if array.ndim != 2:
        raise InputError(
            "a table of respondents × items is needed",
            where=where,
            found=f"{array.ndim} dimension(s)",
            expected="a DataFrame, or an array with one column per item",
        )
    names = None if prefix is None else [f"{prefix}{j + 1}" for j in range(array.shape[1])]
    return pd.DataFrame(array, columns=names)


def as_series(values, *, where: str, index: pd.Index | None = None) -> pd.Series:
    """One value per row as a pandas series; with `index`, in the order of those rows.

    Raises
    ------
    InputError
        For more than one column, another number of values than rows, and a series of other rows.
    """
    if isinstance(values, pd.DataFrame) or (isinstance(values, np.ndarray) and values.ndim == 2):
        if values.shape[1] == 1:
            values = values.iloc[:, 0] if isinstance(values, pd.DataFrame) else values[:, 0]
        else:
            raise InputError("one value per respondent is needed", where=where, found=f"shape {values.shape}")
    if isinstance(values, pd.Series):
        return values if index is None else _matched(values, index, where)
    if isinstance(values, pd.Index | pd.api.extensions.ExtensionArray):
        found = pd.Series(values)
    else:
        found = _column_from_arrow(values, where)
    if found is None:
        array = _array(values, where)
        if array.ndim != 1:
            raise InputError("one value per respondent is needed", where=where, found=f"shape {array.shape}")
        found = pd.Series(array)
    if index is not None:
        if len(found) != len(index):
            raise _not_one_per_row(where, len(found), len(index))
        found.index = index
    return found


def column_or_values(frame: pd.DataFrame, values, *, where: str) -> pd.Series:
    """A column of `frame` by its name, or one value per row."""
    if not isinstance(values, str):
        return as_series(values, where=where, index=frame.index)
    if values not in frame.columns:
        near = nearest(values, frame.columns)
        raise InputError(
            f"there is no column {values!r}",
            where=where,
            action=f"Did you mean {near!r}?" if near else "Check the spelling.",
        )
    return one_column(frame, values, where=where)


def one_column(frame: pd.DataFrame, name, *, where: str) -> pd.Series:
    """The column of that name; two of one name are refused."""
    found = frame[name]
    if found.ndim > 1:
        raise InputError("two columns have the same name", where=where, found=repr(name), action="Rename one of them")
    return found


def is_one_column(values) -> bool:
    """Whether `values` is one value per row and not a table."""
    if isinstance(values, Mapping) or hasattr(values, "columns"):
        return False
    return isinstance(values, pd.Series) or np.ndim(values) == 1


def paired(first, second, *, where: str) -> tuple[pd.Series, pd.Series]:
    """Two series of the same respondents in one order: by their indexes where both have one, else by row."""
    indexed = isinstance(first, pd.Series | pd.DataFrame) and isinstance(second, pd.Series | pd.DataFrame)
    one, other = as_series(first, where=where), as_series(second, where=where)
    if len(one) != len(other):
        raise InputError(
            "both must list the same respondents", where=where, found=f"{len(one)} and {len(other)} values"
        )
    return one, _matched(other, one.index, where) if indexed else other.set_axis(one.index)


def same_rows(first, second, *, where: tuple[str, str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two tables of the same respondents in one order; a single column is a table of one."""
    tables = []
    for data, name in zip((first, second), where):
        if is_one_column(data):
            column = as_series(data, where=name)
            tables.append(column.to_frame(name if column.name is None else column.name))
        else:
            tables.append(as_frame(data, where=name))
    left, right = tables
    if len(left) != len(right):
        raise InputError(
            "both must list the same respondents", where=", ".join(where), found=f"{len(left)} and {len(right)} rows"
        )
    if right.index.equals(left.index):
        return left, right
    if not all(isinstance(data, pd.Series | pd.DataFrame) for data in (first, second)):
        return left, right.set_axis(left.index)
    if right.index.is_unique and left.index.isin(right.index).all():
        return left, right.reindex(left.index)
    raise InputError(
        "the two tables list different respondents (their indexes differ)",
        where=", ".join(where),
        action="Join both by the respondent first",
    )


def refuse_repeated(names: Iterable, *, where: str) -> None:
    """Two columns of one name: neither can be meant."""
    index = pd.Index(names)
    if not index.is_unique:
        twice = ", ".join(map(repr, index[index.duplicated()].unique()[:5]))
        raise InputError("two columns have the same name", where=where, found=twice, action="Rename one of them")


def table_of_numbers(frame: pd.DataFrame, names: Sequence | None = None, *, where: str = "items") -> np.ndarray:
    """The named columns (default: all) as float64, rows × columns, NaN where missing."""
    chosen = frame if names is None else frame[list(names)]
    kinds = chosen.dtypes
    if all(kind == np.float64 for kind in kinds):
        return chosen.to_numpy()
    if all(_is_number(kind) for kind in kinds):
        return chosen.to_numpy(dtype=float, na_value=np.nan)
    columns = [chosen.iloc[:, j] for j in range(chosen.shape[1])]
    found = [scores(column) for column in columns]
    wrong = [(name, column) for name, column, values in zip(chosen.columns, columns, found) if values is None]
    if wrong:
        raise _not_numeric(wrong, where)
    return np.column_stack(found) if found else np.empty((len(chosen), 0))


def numbers(column: pd.Series, *, name=None, where: str) -> np.ndarray:
    """One column as float64, NaN where missing; `name` is what a message calls it."""
    found = scores(column)
    if found is None:
        raise _not_numeric([(column.name if name is None else name, column)], where)
    return found


def scores(column: pd.Series) -> np.ndarray | None:
    """The numbers of a column, or None if it has none."""
    if _is_number(column.dtype):
        return column.to_numpy(dtype=float, na_value=np.nan)
    column = _plain(column)
    if isinstance(column.dtype, pd.CategoricalDtype):
        categories, codes = column.cat.categories, column.cat.codes.to_numpy()
        of_each = scores(pd.Series(categories))
        if column.dtype.ordered and (of_each is None or not (np.diff(of_each) > 0).all()):
            of_each = np.arange(1.0, len(categories) + 1)
        return None if of_each is None else np.append(of_each, np.nan)[codes]
    if column.dtype == object and pd.api.types.infer_dtype(column, skipna=True) in _NUMERIC_OBJECTS:
        return pd.to_numeric(column.where(column.notna(), np.nan)).to_numpy(dtype=float)
    return None


def declared_order(column: pd.Series) -> list | None:
    """The categories of an ordered categorical column, lowest first; None for any other column."""
    kind = _plain(column).dtype
    return list(kind.categories) if isinstance(kind, pd.CategoricalDtype) and kind.ordered else None


def _plain(column: pd.Series) -> pd.Series:
    """Categories that Arrow keeps (a dictionary) as pandas' own."""
    if isinstance(column.dtype, pd.ArrowDtype) and str(column.dtype).startswith("dictionary"):
        found = column.array.__arrow_array__().to_pandas()
        return pd.Series(found.array, index=column.index, name=column.name)
    return column


def _is_number(kind) -> bool:
    return pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_complex_dtype(kind)


def _not_numeric(wrong: list[tuple], where: str) -> InputError:
    shown = ", ".join(f"{name!r}" if len(wrong) > 1 else f"'{name}'" for name, _ in wrong[:5])
    kinds = {_kind(_plain(column)) for _, column in wrong}
    words = any(kind != "dates" for kind in kinds)
    return InputError(
        f"{shown}{' …' if len(wrong) > 5 else ''} {'is' if len(wrong) == 1 else 'are'} not numeric",
        where=where,
        found=" and ".join(sorted(kinds)),
        expected="numbers, missing as NA, or ordered categories",
        action=f"Recode the answers to numbers, or declare their order: {_ORDER}" if words else "Leave it out",
    )


def _kind(column: pd.Series) -> str:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return "categories without an order"
    if pd.api.types.is_datetime64_any_dtype(column.dtype) or pd.api.types.is_timedelta64_dtype(column.dtype):
        return "dates"
    if pd.api.types.is_string_dtype(column.dtype) or column.dtype == object:
        return "text"
    return str(column.dtype)


def _matched(values: pd.Series, index: pd.Index, where: str) -> pd.Series:
    """A series in the order of the rows `index`; refused where it belongs to other rows."""
    if values.index.equals(index):
        return values
    if values.index.is_unique and index.isin(values.index).all():
        return values.reindex(index)
    if len(values) != len(index):
        raise _not_one_per_row(where, len(values), len(index))
    raise InputError(
        "the values belong to other rows than the data (their indexes differ)",
        where=where,
        action="Take both from one frame, or pass .to_numpy() if the order is right",
    )


def _not_one_per_row(where: str, found: int, expected: int) -> InputError:
    return InputError(
        "one value per row of the data is needed", where=where, found=f"{found} values", expected=f"{expected}"
    )


def _array(values, where: str) -> np.ndarray:
    if isinstance(values, np.ma.MaskedArray):
        return values.astype(float).filled(np.nan)
    if isinstance(values, np.ndarray):
        return values
    if not isinstance(values, Sequence) and isinstance(values, Iterable) and not hasattr(values, "__array__"):
        values = list(values)
    try:
        found = np.asarray(values)
    except ValueError:  # rows of different lengths
        raise InputError("the rows have different lengths", where=where, expected="a table or an array") from None
    if found.dtype.kind in "US" and not isinstance(values, str):
        # numbers and text in one list would all have become text, missing values "None" or "nan"
        found = np.array(values, dtype=object)
    return found


def _from_arrow(data, where: str) -> pd.DataFrame | None:
    """A frame of polars, pyarrow or another library; None for what offers no such interface."""
    if not any(hasattr(data, name) for name in ("__arrow_c_stream__", "__arrow_c_array__", "__dataframe__")):
        if hasattr(data, "collect") and not isinstance(data, np.ndarray):
            raise InputError(
                "a query that was not computed yet has no rows",
                where=where,
                found=f"{type(data).__module__.split('.')[0]}.{type(data).__name__}",
                action="Call .collect() first",
            )
        return None
    import pyarrow

    if hasattr(data, "__arrow_c_stream__") or hasattr(data, "__arrow_c_array__"):
        try:
            table = pyarrow.table(data)
        except (TypeError, ValueError, pyarrow.ArrowInvalid):  # one column, not a table
            raise InputError(
                "a table of respondents × items is needed", where=where, found="one column", expected="a frame"
            ) from None
        return table.to_pandas()
    return pd.api.interchange.from_dataframe(data)


def _column_from_arrow(values, where: str) -> pd.Series | None:
    if not any(hasattr(values, name) for name in ("__arrow_c_stream__", "__arrow_c_array__")):
        return None
    import pyarrow

    if hasattr(values, "columns") or isinstance(values, pyarrow.RecordBatch | pyarrow.Table):  # a frame of one column
        frame = as_frame(values, where=where)
        if frame.shape[1] != 1:
            raise InputError("one value per respondent is needed", where=where, found=f"{frame.shape[1]} columns")
        return frame.iloc[:, 0]
    found = pyarrow.chunked_array(values).to_pandas()
    found.name = getattr(values, "name", None)
    return found
