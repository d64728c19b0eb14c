"""Which task is next: bounded workers, dependencies, one more try after a death, an orderly end."""

from __future__ import annotations

import heapq
import itertools
import time
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass

from csi_lib.run.crew import Ended

#: Seconds after which a task that had to wait for another run is looked at again.
_AGAIN = 1.0


@dataclass
class Task:
    """A piece of work for a worker.

    Parameters
    ----------
    name : unique among the tasks of a run.
    kind, args : which function of `workers` with which arguments; `args` may be a function called when the task starts.
    after : names of tasks that have to be over before.
    rank : the smaller, the earlier; what is nearest to a finished report comes first.
    before : called before the task is handed out; returns None to go on, `Later`, or a result that makes it needless.
    """

    name: Hashable
    kind: str
    args: tuple | Callable[[], tuple]
    after: tuple[Hashable, ...] = ()
    rank: int = 0
    before: Callable[[], object] | None = None
    tries: int = 0


class Later:
    """Another run is at this task."""


def run_tasks(tasks: Iterable[Task], crew, *, beat: Callable[[], None] = lambda: None) -> Iterator[tuple[Task, Ended]]:
    """Yield every task and how it ended, as it ends.

    A task whose worker died, or whose result says that a kernel died (``retry``), is tried once more, after all that
    wait already, so that one that kills every worker holds up nobody. `beat` is called a few times a second.
    """
    tasks = list(tasks)
    numbers = itertools.count()
    blocked: dict[Hashable, set] = {}
    names = {t.name for t in tasks}
    waits = {t.name: {a for a in t.after if a in names} for t in tasks}
    for task in tasks:
        for name in waits[task.name]:
            blocked.setdefault(name, set()).add(task.name)
    by_name = {t.name: t for t in tasks}
    ready = [(t.rank, next(numbers), t) for t in tasks if not waits[t.name]]
    heapq.heapify(ready)
    running: dict[int, Task] = {}
    later: list[tuple[float, Task]] = []

    def over(task: Task) -> None:
        for name in sorted(blocked.pop(task.name, ()), key=lambda n: by_name[n].rank):
            waits[name].discard(task.name)
            if not waits[name]:
                heapq.heappush(ready, (by_name[name].rank, next(numbers), by_name[name]))

    while ready or running or later:
        beat()
        now = time.monotonic()
        for due, task in [entry for entry in later if entry[0] <= now]:
            later.remove((due, task))
            heapq.heappush(ready, (task.rank, next(numbers), task))
        while ready and crew.free > 0:
            _, number, task = heapq.heappop(ready)
            said = task.before() if task.before else None
            if said is Later:
                later.append((now + _AGAIN, task))
            elif said is not None:
                over(task)
                yield task, Ended(number, said, 0.0)
            else:
                task.tries += 1
                running[number] = task
                crew.start(number, task.kind, task.args() if callable(task.args) else task.args)
        if not running:
            if later and not ready:
                time.sleep(0.2)
            continue
        for ended in crew.wait(_AGAIN):
            task = running.pop(ended.number)
            if getattr(ended.value, "retry", False) and task.tries < 2:
                heapq.heappush(ready, (task.rank + len(tasks), next(numbers), task))
                continue
            over(task)
            yield task, ended
