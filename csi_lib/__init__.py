"""Customer-satisfaction studies of public agencies: measure, evaluate, report.

Every public call is ``csi_lib.<name>``. Names are resolved on first use (PEP 562), so that
``import csi_lib`` loads neither pandas nor anything else that takes time.
"""

from importlib import import_module

__version__ = "0.1.0"

#: public name -> module that holds it; the one list of what users may rely on
_PUBLIC = {
    "csi_lib.errors": ["InputError", "MeasureWarning"],
    # measure: pure statistics
    "csi_lib.measure.scale": ["rescale", "top_box", "nps"],
    "csi_lib.measure.alpha": ["cronbach_alpha"],
    # study: what is on disk
    # survey: data meets codebook and design
    # models
    # prose, tables, figures: what a reader sees
    "csi_lib.prose.escape": ["escape_markdown"],
    "csi_lib.prose.numbers": ["Interval", "Number"],
    "csi_lib.prose.particles": ["josa"],
    "csi_lib.prose.rounding": ["round_half_up"],
    "csi_lib.prose.sentences": ["Sentence", "say"],
    "csi_lib.prose.change": ["describe", "verdict"],
    "csi_lib.tables.table": ["Table"],
    "csi_lib.tables.estimates": ["change_table", "distribution_table", "rank_table"],
    "csi_lib.figures.figure": ["Figure"],
    "csi_lib.figures.theme": ["Theme"],
    "csi_lib.figures.performance": ["gauge", "surplus_ladder"],
    "csi_lib.figures.bars": ["caterpillar", "driver_bars", "group_bars", "index_bars", "item_dots"],
    "csi_lib.figures.heat": ["heat_table"],
    "csi_lib.figures.peers": ["peers_strip"],
    "csi_lib.figures.quadrants": ["portfolio"],
    "csi_lib.figures.shares": ["distribution", "likert_bars"],
    "csi_lib.figures.tree": ["path_diagram"],
    "csi_lib.figures.trends": ["slope_chart", "trend_lines"],
    # reports and runs
}
_MODULE_OF = {name: module for module, names in _PUBLIC.items() for name in names}
__all__ = [*_MODULE_OF, "__version__"]


def __getattr__(name: str):
    try:
        module = _MODULE_OF[name]
    except KeyError:
        raise AttributeError(f"csi_lib has no public name {name!r}") from None
    value = getattr(import_module(module), name)
    globals()[name] = value
    return value


def __dir__():
    return sorted({*globals(), *_MODULE_OF})
