"""Whether what a report says is what its numbers say: verdicts, marks, extremes, zones and priorities against their rows.

The words are read as a reader reads them and held against `results.parquet`; what made the sentences is not asked. A
claim is wrong where the row it cites is tested and says otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

import pandas as pd

from csi_lib.prose.change import verdict_of
from csi_lib.prose.numbers import absent
from csi_lib.run.verification.statements import Passage, Statements

_UP = r"(?:상승|높|올랐|오른|올라|늘|길어|길다|많|증가|커졌|크다)"
_DOWN = r"(?:하락|낮|내렸|내린|내려|줄|짧|적다|적었|감소|단축|작아|작다)"
#: what a sentence claims of the differences it cites
CLAIMS = {
    "up": re.compile(
        rf"(?<!않)유의하게\s*{_UP}|(?:rose|higher|increased|longer) significantly|significantly (?:higher|longer|more)"
    ),
    "down": re.compile(
        rf"유의하게\s*{_DOWN}|(?:fell|decreased) significantly|significantly (?:lower|shorter|less|fewer)"
    ),
    "none": re.compile(
        r"유의한 (?:차이|변화)[가는도]?\s*(?:가 )?없|유의하지 않|not change significantly|not differ significantly|no significant"
        r"|사실상 같다|practically the same"
    ),
}
#: what a cell of a table says of the difference in its row
MARKS = {"▲": "up", "▼": "down"}
_WORDS = {
    "up": ("상승", "높음", "rose", "higher"),
    "down": ("하락", "낮음", "fell", "lower"),
    "none": ("유의한 차이 없음", "차이 없음", "not significant"),
}
_HIGH = re.compile(r"가장 (?:높|큰|크|많)|\bhighest\b|\bbest\b")
_LOW = re.compile(r"가장 (?:낮|작|적)|\blowest\b")
_ZONE = re.compile(r"‘(위험|보통|양호)’ 구간|zone ‘(at risk|fair|good)’")
_ZONES = {"위험": 0, "보통": 1, "양호": 2, "at risk": 0, "fair": 1, "good": 2}
_FIRST = re.compile(
    r"가장 먼저 [^.‘’]*‘([^’]+)’|first [^.‘’]*‘([^’]+)’|^제언 1\. ‘([^’]+)’|^Recommendation 1\. [^‘]*‘([^’]+)’"
)
_ADVICE = re.compile(r"^제언 (\d+)\. ‘([^’]+)’|^Recommendation (\d+)\. [^‘]*‘([^’]+)’")
#: statistics that are differences with a test
_TESTED = frozenset({"difference", "change", "against"})
_LEVEL = ["agency", "year", "source", "model", "measure", "by1", "group1", "by2", "group2"]
_SIBLINGS = ["year", "source", "model", "statistic", "by1", "by2", "unit", "versus"]
#: what tells the numbers of a column apart: bodies, or measures, or groups
_VARYING = ["agency", "measure", "group1"]


class Rows:
    """Results rows by id, with what a claim is held against.

    least : base below which a number takes no part in being highest or lowest.
    """

    def __init__(self, results: pd.DataFrame, *, least: int = 30):
        self.by_id = dict(zip(results["row_id"], results.to_dict("records"), strict=True))
        self.results, self.least = results, least

    @cached_property
    def changes(self) -> dict[tuple, list[Mapping]]:
        """Level → its tested changes since an earlier wave."""
        tested = self.results[(self.results["statistic"] == "difference") & self.results["versus"].notna()]
        tested = tested[tested["versus"].astype("string").str.contains("year=", regex=False)]
        out: dict[tuple, list[Mapping]] = {}
        for row in tested.to_dict("records"):
            kind = str(row["versus"]).split(":")[0]
            out.setdefault((kind, *_key(row)), []).append(row)
        return out

    def tested(self, ids: Iterable[str]) -> list[Mapping]:
        """Those of these rows that are differences with a test."""
        rows = (self.by_id[i] for i in ids if i in self.by_id)
        return [r for r in rows if r["statistic"] in _TESTED and verdict_of(r).direction != "unknown"]

    def change_of(self, row: Mapping) -> list[Mapping]:
        return [
            r for r in self.changes.get((str(row["statistic"]), *_key(row)), ()) if verdict_of(r).direction != "unknown"
        ]


def _key(row: Mapping) -> tuple:
    return tuple("" if absent(row[c]) else str(row[c]) for c in _LEVEL)


def claim_findings(said: Statements, rows: Rows) -> list[str]:
    """Sentences and tables of a page that say what their rows do not; in words, none where all agree."""
    out: list[str] = []
    verdicts = named_verdicts(said, rows)
    for passage in said.passages:
        for sentence in passage.sentences():
            out += _verdict(sentence, rows)
            out += _extremes(sentence, said, rows)
            out += _named(sentence, verdicts)
    out += _marks(said, rows)
    out += _counts(rows)
    out += priority_findings((s.text for p in said.passages for s in p.sentences()), priorities(said, rows))
    return list(dict.fromkeys(out))


def _claimed(text: str) -> set[str]:
    return {claim for claim, words in CLAIMS.items() if words.search(text)}


def _verdict(sentence: Passage, rows: Rows) -> Iterator[str]:
    claims = _claimed(sentence.text)
    if not claims:
        return
    tested = rows.tested(sentence.rows)
    if not tested:  # a level with the word alone: the change of that level
        levels = [rows.by_id[i] for i in sentence.rows if i in rows.by_id]
        tested = [c for row in levels for c in rows.change_of(row)] if len(levels) == 1 else []
    said = [verdict_of(r).direction for r in tested]
    wrong = [d for d in dict.fromkeys(said) if d not in claims]
    if said and (wrong or not claims <= set(said)):
        yield f"{_short(sentence.text)!r} claims {', '.join(sorted(claims))}, and its numbers say {', '.join(sorted(set(said)))}"


def _extremes(sentence: Passage, said: Statements, rows: Rows) -> Iterator[str]:
    for word, sign in ((_HIGH, 1), (_LOW, -1)):
        for match in word.finditer(sentence.text):
            if re.match(r"(?:가장 큰 차이|가장 큰 기관)", sentence.text[match.start() :]):
                continue
            own = _nearest(sentence, match.start(), match.end())
            row = rows.by_id.get(own) if own else None
            if row is None or absent(row["estimate"]) or row["statistic"] in ("difference", "probability", "agreement"):
                continue
            sets = [_siblings(c, row, rows, by) for c in _columns(said, own) for by in _VARYING]
            sets = [s for s in sets if len(s) > 1]
            best = lambda s, sign=sign: max(sign * r["estimate"] for r in s)
            if sets and all(sign * row["estimate"] < best(s) - 1e-9 for s in sets):
                yield f"{_short(sentence.text)!r}: {row['measure']} is not the {'highest' if sign > 0 else 'lowest'} of its table"


def _nearest(sentence: Passage, start: int, stop: int) -> str | None:
    """The number that an extreme is said of: the last one of its clause before it, else the first one after it."""
    clause = max((m.end() for m in re.finditer(r",\s|;\s|고 |며 ", sentence.text[:start])), default=0)
    before = [row for at, row, _ in sentence.cited if clause <= at < start]
    if before:
        return before[-1]
    ends = re.search(r",\s|;\s|고 |며 ", sentence.text[stop:])
    limit = stop + ends.start() if ends else len(sentence.text)
    after = [row for at, row, _ in sentence.cited if stop <= at < limit]
    return after[0] if after else None


def _columns(said: Statements, row_id: str) -> Iterator[list[str]]:
    """Every column of every table in which a row stands, as the ids in it."""
    for table in said.tables:
        for k in range(max((len(r) for r in table), default=0)):
            ids = [i for r in table if k < len(r) for i in r[k].rows[:1]]
            if row_id in ids:
                yield ids


def _siblings(ids: Iterable[str], row: Mapping, rows: Rows, by: str) -> list[Mapping]:
    keys = [*_SIBLINGS, *(c for c in _VARYING if c != by)]
    same = lambda r: all((absent(r[c]) and absent(row[c])) or r[c] == row[c] for c in keys)
    found = (rows.by_id[i] for i in dict.fromkeys(ids) if i in rows.by_id)
    whole = lambda r: not absent(row["by1"]) and absent(r["group1"])
    return [
        r
        for r in found
        if same(r) and not absent(r["estimate"]) and not whole(r) and (absent(r["n"]) or r["n"] >= rows.least)
    ]


def _cell_claims(text: str) -> set[str]:
    bare = text.strip()
    found = {v for k, v in MARKS.items() if k in bare}
    plain = bare.strip("▲▼–▽△ ")
    return found | {claim for claim, words in _WORDS.items() if plain in words}


def _marks(said: Statements, rows: Rows) -> Iterator[str]:
    """Marks and words of verdict in tables against the test in their row, or of the level in their cell."""
    for table in said.tables:
        for row in table:
            per_row = rows.tested(i for cell in row for i in cell.rows)
            spoken = any(
                _claimed(cell.text) for cell in row
            )  # a sentence with its mark: better and worse, not up and down
            for cell in row:
                claims = _cell_claims(cell.text)
                own = rows.tested(cell.rows) or (
                    [c for i in cell.rows if i in rows.by_id for c in rows.change_of(rows.by_id[i])]
                    if cell.rows
                    else []
                )
                held = own if cell.rows else per_row
                if not claims or not held or (len({r["row_id"] for r in held}) > 1 and not spoken):
                    continue
                truth = {verdict_of(r).direction for r in held}
                right = (claims == {"none"}) == (truth == {"none"}) if spoken else claims == truth
                if not right:
                    stub = _short(row[0].text, 30)
                    yield f"{stub!r}: the table says {', '.join(sorted(claims))}, and its number says {', '.join(sorted(truth))}"


def _counts(rows: Rows) -> Iterator[str]:
    """How many bodies are said to have risen, fallen or neither, against their tests."""
    said = {r["statistic"]: r["estimate"] for r in rows.by_id.values() if str(r["statistic"]).startswith("agencies_")}
    told = tuple(said.get(f"agencies_{k}") for k in ("up", "down", "none"))
    if None in told:
        return
    by_measure: dict[str, list[str]] = {}
    for found in rows.changes.values():
        for row in found:
            if absent(row["by1"]) and verdict_of(row).direction != "unknown":
                by_measure.setdefault(str(row["measure"]), []).append(verdict_of(row).direction)
    counted = [tuple(v.count(k) for k in ("up", "down", "none")) for v in by_measure.values()]
    if counted and told not in counted:
        yield f"of the bodies {told[0]:g} are said to have risen, {told[1]:g} fallen and {told[2]:g} neither, which no measure bears out"


def named_verdicts(said: Statements, rows: Rows) -> dict[str, set[str]]:
    """First cell of a table's row → what the one test in that row says, over all tables in which it stands."""
    out: dict[str, set[str]] = {}
    for table in said.tables:
        for row in table:
            tested = {r["row_id"]: r for r in rows.tested(i for cell in row for i in cell.rows)}
            if row and len(tested) == 1 and not row[0].rows:
                out.setdefault(row[0].text.strip(" †‡"), set()).update(verdict_of(r).direction for r in tested.values())
    return out


#: sentences that name what moved, or what differs, without its number
_LISTS = (
    ("up", re.compile(r"유의하게 오른 [^:]+:\s*([^.]+)\.|Significantly higher:\s*([^.]+)\.|^(.+)[은는] 다른 [^.]+ 유의하게 높다")),
    ("down", re.compile(r"유의하게 내린 [^:]+:\s*([^.]+)\.|Significantly lower:\s*([^.]+)\.|^(.+)[은는] 다른 [^.]+ 유의하게 낮다")),
    ("none", re.compile(r"유의한 변화가 없는 [^:]+:\s*([^.]+)\.|Without a significant change:\s*([^.]+)\.")),
)  # fmt: skip
_BETWEEN = re.compile(r",\s*|(?<=\S)[와과] | and ")


def _named(sentence: Passage, verdicts: Mapping[str, set[str]]) -> Iterator[str]:
    """Names said to have moved, or to differ, against the table that tests them."""
    for claim, pattern in _LISTS:
        for match in pattern.finditer(sentence.text):
            listed = next(g for g in match.groups() if g)
            names = [listed] if listed in verdicts else _BETWEEN.split(listed)
            for name in (n.strip() for n in names):
                if verdicts.get(name) and claim not in verdicts[name]:
                    yield f"{name!r} is said to be {claim}, and its table says {', '.join(sorted(verdicts[name]))}"


def priorities(said: Statements, rows: Rows) -> list[str]:
    """Labels of the table of priorities, in its order; empty without one."""
    ranked = {i for i, r in rows.by_id.items() if r["statistic"] == "rank" and r["versus"] == "priority"}
    best: list[tuple[float, str]] = []
    for table in said.tables:
        found = []
        for row in table:
            own = [rows.by_id[i] for cell in row for i in cell.rows if i in ranked]
            if own and row:
                label = next((c.text.strip() for c in row if not c.rows and re.search(r"[^\d\s]", c.text)), "")
                found.append((float(own[0]["estimate"]), label))
        best = found if len(found) > len(best) else best
    return [label for _, label in best]


def priority_findings(sentences: Iterable[str], order: list[str]) -> list[str]:
    """What is named first, or recommended, against the order of priorities (labels, first to last)."""
    if not order:
        return []
    out, advised = [], []
    for text in sentences:
        if (match := _ADVICE.search(text)) is not None:
            advised.append(match[2] or match[4])
        elif (match := _FIRST.search(text)) is not None:
            name = next(g for g in match.groups() if g)
            if name in order and name != order[0]:
                out.append(f"{name!r} is named first, and {order[0]!r} is first in the table of priorities")
    places = [order.index(a) for a in advised if a in order]
    if places != sorted(places):
        out.append("recommendations do not stand in the order of the table of priorities")
    return out


def zones_said(said: Statements, rows: Rows) -> list[tuple[float, int, str]]:
    """(score, zone, sentence) of every sentence that puts a score into a zone."""
    out = []
    for passage in said.passages:
        for sentence in passage.sentences():
            for match in _ZONE.finditer(sentence.text):
                before = [r for at, r, _ in sentence.cited if at < match.start()]
                row = rows.by_id.get(before[-1]) if before else None
                if row is not None and row["unit"] == "points" and not absent(row["estimate"]):
                    zone = _ZONES[match[1] or match[2]]
                    out.append((float(row["estimate"]), zone, _short(sentence.text)))
    return out


def zone_findings(zoned: Iterable[tuple[float, int, str]]) -> list[str]:
    """Scores of a round of which a higher one is said to be in a worse zone."""
    ordered = sorted(zoned)
    out, top = [], None
    for score, zone, text in ordered:
        if top is not None and zone < top[1] and score > top[0]:
            out.append(f"{text!r} puts {score:.1f} into a worse zone than {top[2]!r} puts {top[0]:.1f}")
        if top is None or zone > top[1]:
            top = (score, zone, text)
    return out


def spoken_claims(texts: Iterable[str]) -> list[str]:
    """Sentences that claim a verdict, in the order they stand."""
    return [t for t in texts if _claimed(t) or _FIRST.search(t) or _ADVICE.search(t)]


def _short(text: str, most: int = 90) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1] + "…"


__all__ = [
    "CLAIMS",
    "MARKS",
    "Rows",
    "claim_findings",
    "priorities",
    "priority_findings",
    "spoken_claims",
    "zone_findings",
    "zones_said",
]
