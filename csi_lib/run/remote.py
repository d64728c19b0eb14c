"""The worker's side of a cluster: the same tasks where neither the study's folder nor the output folder can be seen.

A task brings the study's files with it (`pack_study`: parameters and chapters, no data) and takes its result back; the data
are read from the data location, which the worker must see. What a worker writes meanwhile lies in its own scratch folder
and goes with it.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import shutil
import tarfile
import threading
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

from csi_lib.run import keys
from csi_lib.run.crew import Ended, LocalCrew
from csi_lib.run.lost import Lost
from csi_lib.run.memory import WORKER
from csi_lib.run.order import Order
from csi_lib.study.keeping import SUFFIX, keep, sealed, write


@dataclass(frozen=True)
class Bundle:
    """A study's files (zip), its name, the digest of the code that the client runs, and where its data are."""

    files: bytes
    id: str
    path: str
    code: str
    data: str | None


@dataclass(frozen=True)
class Parcel:
    """A report that was made elsewhere: how it ended, and its folder (tar) if it was finished."""

    outcome: object
    folder: bytes | None


def pack_study(study, code: str, data: str | None) -> Bundle:
    """What workers need of a study. `data`: the data location, None where the study simulates its data."""
    text = io.BytesIO()
    with zipfile.ZipFile(text, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in keys.study_files(Path(study.path)):
            archive.write(path, str(path.relative_to(study.path)))
    return Bundle(text.getvalue(), study.id, str(study.path), code, data)


# ---------------------------------------------------------------------- in the dask worker
_crews = threading.local()


def run_here(kind: str, args: tuple, bundle: Bundle, time_limit: float | None) -> Ended:
    """What dask calls: hand the task to a worker process of ours and wait for it.

    The dask worker itself executes no notebook: it stays responsive, and outlives whatever a notebook does.
    """
    scratch, memory = _place()
    if bundle.code != keys.code_digest():
        words = "the worker's csi_lib is not the one this run was started with; install the same version there"
        return Ended(0, Lost(words, retry=False), 0.0)
    crew = getattr(_crews, "crew", None)
    if crew is None:
        crew = _crews.crew = LocalCrew(1, memory=memory, time_limit=time_limit)
    crew.start(0, "remote", (kind, args, bundle, scratch, None if memory is None else memory - WORKER))
    while not (ended := crew.wait(3600)):
        pass
    return ended[0]


def _place() -> tuple[str, int | None]:
    """Scratch folder and memory of this thread of the dask worker."""
    from distributed import get_worker

    worker = get_worker()
    limit = worker.memory_manager.memory_limit
    folder = Path(worker.local_directory, "csi")
    folder.mkdir(mode=0o700, exist_ok=True)
    return str(folder), int(limit / worker.state.nthreads) if limit else None


# ---------------------------------------------------------------------- in our worker process
def perform_remote(kind: str, args: tuple, bundle: Bundle, scratch: str, memory: int | None, parent: str | None):
    """A task of a cluster; `args` as for the task of the same kind on one machine."""
    study, store = _unpacked(bundle, Path(scratch))
    if kind == "agency":
        return _agency(study, store, bundle, *args)
    return _produce(study, store, bundle, *args, scratch=Path(scratch), memory=memory, parent=parent)


def _unpacked(bundle: Bundle, scratch: Path) -> tuple[Path, Path]:
    """Folder of the study's files and of what is computed from them, on this machine."""
    root = scratch / hashlib.blake2s(bundle.files + bundle.code.encode(), digest_size=8).hexdigest()
    study, store = root / bundle.id, root / "estimates"
    if not study.is_dir():
        store.mkdir(parents=True, mode=0o700, exist_ok=True)
        fresh = root / f".{bundle.id}-{os.getpid()}"
        with zipfile.ZipFile(io.BytesIO(bundle.files)) as archive:
            archive.extractall(fresh)
        try:
            fresh.rename(study)
        except OSError:  # another worker of this machine was first
            shutil.rmtree(fresh)
    return study, store


def _agency(study: Path, store: Path, bundle: Bundle, agency: str, year: int, key: str) -> str | bytes:
    """The headline rows of an agency and wave, packed; the problem in words."""
    from csi_lib.run.workers import prepare_agency

    problem = prepare_agency(_kept_study(study, store), agency, year, key, bundle.data, str(store))
    return problem or bytes(sealed(store / f"headline-{keys.PRIMARY}-{agency}-{year}{SUFFIX}"))


def _kept_study(study: Path, store: Path) -> str:
    from csi_lib.study.study import load_study

    place = store / f"study{SUFFIX}"
    if not place.exists():
        keep(place, None, load_study(study))
    return str(place)


def _produce(
    study: Path, store: Path, bundle: Bundle, order: Order, wave: tuple[str, bytes] | None, *, scratch, memory, parent
):
    from csi_lib.report.theme import prepare_theme
    from csi_lib.run.workers import prepare_agency, produce
    from csi_lib.share import shared_path
    from csi_lib.study.study import load_study

    loaded, packed = load_study(study), _kept_study(study, store)
    if wave is not None:
        write(store / wave[0], wave[1])  # sealed anew: the secret of this machine's user is another one
    own = [(a, y, key) for a, y, key in order.needs[0] if a == order.job.agency]
    for agency, year, key in own:
        prepare_agency(packed, agency, year, key, bundle.data, str(store))
    out = scratch / f"out-{os.getpid()}"
    chapters = tuple(
        (i, _moved(path, bundle, study, shared_path("notebooks")), peers) for i, path, peers in order.chapters
    )
    here = replace(
        order,
        out=str(out),
        staging=None,
        chapters=chapters,
        theme=prepare_theme(out / "_theme", loaded.report.theme, study=study),
        store=str(store),
        study=packed,
        data=bundle.data,
        memory=memory,
    )
    outcome, folder = produce(here, parent), None
    if outcome.ok:
        folder = _packed(here.folder)
        shutil.rmtree(here.folder)
    return Parcel(outcome, folder)


def _moved(path: str, bundle: Bundle, study: Path, bundled: Path) -> str:
    """Where a chapter of the client's machine lies here: among the study's files, or in this installation."""
    with contextlib.suppress(ValueError):
        return str(study / Path(path).relative_to(bundle.path))
    return str(bundled / Path(path).name)


def _packed(folder: Path) -> bytes:
    text = io.BytesIO()
    with tarfile.open(fileobj=text, mode="w") as archive:
        archive.add(folder, arcname=".")
    return text.getvalue()


def unpack(folder: bytes, target: Path) -> None:
    """Put a report that was made elsewhere into a new folder."""
    target.mkdir(parents=True, mode=0o700)
    with tarfile.open(fileobj=io.BytesIO(folder)) as archive:
        archive.extractall(target, filter="data")
