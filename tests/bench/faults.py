"""Runs that are killed, starved and disturbed: ``nox -s faults [-- --kills N --seed S]``.

Every disturbance ends the same way: each published file is whole (its manifest's hash), no process of the run is left after ten
seconds, and the next undisturbed run gives, byte for byte, what a run gives that was never disturbed.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
import uuid
from collections import Counter
from pathlib import Path

from tests.run.small_round import finish, intact, processes_of, run, small_round, start, until

#: written anew by every run: how long it took
_OF_THE_RUN = {"run.json"}
_STAGES = ("start", "prepared", "working", "done")
JUMP = "import time\n_real = time.time\ntime.time = lambda: _real() + (86400 * 400 if _real() % 2 < 1 else 0)\n"


def files(out: Path) -> dict[str, str]:
    """Hash of every published file. `round.json` names the root before it, and its seal follows: they are the history's."""
    found = {}
    for path in sorted(out.rglob("*")):
        place = path.relative_to(out)
        if path.is_file() and not place.parts[0].startswith((".", "round.")) and place.name not in _OF_THE_RUN:
            found[place.as_posix()] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


class Faults:
    """One study, what an undisturbed run gives of it, and the disturbances."""

    def __init__(self, folder: Path, agencies: int = 2):
        self.folder, self.out = folder, folder / "out"
        self.study = small_round(folder / "study", agencies=agencies)
        code, _, words = run(self.study, folder / "reference", "--jobs", 1)
        assert code == 0, words
        self.right, self.problems, self.done = files(folder / "reference"), [], Counter()

    def begin(self, *more, **environment):
        self.marker = f"CSI_FAULT={uuid.uuid4().hex}"
        return start(self.study, self.out, "--jobs", 1, *more, CSI_FAULT=self.marker.partition("=")[2], **environment)

    def check(self, what: str, *, again: bool = True) -> None:
        """What must hold after any disturbance."""
        self.done[what.partition(" ")[0]] += 1
        until_then = time.monotonic() + 10
        while (left := processes_of(self.marker)) and time.monotonic() < until_then:
            time.sleep(0.05)
        if left:
            self.problems.append(f"{what}: {len(left)} processes are left")
        try:
            intact(self.out)
        except (AssertionError, OSError) as error:
            self.problems.append(f"{what}: a published file is not whole ({error})")
        if again:
            code, _, words = run(self.study, self.out, "--jobs", 1)
            now = files(self.out)
            odd = sorted(name for name in {*now, *self.right} if now.get(name) != self.right.get(name))
            if code or odd:
                self.problems.append(
                    f"{what}: the next run gives {code}, and {len(odd)} files differ {odd[:3]} {words[-200:]}"
                )
            shutil.rmtree(self.out)

    # ------------------------------------------------------------------ disturbances
    def kill(self, rng: random.Random, signum: int = signal.SIGKILL) -> None:
        """At a boundary between stages, or at any moment."""
        process = self.begin()
        if rng.random() < 0.5:
            stage = rng.choice(_STAGES)
            with contextlib.suppress(AssertionError):  # after earlier kills little may be left to do
                until(process, stage)
            what = f"at the event {stage!r}"
        else:
            after = rng.uniform(0.1, 6.0)
            what = f"after {after:.2f} s"
            time.sleep(after)
        process.send_signal(signum)
        process.communicate()
        name = signal.Signals(signum).name
        # every third is followed by a whole run, the others by another kill over what is left
        self.check(f"{name} {what}", again=rng.random() < 0.34)

    def full_disk(self, rng: random.Random) -> None:
        """A file may not grow beyond some size: what is written then fails as on a full disk."""
        most = rng.choice([4_000, 40_000, 200_000])
        before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        soft = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, soft[1]))
        try:
            process = self.begin()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, soft)
            signal.signal(signal.SIGXFSZ, before)
        code, _, words = finish(process)
        if code == 0 or "Traceback" in words:
            self.problems.append(f"disk of {most} bytes: exit {code}, {words[-200:]}")
        self.check(f"disk of {most} bytes")

    def memory(self, rng: random.Random) -> None:
        code, _, words = finish(self.begin("--memory", "860M"))
        if "Traceback" in words:
            self.problems.append(f"memory: exit {code}, {words[-200:]}")
        self.check("memory 860M")

    def clock(self, rng: random.Random) -> None:
        site = self.folder / "site"
        site.mkdir(exist_ok=True)
        (site / "sitecustomize.py").write_text(JUMP)
        root = Path(__file__).resolve().parents[2]
        code, _, words = finish(self.begin(PYTHONPATH=f"{site}{os.pathsep}{root}"))
        if code:
            self.problems.append(f"clock: exit {code}, {words[-200:]}")
        self.check("clock that jumps")

    def data(self, rng: random.Random) -> None:
        """A data file that changes in mid-run and comes back."""
        file = rng.choice(sorted((self.study / "data").glob("*.csv")))
        before, process = file.read_bytes(), self.begin()
        until(process, "start")
        file.write_bytes(before[: rng.randrange(len(before))])
        finish(process)
        file.write_bytes(before)
        self.check("data changed in mid-run")

    def cache(self, rng: random.Random) -> None:
        process = self.begin()
        until(process, rng.choice(["start", "prepared"]))
        shutil.rmtree(self.study / ".csi", ignore_errors=True)
        finish(process)
        self.check("cache deleted in mid-run")

    def ledger(self, rng: random.Random) -> None:
        finish(self.begin())
        for path in (self.out / ".run").glob("ledger*"):
            path.write_bytes(rng.randbytes(100)) if rng.random() < 0.5 else path.unlink()
        self.check("ledger lost")

    def four(self, rng: random.Random) -> None:
        marked = [self.begin() for _ in range(4)]
        codes = [finish(process)[0] for process in marked]
        if any(codes):
            self.problems.append(f"four at once: exit codes {codes}")
        self.check("four at once")


def disturb(folder: Path, kills: int, seed: int, others: int = 1) -> Faults:
    faults, rng = Faults(folder), random.Random(seed)
    for number in range(kills):
        faults.kill(rng, signal.SIGINT if number % 10 == 9 else signal.SIGKILL)
    faults.marker = "CSI_FAULT=none"
    faults.check("kills, and a whole run")
    for _ in range(others):
        for one in (
            faults.full_disk,
            faults.memory,
            faults.clock,
            faults.data,
            faults.cache,
            faults.ledger,
            faults.four,
        ):
            one(rng)
    return faults


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--others", type=int, default=3, help="how often each of the other disturbances comes")
    asked = parser.parse_args(arguments)
    folder = Path(tempfile.mkdtemp(prefix="csi-faults-"))
    try:
        faults = disturb(folder, asked.kills, asked.seed, asked.others)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print("; ".join(f"{n} {what}" for what, n in faults.done.items()))
    print("\n".join(faults.problems))
    print(f"{sum(faults.done.values())} disturbances, {len(faults.problems)} problems (seed {asked.seed})")
    return 1 if faults.problems else 0


if __name__ == "__main__":
    sys.exit(main())
