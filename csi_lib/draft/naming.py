"""Names of the codebook's columns, sections and bodies, and labels short enough to stand in a table."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from csi_lib.draft.concepts import Concept, without_number
from csi_lib.study.codebook import RESERVED

#: a label longer than this is cut at a word; the whole text stays as the question
LONGEST_LABEL = 90
_NAME = re.compile(r"^[a-z][a-z0-9_]{0,39}$")
_NUMBERED = re.compile(r"^\s*[\[(]?([a-z]{0,3}\d{1,3}(?:[-_.]\d{1,2})*[a-z]?)[\])]?\s*[.:)\-\s]", re.IGNORECASE)
#: words that YAML takes for something else
_YAML = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}


def codebook_names(concepts: Sequence[Concept]) -> list[str]:
    """One name per question: its header where that is a plain word, else the number it begins with, else its place."""
    taken: set[str] = set(RESERVED)
    out = []
    for concept in concepts:
        raw = concept.name.strip().lstrip("*").strip()
        name = re.sub(r"[\s.\-\[\]/()]+", "_", raw.casefold()).strip("_")
        if not _NAME.match(name) or name in _YAML:
            found = _NUMBERED.match(raw)
            name = f"q{found[1].casefold().lstrip('q')}" if found else f"c{concept.place + 1}"
            name = re.sub(r"[.\-]", "_", name)
        base, number = name, 2
        while name in taken:
            name, number = f"{base}_{number}", number + 1
        taken.add(name)
        out.append(name)
    return out


def slug(text: str, taken: Iterable[str] = (), *, start: str = "s", between: str = "_", most: int = 24) -> str:
    """An id of lower-case letters and digits from a text; its letters where it has Latin ones, else `start` and a number."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().casefold()
    word = re.sub(r"[^a-z0-9]+", between, plain).strip(between)[:most].strip(between)
    if not word or not (word[0].isalpha() or between == "-") or len(word) < 2 or len(text) > 40:
        word = ""
    base, number = word or f"{start}1", 2
    out, taken = base, set(taken)
    while out in taken:
        out = f"{base}{between}{number}" if word else f"{start}{number}"
        number += 1
    return out


def short_label(text: str) -> tuple[str, str]:
    """(label, whole text or ""): a quote cut at a word when it is too long for a table.

    >>> short_label("Q3. Parks and trails")
    ('Parks and trails', '')
    """
    whole = " ".join(text.split())
    label = without_number(whole)
    if len(label) <= LONGEST_LABEL:
        return label, "" if label == whole or whole.endswith(label) else whole
    cut = label[:LONGEST_LABEL].rsplit(" ", 1)[0] if " " in label[:LONGEST_LABEL] else label[:LONGEST_LABEL]
    return cut.rstrip(" ,;:") + "…", whole
