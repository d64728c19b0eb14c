"""Ten thousand broken inputs, each of which must end in success or in words: ``nox -s fuzz [-- --count N --seed S]``.

Inputs are changes of valid ones: bytes flipped, cut out, doubled, and pieces put in that are known to trouble parsers. What
raises anything but `InputError` is printed with its seed, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import tempfile
import traceback
import warnings
from collections import Counter
from pathlib import Path

import csi_lib
from csi_lib.errors import InputError
from csi_lib.run.chapters import chapter_notebooks
from csi_lib.run.verification.notebooks import notebook_findings
from csi_lib.run.verification.pages import read_page
from csi_lib.study.keeping import kept
from csi_lib.study.packing import Unpackable, pack, unpack
from tests.run.small_round import small_round

PIECES = (b"&a", b"*a", b"!!python/object:os.system", b": ", b"\n  - ", b"[", b"}", b"\x00", b"\xff", b"1e999", b"<<: ", b"%YAML 9.9\n",
          b"---\n", b"2024-13-45", b"\xed\xa0\x80", b"'", b"|\n", b'"', b",,,,", b"\r", b";", b"\xef\xbb\xbf", b"NaN", b"-", b"9" * 400,
          b"=1+1", b"\xea\xb0", b"\t", b"{" * 50, "매우 만족".encode("cp949"))  # fmt: skip


def changed(rng: random.Random, data: bytes) -> bytes:
    """`data` with one or two changes."""
    out = bytearray(data)
    for _ in range(rng.randint(1, 2)):
        at, size = rng.randrange(len(out) + 1), rng.randint(0, 12)
        kind = min(rng.randrange(24) // 5, 4)
        if kind == 0 and out:
            out[min(at, len(out) - 1)] ^= rng.randrange(1, 256)
        elif kind == 1:
            out[at : at + size] = b""
        elif kind == 2:
            out[at:at] = out[at : at + rng.randint(1, 400)]
        elif kind == 3:
            out[at : at + size] = rng.choice(PIECES)
        else:
            del out[rng.randrange(len(out) // 2 or 1) + len(out) // 2 :]
    return bytes(out)


class Kinds:
    """What is broken and what reads it; one study in a folder of its own, restored after every input."""

    def __init__(self, folder: Path):
        self.study = small_round(folder / "study", agencies=1)
        self.data = next(p for p in sorted((self.study / "data").iterdir()) if "2024" in p.name)
        self.page = b'<main><nav id="TOC">1.1</nav><p>x <span data-r="r1">63.9</span><br></p></main>'
        self.node = json.dumps({"cells": [{"source": '[63.9]{data-r="r1"}', "outputs": []}]}).encode()
        self.packed = pack({"a": [1, (2, None)], "b": {"c": "가"}})

    def inputs(self) -> dict[str, tuple[Path | None, bytes, object]]:
        load = lambda: csi_lib.load_study(self.study)
        read = lambda: csi_lib.read_survey(csi_lib.load_study(self.study), "a001", 2024)
        files = {
            n: (self.study / n, load)
            for n in ("study.yml", "codebook.yml", "agencies.yml", "model.yml")
            if (self.study / n).exists()
        }
        out = {name: (path, path.read_bytes(), action) for name, (path, action) in files.items()}
        out["data"] = (self.data, self.data.read_bytes(), read)
        chapter = next((self.study / "chapters").glob("*.ipynb"))
        out["chapter"] = (chapter, chapter.read_bytes(), lambda: chapter_notebooks(csi_lib.load_study(self.study)))
        return out

    def bare(self, name: str, data: bytes, scratch: Path) -> None:
        """Readers of bytes: damage is `Unpackable`, None or a finding, by their own contract."""
        if name == "packed":
            unpack(bytearray(data))
        elif name == "kept":
            (scratch / "x.kept").write_bytes(data)
            assert kept(scratch / "x.kept") is None
        elif name == "page":
            read_page(data.decode("utf-8", "replace"))
        else:
            (scratch / "x.ipynb").write_bytes(data)
            notebook_findings(scratch / "x.ipynb", {})


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    folder, ended, faults = Path(tempfile.mkdtemp(prefix="csi-fuzz-")), Counter(), []
    try:
        kinds = Kinds(folder)
        files, bare = kinds.inputs(), {"packed": kinds.packed, "kept": b"csi kept 1\n" + bytes(60), "page": kinds.page}
        names = [*files, *bare]
        for number in range(asked.count):
            rng = random.Random(asked.seed * 1_000_003 + number)
            name = names[number % len(names)]
            try:
                if name in bare:
                    kinds.bare(name, changed(rng, bare[name]), folder)
                else:
                    path, data, action = files[name]
                    path.write_bytes(changed(rng, data))
                    action()
                ended[name, "read"] += 1
            except (InputError, Unpackable):
                ended[name, "words"] += 1
            except Exception as error:
                ended[name, "FAULT"] += 1
                place = traceback.extract_tb(error.__traceback__)[-1]
                faults.append(f"{name} #{number}: {type(error).__name__} in {Path(place.filename).name}:{place.lineno}")
            finally:
                if name in files:
                    files[name][0].write_bytes(files[name][1])
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for (name, how), n in sorted(ended.items()):
        print(f"{name}: {n} {how}")
    print("\n".join(dict.fromkeys(faults)))
    print(f"{asked.count} inputs, {len(faults)} faults (seed {asked.seed})")
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
