"""Ten thousand broken inputs, each of which must end in success or in words: ``nox -s fuzz [-- --count N --seed S --only NAME]``.

Inputs are changes of valid ones (`fuzz_inputs`). Where atheris is installed (the session installs it), it chooses among them by
the lines of csi_lib that each has reached; without it they are drawn at random, the same for the same seed. What raises anything
but `InputError`, takes longer than `SLOW` seconds, or quotes an answer is printed, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path

SLOW = 20.0


class Watch:
    """Counts how inputs of one target ended."""

    def __init__(self, target):
        self.target, self.ended, self.faults = target, Counter(), {}

    def see(self, data: bytes) -> None:
        from tests.bench.fuzz_inputs import verdict

        started = time.monotonic()
        try:
            self.ended[verdict(self.target, data)] += 1
            if time.monotonic() - started > SLOW:
                raise TimeoutError(f"more than {SLOW:g} s")
        except Exception as error:
            self.ended["FAULT"] += 1
            place = traceback.extract_tb(error.__traceback__)
            last = next((f for f in reversed(place) if "csi_lib" in f.filename), place[-1])
            where = f"{Path(last.filename).name}:{last.lineno}"
            self.faults.setdefault(
                f"{self.target.name}: {type(error).__name__} from {where}: {str(error)[:100]}", bytes(data)
            )


def at_random(target, count: int, seed: int) -> Watch:
    watch = Watch(target)
    for number in range(count):
        rng = random.Random(f"{seed} {target.name} {number}")
        watch.see(target.change(rng, rng.choice(target.seeds)))
    return watch


def guided(target, count: int, seed: int, folder: Path) -> Watch:
    """The same under atheris; does not return to its caller's caller (libFuzzer ends the process)."""
    import atheris

    watch, corpus = Watch(target), folder / "corpus"
    corpus.mkdir()
    for number, one in enumerate(target.seeds):
        (corpus / str(number)).write_bytes(one)

    def one_input(data: bytes) -> None:
        if sum(watch.ended.values()) < count:
            watch.see(data)
        if sum(watch.ended.values()) == count:
            told(watch)
            watch.ended["more"] += 1
            sys.stdout.flush()

    def mutate(data: bytes, most: int, chosen: int) -> bytes:
        return target.change(random.Random(f"{seed} {chosen}"), data or target.seeds[0])[:most]

    atheris.Setup([sys.argv[0], f"-runs={count + len(target.seeds) + 2}", f"-seed={seed}", "-max_len=200000", "-verbosity=0", "-print_final_stats=0",
                   "-rss_limit_mb=0", str(corpus)], one_input, custom_mutator=mutate)  # fmt: skip
    atheris.Fuzz()
    return watch


def told(watch: Watch) -> None:
    for how, n in sorted(watch.ended.items()):
        if how != "more":
            print(f"{watch.target.name}: {n} {how}")
    for words in watch.faults:
        print(f"FAULT {words}")


def _one(asked) -> int:
    """One target in this process."""
    folder = Path(tempfile.mkdtemp(prefix="csi-fuzz-"))
    try:
        if asked.guided:
            import atheris

            with atheris.instrument_imports(
                include=[
                    "csi_lib.intake",
                    "csi_lib.study",
                    "csi_lib.models",
                    "csi_lib.draft",
                    "csi_lib.run.verification",
                ]
            ):
                from tests.bench.fuzz_inputs import Inputs
        else:
            from tests.bench.fuzz_inputs import Inputs
        target = next(t for t in Inputs(folder).targets() if t.name == asked.only)
        if asked.guided:
            guided(target, asked.count, asked.seed, folder)
        else:
            watch = at_random(target, asked.count, asked.seed)
            told(watch)
            for number, data in enumerate(watch.faults.values()):
                if asked.keep:
                    Path(asked.keep, f"{target.name}-{number}").write_bytes(data)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", help="one target")
    parser.add_argument("--guided", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--keep", help="folder for the inputs that were faults (without atheris)")
    parser.add_argument("--random", action="store_true", help="without atheris")
    asked = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    if asked.only:
        return _one(asked)
    try:
        import atheris  # noqa: F401
    except ImportError:
        asked.random = True
    from tests.bench.fuzz_inputs import Inputs

    folder = Path(tempfile.mkdtemp(prefix="csi-fuzz-"))
    try:
        names = [t.name for t in Inputs(folder).targets()]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    faults, seen = 0, 0
    for name in names:
        more = [] if asked.random else ["--guided"]
        more += ["--keep", asked.keep] if asked.keep else []
        count = -(-asked.count // len(names))
        command = [
            sys.executable,
            "-m",
            "tests.bench.fuzz",
            "--only",
            name,
            "--count",
            str(count),
            "--seed",
            str(asked.seed),
            *more,
        ]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=120 + 3 * count)
        except subprocess.TimeoutExpired:
            print(f"FAULT {name}: no end")
            faults += 1
            continue
        lines = [line for line in done.stdout.splitlines() if line.startswith((f"{name}: ", "FAULT "))]
        print("\n".join(lines), flush=True)
        mine = sum(int(line.split()[-2]) for line in lines if not line.startswith("FAULT"))
        if mine < count:
            print(f"FAULT {name}: the process ended after {mine} of {count} inputs\n{done.stderr[-400:]}")
        faults += sum(line.startswith("FAULT") for line in lines) + (mine < count)
        seen += mine
    print(f"{seen} inputs, {faults} faults (seed {asked.seed}, {'at random' if asked.random else 'guided by atheris'})")
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
