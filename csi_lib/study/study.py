"""A study: validated parameters, agencies and codebooks, and the jobs that follow from them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from csi_lib.errors import InputError, nearest
from csi_lib.study.agency import AGENCY_ID, Agency, read_agencies
from csi_lib.study.base import PROSE, Label
from csi_lib.study.catalogue import languages
from csi_lib.study.codebook import Codebook
from csi_lib.study.consistency import cross_faults, design_faults, group_faults, untranslated
from csi_lib.study.limits import inside
from csi_lib.study.location import resolve_study
from csi_lib.study.source import SURVEYS, Source
from csi_lib.study.study_file import StudyFile, Wave
from csi_lib.study.weighting import weighting_faults
from csi_lib.study.yaml_file import YamlFile, raise_together

#: the agency parameter of the overall report of a round
OVERALL = "_overall"


@dataclass(frozen=True)
class Job:
    """One report to make; the fields are the parameters of a chapter notebook.

    Examples
    --------
    >>> import csi_lib
    >>> csi_lib.Job("example", "hanbit-fmc", 2024, "ko", "public").year
    2024
    """

    study: str
    agency: str
    year: int
    lang: str
    release: str


class Study(StudyFile):
    """A study read from disk; see `load_study`.

    Attributes
    ----------
    id, path : name and folder of the study.
    years : ordered mapping year → `Wave` (iterating gives the years).
    agencies : the `Agency` objects, in the order of their file.
    codebooks : source name → `Codebook`, for the sources that have one.
    types, sizes, regions : labels of the agencies' peer groups.

    Examples
    --------
    >>> import csi_lib
    >>> study = csi_lib.load_study("example")
    >>> [agency.id for agency in study.agencies][:2]
    ['hanbit-fmc', 'saesol-udc']
    """

    id: str
    path: Path
    agencies: tuple[Agency, ...]
    codebooks: dict[str, Codebook]
    types: dict[str, Label] = {}
    sizes: dict[str, Label] = {}
    regions: dict[str, Label] = {}

    @property
    def capabilities(self) -> set[str]:
        """What chapters may ask for beside sources and extensions: ``index`` or ``no-index``, ``items``, ``groups``,
        ``questions`` of other kinds, ``waves`` (two or more) and ``bodies`` (two or more)."""
        book = self.codebooks.get("customers")
        groups = self.report.groups if self.report.groups is not None else (book.groups if book else ())
        said = {
            "index": bool(self.models.get("customers")) or book is None,
            "no-index": book is not None and not self.models.get("customers"),
            "items": book is not None and bool(book.items),
            "groups": bool(groups),
            "questions": book is not None and bool(book.of_role("single", "multiple", "rank", "number")),
            "waves": len(self.years) > 1,
            "bodies": len(self.agencies) > 1,
        }
        return {name for name, there in said.items() if there}

    def agency(self, id: str) -> Agency:
        """The agency `id`; InputError with the near spelling when the study has none."""
        for agency in self.agencies:
            if agency.id == id:
                return agency
        known = [agency.id for agency in self.agencies]
        near = nearest(id, known)
        raise InputError(
            "this study has no such agency",
            where=f"study {self.id!r}",
            found=_short(id),
            expected=f"one of {', '.join(known[:12])}{' …' if len(known) > 12 else ''} (an id matches {AGENCY_ID})",
            action=f"Did you mean {near!r}?" if near else "Agencies are listed in agencies.yml.",
        )

    def wave(self, year: int) -> Wave:
        """The wave of `year`; InputError when the study has none."""
        try:
            return self.years[int(year)]
        except (KeyError, TypeError, ValueError):
            known = [str(y) for y in self.years]
            near = nearest(str(year), known)
            raise InputError(
                "this study has no such year",
                where=f"study {self.id!r}",
                found=_short(year),
                expected=f"one of {', '.join(known)}",
                action=f"Did you mean {near}?" if near else "Years are listed in study.yml.",
            ) from None

    def period_of(self, year: int) -> str:
        """The period printed for a year: the year itself where nothing finer is declared."""
        return self.wave(year).period or str(year)

    def source(self, name: str) -> Source:
        """The source `name`; InputError with the near spelling when the study has none."""
        if name not in self.sources:
            near = nearest(name, self.sources)
            raise InputError(
                "this study has no such source",
                where=f"study {self.id!r}",
                found=_short(name),
                expected=f"one of {', '.join(self.sources)}",
                action=f"Did you mean {near!r}?" if near else "Sources are listed in study.yml.",
            )
        return self.sources[name]

    def codebook(self, source: str = "customers") -> Codebook:
        """The codebook of a source."""
        self.source(source)
        if source not in self.codebooks:
            raise InputError(
                "this source has no codebook",
                where=f"study {self.id!r}",
                found=repr(source),
                expected=f"the file {self.sources[source].codebook!r} in the study's folder",
            )
        return self.codebooks[source]

    def peers(self, agency: str) -> tuple[Agency, ...]:
        """Other agencies of the same type, in file order."""
        own = self.agency(agency)
        return tuple(a for a in self.agencies if a.id != own.id and a.type == own.type)

    def children(self, id: str) -> tuple[str, ...]:
        """Ids of the agencies whose parent it is, in file order."""
        return tuple(a.id for a in self.agencies if a.parent == id)

    def members(self, id: str) -> tuple[str, ...]:
        """The agencies whose answers its figures contain: itself, and with ``consolidated`` all below it."""
        out = [id]
        if self.agency(id).consolidated:
            for at in out:
                out += [c for c in self.children(at) if c not in out]
        return tuple(out)

    def pieces(self, id: str) -> tuple[str, ...]:
        """The bodies of which a consolidated body is made besides itself: a consolidated child counts as one piece."""
        below = self.members(id)[1:]
        inner = {m for c in below for m in self.members(c)[1:]}
        return tuple(c for c in below if c not in inner)

    def family(self, id: str) -> str | None:
        """The uppermost consolidated body whose figures contain this one's answers (itself, if it is one); else None."""
        found, at = None, self.agency(id)
        for _ in self.agencies:  # a circle of parents ends here
            if at.consolidated:
                found = at.id
            if at.parent is None:
                break
            at = self.agency(at.parent)
        return found

    def jobs(
        self,
        agencies: Iterable[str] | str | None = None,
        years: Iterable[int] | int | None = None,
        lang: str | None = None,
        release: str | None = None,
    ) -> list[Job]:
        """One job per agency and year in which the agency took part, in file order.

        Raises InputError, with the near spelling, for an agency, year or language the study has not.
        """
        chosen = self.agencies if agencies is None else [self.agency(a) for a in _several(agencies)]
        waves = list(self.years) if years is None else [int(y) for y in _several(years) if self.wave(y)]
        lang, release = lang or self.report.language, release or self.report.release
        self.check_language(lang)
        if release not in ("public", "restricted"):
            raise InputError("this release does not exist", found=_short(release), expected="public or restricted")
        chosen = {agency.id: agency for agency in chosen}
        return [
            Job(str(self.path), id, year, lang, release)
            for id, agency in chosen.items()
            for year in dict.fromkeys(waves)
            if agency.took_part(year)
        ]

    def check_language(self, lang: str) -> str:
        """`lang`, in which a report can be written: a language of the study, or one with a catalogue over its English
        edition; InputError for another."""
        if lang in self.prose or (lang not in PROSE and "en" in self.prose and lang in languages(self.path)):
            return lang
        raise InputError(
            "this study is not written in that language",
            where=f"study {self.id!r}",
            found=_short(lang),
            expected=f"one of {', '.join([*self.prose, *(languages(self.path) if 'en' in self.prose else [])])}",
            action="Add the language under 'languages' and translate the labels; "
            "one that is neither ko nor en also needs a catalogue (csi words, docs/words.md)",
        )

    def untranslated(self) -> list[InputError]:
        """Labels that lack a language of the study: what `csi check` reports."""
        return list(untranslated(self))

    def __hash__(self) -> int:
        return hash((self.id, self.path))


def load_study(study: str | Path | Study | None = None) -> Study:
    """Read and check a study's folder.

    Parameters
    ----------
    study : a folder, the name of a study, or None for ``$CSI_STUDY``; see `resolve_study`.

    Returns
    -------
    Study

    Raises
    ------
    InputError
        Everything wrong in the study's files, together, each with file, line, element and the near
        spelling.

    Notes
    -----
    A process reads a study once, until a file of its folder changes.

    Examples
    --------
    >>> import csi_lib
    >>> study = csi_lib.load_study("example")
    >>> study.years
    {2023: Wave(period='2023', formula_edition={'iudc-external': '2004'}), 2024: Wave(period='2024', formula_edition={'iudc-external': '2004'})}
    """
    if isinstance(study, Study):
        return study
    folder = resolve_study(study)
    stamp = _stamp(folder)
    if folder not in _MEMORY or _MEMORY[folder][0] != stamp:
        _MEMORY[folder] = stamp, _read(folder)
    return _MEMORY[folder][1]


#: studies read by this process: a study never changes, so it is read again only when its files do
_MEMORY: dict[Path, tuple[tuple, Study]] = {}


def _stamp(folder: Path) -> tuple:
    files = (*folder.glob("*.yml"), *folder.glob("*/*.yml"), *folder.glob("agencies.csv"))
    stats = [(str(file), file.stat()) for file in sorted(files)]
    return tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in stats)


def _read(folder: Path) -> Study:
    errors: list[InputError] = []
    file = YamlFile(folder / "study.yml")
    declared = _kept(errors, file.validate, StudyFile)
    listed = _kept(errors, read_agencies, folder)
    codebooks = _codebooks(folder, file, errors)
    raise_together(errors)
    raise_together(
        [
            *cross_faults(file, declared, listed),
            *group_faults(file, declared, codebooks),
            *(f for name, book in codebooks.items() for f in design_faults(file, name, declared.sources[name], book)),
            *(
                f
                for name, book in codebooks.items()
                for f in weighting_faults(
                    file, name, declared.sources[name], book, [a.id for a in listed.agencies], declared.years
                )
            ),
        ]
    )
    given = {name: getattr(declared, name) for name in StudyFile.model_fields}
    return Study.model_construct(
        **given,
        id=folder.name,
        path=folder,
        agencies=listed.agencies,
        types=listed.types,
        sizes=listed.sizes,
        regions=listed.regions,
        codebooks=codebooks,
    )


def _kept(errors: list[InputError], read, *arguments):
    """What `read` returns; None where it fails, and the failure is kept for the common report."""
    try:
        return read(*arguments)
    except InputError as error:
        errors.append(error)
        return None


def _codebooks(folder: Path, file: YamlFile, errors: list[InputError]) -> dict[str, Codebook]:
    """The codebook of every source; one file may serve several.

    Named by the raw data, so that faults of codebooks are found even while study.yml has some.
    """
    sources = file.data.get("sources") if isinstance(file.data, dict) else None
    read: dict[str, Codebook | None] = {}
    of_source = {}
    for name, source in (sources if isinstance(sources, dict) else {}).items():
        source = source if isinstance(source, dict) else {}
        book = str(source.get("codebook", "codebook.yml"))
        try:
            inside(folder, book, where=file.where("sources", name, "codebook"))
        except InputError as error:
            errors.append(error)
            continue
        if (folder / book).exists():
            if book not in read:
                read[book] = _kept(errors, _codebook, folder / book)
            if read[book] is not None:
                of_source[name] = read[book]
        elif "codebook" in source or source.get("kind", "respondents") in SURVEYS:
            errors.append(
                file.error(
                    "the codebook of this source does not exist",
                    *("sources", name, "codebook"),
                    found=str(folder / book),
                    action="Write it, or name another file.",
                )
            )
    return of_source


def _codebook(path: Path) -> Codebook:
    file = YamlFile(path)
    codebook = file.validate(Codebook)
    raise_together(file.error(problem, *place, **more) for problem, place, more in codebook.faults())
    return codebook


def _several(value) -> list:
    return [value] if isinstance(value, (str, int)) else list(value)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
