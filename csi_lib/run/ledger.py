"""The ledger of an output folder: which jobs were done or failed, under which key, why, how long, how large.

SQLite in ``<out>/.run`` (write-ahead log), so that several ``csi run`` may work on one folder at once. A job is claimed
before it is made; a claim belongs to a run and ends with it, also when the run was killed. What is *published* is told by
the reports' own manifests, never by the ledger: losing the ledger costs a look at every manifest and nothing else, and a
ledger that cannot be written (a full disk) stops nobody.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sqlite3
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

#: Seconds between heartbeats, and after how many without one a run on another machine counts as gone.
BEAT, GONE = 5.0, 60.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS run (id TEXT PRIMARY KEY, host TEXT, pid INTEGER, born TEXT, beat INTEGER DEFAULT 0,
  started REAL, seconds REAL, argv TEXT, note TEXT);
CREATE TABLE IF NOT EXISTS job (name TEXT PRIMARY KEY, state TEXT, key TEXT, manifest TEXT, reasons TEXT, run TEXT,
  owner TEXT, tries INTEGER DEFAULT 0, outcome TEXT);
CREATE TABLE IF NOT EXISTS digest (state TEXT PRIMARY KEY, value TEXT);
"""


@dataclass(frozen=True)
class Entry:
    """What the ledger knows of a job: `state` is done, failed or None; `manifest` tells the published file apart."""

    state: str | None
    key: str | None
    manifest: str | None
    reasons: tuple[str, ...]
    owner: str | None
    tries: int
    outcome: dict


class Ledger:
    """The ledger of `out`; every method is one transaction.

    `problem` says in words why it could not be written, None as long as it could. `healed`: what was there was damaged and
    was put aside.
    """

    def __init__(self, out: Path):
        self.run = f"{uuid.uuid4().hex[:12]}"
        self.problem: str | None = None
        self.healed = False
        self._seen: dict[str, tuple[int, float]] = {}
        self._last_beat = time.monotonic()
        self.place = Path(out) / ".run" / "ledger.sqlite"
        try:
            self.place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._open_or_heal()
        except (OSError, sqlite3.Error) as error:
            self._open(":memory:")
            self.problem = f"the ledger cannot be written ({error})"

    def _open_or_heal(self) -> None:
        """Open the file; one that is damaged, or is no ledger, is put aside and begun anew: it holds nothing that the
        published manifests do not say."""
        with alone(self.place.with_name("ledger.lock")):
            try:
                self._open(self.place)
                self._read_all()
                return
            except (sqlite3.Error, ValueError, TypeError, AttributeError) as error:
                if isinstance(error, sqlite3.OperationalError) and not str(error).startswith("no such"):
                    raise  # locked, read-only, no space: the ledger itself may be well
            self._base.close()
            self.healed = True
            for end in ("-wal", "-shm", ""):
                part = self.place.with_name(self.place.name + end)
                if part.exists():
                    part.replace(part.with_name(f"{part.name}.broken"))
            self._open(self.place)

    def _open(self, place) -> None:
        self._base = sqlite3.connect(place, timeout=30, isolation_level=None, check_same_thread=False)
        self._base.execute("PRAGMA journal_mode=WAL")
        self._base.execute("PRAGMA synchronous=NORMAL")
        self._base.executescript(_SCHEMA)

    def _read_all(self) -> None:
        """Raise what is wrong with the file."""
        (said,) = self._base.execute("PRAGMA quick_check(1)").fetchone()
        if said != "ok":
            raise sqlite3.DatabaseError(said)
        for entry in self.entries().values():
            entry.outcome.items()
        self.digests(), self.runs()

    def close(self) -> None:
        self._base.close()

    # ------------------------------------------------------------------ reading
    def entries(self) -> dict[str, Entry]:
        """Every job by name."""
        rows = self._base.execute("SELECT name, state, key, manifest, reasons, owner, tries, outcome FROM job")
        return {
            name: Entry(state, key, manifest, tuple(json.loads(reasons or "[]")), owner, tries, json.loads(outcome or "{}"))
            for name, state, key, manifest, reasons, owner, tries, outcome in rows
        }  # fmt: skip

    def digests(self) -> dict[str, str]:
        return dict(self._base.execute("SELECT state, value FROM digest"))

    def runs(self, last: int = 5) -> list[dict]:
        """The last runs, newest first: started, seconds (None: still at work or killed), argv, alive."""
        rows = self._base.execute(
            "SELECT id, started, seconds, argv, note FROM run ORDER BY started DESC LIMIT ?", (last,)
        )
        return [
            {"run": i, "started": started, "seconds": seconds, "argv": json.loads(argv), "note": note,
             "alive": seconds is None and self.alive(i)}
            for i, started, seconds, argv, note in rows.fetchall()
        ]  # fmt: skip

    def live_runs(self) -> set[str]:
        """Runs still at work on this folder, this one included."""
        unfinished = self._base.execute("SELECT id FROM run WHERE seconds IS NULL").fetchall()
        return {i for (i,) in unfinished if self.alive(i)}

    def alive(self, run: str) -> bool:
        """Whether a run is still at work. On this machine its process tells, elsewhere its heartbeat: a count, watched
        by this process's steady clock, so that clocks which jump or differ do not matter."""
        if run == self.run:
            return True
        row = self._base.execute("SELECT host, pid, born, beat, seconds FROM run WHERE id = ?", (run,)).fetchone()
        if row is None or row[4] is not None:
            return False
        host, pid, born, beat, _ = row
        if host == machine():
            return process_born(pid) == born
        seen = self._seen.get(run)
        if seen is None or seen[0] != beat:
            self._seen[run] = beat, time.monotonic()
            return True
        return time.monotonic() - seen[1] < GONE

    # ------------------------------------------------------------------ writing
    def begin(self) -> None:
        """Enter this run, so that it can claim jobs."""
        self._write(
            "INSERT INTO run (id, host, pid, born, started, argv) VALUES (?, ?, ?, ?, ?, ?)",
            (self.run, machine(), os.getpid(), process_born(os.getpid()), time.time(), json.dumps(sys.argv[1:])),
        )

    def beat(self) -> None:
        """Show that this run is at work; does something every few seconds only."""
        if time.monotonic() - self._last_beat >= BEAT:
            self._last_beat = time.monotonic()
            self._write("UPDATE run SET beat = beat + 1 WHERE id = ?", (self.run,))

    def claim(self, name: str) -> bool:
        """Take a job for this run; False while another living run has it."""
        try:
            self._base.execute("BEGIN IMMEDIATE")
            row = self._base.execute("SELECT owner FROM job WHERE name = ?", (name,)).fetchone()
            free = row is None or row[0] is None or not self.alive(row[0]) or row[0] == self.run
            if free:
                self._base.execute(
                    "INSERT INTO job (name, owner, tries) VALUES (?, ?, 1) "
                    "ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, tries = tries + 1",
                    (name, self.run),
                )
            self._base.execute("COMMIT")
            return free
        except sqlite3.Error as error:
            self._failed(error)
            return True  # without a ledger nobody else can be asked

    def finish(self, name: str, *, state: str, key: str | None, manifest: str | None, reasons, outcome: dict) -> None:
        """Enter how a job of this run ended, and let go of it."""
        self._write(
            "INSERT INTO job (name, state, key, manifest, reasons, run, outcome) VALUES (?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (name) DO UPDATE SET state = excluded.state, key = excluded.key, manifest = excluded.manifest, "
            "reasons = excluded.reasons, run = excluded.run, outcome = excluded.outcome, owner = NULL",
            (name, state, key, manifest, json.dumps(list(reasons)), self.run, json.dumps(outcome, ensure_ascii=False)),
        )

    def found(self, name: str, *, key: str, manifest: str) -> None:
        """A report is published that the ledger did not know of: an earlier run was killed before it could say so."""
        self._write(
            "INSERT INTO job (name, state, key, manifest) VALUES (?, 'done', ?, ?) "
            "ON CONFLICT (name) DO UPDATE SET state = 'done', key = excluded.key, manifest = excluded.manifest, outcome = NULL",
            (name, key, manifest),
        )

    def release(self, name: str | None = None) -> None:
        """Let go of a job, or of all that this run holds; what they were before, they are again."""
        self._write(
            "UPDATE job SET owner = NULL WHERE owner = ? AND name = coalesce(?, name)", (self.run, name)
        )  # fmt: skip

    def remember(self, digests: dict[str, str]) -> None:
        """Digests of files by their state."""
        if digests:
            self._write("INSERT OR REPLACE INTO digest VALUES (?, ?)", list(digests.items()), many=True)

    def end(self, seconds: float, note: str | None = None) -> None:
        self.release()
        self._write("UPDATE run SET seconds = ?, note = ? WHERE id = ?", (seconds, note, self.run))

    def _write(self, statement: str, values, *, many: bool = False) -> None:
        try:
            self._base.execute("BEGIN IMMEDIATE")
            (self._base.executemany if many else self._base.execute)(statement, values)
            self._base.execute("COMMIT")
        except sqlite3.Error as error:
            self._failed(error)

    def _failed(self, error: sqlite3.Error) -> None:
        self.problem = f"the ledger could not be written ({error}); the next run looks at the reports themselves"
        if self._base.in_transaction:
            try:
                self._base.execute("ROLLBACK")
            except sqlite3.Error:
                return


@contextlib.contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Processes that come to the same place at the same time pass it one after the other."""
    try:
        import fcntl
    except ImportError:  # no such locks on this system
        yield
        return
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def machine() -> str:
    """This machine since it was last started: a process number means nothing beyond."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()[:8]
    except OSError:
        boot = ""
    return f"{socket.gethostname()}/{boot}"


def process_born(pid: int) -> str | None:
    """When a process began, which tells it from another that got its number later; None when there is none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return fields[19] if fields[0] != "Z" else None  # a zombie has ended
    except OSError:
        pass
    if Path("/proc/self").exists():
        return None
    try:
        os.kill(pid, 0)
    except OSError:
        return None
    return "running"


__all__ = ["BEAT", "GONE", "Entry", "Ledger", "alone", "machine", "process_born"]
