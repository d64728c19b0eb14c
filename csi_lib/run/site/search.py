"""Full-text search without a server: two-letter pieces of every report's text in script files.

A browser does not let a page opened from disk read other files as data, but it does run them as scripts, so the index
consists of scripts that call back. A query loads only the parts that hold its pieces, and the text of the reports found.
"""

from __future__ import annotations

import base64
import html
import json
import re
import unicodedata
from pathlib import Path

from csi_lib.run.site.reports import Report
from csi_lib.study.keeping import SUFFIX, keep, kept, state

SHARDS = 64
_DATA = re.compile(r'="data:[^"]*"')
_MAIN = re.compile(r"<main\b.*?</main>", re.DOTALL)
_SILENT = re.compile(r"<(script|style|button|math|annotation)\b.*?</\1>", re.DOTALL)
_SECTION = re.compile(r'<section\b[^>]*?\bid="([^"]+)"[^>]*>')
_HEADING = re.compile(r"<h([1-6])\b[^>]*>(.*?)</h\1>", re.DOTALL)
_TAG = re.compile(r"<[^>]+>")
_TABLE = re.compile(r"(<table\b.*?</table>)", re.DOTALL)
_FIGURE = re.compile(r"(?<!\S)[<(\[]?[-+−±▲▼]?\s?\d*[\d.,~:/%p†*–-]*(?!\S)")
_SPACE = re.compile(r"\s+")


def sections_of(page: str) -> list[tuple[str, str, str]]:
    """(anchor, heading, text) of every section of a report, without the figures in its tables."""
    main = _MAIN.search(_DATA.sub('=""', page))
    pieces = _SECTION.split(main[0] if main else "")
    out = []
    for anchor, body in zip(pieces[1::2], pieces[2::2], strict=True):
        body = _SILENT.sub(" ", body)
        heading = _HEADING.search(body)
        words = _text(heading[2]) if heading else ""
        rest = body[: heading.start()] + body[heading.end() :] if heading else body
        parts = [_FIGURE.sub(" ", _text(p)) if p.startswith("<table") else _text(p) for p in _TABLE.split(rest)]
        out.append((anchor, words, _SPACE.sub(" ", " ".join(parts)).strip()))
    return out


def _text(markup: str) -> str:
    return _SPACE.sub(" ", unicodedata.normalize("NFC", html.unescape(_TAG.sub(" ", markup)))).strip()


def pairs_of(text: str) -> set[str]:
    """The two-letter pieces of every word, as script.js asks for them: UTF-16 units, lower case."""
    found = set()
    for word in set(text.lower().split()):
        found.update(word[i : i + 2] for i in range(len(word) - 1))
    return found


def shard_of(pair: str) -> int:
    """The same sum in search.js decides where a pair is looked for."""
    units = pair.encode("utf-16-le")
    return sum(units[i] + 256 * units[i + 1] for i in range(0, len(units), 2)) % SHARDS


def write_search(folder: Path, reports: list[Report], names: dict[str, str], periods: dict[int, str]) -> None:
    """The files of the search below `folder`; the text of a report that did not change is taken from last time."""
    folder.mkdir(parents=True, exist_ok=True)
    memory = folder.parents[1] / ".run" / f"site-search{SUFFIX}"
    before = (kept(memory) or (None, {}))[1]
    where: dict[str, int] = {}
    shown, now, texts = [], {}, set()
    for report in (r for r in reports if r.page is not None):
        target = folder / f"t-{report.agency}-{report.year}.js"
        place = report.place
        if before.get(place) != [report.key, state(target)]:
            sections = sections_of(report.page.read_text(encoding="utf-8"))
            _write(target, f"csiText({_script(place)},{_script(sections)});")
        else:
            sections = json.loads(target.read_text(encoding="utf-8").split(",", 1)[1][:-2])
        bit = 1 << len(shown)
        for pair in pairs_of(" ".join(f"{heading} {text}" for _, heading, text in sections)):
            where[pair] = where.get(pair, 0) | bit
        shown.append([place, names[report.agency], periods[report.year]])
        now[place] = [report.key, state(target)]
        texts.add(target)
    size = (len(shown) + 7) // 8
    shards: list[dict[str, str]] = [{} for _ in range(SHARDS)]
    everywhere = (1 << len(shown)) - 1
    for pair, bits in sorted(where.items()):
        text = "" if bits == everywhere else base64.b64encode(bits.to_bytes(size, "little")).decode()
        shards[shard_of(pair)][pair] = text
    for number, pairs in enumerate(shards):
        target = folder / f"i-{number}.js"
        _write(target, f"csiPairs({number},{_script(pairs)});")
    _write(folder / "reports.js", f"csiReports({_script(shown)});")
    keep(memory, None, now)
    for stray in set(folder.glob("t-*.js")) - texts:
        stray.unlink()


def _script(value) -> str:
    """JSON that is safe inside a script, whatever the text."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _write(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
