"""Figures for reports: each call returns a drawing with its alt text and the data behind it.

``from csi_lib import figures; figures.gauge(...)``. Names are resolved on first use, because matplotlib
takes time to import.
"""

from importlib import import_module

_PUBLIC = {
    "figure": ["Figure"],
    "theme": ["HOUSE", "Theme"],
    "performance": ["gauge", "surplus_ladder"],
    "bars": ["caterpillar", "driver_bars", "group_bars", "index_bars", "item_dots"],
    "heat": ["heat_table"],
    "peers": ["peers_strip"],
    "quadrants": ["portfolio"],
    "series": ["broken_series", "control_chart"],
    "shares": ["distribution", "likert_bars"],
    "structure": ["structure_diagram"],
    "tree": ["path_diagram"],
    "strips": ["score_strips"],
    "slopes": ["slope_chart"],
    "trends": ["trend_lines"],
    "words": ["word_chart"],
}
_MODULE_OF = {name: module for module, names in _PUBLIC.items() for name in names}
__all__ = list(_MODULE_OF)


def __getattr__(name: str):
    if name not in _MODULE_OF:
        raise AttributeError(f"csi_lib.figures has no figure {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
