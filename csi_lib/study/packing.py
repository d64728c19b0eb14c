"""Values as bytes and back, without running anything that the bytes say.

A file that another process wrote, or that came with a folder somebody sent, is data and must stay data. `unpack` makes
plain values, arrays, frames, sparse matrices, and this library's own records (frozen dataclasses and study elements) by
setting their fields; it calls no constructor, imports nothing outside ``csi_lib`` and knows no other kind of object.

Layout: eight bytes of length, a JSON header (the value as a tree), then the buffers of the arrays one after the other.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import math
import sys
from collections.abc import Mapping
from pathlib import Path, PurePath
from types import MappingProxyType

_HEAD, _ALIGN = 8, 64
_PLAIN = (type(None), bool, int, float, str)
_SEQUENCES = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}


class Unpackable(ValueError):
    """A value that has no packed form, or bytes that are none."""


def pack(value: object) -> bytes:
    """`value` as bytes.

    Raises `Unpackable` for anything but: None, bool, int, float, str, bytes, paths; lists, tuples, sets, mappings; NumPy
    arrays (of numbers, booleans, fixed text, times) and scalars; pandas frames, series and indices; SciPy's compressed
    matrices; dataclasses and pydantic models defined in ``csi_lib``. An object that stands in several places is written
    once.
    """
    packer = _Packer()
    header = json.dumps(packer.tree(value), ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    header += b" " * (-(_HEAD + len(header)) % _ALIGN)
    return b"".join((len(header).to_bytes(_HEAD, "little"), header, *packer.parts))


def unpack(data: bytes | bytearray | memoryview) -> object:
    """The value of `pack`; `Unpackable` where `data` is damaged. Arrays share the memory of `data` (a ``bytearray`` gives
    arrays that can be written)."""
    view = memoryview(data)
    size = int.from_bytes(view[:_HEAD], "little")
    try:
        if size > len(view) - _HEAD:
            raise ValueError("cut short")
        tree = json.loads(bytes(view[_HEAD : _HEAD + size]).decode("utf-8", "surrogatepass"))
        return _Unpacker(view[_HEAD + size :]).value(tree)
    except Unpackable:
        raise
    except Exception as error:  # whatever is wrong with the bytes, they are not a value
        raise Unpackable(f"not a packed value ({type(error).__name__})") from None


class _Packer:
    def __init__(self):
        self.parts: list = []
        self.size = 0
        self.seen: dict[int, int] = {}
        self.held: list = []  # so that no id is used twice

    def buffer(self, data) -> list[int]:
        data = memoryview(data).cast("B")
        at = self.size
        self.parts += [data, bytes(-len(data) % _ALIGN)]
        self.size += len(data) + (-len(data) % _ALIGN)
        return [at, len(data)]

    def tree(self, value):
        kind = type(value)
        if kind in _PLAIN:
            return value
        if kind is list or kind is tuple:
            return {"!": kind.__name__, "v": [self.tree(v) for v in value]}
        if kind in (dict, MappingProxyType):
            return {"!": "map", "k": [self.tree(k) for k in value], "v": [self.tree(v) for v in value.values()]}
        if kind in (set, frozenset):
            return {"!": kind.__name__, "v": [self.tree(v) for v in sorted(value, key=repr)]}
        if id(value) in self.seen:
            return {"!": "again", "n": self.seen[id(value)]}
        made = self._object(value)
        self.seen[id(value)] = len(self.seen)
        self.held.append(value)
        return made

    def _object(self, value) -> dict:
        kind = type(value)
        if isinstance(value, bytes | bytearray):
            return {"!": "bytes", "b": self.buffer(value)}
        if isinstance(value, PurePath):
            return {"!": "path", "v": str(value)}
        if kind.__module__.startswith("csi_lib."):
            name = f"{kind.__module__}:{kind.__qualname__}"
            if dataclasses.is_dataclass(value):
                fields = [f.name for f in dataclasses.fields(value)]
                return {"!": "record", "c": name, "k": fields, "v": [self.tree(getattr(value, f)) for f in fields]}
            if hasattr(kind, "model_fields"):
                fields = value.__dict__
                own = value.__pydantic_private__
                return {"!": "element", "c": name, "k": list(fields), "v": [self.tree(v) for v in fields.values()],
                        "g": sorted(value.__pydantic_fields_set__), "p": self.tree(own)}  # fmt: skip
        if kind.__module__.partition(".")[0] in ("numpy", "pandas", "scipy"):
            return self._numbers(value)
        if isinstance(value, Mapping):
            return self.tree(dict(value))
        raise Unpackable(f"a {kind.__module__}.{kind.__qualname__} cannot be stored")

    def _numbers(self, value) -> dict:
        import numpy as np

        if isinstance(value, np.generic):
            return {"!": "scalar", "v": self._array(np.asarray(value))}
        if isinstance(value, np.ndarray):
            return self._array(value)
        if hasattr(value, "indptr"):
            arrays = [self._array(a) for a in (value.data, value.indices, value.indptr)]
            return {
                "!": "sparse",
                "f": value.format,
                "a": arrays,
                "s": list(value.shape),
                "m": "matrix" in type(value).__name__,
            }
        import pandas as pd

        if isinstance(value, pd.DataFrame):
            columns = [self._column(value.iloc[:, i]) for i in range(value.shape[1])]
            names, index = self._index(value.columns), self._index(value.index)
            return {"!": "frame", "c": columns, "n": names, "i": index, "a": self.tree(dict(value.attrs))}
        if isinstance(value, pd.Series):
            return {"!": "series", "c": self._column(value), "i": self._index(value.index), "n": self.tree(value.name)}
        if isinstance(value, pd.Index):
            return {"!": "index", "i": self._index(value)}
        if value is pd.NA:
            return {"!": "NA"}
        raise Unpackable(f"a {type(value).__module__}.{type(value).__qualname__} cannot be stored")

    def _array(self, value) -> dict:
        import numpy as np

        if value.dtype.hasobject:
            return {"!": "objects", "v": [self.tree(v) for v in value.ravel()], "s": list(value.shape)}
        if value.dtype.names:
            raise Unpackable("a structured array cannot be stored")
        order = "F" if value.ndim > 1 and value.flags.f_contiguous and not value.flags.c_contiguous else "C"
        flat = np.ravel(value, order=order)
        flat = flat.view("i8") if flat.dtype.kind in "mM" else flat.view(np.uint8) if flat.dtype.kind == "U" else flat
        return {"!": "array", "d": value.dtype.str, "s": list(value.shape), "o": order, "b": self.buffer(flat)}

    def _index(self, index) -> dict:
        import pandas as pd

        if isinstance(index, pd.RangeIndex):
            return {"r": [index.start, index.stop, index.step], "n": self.tree(index.name)}
        if isinstance(index, pd.MultiIndex):
            levels = [self._column(index.get_level_values(i)) for i in range(index.nlevels)]
            return {"m": levels, "n": self.tree(list(index.names))}
        return {"c": self._column(index), "n": self.tree(index.name)}

    def _column(self, values) -> dict:
        """A column by the kind of its values."""
        import numpy as np
        import pandas as pd

        dtype = values.dtype
        if isinstance(dtype, np.dtype):
            return self._array(values.to_numpy())
        if isinstance(dtype, pd.CategoricalDtype):
            data = values.array
            categories = self._index(data.categories)
            return {"!": "codes", "v": self._array(np.asarray(data.codes)), "c": categories, "o": bool(data.ordered)}
        if isinstance(dtype, pd.StringDtype):
            codes, texts = pd.factorize(values.array)  # most columns say the same few words many times
            na = "NA" if dtype.na_value is pd.NA else "nan"
            at = self._array(codes.astype(np.int32))
            return {"!": "texts", "v": [str(t) for t in texts], "c": at, "s": dtype.storage, "n": na}
        if hasattr(values.array, "_mask"):  # Int64, Float64, boolean
            mask = np.asarray(values.isna())
            filled = values.array.to_numpy(dtype=dtype.numpy_dtype, na_value=dtype.type(0))
            return {"!": "masked", "t": str(dtype), "v": self._array(filled), "m": self._array(mask)}
        raise Unpackable(f"a column of {dtype} cannot be stored")


class _Unpacker:
    def __init__(self, buffers: memoryview):
        self.buffers, self.made = buffers, []

    def value(self, tree):
        if not isinstance(tree, dict):
            return tree
        kind = tree["!"]
        if kind in _SEQUENCES:
            return _SEQUENCES[kind]([self.value(v) for v in tree["v"]])
        if kind == "map":
            return dict(zip(map(self.value, tree["k"]), map(self.value, tree["v"]), strict=True))
        if kind == "again":
            return self.made[tree["n"]]
        made = getattr(self, f"_{kind}")(tree)
        self.made.append(made)
        return made

    def bytes_of(self, place) -> memoryview:
        at, size = place
        if at < 0 or size < 0 or at + size > len(self.buffers):
            raise Unpackable("a buffer is cut short")
        return self.buffers[at : at + size]

    def _bytes(self, tree):
        return bytes(self.bytes_of(tree["b"]))

    def _path(self, tree):
        return Path(tree["v"])

    def _record(self, tree):
        kind = _class(tree["c"])
        if not dataclasses.is_dataclass(kind) or {f.name for f in dataclasses.fields(kind)} != set(tree["k"]):
            raise Unpackable(f"{tree['c']} has other fields")
        made = object.__new__(kind)
        for name, value in zip(tree["k"], tree["v"], strict=True):
            object.__setattr__(made, name, self.value(value))
        return made

    def _element(self, tree):
        kind = _class(tree["c"])
        if not set(tree["k"]) <= set(getattr(kind, "model_fields", ())):
            raise Unpackable(f"{tree['c']} has other fields")
        made = kind.__new__(kind)
        values = {name: self.value(value) for name, value in zip(tree["k"], tree["v"], strict=True)}
        given, own = set(tree["g"]), self.value(tree["p"])
        if own is not None and not set(own) <= set(kind.__private_attributes__):
            raise Unpackable(f"{tree['c']} has other fields")
        made.__setstate__({"__dict__": values, "__pydantic_fields_set__": given, "__pydantic_extra__": None,
                           "__pydantic_private__": own})  # fmt: skip
        return made

    def _scalar(self, tree):
        return self._array(tree["v"])[()]

    def _NA(self, tree):
        import pandas as pd

        return pd.NA

    def _array(self, tree):
        import numpy as np

        if tree["!"] == "objects":
            return self._objects(tree)
        dtype = np.dtype(tree["d"])
        if dtype.hasobject:
            raise Unpackable("an array of objects is none of numbers")
        data = self.bytes_of(tree["b"])
        if len(data) != dtype.itemsize * math.prod(tree["s"]):
            raise Unpackable("an array is cut short")
        if not len(data):
            return np.empty(tree["s"], dtype)
        return np.frombuffer(data, dtype).reshape(tree["s"], order=tree["o"])

    def _objects(self, tree):
        import numpy as np

        made = np.empty(len(tree["v"]), object)
        made[:] = [self.value(v) for v in tree["v"]]
        return made.reshape(tree["s"])

    def _sparse(self, tree):
        from scipy import sparse

        kinds = {("csr", True): sparse.csr_matrix, ("csc", True): sparse.csc_matrix,
                 ("csr", False): sparse.csr_array, ("csc", False): sparse.csc_array}  # fmt: skip
        return kinds[tree["f"], tree["m"]](tuple(self._array(a) for a in tree["a"]), shape=tuple(tree["s"]), copy=False)

    def _frame(self, tree):
        import pandas as pd

        index, names = self._made_index(tree["i"]), self._made_index(tree["n"])
        frame = pd.DataFrame({i: self._column(c) for i, c in enumerate(tree["c"])}, index=index)
        frame.columns = names
        frame.attrs = self.value(tree["a"])
        return frame

    def _series(self, tree):
        import pandas as pd

        return pd.Series(self._column(tree["c"]), index=self._made_index(tree["i"]), name=self.value(tree["n"]))

    def _index(self, tree):
        return self._made_index(tree["i"])

    def _made_index(self, tree):
        import pandas as pd

        if "r" in tree:
            return pd.RangeIndex(*tree["r"], name=self.value(tree["n"]))
        if "m" in tree:
            return pd.MultiIndex.from_arrays([self._column(c) for c in tree["m"]], names=self.value(tree["n"]))
        return pd.Index(self._column(tree["c"]), name=self.value(tree["n"]))

    def _column(self, tree):
        import numpy as np
        import pandas as pd

        kind = tree["!"]
        if kind == "codes":
            categories = self._made_index(tree["c"])
            return pd.Categorical.from_codes(self._array(tree["v"]), categories, ordered=tree["o"])
        if kind == "texts":
            na = pd.NA if tree["n"] == "NA" else np.nan
            texts = np.array([*tree["v"], na], object)  # the code of what is absent is -1
            return pd.array(texts[self._array(tree["c"])], dtype=pd.StringDtype(tree["s"], na_value=na))
        if kind == "masked":
            values = pd.array(self._array(tree["v"]), dtype=tree["t"])
            values[self._array(tree["m"])] = pd.NA
            return values
        return self._array(tree)


def _class(name: str) -> type:
    """A class of ours by its name; nothing else is looked up, and nothing is called."""
    module, _, path = name.partition(":")
    if not module.startswith("csi_lib.") or not path.isidentifier():
        raise Unpackable(f"{name} is none of ours")
    found = getattr(sys.modules.get(module) or importlib.import_module(module), path, None)
    if not isinstance(found, type) or found.__module__ != module:
        raise Unpackable(f"{name} is none of ours")
    return found


__all__ = ["Unpackable", "pack", "unpack"]
