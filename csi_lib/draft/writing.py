"""The files of a drafted study: YAML with a comment for every guess, the drift matrix, and the data."""

from __future__ import annotations

import csv
import datetime as dt
import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from csi_lib.draft import words
from csi_lib.draft.column import Draft, DraftColumn
from csi_lib.draft.files import Given
from csi_lib.draft.naming import slug
from csi_lib.intake.heading import plain_name
from csi_lib.study.base import PROSE
from csi_lib.study.migration import SCHEMA_VERSION

#: what stands before every guess in the files, for `csi check` to find
MARK = "# guess"
_PLAIN = re.compile(r"^[A-Za-z가-힣][A-Za-z가-힣0-9 _/()%&+.-]*$")
_WORDS = {"yes", "no", "y", "n", "on", "off", "true", "false", "null", "none", "~"}


def quoted(text: object) -> str:
    """A value as YAML writes it: numbers bare, words bare where they cannot be taken for something else."""
    if isinstance(text, (int, float)) and not isinstance(text, bool):
        return str(text)
    text = str(text)
    if re.fullmatch(r"-?(0|[1-9]\d*)(\.\d+)?", text):
        return text
    if _PLAIN.match(text) and text.casefold() not in _WORDS and text == text.strip() and len(text) < 200:
        return text
    return json.dumps(text, ensure_ascii=False)


def key(text: object) -> str:
    """A mapping's key; a code that would lose leading zeros is quoted."""
    return quoted(text)


class Writer:
    """Writes one draft into a folder; `data` says under which path and name each wave's answers lie."""

    def __init__(
        self, draft: Draft, given: Sequence[Given], folder: Path, *, title: str, years: Sequence[int], guessed_year: str
    ):
        self.draft, self.given, self.folder = draft, given, folder
        self.title, self.years, self.guessed_year = title, list(years), guessed_year
        self.lang = draft.language
        self.parts = {g.part for g in given if g.part}

    # ------------------------------------------------------------------ labels
    def label(self, text: str) -> str:
        """A label in the language of the file, as YAML; Spanish is named, since a bare string is Korean or English."""
        if self.lang in ("ko", "en"):
            hangul = bool(re.search("[가-힣]", text))
            letters = bool(re.search(r"[^\W\d_]", text))
            if not letters or hangul == (self.lang == "ko"):
                return quoted(text) if re.search(r"[^\W\d_]", text) else json.dumps(text, ensure_ascii=False)
        return f"{{{self.lang}: {quoted(text)}}}"

    # ------------------------------------------------------------------ data
    def write_data(self) -> dict[int, str]:
        """Copy the answers into ``data/`` as they are where they can be read so; else write them as CSV, contacts left out.
        Returns year → path in the study's folder."""
        folder = self.folder / "data"
        folder.mkdir(exist_ok=True)
        if self.draft.year is not None:
            only = self._one_file([*range(len(self.given))], "answers")
            return dict.fromkeys(self.years, only)
        out = {}
        for year in self.years:
            at = [k for k, g in enumerate(self.given) if (g.year or self.years[-1]) == year]
            out[year] = self._one_file(at, f"answers_{year}")
        return out

    def _one_file(self, at: list[int], name: str) -> str:
        sheets = [self.given[k].sheet for k in at]
        if len(sheets) == 1 and sheets[0].plain:
            source = sheets[0].file
            safe = re.sub(r"[{}*?\[\]]", "_", source.name)
            target = self.folder / "data" / safe
            if not target.exists() or target.read_bytes() != source.read_bytes():
                shutil.copyfile(source, target)
            return f"data/{safe}"
        columns = [c for c in self.draft.columns if c.role != "contact" and any(k in c.concept.columns for k in at)]
        path = self.folder / "data" / f"{name}.csv"
        with path.open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow([*(c.name for c in columns), *(["body"] if self.parts else [])])
            for k in at:
                sheet = self.given[k].sheet
                blank = [""] * sheet.n
                cells = [c.concept.columns[k].values if k in c.concept.columns else blank for c in columns]
                part = [self.given[k].part] * sheet.n
                writer.writerows(zip(*cells, *([part] if self.parts else []), strict=True))
        return f"data/{path.name}"

    def _converted(self, year: int | None) -> bool:
        at = [g for g in self.given if year is None or (g.year or self.years[-1]) == year]
        return not (len(at) == 1 and at[0].sheet.plain)

    # ------------------------------------------------------------------ codebook.yml
    def codebook(self) -> str:
        draft = self.draft
        lines = [
            "# yaml-language-server: $schema=.schema/codebook.json",
            "# Drafted from the files; nothing was invented: labels are quoted from them, and where they give none the column's",
            f"# name stands. `{MARK}` marks what was guessed, with the reason; delete the mark when it is right.",
            "# 파일에서 만든 초안이다. 이름표는 파일의 것을 그대로 옮겼고, 없으면 열 이름을 적었다. 추측한 곳에는 까닭과 함께",
            f"# `{MARK}` 표가 있다. 맞으면 표를 지운다.",
            "# Roles: item single multiple rank number importance group text | weight design quasi | id contact (never kept)",
        ]
        blanks = sorted({b for c in draft.columns for b in c.concept.blanks})
        if blanks:
            lines += [
                "",
                f"missing: [{', '.join(quoted(b) for b in blanks)}]   {MARK} (0.95): these texts stand where a cell is blank",
            ]
        if draft.scales:
            lines += ["", "scales:"]
            for name, scale in draft.scales.items():
                lines += [f"  {name}:", f"    low: {scale.low}", f"    high: {scale.high}"]
                if scale.labels:
                    lines.append("    labels:")
                    lines += [f"      {code}: {self.label(text)}" for code, text in scale.labels]
        if draft.sections:
            lines += [
                "",
                "# Batteries in the order of the questionnaire: tables, figures and sheets follow them.",
                "sections:",
            ]
            lines += [f"  - {{id: {name}, label: {self.label(text)}}}" for name, text in draft.sections.items()]
        if draft.sets:
            lines += ["", "# Questions with several answers; their columns name them with `set:`.", "sets:"]
            for name, said in draft.sets.items():
                more = [f"label: {self.label(said['label'])}"]
                more += [f"question: {self.label(said['question'])}"] if said.get("question") else []
                more += [f"up_to: {said['up_to']}"] if said.get("up_to") else []
                lines.append(f"  {name}: {{{', '.join(more)}}}")
        lines += ["", "columns:"]
        for column in draft.columns:
            lines += self._column(column, blanks)
        return "\n".join(lines) + "\n"

    def _column(self, c: DraftColumn, blanks: list[str]) -> list[str]:
        parts = [f"role: {c.role}"]
        if c.section:
            parts.append(f"section: {c.section}")
        if c.role not in ("id", "contact", "design", "weight"):
            parts.append(f"label: {self.label(c.label)}")
        if c.question and c.role not in ("id", "contact", "design", "weight", "quasi"):
            parts.append(f"question: {self.label(c.question)}")
        for name, value in (("scale", c.scale), ("set", c.set), ("of", c.of)):
            if value:
                parts.append(f"{name}: {value}")
        if c.reverse:
            parts.append("reverse: true")
        if c.separator:
            parts.append(f"separator: {json.dumps(c.separator)}")
        if c.ticked:
            parts.append(f"ticked: [{', '.join(quoted(t) for t in c.ticked)}]")
        parts += self._names(c)
        own = [m for m in c.missing if m not in blanks]
        if own:
            parts.append(f"missing: [{', '.join(quoted(m) for m in [*c.concept.blanks, *own])}]")
        head = f"  {key(c.name)}: {{{', '.join(parts)}"
        tail = ""
        lines = []
        if c.reasons:
            tail = f"   {MARK} ({c.sure:.2g}): {_comment('; '.join(dict.fromkeys(c.reasons)))}"
        blocks = []
        if c.labels and not (c.role == "rank" and not c.labels):
            blocks.append(f"labels: {{{', '.join(f'{key(k)}: {self.label(v)}' for k, v in c.labels.items())}}}")
        if c.choices:
            blocks.append(f"choices: {{{', '.join(f'{key(k)}: {v}' for k, v in c.choices.items())}}}")
        if c.coded:
            blocks.append(
                f"derive: {{map: {{{', '.join(f'{json.dumps(t, ensure_ascii=False)}: {quoted(k)}' for t, k in c.coded.items())}}}}}"
            )
        if c.ranges:
            ends = lambda pair: ", ".join("null" if v is None else str(v) for v in pair)
            blocks.append(f"derive: {{ranges: {{{', '.join(f'{k}: [{ends(v)}]' for k, v in c.ranges.items())}}}}}")
        if c.asked_if:
            asked = [f"{k}: [{', '.join(quoted(v) for v in vs)}]" for k, vs in c.asked_if.items()]
            blocks.append(f"asked_if: {{{', '.join(asked)}}}")
        if not blocks:
            return [f"{head}}}{tail}"]
        lines = [f"{head},{tail}"]
        lines += [f"    {block}{',' if k < len(blocks) - 1 else '}'}" for k, block in enumerate(blocks)]
        return lines

    def _names(self, c: DraftColumn) -> list[str]:
        """``names`` by year: what the files call the column, null where it was not asked."""
        by_year: dict[int, list[str]] = {}
        asked: dict[int, bool] = {}
        for k, given in enumerate(self.given):
            for year in self.years if self.draft.year is not None else [given.year or self.years[-1]]:
                column = c.concept.columns.get(k)
                asked[year] = asked.get(year, False) or column is not None
                if column is not None:
                    raw = c.name if self._converted(None if self.draft.year is not None else year) else column.name
                    by_year.setdefault(year, [])
                    if raw not in by_year[year]:
                        by_year[year].append(raw)
        newest = by_year.get(max(by_year)) if by_year else [c.name]
        same = all({plain_name(n) for n in names} == {plain_name(n) for n in newest} for names in by_year.values())
        absent = [year for year in self.years if not asked.get(year)]
        write = lambda names: quoted(names[0]) if len(names) == 1 else f"[{', '.join(quoted(n) for n in names)}]"
        if same and not absent:
            return [] if {plain_name(n) for n in newest} == {c.name} else [f"names: {write(newest)}"]
        said = [f"default: {write(newest)}"]
        said += [
            f"{y}: {write(names)}"
            for y, names in sorted(by_year.items())
            if {plain_name(n) for n in names} != {plain_name(n) for n in newest}
        ]
        said += [f"{y}: null" for y in absent]
        return [f"names: {{{', '.join(said)}}}"]

    # ------------------------------------------------------------------ agencies.yml, study.yml
    def agencies(self, agency: str | None) -> tuple[str, str]:
        """(agencies.yml, the source's ``agency:`` line)."""
        lines = ["# yaml-language-server: $schema=.schema/agencies.json"]
        bodies: dict[str, str] = {}
        taken: list[str] = []
        values = sorted(self.parts) or (self._agency_values() if self.draft.agency is not None else [])
        for value in values:
            text = (
                self.draft.agency.concept.labels.get(value, value)
                if self.draft.agency is not None and not self.parts
                else value
            )
            ident = slug(text, taken, start="a", between="-", most=36)
            taken.append(ident)
            bodies[value] = ident
            lines.append(f"  - {{id: {ident}, name: {self.label(text)}}}")
        if not bodies:
            name = agency or self.title
            ident = slug(name, start="a", between="-", most=36)
            lines += ["agencies:", f"  - {{id: {ident}, name: {self.label(name)}}}"]
            lines[-1] += "" if agency else f"   {MARK} (0.5): all rows are taken for one body, called after the files"
            return "\n".join(lines) + "\n", f"{{constant: {ident}}}"
        where = "the files" if self.parts else f"the column {self.draft.agency.concept.name!r}"
        lines.insert(1, f"agencies:   {MARK} (0.6): one body per value of {where}")
        column = "body" if self.parts else self.draft.agency.name
        mapping = ", ".join(f"{json.dumps(v, ensure_ascii=False)}: {i}" for v, i in bodies.items())
        return "\n".join(lines) + "\n", f"{{column: {column}, map: {{{mapping}}}}}"

    def _agency_values(self) -> list[str]:
        return sorted(self.draft.agency.concept.counts.index)

    def study(self, paths: dict[int, str], agency_line: str) -> str:
        draft, prose = self.draft, self.lang if self.lang in ("ko", "en") else "en"
        groups = [c.name for c in draft.of_role("group") if self._banner(c)][:8]
        ids = draft.of_role("id")
        title = self.label(self.title)
        lines = [
            "# yaml-language-server: $schema=.schema/study.json",
            "# Drafted by csi new --from. `csi check` lists what is still a guess; `csi run` makes the report.",
            f"schema_version: {SCHEMA_VERSION}",
            f"title: {title}   {MARK} (0.5): the name of the study's folder",
            f"languages: [{self.lang}]   # of the labels",
            f"years: [{', '.join(map(str, self.years))}]   {MARK} ({0.9 if not self.guessed_year.startswith('no ') else 0.3}): {_comment(self.guessed_year)}",
            "sources:",
            "  customers:",
            "    kind: respondents",
        ]
        if len(set(paths.values())) == 1:
            lines.append(f"    path: {quoted(next(iter(paths.values())))}")
        else:
            lines.append(f"    path: {{{', '.join(f'{y}: {quoted(p)}' for y, p in paths.items())}}}")
        lines += ["    codebook: codebook.yml", f"    agency: {agency_line}"]
        if draft.year is not None:
            lines.append(f"    year: {draft.year.name}   {MARK} (0.9): {_comment(draft.year.reasons[0])}")
        elif len(set(paths.values())) == 1:
            lines.append(f"    year: {{constant: {self.years[0]}}}")
        if draft.design:
            lines.append("    design:")
            lines += [f"      {part}: {self._by_year(part)}   {MARK} (0.8): by its header" for part in draft.design]
            if draft.design.get("strata"):
                lines.append("      lonely: average")
        lines += [
            "    # an answer the codebook does not declare is counted and left out; `error` stops instead",
            "    on_undeclared: missing",
        ]
        if ids:
            lines.append("    duplicates: drop-later")
        lines += ["report:", f"  language: {prose}", "  formats: [html, pdf]", f"  groups: [{', '.join(groups)}]"]
        lines += [
            "# What the report begins with: items (means), top2 (shares of the two best answers), or index.",
            f"headline: {'top2' if draft.of_role('item') else 'items'}",
        ]
        if self.voice() is not None:
            lines.append("extensions: {voice: voice.yml}")
        elif self.draft.of_role("text"):
            lines.append(
                f"# Open answers are read in Korean and English only; those in {self.lang!r} are kept and not analysed."
            )
        if self._dimensions():
            lines += [
                "# An index over the sections is proposed in model.yml; to score it take the mark away:",
                "# models: {customers: draft-index}",
            ]
        if draft.notes:
            lines += ["", "# What was noticed in the files:"] + [
                f"#   {_comment(note)}" for note in dict.fromkeys(draft.notes)
            ]
        return "\n".join(lines) + "\n"

    def _by_year(self, part: str) -> str:
        name = self.draft.design[part]
        column = next(c for c in self.draft.columns if c.name == name)
        asked = {self.given[k].year or self.years[-1] for k in column.concept.columns}
        absent = [y for y in self.years if y not in asked] if self.draft.year is None else []
        return name if not absent else f"{{default: {name}, {', '.join(f'{y}: null' for y in absent)}}}"

    def _banner(self, c: DraftColumn) -> bool:
        """Whether a group may stand in tables: at least two of its kinds are large enough to be shown in the newest wave."""
        newest = max(c.concept.columns)
        if newest != len(self.given) - 1:
            return False
        counts = c.concept.columns[newest].counts()
        valid = [n for v, n in counts.items() if v not in c.missing and v not in c.concept.blanks]
        if c.ranges:
            return True
        return sum(n >= 10 for n in valid) >= 2 and len(c.labels) <= 14

    # ------------------------------------------------------------------ voice.yml
    def voice(self) -> str | None:
        """How the open answers are read; None where there are none, or none in a language that can be read."""
        if not self.draft.of_role("text") or self.lang not in PROSE:
            return None
        items = [c for c in self.draft.of_role("item") if max(c.concept.columns) == len(self.given) - 1]
        overall = next((c for c in items if words.OVERALL.search(f"{c.label} {c.question}")), None)
        lines = [
            "# yaml-language-server: $schema=.schema/voice.json",
            "# Open answers. Without `topics` the sections (or items) of the questionnaire are the topics, by the nouns of their labels.",
        ]
        if overall is not None:
            lines.append(f"score: {overall.name}   {MARK} (0.7): its words ask for satisfaction as a whole")
        return "\n".join([*lines, "listing: restricted"]) + "\n"

    # ------------------------------------------------------------------ model.yml
    def _dimensions(self) -> dict[str, list[DraftColumn]]:
        found = {s: [c for c in self.draft.columns if c.section == s and c.role == "item"] for s in self.draft.sections}
        return {s: items for s, items in found.items() if len(items) >= 2}

    def model(self) -> str | None:
        """An index over the sections with equal weights, as a proposal that is not scored until the study names it."""
        dimensions = self._dimensions()
        if len(dimensions) < 2:
            return None
        both = lambda text: f"{{ko: {quoted(text)}, en: {quoted(text)}}}"
        lines = [
            "# yaml-language-server: $schema=.schema/model.json",
            "# A proposal: sections as dimensions, every item and dimension of the same weight. Nothing is scored by it until",
            "# study.yml names it.",
            *(f"# {line}" for line in self.draft.factors),
            "own:",
            "  - name: draft-index",
            f"    label: {both('종합 지수' if self.lang == 'ko' else 'Index')}",
            '    formula_edition: "1"',
            "    source: {ko: 이 조사의 구획에 따른 제안, en: Proposal from the sections of this survey}",
            "    formula: {ko: '지수 = 구획 점수의 평균, 구획 점수 = 항목 점수의 평균', en: 'Index = mean of the sections, section = mean of its items'}",
            "    index: total_index",
            "    absent: drop",
            "    nodes:",
            "      - id: total_index",
            f"        label: {both('종합 지수' if self.lang == 'ko' else 'Index')}",
            f"        children: [{', '.join(f'dim_{s}' for s in dimensions)}]",
            "        weights: {rule: equal, status: D}",
        ]
        for section, items in dimensions.items():
            lines += [
                f"      - id: dim_{section}",
                f"        label: {both(self.draft.sections[section])}",
                f"        items: [{', '.join(c.name for c in items)}]   {MARK} (0.6): they stand together in the questionnaire",
                "        weights: {rule: equal, status: D}",
            ]
        return "\n".join(lines) + "\n"


def _comment(text: str) -> str:
    """A reason on one line, without what would end a comment or tell of a person."""
    return " ".join(str(text).split())[:400]


def this_year() -> int:
    return dt.date.today().year
