"""How results show themselves: one line in a console, a table in a notebook, a paper or a figure.

A result says once what it is made of (`SUMMARY`, `TABLE`, `MATRICES`, `verdict`); everything else follows from that,
alike for all results.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import ClassVar

import numpy as np
import pandas as pd

from csi_lib.errors import InputError

#: numbers that count something, and are shown without decimals
_COUNTS = {"n", "k", "df", "df1", "raters", "units", "values", "experts", "factors", "groups", "rank", "components"}
#: coefficients that cannot pass 1: papers leave out the zero before the point
_BOUNDED = {
    "alpha", "standardized", "omega", "hierarchical", "limit", "r", "icc", "kappa", "w", "estimate", "p_value", "loading",
    "p_adjusted", "r_corrected", "r_item_total", "alpha_if_dropped", "average_r", "cfi", "tli", "rmsea", "srmr",
    "rmsea_ci_low", "rmsea_ci_high", "gfi", "agfi", "nfi", "ifi", "rfi", "rni", "communality", "kmo", "overall", "h2", "u2",
}  # fmt: skip
_ROWS = 40  # of a table in a notebook


class Result:
    """What every result can do: a short `repr`, ``_repr_html_``, ``to_frame``, ``to_markdown``, ``to_latex``, ``to_apa``, ``plot``.

    SUMMARY : fields (or properties) that are the result in numbers, the first being the number itself.
    TABLE : the field that is the table; None where the summary is all there is.
    MATRICES : square frames, drawn as heat maps.
    """

    SUMMARY: ClassVar[tuple[str, ...]] = ()
    TABLE: ClassVar[str | None] = None
    MATRICES: ClassVar[tuple[str, ...]] = ()

    def verdict(self) -> str:
        """How the number is usually read, in words; empty where no convention exists."""
        return ""

    def _value(self, name: str):
        """A field of the summary."""
        return getattr(self, name)

    def _table(self) -> pd.DataFrame:
        table = getattr(self, self.TABLE)
        return table.rename_axis(table.index.name or "factor").to_frame() if isinstance(table, pd.Series) else table

    def _summary(self) -> list[tuple[str, object]]:
        return [(name, value) for name in self.SUMMARY if (value := self._value(name)) is not None]

    # -- one line ---------------------------------------------------------------------------------------------
    def __repr__(self) -> str:
        parts = [f"{name}={_short(value)}" for name, value in self._summary()]
        if self.TABLE is not None:
            parts.append(f"{self.TABLE}: {len(self._table())} rows")
        words = self.verdict()
        return f"<{type(self).__name__} {', '.join(parts)}{f'; {words}' if words else ''}>"

    # -- tables -----------------------------------------------------------------------------------------------
    def to_frame(self) -> pd.DataFrame:
        """The result as a table: its `TABLE`, else one row of its `SUMMARY`."""
        if self.TABLE is not None:
            return self._table().copy()
        return self.summary()

    def summary(self) -> pd.DataFrame:
        """One row of the numbers that the result is, to be stacked with those of others."""
        return pd.DataFrame([{name: self._value(name) for name in self.SUMMARY}])

    def to_apa(self) -> pd.DataFrame:
        """The table as papers print it: text, rounded, no zero before the point of what cannot pass 1, p as "< .001"."""
        return apa(self.to_frame())

    def to_markdown(self, *, style: str = "plain") -> str:
        """The table in Markdown; ``style="apa"`` as `to_apa`."""
        names, rows = _cells(self._styled(style))
        clean = lambda text: text.replace("|", "\\|").replace("\n", " ")
        lines = [names, ["---"] * len(names), *rows]
        return "\n".join("| " + " | ".join(map(clean, line)) + " |" for line in lines)

    def to_latex(self, *, style: str = "plain") -> str:
        r"""The table in LaTeX (``\usepackage{booktabs}``); ``style="apa"`` as `to_apa`."""
        frame = self._styled(style)
        names, rows = _cells(frame)
        sides = "".join("l" if _is_text(frame.iloc[:, j]) and style != "apa" else "r" for j in range(frame.shape[1]))
        body = [" & ".join(map(_latex, line)) + r" \\" for line in (names, *rows)]
        head, rest = body[0], "\n".join(body[1:])
        sides = "l" + sides[1:]
        return f"\\begin{{tabular}}{{{sides}}}\n\\toprule\n{head}\n\\midrule\n{rest}\n\\bottomrule\n\\end{{tabular}}"

    def _styled(self, style: str) -> pd.DataFrame:
        if style not in ("plain", "apa"):
            raise InputError("unknown style", where="style", found=repr(style), expected="'plain' or 'apa'")
        return self.to_apa() if style == "apa" else self.to_frame()

    def _repr_html_(self) -> str:
        """Headline, table and matrices; every text escaped, since labels come from data."""
        head = " · ".join(f"{escape(_label(name))} <b>{escape(_short(value))}</b>" for name, value in self._summary())
        words = self.verdict()
        parts = [
            f"<p><strong>{escape(type(self).__name__)}</strong> {head}{f' — {escape(words)}' if words else ''}</p>"
        ]
        if self.TABLE is not None:
            parts.append(html_table(self._table()))
        for name in self.MATRICES:
            matrix = getattr(self, name)
            if isinstance(matrix, pd.DataFrame):
                parts.append(f"<p>{escape(_label(name))}</p>" + html_table(matrix.rename_axis("").reset_index()))
        return f'<div class="csi-result">{"".join(parts)}</div>'

    # -- figure -----------------------------------------------------------------------------------------------
    def plot(self, ax=None):
        """A figure of the result by seaborn, where a picture says more than the table; returns the matplotlib axes."""
        from csi_lib.measure.plots import draw

        return draw(self, ax)


def html_table(frame: pd.DataFrame) -> str:
    """A frame as an HTML table of at most 40 rows."""
    names, rows = _cells(frame.head(_ROWS))
    numeric = [not _is_text(frame.iloc[:, j]) for j in range(frame.shape[1])]
    side = ' style="text-align:right"'
    cell = lambda tag, text, right: f"<{tag}{side if right else ''}>{escape(text)}</{tag}>"
    head = "".join(cell("th", name, right) for name, right in zip(names, numeric))
    body = "".join("<tr>" + "".join(cell("td", t, right) for t, right in zip(row, numeric)) + "</tr>" for row in rows)
    more = f"<p>… {len(frame) - _ROWS} more rows</p>" if len(frame) > _ROWS else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def apa(frame: pd.DataFrame) -> pd.DataFrame:
    """A frame as text in the manner of the APA: two or three decimals, intervals in brackets, p as "< .001"."""
    out, done = {}, set()
    for name in frame.columns:
        if name in done:
            continue
        column = frame[name]
        text = str(name)
        low, high = (text, text.replace("_low", "_high")) if text.endswith("_low") else ("", "")
        if low and high in frame.columns:
            done.add(high)
            stem = text.removesuffix("_low")
            pair = [f"[{_apa(a, stem)}, {_apa(b, stem)}]" for a, b in zip(column, frame[high])]
            out["95% CI" if stem == "ci" else f"{_label(stem)} CI"] = ["" if "–" in p else p for p in pair]
        else:
            out[_label(text)] = [_apa(value, text) for value in column]
    return pd.DataFrame(out, index=range(len(frame)))


def _apa(value, name: str) -> str:
    if not isinstance(value, (int, float, np.number)) or isinstance(value, (bool, np.bool_)):
        return _short(value)
    if not np.isfinite(value):
        return "–"
    if name.startswith("p_") or name in ("p_value", "p_adjusted"):
        return "< .001" if value < 0.001 else f"{value:.3f}".replace("0.", ".", 1)
    if name in _COUNTS or (float(value).is_integer() and abs(value) >= 2):
        return f"{value:.0f}"
    bounded = (name in _BOUNDED or name in ("ci", "se")) and abs(value) < 1
    text = f"{value:.3f}" if bounded else f"{value:.2f}"
    return text.replace("0.", ".", 1) if bounded and name != "se" else text


def _label(name: str) -> str:
    greek = {"alpha": "α", "omega": "ω", "p_value": "p", "p_adjusted": "p (adjusted)", "estimate": "Estimate", "se": "SE",
             "z": "z", "chisq": "χ²", "chi_square": "χ²", "ci_low": "low", "ci_high": "high", "standardized": "β",
             "r_squared": "R²", "sd": "SD", "mean": "M", "kappa": "κ"}  # fmt: skip
    return greek.get(name, name.replace("_", " "))


def _short(value) -> str:
    """A value as a reader wants it: four significant figures, whole numbers whole."""
    if value is None or value is pd.NA:
        return ""
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, (int, np.integer)):
        return f"{value:d}"
    if isinstance(value, (float, np.floating)):
        if np.isnan(value):
            return ""
        return (
            f"{value:.0f}"
            if value == int(value) and abs(value) < 1e15
            else f"{value:.4g}"
            if abs(value) < 1e4
            else f"{value:.1f}"
        )
    if isinstance(value, Mapping):
        return ", ".join(f"{k}: {_short(v)}" for k, v in list(value.items())[:6])
    if isinstance(value, (tuple, list)):
        return ", ".join(map(_short, value[:6])) + (" …" if len(value) > 6 else "")
    text = str(value)
    return text if len(text) <= 60 else text[:59] + "…"


def _is_text(column: pd.Series) -> bool:
    return not pd.api.types.is_numeric_dtype(column.dtype)


def _cells(frame: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    if not isinstance(frame.index, pd.RangeIndex):
        frame = frame.reset_index()
    columns = [[_short(value) for value in frame.iloc[:, j]] for j in range(frame.shape[1])]
    return list(map(str, frame.columns)), [list(row) for row in zip(*columns)]


def _latex(text: str) -> str:
    for sign in ("\\", "&", "%", "$", "#", "_", "{", "}"):
        text = text.replace(sign, r"\textbackslash " if sign == "\\" else "\\" + sign)
    for sign, mathematics in (
        ("<", "$<$"),
        ("≥", r"$\ge$"),
        ("²", r"\textsuperscript{2}"),
        ("~", r"\textasciitilde "),
        ("^", r"\textasciicircum "),
    ):
        text = text.replace(sign, mathematics)
    for letter, name in (
        ("α", "alpha"),
        ("β", "beta"),
        ("χ", "chi"),
        ("κ", "kappa"),
        ("ω", "omega"),
        ("ρ", "rho"),
        ("λ", "lambda"),
        ("Δ", "Delta"),
    ):
        text = text.replace(letter, f"$\\{name}$")
    return text
