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
    "csi_lib.survey.design": ["SurveyDesign"],
    # models
    # reports and runs
    "csi_lib.run.execution": ["execute_chapter", "WarmKernels"],
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
