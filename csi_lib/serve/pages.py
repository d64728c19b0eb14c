"""Templates and their words."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from ruamel.yaml import YAML

_HERE = Path(__file__).parent


class Pages:
    """Renders a template of this room in a language; every value is escaped."""

    def __init__(self):
        self._words = YAML(typ="safe").load((_HERE / "words.yml").read_text(encoding="utf-8"))
        self._templates = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def render(self, template: str, *, lang: str, **values) -> str:
        def t(key: str, **fields) -> str:
            return self._words[key][lang].format(**fields)

        return self._templates.get_template(template).render(lang=lang, t=t, size=_size, figure=_figure, **values)


def _size(n: int) -> str:
    return f"{n / 1e6:.1f} MB" if n >= 1e6 else f"{max(1, round(n / 1e3))} kB"


def _figure(value, unit: str | None = None) -> str:
    """A number as reports print it: one place, shares as percentages."""
    from csi_lib.prose.rounding import round_half_up

    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{round_half_up(value * 100, 1)} %" if unit == "proportion" else f"{round_half_up(value, 1)}"
    return str(value)
