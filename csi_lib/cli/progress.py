"""Seeing a run work: a bar in a terminal, plain lines elsewhere, JSON lines for machines (on stderr)."""

from __future__ import annotations

import json
import sys


class Progress:
    """Called by the run with events start, done, worker, end."""

    def __init__(self, *, as_json: bool = False):
        self._json, self._bar, self._task, self._count = as_json, None, None, (0, 0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, event: str, info: dict) -> None:
        if self._json:
            slim = {k: v for k, v in info.items() if k not in ("detail", "cell")}
            print(json.dumps({"event": event, **slim}, ensure_ascii=False, default=str), file=sys.stderr, flush=True)
            return
        if event == "start":
            self._count = (0, info["jobs"])
            if sys.stderr.isatty():
                self._start_bar(info["jobs"])
        elif event == "done":
            self._count = (self._count[0] + 1, self._count[1])
            self._line(info)
        elif event == "worker":
            print(f"csi: {info['problem']}", file=sys.stderr)

    def _start_bar(self, jobs: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self._bar.start()
        self._task = self._bar.add_task("reports", total=jobs)

    def _line(self, info: dict) -> None:
        name = f"{info['agency']} {info['year']}"
        words = "done" if info["ok"] else f"FAILED: {info['problem']}"
        if self._bar is not None:
            self._bar.advance(self._task)
            if not info["ok"]:
                self._bar.console.print(f"{name}: {words}", markup=False)
            return
        print(f"[{self._count[0]}/{self._count[1]}] {name}: {words}", file=sys.stderr, flush=True)
