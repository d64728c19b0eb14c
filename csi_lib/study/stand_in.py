"""Stand-in data where a study has none: the one door to the simulator, which whoever reads data knows by name only."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from csi_lib.errors import InputError

_ROOM = "csi_lib.simulate"


def stand_in(study, *, of: str = "stand_in") -> Path:
    """Folder of simulated data of a study; `of`: ``stand_in`` (answers and what goes with them) or ``office_stand_in``.

    InputError where the simulator was left out of an installation.
    """
    if find_spec(_ROOM) is None:
        raise InputError("there are no data, and this installation has no simulator", where=f"study {study.id!r}",
                         action="Put the data into the study's folder, or name theirs with --data")  # fmt: skip
    return getattr(import_module(_ROOM), of)(study)
