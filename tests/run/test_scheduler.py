"""The scheduler with a crew of paper: order, bounds, dependencies, second tries."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import pytest

from csi_lib.run import scheduler
from csi_lib.run.crew import Ended
from csi_lib.run.lost import Lost
from csi_lib.run.scheduler import Later, Task, run_tasks


class Paper:
    """Performs a task when it is waited for, oldest first; `deaths` are the names whose first tries kill the worker."""

    def __init__(self, size=2, deaths=()):
        self.size, self.deaths = size, deque(deaths)
        self.held, self.order, self.most = deque(), [], 0

    @property
    def free(self):
        return self.size - len(self.held)

    def start(self, number, kind, args):
        self.held.append((number, args[0]))
        self.order.append(args[0])
        self.most = max(self.most, len(self.held))

    def wait(self, seconds):
        number, name = self.held.popleft()
        if name in self.deaths:
            self.deaths.remove(name)
            return [Ended(number, Lost("died", retry=True), 0.0)]
        return [Ended(number, f"made {name}", 0.0)]


def task(name, after=(), rank=0, **more):
    return Task(name, "x", (name,), tuple(after), rank, **more)


def names(done):
    return [t.name for t, _ in done]


def test_never_more_than_the_crew_and_everything_once():
    crew = Paper(3)
    done = list(run_tasks([task(k) for k in range(20)], crew))
    assert crew.most == 3
    assert sorted(names(done)) == list(range(20))
    assert crew.order == list(range(20)), "fair: in the order of the plan"


def test_a_report_goes_before_estimates_that_only_later_ones_need():
    tasks = []
    for k in range(3):
        tasks += [task(("e", k), rank=10 + k), task(("r", k), [("e", k)], rank=k)]
    crew = Paper(1)
    assert names(run_tasks(tasks, crew)) == [("e", 0), ("r", 0), ("e", 1), ("r", 1), ("e", 2), ("r", 2)]


def test_after_names_that_are_not_tasks_of_this_run_does_not_wait():
    assert names(run_tasks([task("r", ["stored long ago"])], Paper())) == ["r"]


def test_a_death_costs_one_more_try_at_the_end_and_a_second_is_the_end():
    crew = Paper(1, deaths=["a", "b", "b"])
    done = {t.name: e.value for t, e in run_tasks([task(n) for n in "abc"], crew)}
    assert crew.order == ["a", "b", "c", "a", "b"]
    assert done["a"] == "made a"
    assert done["b"] == Lost("died", retry=True)


def test_only_deaths_are_tried_again():
    @dataclass
    class Failed:
        retry: bool = False

    class Failing(Paper):
        def wait(self, seconds):
            return [Ended(self.held.popleft()[0], Failed(), 0.0)]

    crew = Failing(1)
    list(run_tasks([task("a")], crew))
    assert crew.order == ["a"]


def test_what_another_run_has_is_waited_for(monkeypatch):
    monkeypatch.setattr(scheduler, "_AGAIN", 0.01)
    answers = [Later, Later, "made elsewhere"]
    crew = Paper(1)
    done = list(run_tasks([task("a", before=lambda: answers.pop(0)), task("b")], crew))
    assert names(done) == ["b", "a"]
    assert done[1][1].value == "made elsewhere"
    assert crew.order == ["b"]


def test_arguments_may_be_made_when_the_task_starts():
    seen = []
    tasks = [task("a"), Task("b", "x", lambda: (f"after {seen}",), ("a",))]
    crew = Paper(1)
    for t, _ in run_tasks(tasks, crew):
        seen.append(t.name)
    assert crew.order == ["a", "after ['a']"]


def test_an_interruption_passes_through():
    class Interrupted(Paper):
        def wait(self, seconds):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(run_tasks([task("a")], Interrupted()))
