"""A third language: a catalogue of translations over the English edition, as gettext has them.

The words of reports stand in Korean and English beside their preconditions. Any other language is a folder
``words/<language>/`` of a study, or of this package, with one YAML file per room: a list of ``{en: …, vi: …}``, written by
``csi words`` and filled in by a translator. The English edition is made, and what it says is looked up on its way to the page:
`study.reading.Reading.worded` is that gate. What the catalogue lacks stays English.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from ruamel.yaml import YAML, YAMLError

from csi_lib.errors import InputError
from csi_lib.study.base import PROSE
from csi_lib.study.yaml_file import YamlFile

#: where this package keeps the languages it brings
BUNDLED = Path(__file__).resolve().parent.parent / "words"

#: a field of a template, with or without options
FIELD = re.compile(r"\{([A-Za-z_]\w*|)(?:[:!][^{}]*)?\}")
#: what joins texts that are translated one by one, the strongest first
_JOINTS = [re.compile(f"({j})") for j in (r"\n", r"(?<=[.!?])\s+", " · ", "; ", " – ", ": ", ", ", r" ?\(|\)")]
#: what stands between paragraphs, fences included; a heading is its marks, its words and its id
_BREAKS = re.compile(r"(\n[ \t]*\n\s*|^:::.*(?:\n|$))", re.MULTILINE)
_HEADING = re.compile(r"(#{1,6} +)(.*?)((?: *<!--.*?-->| *\{[^}]*\})?\s*)")
#: signs before a word
_MARKS = re.compile(r"^[^\w{(\[“‘]+")
#: letters by which a template is known again when filled; "of" stands in many a label
_WORDS = 6
_LETTER = re.compile(r"[A-Za-z]")


class Tongue(str):
    """A language that has a catalogue: English for all that asks which prose to write, with its own ``code`` for the reader.

    Examples
    --------
    >>> from csi_lib.study.catalogue import tongue
    >>> tongue("vi") == "en", tongue("vi").code, tongue("ko")
    (True, 'vi', 'ko')
    """

    code: str

    def __new__(cls, code: str):
        made = super().__new__(cls, "en")
        made.code = code
        return made

    def __reduce__(self):
        return Tongue, (self.code,)


def tongue(lang: str) -> str:
    """`lang` as what prose is written in: itself for Korean and English, else English that knows its own code."""
    return lang if lang in PROSE else Tongue(lang)


def code_of(lang: str) -> str:
    """The code under which a reader knows a language: vi."""
    return getattr(lang, "code", lang)


@dataclass(frozen=True, eq=False)
class Catalogue:
    """English texts and templates with what they are in another language.

    Attributes
    ----------
    lang : code of the language.
    texts : English, as written in the code, to the translation with the same ``{fields}``; untranslated ones are absent.

    Examples
    --------
    >>> from csi_lib.study.catalogue import Catalogue
    >>> spanish = Catalogue("es", {"Base": "Casos", "{n} of {all} rose": "Subieron {n} de {all}"})
    >>> spanish.text("Base"), spanish.text("3 of 4 rose"), spanish.text("Unknown")
    ('Casos', 'Subieron 3 de 4', 'Unknown')
    """

    lang: str
    texts: Mapping[str, str]
    _known: dict[str, str] = field(default_factory=dict, repr=False)

    def text(self, english: str) -> str:
        """The translation of a text, of a template, or of a text made from one; without any the English itself."""
        found = self._known.get(english)
        if found is None:
            found = self._known[english] = self._found(english) or english
        return found

    def _found(self, english: str, joint: int = 0) -> str | None:
        """None where the catalogue has nothing to say about `english`; `joint`: the first at which it may be taken apart."""
        body = english.strip()
        if not body or not _LETTER.search(body) or body in self._said:
            return None
        if english in self.texts:
            return self.texts[english]
        for part in dict.fromkeys((body, _MARKS.sub("", body), body.removesuffix("."))):  # ▲ rose
            made = self._whole(part)
            if made is not None:
                return english.replace(part, made, 1)
        for level, at in enumerate(_JOINTS[joint:], start=joint + 1):
            if len(split := at.split(english)) > 1:
                texts = [self._found(part, level) for part in split]
                if any(t is not None for t in texts):
                    return "".join(p if t is None else t for p, t in zip(split, texts, strict=True))
        return None

    def _whole(self, text: str) -> str | None:
        """A text that is in the catalogue, as it stands or filled in, or with a capital because it begins a sentence."""
        made = self._trimmed.get(text) or self._from_template(text)
        if made is None and text[:1].isupper():
            small = text[0].lower() + text[1:]
            made = self._trimmed.get(small) or self._from_template(small)
            made = made and made[0].upper() + made[1:]
        return made

    def _from_template(self, text: str) -> str | None:
        """A text that a template was filled in to, said by its translation with the same fillings."""
        for longest, pattern, names, translation in self._templates:
            if longest in text and (found := pattern.fullmatch(text)) is not None:
                return _filled(translation, list(zip(names, map(self.text, found.groups()), strict=True)))
        return None

    @cached_property
    def _said(self) -> frozenset[str]:
        return frozenset((*self.texts.values(), *self._trimmed.values()))

    @cached_property
    def _trimmed(self) -> dict[str, str]:
        return {english.strip(): said.strip() for english, said in self.texts.items()}

    @cached_property
    def _templates(self) -> list[tuple[str, re.Pattern, list[str], str]]:
        """Templates with words enough to be known again when filled, those with the most words first."""
        found = []
        for english, translation in self.texts.items():
            literals = FIELD.split(english)[::2]
            if len(literals) == 1 or len(_LETTER.findall("".join(literals))) < _WORDS:
                continue
            names, pattern = [], re.escape(literals[0])
            for match, literal in zip(FIELD.finditer(english), literals[1:], strict=True):
                if match[1] and match[1] in names:
                    pattern += f"(?P={match[1]})"
                else:
                    names.append(match[1])
                    pattern += f"(?P<{match[1] or f'unnamed{len(names)}'}>(?:(?! · ).)+?)"
                pattern += re.escape(literal)
            found.append((max(literals, key=len), re.compile(pattern, re.DOTALL), names, translation))
        return sorted(found, key=lambda f: -sum(map(len, f[0])))


def _filled(template: str, said: list[tuple[str, str]]) -> str:
    """`template` with what is said in each field; fields without a name in their order."""
    named, unnamed = dict(said), iter([text for name, text in said if not name])
    return FIELD.sub(lambda m: named.get(m[1], m[0]) if m[1] else next(unnamed), template)


def folders(lang: str, study: Path | None = None) -> list[Path]:
    """Where the catalogues of a language lie: in this package, then in the study, whose own win."""
    places = [BUNDLED / lang, *([Path(study) / "words" / lang] if study is not None else [])]
    return [p for p in places if p.is_dir() and any(p.glob("*.yml"))]


def languages(study: Path | None = None) -> list[str]:
    """Languages beside Korean and English in which a study's reports can be written."""
    roots = [BUNDLED, *([Path(study) / "words"] if study is not None else [])]
    names = {f.name for root in roots if root.is_dir() for f in root.iterdir() if re.fullmatch("[a-z]{2}", f.name)}
    return sorted(name for name in names - set(PROSE) if folders(name, study))


_READ: dict[tuple, Catalogue] = {}


def read_catalogue(lang: str, study: Path | None = None) -> Catalogue:
    """The catalogue of a language; InputError where there is none, or a translation has not the fields of its English."""
    found = folders(lang, study)
    if not found:
        raise InputError(
            "there is no catalogue of this language",
            where=str(BUNDLED / lang) if study is None else str(Path(study) / "words" / lang), found=repr(lang),
            expected=", ".join([*PROSE, *languages(study)]), action=f"csi words {lang} --study STUDY writes one to fill in",
        )  # fmt: skip
    files = [file for folder in found for file in sorted(folder.glob("*.yml"))]
    stamp = (lang, *((str(f), f.stat().st_mtime_ns, f.stat().st_size) for f in files))
    if stamp not in _READ:
        texts: dict[str, str] = {}
        for file in files:
            texts |= {english: said for english, said in entries(file, lang) if said}
        _READ[stamp] = Catalogue(lang, texts)
    return _READ[stamp]


def entries(path: Path, lang: str) -> Iterator[tuple[str, str]]:
    """(English, translation or "") of one file, each checked for its fields."""
    try:
        data = YAML(typ="safe").load(path.read_text(encoding="utf-8-sig")) or []
    except (YAMLError, UnicodeDecodeError):
        data = YamlFile(path).data or []  # says in words what is wrong, and where
    if not isinstance(data, list):
        raise InputError("a catalogue is a list of texts", where=str(path), expected=f"- en: …\n  {lang}: …")
    for place, entry in enumerate(data):
        if not isinstance(entry, dict) or set(entry) - {"en", lang} or not isinstance(entry.get("en"), str):
            raise YamlFile(path).error("a text of a catalogue has its English and its translation", place,
                                       found=str(entry)[:80], expected=f"en: … and {lang}: …")  # fmt: skip
        said = entry.get(lang)
        said = "" if said is None else str(said)
        if said and (wrong := _fields(entry["en"]) ^ _fields(said)):
            raise YamlFile(path).error(
                "a translation has other fields than its English", place, lang, found=", ".join(sorted(wrong)),
                expected=", ".join(f"{{{f}}}" for f in sorted(_fields(entry["en"]))) or "none",
            )  # fmt: skip
        yield entry["en"], said


def paragraphs(markdown: str) -> Iterator[tuple[str, bool]]:
    """The parts of an author's Markdown, and whether each is words to translate: marks of headings, ids and fences are not."""
    for part in _BREAKS.split(markdown):
        head = _HEADING.fullmatch(part)
        for text, said in zip(head.groups(), (False, True, False), strict=True) if head else [(part, True)]:
            yield text, said and not _BREAKS.fullmatch(text)


def _fields(text: str) -> set[str]:
    return {m[1] for m in FIELD.finditer(text.replace("{{", "").replace("}}", ""))}
