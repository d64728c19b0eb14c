"""What a person at a notebook is told when something is wrong: the message in a few lines, no traceback of ours."""

from __future__ import annotations

import os
import textwrap

from csi_lib.errors import InputError

#: set by `csi lab`; in a batch the traceback is kept, because the failure record tells cell and chapter from it
BY_HAND = "CSI_LAB"


def errors_in_words() -> None:
    """From now on this kernel shows an `InputError` in words (where, found, expected, what to do)."""
    if not os.environ.get(BY_HAND):
        return
    from IPython import get_ipython

    shell = get_ipython()
    if shell is not None:
        shell.set_custom_exc((InputError,), _tell)


def _tell(shell, kind, error, traceback, tb_offset=None) -> list[str]:
    lines = in_words(error)
    shell._showtraceback(kind, error, lines)
    return lines


def in_words(error: InputError) -> list[str]:
    """At most five lines: what is wrong and where, what was found, what is expected, what to do."""
    said = [
        f"{error.where}: {error.problem}" if error.where else error.problem,
        f"found: {error.found}" if error.found is not None else "",
        f"expected: {error.expected}" if error.expected else "",
        error.action or "",
    ]
    return [textwrap.shorten(line, 400) for line in said if line]
