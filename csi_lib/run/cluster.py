"""Workers on other machines: the crew of a run whose tasks go through dask.distributed (extra ``cluster``)."""

from __future__ import annotations

import contextlib
import ipaddress
import logging
import queue
import re
import shutil
import socket
import time
import uuid
from pathlib import Path
from urllib.parse import urlsplit

from csi_lib.errors import InputError
from csi_lib.extras import advice
from csi_lib.run import keys
from csi_lib.run.crew import Ended
from csi_lib.run.lost import Lost
from csi_lib.run.order import Order
from csi_lib.run.publishing import publish
from csi_lib.run.remote import Parcel, pack_study, run_here, unpack
from csi_lib.run.workers import prepare_wave
from csi_lib.study.keeping import SUFFIX, sealed, write
from csi_lib.survey.files import find_files

#: Seconds for somebody to listen at the address, for a first worker to join, and without a scheduler until the run gives up.
KNOCK, JOIN, SILENCE = 3.0, 30.0, 15.0
_LOST = "the cluster has lost its scheduler; what was finished is kept, run again when it is back"


class ClusterCrew:
    """The workers of a dask cluster, with the methods of `crew.LocalCrew`.

    Parameters
    ----------
    address : a dask cluster object, or: ``local:N`` starts N worker processes here; ``tcp://`` on the loopback only, because it is neither encrypted
        nor authenticated; ``tls://`` with the certificates of dask's configuration.
    study : `Study`; its files travel with the tasks. data : the data location, as workers see it.
    time_limit : seconds a task may take.
    """

    def __init__(self, address, study, *, data: str | None = None, time_limit: float | None = None):
        if isinstance(address, str):
            check_address(address)
        try:
            import distributed
        except ImportError:
            raise InputError(
                "a cluster needs dask.distributed",
                where="--cluster",
                action=advice("cluster"),
            ) from None
        # What a lost connection means is said once, by this crew; these would say it many times, with tracebacks.
        for name in [*logging.root.manager.loggerDict, "distributed", "tornado", "asyncio"]:
            if name.partition(".")[0] in ("distributed", "tornado", "asyncio"):
                logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        self._local = None
        try:
            if match := re.fullmatch(r"local:(\d+)", str(address)):
                self._local = distributed.LocalCluster(
                    n_workers=int(match[1]), threads_per_worker=1, host="127.0.0.1", dashboard_address=None
                )
            elif isinstance(address, str):
                _knock(address)
            self._client = distributed.Client(self._local or address, timeout=JOIN, set_as_default=False)
            self._client.wait_for_workers(1, timeout=JOIN)
        except (OSError, TimeoutError) as problem:
            self.close()
            raise InputError(
                "the cluster cannot be reached, or has no worker",
                where="--cluster",
                found=f"{address} ({problem})",
                action="Start `dask scheduler` and `dask worker`; docs/cluster.md shows how",
            ) from None
        self.time_limit = time_limit
        self.shares_store = False  # estimates stay where they were computed
        self._bundle = pack_study(study, keys.code_digest(), data or _data_location(study))
        self._over: queue.SimpleQueue = queue.SimpleQueue()
        self._running: dict[int, tuple[object, str, tuple, float]] = {}
        self._ready: list[Ended] = []
        self._threads, self._looked, self._heard = 1, 0.0, time.monotonic()
        self.gone: str | None = None

    @property
    def free(self) -> int:
        """How many tasks can be started now: one for every thread of the workers and one to follow."""
        if self.gone:
            return 1
        if time.monotonic() - self._looked > 2:
            self._looked = time.monotonic()
            with contextlib.suppress(Exception):
                self._threads = sum(
                    w["nthreads"] for w in self._client.scheduler_info(n_workers=-1)["workers"].values()
                )
        return max(0, self._threads + 1 - len(self._running))

    def start(self, number: int, kind: str, args: tuple) -> None:
        """Send a task to the cluster; what only gathers results is done here."""
        if self.gone:
            self._ready.append(Ended(number, Lost(self.gone, retry=False), 0.0))
            return
        if kind == "wave":
            self._ready.append(Ended(number, prepare_wave(*args), 0.0))
            return
        if kind == "agency":
            _, agency, year, key, _, store = args
            sent, kept = (agency, year, key), (Path(store) / f"headline-{keys.PRIMARY}-{agency}-{year}{SUFFIX}",)
        else:
            (order,) = args
            sent, kept = (order, _wave_of(order)), (order,)
        future = self._client.submit(
            run_here, kind, sent, self._bundle, self.time_limit, pure=False, key=f"csi-{kind}-{number}-{uuid.uuid4().hex}"
        )  # fmt: skip
        self._running[number] = future, kind, kept, time.monotonic()
        future.add_done_callback(lambda _, number=number: self._over.put(number))

    def wait(self, seconds: float) -> list[Ended]:
        """The tasks that end within that time, as soon as there is one."""
        deadline = time.monotonic() + seconds
        while not self._ready and (left := deadline - time.monotonic()) > 0:
            with contextlib.suppress(queue.Empty):
                self._take(self._over.get(timeout=min(left, 0.5)))
                while True:
                    self._take(self._over.get_nowait())
            self._watch()
        ready, self._ready = self._ready, []
        return ready

    def _take(self, number: int) -> None:
        future, kind, kept, begun = self._running.pop(number, (None, None, None, 0.0))
        if future is None:
            return
        took = time.monotonic() - begun
        if future.status == "error":
            self._ready.append(Ended(number, Lost("the workers that had this job died", retry=False), took))
            return
        if future.status != "finished":  # nobody cancels a job before the end but a client that has lost its scheduler
            self._ready.append(Ended(number, Lost(_LOST, retry=False), took))
            self._lose()
            return
        try:
            ended = future.result(timeout=JOIN)
        except Exception as problem:  # the result could not be fetched: its worker has gone meanwhile
            ended = Ended(number, Lost(f"its result was lost ({type(problem).__name__})", retry=True), took)
        value = self._brought(kind, ended.value, kept)
        self._ready.append(Ended(number, value, took, ended.cpu, ended.memory))

    def _brought(self, kind: str, value, kept: tuple):
        """A result in its place on this machine."""
        if kind == "agency" and isinstance(value, bytes):
            write(kept[0], value)
            return None
        return received(kept[0], value) if isinstance(value, Parcel) else value

    def _watch(self) -> None:
        """Without a scheduler nothing will come any more."""
        now = time.monotonic()
        if self._client.status == "running":
            self._heard = now
        elif self._client.status == "closed" or now - self._heard > SILENCE:
            self._lose()

    def _lose(self) -> None:
        self.gone = _LOST
        for number in list(self._running):
            self._running.pop(number)
            self._ready.append(Ended(number, Lost(_LOST, retry=False), 0.0))

    def close(self) -> None:
        """Let go of the cluster; what was still at work there is cancelled."""
        client = getattr(self, "_client", None)
        if client is not None:
            with contextlib.suppress(Exception):
                client.cancel([future for future, *_ in self._running.values()], force=True)
            with contextlib.suppress(Exception):
                client.close(timeout=5)
        if self._local is not None:
            with contextlib.suppress(Exception):
                self._local.close(timeout=10)


def _knock(address: str) -> None:
    """Raise OSError when nobody listens there: dask itself would go on asking for half a minute."""
    parts = urlsplit(address)
    deadline = time.monotonic() + KNOCK
    while True:  # a scheduler that was started a moment ago is given time to come up
        try:
            socket.create_connection((parts.hostname, parts.port), timeout=KNOCK).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.25)


def received(order: Order, parcel: Parcel):
    """Publish a report that a worker has made; its `Outcome`."""
    from dataclasses import replace

    outcome = replace(parcel.outcome, folder=str(order.folder))
    if parcel.folder is None:
        return outcome
    below = order.folder.relative_to(order.out)
    staging = Path(order.staging, *below.parts[2:], f"{'-'.join(below.parts)}-{uuid.uuid4().hex[:8]}")
    try:
        unpack(parcel.folder, staging)
        publish(order, staging)
    except OSError as error:
        return replace(outcome, ok=False, folder=None, problem=f"{error.strerror or error} ({error.filename or staging})",
                       hint="Free disk space or make the output folder writable, then run again")  # fmt: skip
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return outcome


def check_address(address: str) -> None:
    """InputError for an address over which answers of respondents should not travel, or that is none."""
    expected = "local:N, tcp://127.0.0.1:PORT or tls://HOST:PORT"
    if re.fullmatch(r"local:[1-9]\d*", address):
        return
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if parts.scheme not in ("tcp", "tls") or not host or not port:
        raise InputError(
            "this is not the address of a cluster", where="--cluster", found=repr(address), expected=expected
        )
    if parts.scheme == "tcp" and host != "localhost":
        try:
            loopback = ipaddress.ip_address(host).is_loopback
        except ValueError:
            loopback = False
        if not loopback:
            raise InputError(
                "tcp is neither encrypted nor authenticated: whoever reaches the scheduler can run code and see answers",
                where="--cluster",
                found=address,
                expected=expected,
                action="Set up certificates (docs/cluster.md) and use tls://",
            )


def _data_location(study) -> str | None:
    """The study's own folder, unless its data are simulated: then every worker simulates the same."""
    for year in study.years:
        with contextlib.suppress(InputError):
            return None if find_files(study, keys.PRIMARY, year)[1] else str(study.path)
    return str(study.path)


def _wave_of(order: Order) -> tuple[str, bytes] | None:
    """Name and content of the headline rows of a report's peers."""
    from csi_lib.models.round import wave_name

    if order.needs[1] is None:
        return None
    place = Path(order.store) / wave_name(keys.PRIMARY, order.job.year, order.needs[1] or None)
    return place.name, bytes(sealed(place) or b"")
