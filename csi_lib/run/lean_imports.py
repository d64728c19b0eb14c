"""What libraries import for nothing, and for seconds."""

from __future__ import annotations

import contextlib
import sys

#: A grammar of web addresses that jsonschema (behind nbformat) builds on import, in 1.3 s; nothing here checks addresses.
_NEEDLESS = "rfc3987_syntax"


@contextlib.contextmanager
def lean_imports():
    """Within it the needless cannot be imported, which those who try take as "not installed"."""
    absent = _NEEDLESS not in sys.modules
    if absent:
        sys.modules[_NEEDLESS] = None
    try:
        yield
    finally:
        if absent:
            del sys.modules[_NEEDLESS]
