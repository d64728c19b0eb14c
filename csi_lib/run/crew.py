"""Where tasks run: worker processes of this machine. `cluster.ClusterCrew` is the same on other machines."""

from __future__ import annotations

import contextlib
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from typing import BinaryIO

from csi_lib.run.framing import receive_packed, send_packed
from csi_lib.run.lost import Lost, Working
from csi_lib.run.memory import resident
from csi_lib.run.warm_client import ForkedKernel, NoWarmKernel, WarmParent, kernel_environment

#: Seconds between two looks at memory and time.
_TICK = 0.5


@dataclass(frozen=True)
class Ended:
    """A task that is over: what it returned or `Lost`, seconds of the clock and of the processor, bytes at most."""

    number: int
    value: object
    seconds: float
    cpu: float = 0.0
    memory: int = 0


class LocalCrew:
    """Worker processes, one task at a time each, forked from the parent of warm kernels that they share.

    Parameters
    ----------
    size : number of workers, started when there is work for them.
    memory : bytes a worker may take, its notebook not counted (that has its own limit); None: any amount.
    time_limit : seconds a task may take.
    """

    def __init__(self, size: int, *, memory: int | None = None, time_limit: float | None = None):
        self.size, self.memory, self.time_limit = size, memory, time_limit
        self._said: queue.SimpleQueue = queue.SimpleQueue()
        self._workers: list[_Worker] = []
        self._parent: WarmParent | None = None
        self._cold = False
        self.shares_store = True
        self.heard = lambda working: None  # called with what a worker says it is about to do
        self.warm_up()

    def warm_up(self) -> None:
        """Start the parent of the kernels, again if it has died; without one the kernels are ordinary."""
        if self._cold or (self._parent is not None and self._parent.usable):
            return
        try:
            if self._parent is not None:
                self._parent.close()
            self._parent = WarmParent()
        except (NoWarmKernel, OSError):
            self._parent, self._cold = None, True

    @property
    def free(self) -> int:
        """How many tasks can be started now."""
        return self.size - sum(w.task is not None for w in self._workers)

    def start(self, number: int, kind: str, args: tuple) -> None:
        """Give a task to a free worker."""
        worker = next((w for w in self._workers if w.task is None), None)
        self.warm_up()
        if worker is None:
            worker = _worker(self._said, self._parent)
            self._workers.append(worker)
        worker.begin(number, kind, args, str(self._parent.folder) if self._parent else None)

    def wait(self, seconds: float) -> list[Ended]:
        """The tasks that end within that time, as soon as there is one."""
        deadline, found = time.monotonic() + seconds, []
        while not found and (left := deadline - time.monotonic()) > 0:
            with contextlib.suppress(queue.Empty):
                found.append(self._ended(*self._said.get(timeout=min(left, _TICK))))
                while True:
                    found.append(self._ended(*self._said.get_nowait()))
            found = [f for f in found if f is not None]
            self._watch()
        return found

    def _ended(self, worker: _Worker, said) -> Ended | None:
        number, begun = worker.task, worker.begun
        if said is None:  # the worker's own end
            if worker in self._workers:
                self._workers.remove(worker)
            lost = worker.lost()
            return None if number is None else Ended(number, lost, time.monotonic() - begun, memory=worker.largest)
        if isinstance(said, Working):
            self.heard(said)
            return None
        worker.task = None
        value, cpu, memory = said
        return Ended(number, value, time.monotonic() - begun, cpu, max(memory, worker.largest))

    def _watch(self) -> None:
        for worker in self._workers:
            if worker.task is None or worker.why:
                continue
            worker.largest = max(worker.largest, size := resident(worker.process.pid))
            if self.memory is not None and size > self.memory:
                worker.stop(f"it took more than the {self.memory / 2**20:,.0f} MB of memory a worker may take")
            elif self.time_limit is not None and time.monotonic() - worker.begun > self.time_limit:
                worker.stop(f"it took longer than the {self.time_limit:g} s a job may take")

    def close(self) -> None:
        """End the workers, at once, and their kernels."""
        for worker in self._workers:
            worker.close()
        self._workers = []
        if self._parent is not None:
            self._parent.close()
            self._parent = None


def _worker(said: queue.SimpleQueue, parent: WarmParent | None) -> _Worker:
    """A worker forked from `parent`, or started by exec where that cannot be."""
    if parent is not None:
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                process = parent.fork_worker([theirs.fileno(), 2, 2])
            with ours:
                return _Worker(said, process, ours.makefile("wb"), ours.makefile("rb"))
        except (NoWarmKernel, OSError):
            ours.close()
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "csi_lib.run.workers"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=kernel_environment(),
        start_new_session=True,  # Ctrl-C is the business of the one who started the run
    )  # fmt: skip
    return _Worker(said, process, process.stdin, process.stdout)


class _Worker:
    """A worker `process`, told its tasks over `tasks`; a thread hears what it says on `answers`."""

    def __init__(self, said: queue.SimpleQueue, process, tasks: BinaryIO, answers: BinaryIO):
        self.process, self._tasks, self._answers = process, tasks, answers
        self.task: int | None = None
        self.begun, self.largest, self.why = 0.0, 0, None
        self._ear = threading.Thread(target=self._listen, args=(said,), daemon=True)
        self._ear.start()

    def _listen(self, said: queue.SimpleQueue) -> None:
        while True:
            try:
                message = receive_packed(self._answers)
            except Exception:  # its end, in whatever way it came
                said.put((self, None))
                return
            said.put((self, message))

    def begin(self, number: int, kind: str, args: tuple, parent: str | None) -> None:
        self.task, self.begun, self.largest = number, time.monotonic(), 0
        with contextlib.suppress(OSError):  # a worker that has just died is heard of by its ear
            send_packed(self._tasks, (kind, args, parent))

    def stop(self, why: str) -> None:
        self.why = why
        self.process.kill()

    def lost(self) -> Lost:
        self.process.kill()
        code = self.process.wait()
        if self.why:
            return Lost(f"the worker was stopped: {self.why}", retry=False)
        how = signal.Signals(-code).name if -code in set(signal.Signals) else f"exit code {code}"
        return Lost(f"the worker process died ({how}: killed, or out of memory)", retry=True)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._ear.join(5)
        for stream in (self._tasks, self._answers):
            with contextlib.suppress(OSError):
                stream.close()
        if isinstance(self.process, ForkedKernel):
            self.process.close()
