"""The libraries that office files need and the base install does not have: named before any work is done."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec

from csi_lib.errors import InputError
from csi_lib.extras import advice
from csi_lib.report.render import FORMATS as DOCUMENTS

#: made from the results of a report, not from its text
EDITIONS = ("xlsx", "pptx")
#: everything `csi run --formats` can make
FORMATS = (*DOCUMENTS, *EDITIONS)

#: format → (module, package, extra of ours that brings it)
NEEDED = {
    "xlsx": ("xlsxwriter", "XlsxWriter", "office"),
    "pptx": ("pptx", "python-pptx", "office"),
    "hwpx": ("hwpx", "python-hwpx", "hwpx"),
}


def require(formats: Iterable[str]) -> None:
    """InputError that says what to install, where a format needs a library that is not there."""
    absent = [(f, *NEEDED[f][1:]) for f in formats if f in NEEDED and find_spec(NEEDED[f][0]) is None]
    if absent:
        extras = dict.fromkeys(extra for *_, extra in absent)
        raise InputError(
            "; ".join(f"{name.upper()} needs {package}" for name, package, _ in absent),
            where="formats",
            action=advice(*extras),
        )
