"""Errors in words: where, what was found, what is expected, what to do.

`InputError` is the user's to mend (exit code 2); anything else that escapes is ours.
"""

from __future__ import annotations

import difflib
import os
import textwrap
from collections.abc import Iterable

#: set by `csi lab`: its kernels have a context as those of a batch have, and a person at them
BY_HAND = "CSI_LAB"


class InputError(ValueError):
    """Something the user gave is wrong, and the message says how to mend it.

    Parameters
    ----------
    problem : what is wrong, one sentence in the user's terms.
    where : file, ``file:line``, element or argument in which it was found.
    found, expected : the value met, and what would be accepted.
    action : what to do next.

    Notes
    -----
    The parts stay readable as attributes and survive pickling, because the error may be raised
    in a worker process and shown by another.

    Examples
    --------
    >>> import csi_lib
    >>> try:
    ...     csi_lib.cronbach_alpha(csi_lib.example_answers()[["q1", "office"]])
    ... except csi_lib.InputError as error:
    ...     print(error.where, "|", error.problem)
    items | 'office' is not numeric
    """

    #: of the command line
    exit_code = 2

    def __init__(
        self,
        problem: str,
        *,
        where: str | None = None,
        found: object = None,
        expected: str | None = None,
        action: str | None = None,
    ):
        self.problem, self.where, self.found = problem, where, found
        self.expected, self.action = expected, action
        super().__init__(problem)

    def __str__(self) -> str:
        text = f"{self.where}: {self.problem}" if self.where else self.problem
        for label, part in (("found", self.found), ("expected", self.expected)):
            if part is not None:
                text += f"; {label} {part}"
        return f"{text}. {self.action}" if self.action else text

    def in_words(self) -> list[str]:
        """At most five lines: what is wrong and where, what was found, what is expected, what to do."""
        said = [
            f"{self.where}: {self.problem}" if self.where else self.problem,
            f"found: {self.found}" if self.found is not None else "",
            f"expected: {self.expected}" if self.expected else "",
            self.action or "",
        ]
        return [textwrap.shorten(line, 400) for line in said if line]

    @property
    def _render_traceback_(self):
        """What IPython shows instead of sixty lines of ours, in every notebook.

        In a batch the traceback is kept, because the failure record tells cell and chapter from it.
        """
        if os.environ.get("CSI_CONTEXT") and not os.environ.get(BY_HAND):
            raise AttributeError("_render_traceback_")
        return self.in_words

    def __reduce__(self):
        return (_rebuild, (type(self), self.problem, self.where, self.found, self.expected, self.action))


def _rebuild(kind, problem, where, found, expected, action):
    return kind(problem, where=where, found=found, expected=expected, action=action)


class NotPublic(InputError):
    """Something that a public release may not show was about to be shown; the message says how to show less, or to whom."""


class MachineError(InputError):
    """What was asked for is right, and the machine does not let it be done now: a disk that is full or read-only."""

    exit_code = 1


class MeasureWarning(UserWarning):
    """A statistic was computed, but the data make it doubtful; the message says why and what to do.

    Examples
    --------
    >>> import csi_lib
    >>> import warnings
    >>> answers = csi_lib.example_answers()
    >>> turned = answers.assign(q2=6 - answers["q2"])
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     result = csi_lib.cronbach_alpha(turned[["q1", "q2", "q3"]])
    >>> [warning.category.__name__ for warning in caught][:1]
    ['MeasureWarning']
    """


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known spelling closest to `word`, or None: for 'did you mean …?'."""
    close = difflib.get_close_matches(str(word), [str(k) for k in known], n=1, cutoff=0.6)
    return close[0] if close else None
