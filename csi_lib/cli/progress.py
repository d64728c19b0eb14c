"""Seeing a run work, on standard error: a bar in a terminal, plain lines elsewhere, JSON lines for machines."""

from __future__ import annotations

import json
import sys
import time

from csi_lib.cli.speech import told
from csi_lib.errors import InputError, nearest

#: seconds between two plain lines on what is being worked at
_QUIET = 15.0
STYLES = ("auto", "bar", "plain", "json", "none")


class Progress:
    """Called by the run with events start, working, prepared, done, end and a dict about each.

    ``json`` writes one object per line: ``{"event": "done", "seconds_since_start": …, "done": …, "failed": …, "jobs": …, …}``.
    """

    def __init__(self, style: str = "auto"):
        if style not in STYLES:
            near = nearest(style, STYLES)
            raise InputError(
                "progress cannot be shown like this",
                where="--progress",
                found=repr(style),
                expected=", ".join(STYLES),
                action=f"Did you mean {near}?" if near else None,
            )
        self.style = style if style != "auto" else "bar" if sys.stderr.isatty() else "plain"
        self._bar, self._task, self._started = None, None, time.monotonic()
        self._said: dict[str, str] = {}
        self._said_at = float("-inf")
        self._jobs = self._done = self._failed = self._prepared = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, event: str, info: dict) -> None:
        if event == "start":
            self._jobs = info["jobs"]
        elif event == "prepared":
            self._prepared += info["what"] == "agency"
        elif event == "done":
            self._done += bool(info["ok"])
            self._failed += not info["ok"]
        if self.style == "json":
            self._json(event, info)
        elif self.style == "bar":
            self._draw(event, info)
        elif self.style == "plain":
            self._say(event, info)

    @property
    def _over(self) -> int:
        return self._done + self._failed

    @property
    def _left(self) -> float | None:
        """Seconds to the end at the rate so far; None before the first report."""
        return (time.monotonic() - self._started) / self._over * (self._jobs - self._over) if self._over else None

    def _json(self, event: str, info: dict) -> None:
        slim = {k: v for k, v in info.items() if k not in ("detail", "cell", "frames")}
        count = {"done": self._done, "failed": self._failed, "jobs": self._jobs}
        line = {"event": event, "after": round(time.monotonic() - self._started, 3), **slim, "count": count}
        if event == "done" and self._left is not None:
            line["seconds_left"] = round(self._left, 1)
        print(json.dumps(line, ensure_ascii=False, default=str), file=sys.stderr, flush=True)

    def _say(self, event: str, info: dict) -> None:
        if event == "start":
            fresh = info["skipped"]
            ko = f"만들 보고서 {info['jobs']}건" + (f", 최신 {fresh}건" if fresh else "")
            en = f"{info['jobs']} reports to make" + (f", {fresh} up to date" if fresh else "")
            print(told(ko, en), file=sys.stderr, flush=True)
        elif event == "working" and time.monotonic() - self._said_at >= _QUIET:
            self._said_at = time.monotonic()
            print(f"{_doing(info)} …", file=sys.stderr, flush=True)
        elif event == "done":
            words = self._words(info)
            left = (
                told(f" (남은 시간 {_clock(self._left)})", f" ({_clock(self._left)} left)")
                if self._over < self._jobs and self._left is not None
                else ""
            )
            print(
                f"[{self._over}/{self._jobs}] {info['agency']} {info['year']}: {words}{left}",
                file=sys.stderr,
                flush=True,
            )

    def _draw(self, event: str, info: dict) -> None:
        if event == "start":
            self._start_bar()
        elif self._bar is None:
            return
        elif event == "prepared":
            self._bar.update(self._task, stage=f"{self._prepared} agencies evaluated")
        elif event == "working":
            self._bar.update(self._task, stage=_doing(info))
        elif event == "done":
            rate = 60 * self._over / (time.monotonic() - self._started)
            failed = f", {self._failed} failed" if self._failed else ""
            self._bar.update(self._task, advance=1, stage=f"{rate:.0f} a minute{failed}")
            if not info["ok"]:
                self._bar.console.print(f"{info['agency']} {info['year']}: {self._words(info)}", markup=False)

    def _start_bar(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        self._bar = Bar(
            TextColumn("reports"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[stage]}"),
            console=Console(stderr=True),
        )
        self._bar.start()
        self._task = self._bar.add_task("reports", total=self._jobs, stage="starting")

    def _words(self, info: dict) -> str:
        """How a report ended; what has been said of another before is not said again."""
        if info["ok"]:
            other = info.get("by_another")
            return told("다른 실행이 만듦", "done by another run") if other else told("완료", "done")
        first = self._said.setdefault(info["problem"], f"{info['agency']} {info['year']}")
        same = first != f"{info['agency']} {info['year']}"
        return told("실패: ", "FAILED: ") + (told(f"{first}와 같음", f"as {first}") if same else info["problem"])


def _doing(info: dict) -> str:
    return f"{info['agency']} {info['year']}: {told('장 ', 'chapter ') + info['chapter'] if info['chapter'] else told('추정', 'estimates')}"


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    if not minutes:
        return told(f"{seconds}초", f"{seconds} s")
    return told(f"{minutes}분 {seconds}초", f"{minutes} min {seconds} s")
