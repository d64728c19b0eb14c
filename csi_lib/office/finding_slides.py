"""Slides that say what the report found: the page for whoever decides, the conclusions, the recommendations."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

import pandas as pd

from csi_lib.office.deck import Deck, Slide
from csi_lib.prose.sentences import Sentence


class FindingSlides:
    """Slides whose sentences are the report's findings (``findings.parquet``); none where it has none.

    end : what closes a slide of this deck (source and notes).
    """

    def __init__(
        self, deck: Deck, lang: str, words: Mapping, findings: pd.DataFrame | None, end: Callable[[Slide], None]
    ):
        self.deck, self.lang, self.words, self.end = deck, lang, words, end
        self.findings = [] if findings is None else findings.sort_values("severity", ascending=False).to_dict("records")

    def _found(self, field: str = "says", **keys) -> list[str]:
        """Texts of the findings with these keys (a list: any of), the weightiest first."""
        any_of = lambda value: value if isinstance(value, list) else [value]
        found = [f for f in self.findings if all(f[k] in any_of(v) for k, v in keys.items())]
        texts = [json.loads(f[field]).get(self.lang, "") for f in found]
        return [t for t in texts if t]

    def ranked(self) -> list[dict]:
        """Findings of the priorities, rank 1 first."""
        return sorted((f for f in self.findings if f["chapter"] == "portfolio"), key=lambda f: f["size"])

    def _text_slide(self, title: str, lines: Sequence[str], *, size: int = 18, most: int = 8) -> None:
        if not lines:
            return
        slide = self.deck.slide(title)
        slide.text([Sentence(line, line) for line in lines[:most]], top=1.4, size=size)
        self.end(slide)

    def sheet(self) -> None:
        """Where we stand, whether the change is real, what is urgent, what to mend first, what was promised: one slide."""
        index = self._found(chapter="overall", kind=["level", "change", "risk"])[:2]
        first = [json.loads(f["action"]).get(self.lang) or json.loads(f["says"])[self.lang] for f in self.ranked()[:1]]
        others = [
            t for room in ("internal", "happy-call", "kindness") for t in self._found(chapter=room, kind="change")[:1]
        ]
        lines = [*index, *self._found(chapter="grade"), *[t for t in self._found(kind="risk") if t not in index][:1], *first,
                 *others, *self._found(kind="promise", direction="worse")[:2]]  # fmt: skip
        self._text_slide(self.words["sheet"], lines, most=9, size=16)

    def conclusion(self) -> None:
        """What was gained and lost, and how many changes cannot be told."""
        moved = [*self._found(kind="change", direction="worse"), *self._found(kind="change", direction="better")]
        self._text_slide(
            self.words["conclusion"], moved or self._found(kind="change", direction="none"), most=8, size=16
        )

    def recommendations(self) -> None:
        """What to do, in the order of the priorities."""
        told = [json.loads(f["action"]).get(self.lang, "") for f in self.ranked()]
        self._text_slide(self.words["recommendations"], [t for t in told if t], most=5)
