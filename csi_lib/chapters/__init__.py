"""One room per chapter: what a study declares for it, what it computes, its tables and words.

A room is a folder. `SETTINGS` in its ``__init__`` names the files a study may declare (``extensions:`` in study.yml) and
the pydantic model of each; schemas, `csi check` and the list of systems are found from there. ``compute`` holds the
computation, ``section`` the tables, figures' data and sentences that the chapter's notebook in ``notebooks/`` shows.
"""

from importlib import import_module
from pkgutil import iter_modules


def declared_settings() -> dict[str, str]:
    """Name of a file that a study may declare → ``module:Model``, of all rooms."""
    rooms = (import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__) if found.ispkg)
    return {name: model for room in rooms for name, model in getattr(room, "SETTINGS", {}).items()}
