"""What libraries import for nothing, and for seconds."""

from __future__ import annotations

import contextlib
import sys

#: A grammar of web addresses that jsonschema (behind nbformat) builds on import, in 1.3 s; nothing here checks addresses.
#: polars, which statsmodels imports where it is installed, starts a thread: no process is forked after that.
_NEEDLESS = ("rfc3987_syntax", "polars")


@contextlib.contextmanager
def lean_imports():
    """Within it the needless cannot be imported, which those who try take as "not installed"."""
    absent = [name for name in _NEEDLESS if name not in sys.modules]
    for name in absent:
        sys.modules[name] = None
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]
