"""What a joined report leaves out: sections that came out empty or folded, and tables that stand in it already.

Both are decided on the executed cells, so that no chapter has to know what the others show.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from csi_lib.prose.sentences import Sentence, say

_HEADING = re.compile(r"(#{1,6}) ")
_NAMED = re.compile(r"^#+ [^\n]*\{[^}\n]*#(sec-[\w-]+)")
#: how the Markdown of folded detail begins (`csi_lib.report.table_markdown.folded`)
FOLD = "::::: {.detail}"
_CAPTION = re.compile(r"^: (?P<caption>.*) \{#(?P<id>tbl-[\w-]+)\}$", re.MULTILINE)
_HERE = {"ko": "{caption:은/는} {ref}에 있다.", "en": "{caption}: see {ref}."}


def without_empty_sections(cells: Sequence, silent: set[int]) -> list:
    """`cells` without the headings (and the lines under them) of sections whose code showed nothing.

    `silent` are positions in `cells` before which a code cell without output stood. A section is empty when it has such
    cells and neither output nor text of its own but what stands in the heading's cell; one that only introduces others
    is empty when all of these are.
    """
    levels = [_level(cell) for cell in cells]
    empty: set[int] = set()
    for start in reversed(range(len(cells))):
        if levels[start] is None:
            continue
        end = next((i for i in range(start + 1, len(cells)) if (levels[i] or 9) <= levels[start]), len(cells))
        inside = range(start + 1, end)
        if all(i in empty for i in inside) and any(start < at <= end for at in silent):
            empty.add(start)
    return [cell for i, cell in enumerate(cells) if i not in empty]


def without_folded_sections(cells: Sequence, cited: set[str]) -> list:
    """`cells` without the headings of sections that hold nothing but folded detail; their words go into the fold.

    On paper such a section would be a heading over nothing. A section that is referred to (`cited`) keeps its heading.
    """
    out = list(cells)
    for start in reversed(range(len(out))):
        level = _level(out[start])
        if not level or level < 2:
            continue
        end = next((i for i in range(start + 1, len(out)) if (_level(out[i]) or 9) <= level), len(out))
        shown = [o for cell in out[start + 1 : end] for o in cell.get("outputs", [None])]
        texts = [o.get("data", {}).get("text/markdown", "") if o is not None else "" for o in shown]
        name = _NAMED.search(out[start].source)
        if not texts or not all(text.startswith(FOLD) for text in texts) or (name and _is_cited(name[1], cited)):
            continue
        words = out[start].source.lstrip().partition("\n")[2].strip()
        if words:
            title, gap, body = texts[0].partition("\n\n")
            shown[0]["data"]["text/markdown"] = f"{title}{gap}{words}\n\n{body}"
        del out[start]
    return out


def _is_cited(name: str, cited: set[str]) -> bool:
    """Whether a section's own id is referred to, in its chapter (``sec-x``) or from another (``sec-<chapter>-x``)."""
    rest = name.partition("-")[2]
    return any(c == name or c.endswith(f"-{rest}") for c in cited)


def _level(cell) -> int | None:
    """The level of the heading a Markdown cell begins with."""
    match = _HEADING.match(cell.source.lstrip()) if cell.cell_type == "markdown" else None
    return len(match[1]) if match else None


def without_repeats(kept: Sequence[tuple[str, list]], lang: str) -> dict[tuple[str, str], str]:
    """Replace, in the outputs of `kept`, tables that an earlier chapter shows by a reference to them.

    Two tables are the same when their lines are, whatever they are called. Returns the ids that are gone, by chapter, with
    the joined id of the table that stays.
    """
    seen: dict[str, str] = {}
    gone: dict[tuple[str, str], str] = {}
    for chapter, cells in kept:
        for cell in cells:
            for output in cell.get("outputs", ()):
                text = output.get("data", {}).get("text/markdown")
                found = _CAPTION.search(text) if isinstance(text, str) else None
                if found is None:
                    continue
                body = _CAPTION.sub("", text)
                if body not in seen:
                    seen[body] = f"tbl-{chapter}-{found['id'].partition('-')[2]}"
                    continue
                for match in _CAPTION.finditer(text):
                    gone[chapter, match["id"]] = seen[body]
                caption = Sentence(found["caption"], re.sub(r"\\(.)", r"\1", found["caption"]))
                output["data"]["text/markdown"] = say(
                    _HERE[lang], lang, caption=caption, ref=Sentence(f"@{seen[body]}", "")
                ).markdown
    return gone
