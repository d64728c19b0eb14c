"""The frame around every page of the site, and the small pieces its tables are made of."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

import pandas as pd

from csi_lib.prose.change import verdict_of
from csi_lib.prose.numbers import Interval, Number, absent
from csi_lib.run.site.words import WORDS
from csi_lib.share import shared_path
from csi_lib.study.reading import reading

e = html.escape


@dataclass(frozen=True)
class Site:
    """What all pages share: the study, its language and words, and the menu (title, address from the top)."""

    study: object
    lang: str
    menu: tuple[tuple[str, str], ...] = ()
    themed: bool = True  # _theme/ lies beside the site
    searchable: bool = True

    @property
    def words(self) -> dict[str, str]:
        return {k: reading().worded(v) if isinstance(v, str) else v for k, v in WORDS[self.lang].items()}

    def name(self, agency: str) -> str:
        return self.study.agency(agency).name.text(self.lang)

    def type_name(self, code: str | None) -> str:
        label = self.study.types.get(code)
        return label.text(self.lang) if label is not None else (code or "")

    def page(self, title: str, body: str, *, up: str = "", here: str = "", script: str = "") -> str:
        """A whole page; `up` is the way to the site's top, `here` its own address in the menu."""
        t, own = self.words, self.study.title.text(self.lang)
        links = "".join(
            f'<li><a href="{up}{e(address)}"{" aria-current=page" if address == here else ""}>{e(words)}</a></li>'
            for words, address in self.menu
        )
        values = {
            "lang": self.lang,
            "up": up,
            "title": e(title),
            "tab": e(title if title == own else f"{title} – {own}"),
            "site": e(own),
            "theme": "".join(
                f'<link rel="stylesheet" href="{up}_theme/{name}.css">\n' for name in ("fonts", "theme") if self.themed
            ),
            "skip": t["skip"],
            "menu": f'<nav aria-label="{t["menu"]}"><ul>{links}</ul></nav>' if links else "",
            "search": self._search(up) if self.searchable else "",
            "body": body,
            "script": script,
        }
        text = shared_path("reports", "site", "page.html").read_text(encoding="utf-8")
        return re.sub(r"\{\{(\w+)\}\}", lambda m: values[m[1]], text)

    def _search(self, up: str) -> str:
        t = self.words
        return (
            f'<form role="search" action="{up}site/search.html"><label for="find">{t["find"]}</label>'
            f'<span><input id="find" name="q" type="search" minlength="2" required> <button>{t["go"]}</button></span></form>'
        )


def number(row, field: str = "estimate", *, lang: str, unit: bool = False, signed: bool = False, mark: str = "") -> str:
    """A figure with the id of its row; `mark` (▲, ▼) goes before it."""
    if row is None:
        return ""
    one = Number.from_row(row, field, signed=signed)
    text = e(one.digits_text())
    body = f'<span data-r="{e(one.row_id)}">{text}</span>' if one.row_id else text
    return (f"{mark}\u00a0" if mark else "") + body + (e(one.suffix(lang)) if unit else "")


def interval(row, *, lang: str) -> str:
    one = Interval.from_row(row)
    if not one.shown:
        return e(one.text(lang, unit=False))
    if one.low.digits_text() == one.high.digits_text():
        return number(row, "ci_low", lang=lang)
    between = "~" if lang == "ko" else " to "
    return number(row, "ci_low", lang=lang) + between + number(row, "ci_high", lang=lang)


def changed(row, *, lang: str) -> str:
    """A change with ▲ or ▼ where the test finds one."""
    if row is None:
        return ""
    tested = verdict_of(row)
    return number(row, lang=lang, signed=True, mark=tested.mark if tested.significant else "")


def interval_bar(row, low: float, high: float) -> str:
    """The interval on a common scale; a drawing of figures that stand beside it, hence hidden from screen readers."""
    if absent(row["estimate"]) or absent(row["ci_low"]) or bool(row["suppressed"]):
        return ""
    at = lambda value: f"{4 + 152 * (float(value) - low) / (high - low):.1f}"
    return (
        '<svg class="interval" viewBox="0 0 160 16" width="160" height="16" aria-hidden="true">'
        f'<path d="M4 8H156" class="rule"/><path d="M{at(row["ci_low"])} 8H{at(row["ci_high"])}" class="range"/>'
        f'<circle cx="{at(row["estimate"])}" cy="8" r="4"/></svg>'
    )


def span_of(rows: pd.DataFrame) -> tuple[float, float]:
    """The scale for `interval_bar`: all intervals, with a little room, on whole tens."""
    low, high = rows["ci_low"].min(), rows["ci_high"].max()
    if absent(low) or absent(high):
        return 0.0, 100.0
    return max(0.0, 10 * (low // 10)), min(100.0, 10 * (high // 10 + 1))


def sparkline(values: list[tuple[int, dict | None]], *, label: str) -> str:
    """The index over the years; years scored by different formula editions are not joined."""
    points = [(i, row) for i, (_, row) in enumerate(values) if row is not None and not absent(row["estimate"])]
    if len(points) < 2:
        return ""
    scores = [float(row["estimate"]) for _, row in points]
    low, room = min(scores), max(max(scores) - min(scores), 4.0)  # under four points a line stays nearly flat
    middle = (low + max(scores)) / 2
    x = lambda i: f"{4 + 72 * i / max(len(values) - 1, 1):.1f}"
    y = lambda v: f"{12 - 16 * (v - middle) / room:.1f}"
    path, before = "", None
    for (i, row), score in zip(points, scores, strict=True):
        joined = before is not None and before == row["formula_edition"]
        path += f"{'L' if joined else 'M'}{x(i)} {y(score)}"
        before = row["formula_edition"]
    last, score = points[-1][0], scores[-1]
    return (
        f'<svg class="spark" viewBox="0 0 80 24" width="80" height="24" role="img" aria-label="{e(label)}">'
        f'<path d="{path}"/><circle cx="{x(last)}" cy="{y(score)}" r="3"/></svg>'
    )


def table(caption: str, heads: list[tuple[str, bool]], rows: list[list[str]], *, titled: bool = True) -> str:
    """A table whose first column names the row; `heads` are (words, is it a column of figures?).

    `titled` False: the heading above it says what the caption would.
    """
    side = lambda figure: ' style="text-align: right;"' if figure else ""
    top = "".join(f'<th scope="col"{side(figure)}>{words}</th>' for words, figure in heads)
    body = "".join(
        "<tr>"
        + "".join(
            f'<th scope="row">{cell}</th>' if i == 0 else f"<td{side(heads[i][1])}>{cell}</td>"
            for i, cell in enumerate(row)
        )
        + "</tr>\n"
        for row in rows
    )
    return (
        f'<figure class="quarto-float">{f"<figcaption>{caption}</figcaption>" if titled else ""}'
        f'<div class="table-scroll" role="region" tabindex="0" aria-label="{caption}">'
        f"<table><thead><tr>{top}</tr></thead><tbody>\n{body}</tbody></table></div></figure>"
    )
