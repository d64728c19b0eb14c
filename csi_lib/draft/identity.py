"""Whatever points to a person: by its header, and by what stands in its cells. In doubt it is left out."""

from __future__ import annotations

import re

import pandas as pd

from csi_lib.draft import words

_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$", re.IGNORECASE)
_PHONE = re.compile(r"^(\+?\d{1,3}[\s.-]?)?(\(?0\d{1,2}\)?|\(?\d{3}\)?)[\s.-]?\d{3,4}[\s.-]?\d{4}$")
_RESIDENT = re.compile(r"^\d{6}\s?-?\s?[1-8][\d*]{6}$")
_IP = re.compile(r"^\d{1,3}(\.\d{1,3}){3}$|^[0-9a-f]{0,4}(:[0-9a-f]{0,4}){3,7}$", re.IGNORECASE)
_PLACE = re.compile(r"^-?\d{1,3}\.\d{3,}$")
_HANGUL_NAME = re.compile(
    r"^[김이박최정강조윤장임한오서신권황안송류전홍고문양손배백허유남심노하곽성차주우구민진지엄채원천방공현함변염여추도소석선설마길연위표명기반라왕금옥육인맹제모][가-힣]{1,3}$"
)
_LATIN_NAME = re.compile(r"^[A-ZÁÉÍÓÚÑ][a-záéíóúñ'’-]+(\s[A-ZÁÉÍÓÚÑ]\.?)?(\s[A-ZÁÉÍÓÚÑ][a-záéíóúñ'’-]+){1,3}$")
_UUID = re.compile(
    r"^(uuid:)?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$|^R_[0-9a-zA-Z]{10,}$", re.IGNORECASE
)
_LONG_NUMBER = re.compile(r"^\d{9,}$")
_BIRTH = re.compile(r"^(19[2-9]\d|200\d)[-./]?(0[1-9]|1[0-2])[-./]?(0[1-9]|[12]\d|3[01])$")
_LETTERS = re.compile(r"[^\W\d_]{3,}\s+[^\W\d_]{2,}")

#: (role, pattern, share of the answers that must look like it, what it is)
_CONTENT = (
    ("contact", _EMAIL, 0.01, "e-mail addresses"),
    ("contact", _RESIDENT, 0.01, "resident registration numbers"),
    ("contact", _PHONE, 0.05, "telephone numbers"),
    ("contact", _IP, 0.3, "network addresses"),
    ("id", _UUID, 0.3, "identifiers of records"),
    ("contact", _BIRTH, 0.5, "dates of birth"),
)


def identifies(header: str, text: str, values: pd.Series, counts: pd.Series, kind: str = "") -> tuple[str, str] | None:
    """(role, reason) when a column points to a person or a record: "id", "contact" or "quasi"; None when nothing says so.

    counts : how often each answer stands there. Few distinct answers are never an identifier by their header alone, except
    what a header calls a contact.
    """
    n, distinct = int(counts.sum()), len(counts)
    if kind in ("id", "contact", "quasi"):
        return kind, "the questionnaire says so"
    for role, pattern, share, what in _CONTENT:
        hits = int(counts[[bool(pattern.match(v)) for v in counts.index]].sum())
        if hits and hits >= share * n and (hits >= 2 or n <= 3):
            return role, f"{hits} of {n} cells look like {what}"
    unique = n > 0 and distinct >= 0.95 * n
    name, long = header.strip(), text.strip()
    short = long if len(long) <= 60 else ""
    if (words.CONTACT.search(name) or words.CONTACT.search(short)) and not _sentence(short or name):
        return "contact", f"the header reads {name[:40]!r}" if words.CONTACT.search(
            name
        ) else f"it is labelled {short[:40]!r}"
    if n < 5:
        return None
    if distinct > 12 and (words.ID.search(name) or words.ID.search(short)):
        return "id", f"the header reads {name[:40]!r}"
    if words.QUASI.search(name) or words.QUASI.search(short):
        return "quasi", f"the header reads {name[:40]!r}"
    numbers = counts.index.str.fullmatch(r"\d+")
    if unique and n >= 20 and bool(numbers.all()) and not words.NUMBER.search(f"{name} {long}"):
        return "id", "every row has another whole number"
    if bool(numbers.all()) and n >= 50 and not words.NUMBER.search(f"{name} {long}") and not words.GROUP.search(name):
        if distinct >= 0.3 * n:
            return "id", "nearly every row has another whole number"
        if name.casefold().endswith("id") and distinct > 50:
            return "id", f"the header reads {name[:40]!r}"
    if float(counts[counts.index.str.fullmatch(r"\d{9,}")].sum()) > 0.3 * n:
        return "id", "numbers of nine digits and more"
    if n >= 10 and distinct >= 0.7 * n:
        for pattern, what in ((_HANGUL_NAME, "names of people"), (_LATIN_NAME, "names of people")):
            if sum(bool(pattern.match(v)) for v in counts.index) >= 0.7 * distinct:
                return "contact", f"most cells look like {what}"
        if (
            sum(bool(_PLACE.match(v)) for v in counts.index) >= 0.9 * distinct
            and n >= 30
            and counts.index.str.len().max() >= 8
        ):
            return "contact", "numbers that look like co-ordinates"
        single = (
            counts.index.str.fullmatch(r"[\w-]{5,}")
            & counts.index.str.contains(r"\d")
            & ~counts.index.str.fullmatch(r"[\d.]+")
        )
        if unique and n >= 20 and single.mean() > 0.9:
            return "id", "every row has another code"
    return None


def _sentence(text: str) -> bool:
    """Whether a header is a whole question rather than the name of a field."""
    return len(text.split()) > 9 or text.endswith("?") or len(text) > 60
