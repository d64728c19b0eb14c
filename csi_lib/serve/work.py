"""Verbs of the command line at work beside the server: started once, watched, stopped; their answers kept.

There is no second logic: a page shows what ``csi VERB … --json`` says. An answer is kept in the study's private folder
with the stamp of what it was computed from, and asked for again when that has changed.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

#: lines of progress that are kept in sight
_LAST = 400


@dataclass(frozen=True)
class Seen:
    """How a task stands. `answer` is what it printed as JSON (None while at work, or when it was none), `events` its lines
    of progress, `words` what else it said on standard error: the reason when it ended badly."""

    verb: str
    running: bool
    code: int | None
    answer: object
    events: tuple[dict, ...]
    words: str


@dataclass
class Task:
    """One verb at work, or at its end."""

    verb: str
    name: str
    stamp: str
    arguments: tuple[str, ...]
    process: subprocess.Popen | None = field(default=None, repr=False)
    folder: Path | None = field(default=None, repr=False)

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def look(self) -> Seen:
        """How it stands at this moment, once for a whole page."""
        running = self.running
        code = None if running or self.process is None else self.process.returncode
        return Seen(self.verb, running, code, None if running else self._answer(), *self._told())

    def _answer(self):
        try:
            return json.loads((self.folder / f"{self.name}.out").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    def _told(self) -> tuple[tuple[dict, ...], str]:
        try:
            text = (self.folder / f"{self.name}.err").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return (), ""
        events, words = [], []
        for line in text.splitlines()[-_LAST:]:
            try:
                event = json.loads(line)
            except ValueError:
                event = None
            if isinstance(event, dict):
                events.append(event)
            else:
                words.append(line)
        return tuple(events), "\n".join(words).removeprefix("csi: ").strip()


class Work:
    """All tasks of a server, by study folder and verb."""

    def __init__(self):
        self._tasks: dict[tuple[Path, str], Task] = {}
        self._lock = threading.Lock()

    def task(self, study: Path, verb: str) -> Task | None:
        return self._tasks.get((study, verb))

    def start(
        self,
        study: Path,
        verb: str,
        *arguments: str,
        stamp: str = "",
        private: Path | None = None,
        name: str | None = None,
    ) -> Task:
        """Start ``csi verb …`` unless it is at work already (under this `name`, the verb's by default); returns the task."""
        name = name or verb
        with self._lock:
            now = self.task(study, name)
            if now is not None and now.running:
                return now
            folder = private or _private(study)
            task = Task(verb, name, stamp, arguments, folder=folder)
            command = [sys.executable, "-c", "from csi_lib.cli import main; main()", verb, *arguments]
            environment = {**os.environ, "PYTHONIOENCODING": "utf-8", "NO_COLOR": "1", "COLUMNS": "160"}
            with (folder / f"{name}.out").open("wb") as out, (folder / f"{name}.err").open("wb") as err:
                task.process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=environment, start_new_session=True
                )
            self._tasks[study, name] = task
            return task

    def fresh(self, study: Path, verb: str, *arguments: str, stamp: str, name: str | None = None) -> Task:
        """The task whose answer belongs to `stamp` and `arguments`; started when there is none."""
        task = self.task(study, name or verb)
        if task is not None and (task.running or (task.stamp == stamp and task.arguments == arguments)):
            return task
        return self.start(study, verb, *arguments, stamp=stamp, name=name)

    def stop(self, study: Path, verb: str) -> None:
        """Ask it to end; what is finished is kept."""
        task = self.task(study, verb)
        if task is not None and task.running:
            task.process.send_signal(signal.SIGTERM)

    def close(self) -> None:
        """End everything that is at work, in order, then by force."""
        tasks = [t for t in self._tasks.values() if t.running]
        for task in tasks:
            task.process.send_signal(signal.SIGTERM)
        for task in tasks:
            try:
                task.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(task.process.pid, signal.SIGKILL)
                task.process.wait()


def _private(study: Path) -> Path:
    from csi_lib.study.location import cache_folder

    folder = cache_folder(study) / "serve"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder
