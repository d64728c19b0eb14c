"""What a worker process does; started by exec, so nothing of the main process is inherited."""

from __future__ import annotations

import atexit
import os

_kernels = None


def start_worker() -> None:
    """Threads of BLAS are capped before numpy is imported: workers are the parallelism."""
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "1")


def estimate_one(study: str, agency: str, year: int, data: str | None, store: str) -> str | None:
    """Compute and store one agency's estimates; the problem in words, or None."""
    from csi_lib.errors import InputError
    from csi_lib.models.round import Round

    try:
        _round(study, data, store, Round).estimates(agency, year)
    except InputError as error:
        return str(error)
    except Exception as error:
        return f"{type(error).__name__} while {agency} {year} was evaluated"
    return None


_rounds: dict = {}


def _round(study, data, store, kind):
    """One Round per study in a worker, so that a file with all agencies is read once."""
    key = (str(study), data, store)
    if key not in _rounds:
        _rounds[key] = kind(_load(study), data=data, store=store)
    return _rounds[key]


def _load(study):
    from csi_lib.study.study import load_study

    return load_study(study)


def produce_one(order):
    """Make one report with this worker's warm kernels (started at its first report)."""
    global _kernels
    from csi_lib.run.execution import WarmKernels
    from csi_lib.run.produce import produce

    if _kernels is None:
        _kernels = WarmKernels()
        _kernels.__enter__()
        atexit.register(_kernels.__exit__, None, None, None)
    return produce(order, _kernels)
