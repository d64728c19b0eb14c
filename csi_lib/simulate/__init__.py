"""Simulated data with known truth: populations, samples with planted defects, fieldwork logs, the records of an office.

A room of its own that nothing of the workbench needs: readers ask for stand-in data by `csi_lib.study.stand_in`, the one door.
"""

from __future__ import annotations

from pathlib import Path


def stand_in(study) -> Path:
    """Folder of the study's simulated answers, made on first use."""
    from csi_lib.simulate.survey import stand_in

    return stand_in(study)


def office_stand_in(study) -> Path:
    """Folder of the simulated records of its office."""
    from csi_lib.simulate.office import office_stand_in

    return office_stand_in(study)
