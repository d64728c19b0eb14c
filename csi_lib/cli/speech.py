"""In which language the command line speaks: that of `CSI_LANG`, else of the session (LC_ALL, LC_MESSAGES, LANG)."""

from __future__ import annotations

import os


def language() -> str:
    """``ko`` or ``en``; a report's language is another matter (``--lang``)."""
    for name in ("CSI_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name)
        if value:
            return "ko" if value.lower().startswith("ko") else "en"
    return "en"


def told(ko: str, en: str) -> str:
    """The sentence in the user's language."""
    return ko if language() == "ko" else en
