"""What `nox -s fuzz` breaks: valid inputs of every kind that a study brings, ways to break each, and what reads them."""

from __future__ import annotations

import contextlib
import datetime
import io
import json
import random
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

import csi_lib
from csi_lib.errors import InputError
from csi_lib.evaluation.records import Field, read_records
from csi_lib.models.index import BUNDLED
from csi_lib.run.chapters import chapter_notebooks
from csi_lib.run.verification.documents import document_text, slides, workbook_findings
from csi_lib.run.verification.figures import Known
from csi_lib.run.verification.notebooks import notebook_findings
from csi_lib.run.verification.pages import read_page
from csi_lib.study.keeping import kept
from csi_lib.study.packing import Unpackable, pack, unpack
from tests.intake.trial import Trial

#: stand in ids and opinions: no message may hold them
SECRETS = ("ZQ7", "비밀")
PIECES = (b"&a", b"*a", b"!!python/object:os.system", b": ", b"\n  - ", b"[", b"}", b"\x00", b"\xff", b"1e999", b"<<: ", b"%YAML 9.9\n",
          b"---\n", b"2024-13-45", b"\xed\xa0\x80", b"'", b"|\n", b'"', b",,,,", b"\r", b";", b"\xef\xbb\xbf", b"NaN", b"-", b"9" * 400,
          b"=1+1", b"\xea\xb0", b"\t", b"{" * 50, "매우 만족".encode("cp949"), b"null", b"true", b"-1", b"0", b"{}", b"[]", b'""')  # fmt: skip
#: what may stand in a cell where a code should
ODD = (datetime.date(2024, 3, 5), datetime.datetime(2024, 3, 5, 10, 30), datetime.time(9, 0), datetime.timedelta(hours=3), True, None,
       "", " ", "매우 만족", "비밀 의견",
       "=1/0", "#N/A", -1, 0, 6, 99, 3.5, 1e308, 10**18, "1e400", "٣", "３", "x" * 5000, "1;2", "\u200b3", "2024-03", "NaN", "inf")  # fmt: skip


@dataclass(frozen=True)
class Target:
    """`seeds` are valid; `change` gives a broken one; `act` reads it, and raises `InputError` (or `Unpackable`) in words."""

    name: str
    seeds: tuple[bytes, ...]
    change: Callable[[random.Random, bytes], bytes]
    act: Callable[[bytes], object]


def changed(rng: random.Random, data: bytes) -> bytes:
    """`data` with one to three changes that know nothing of its kind."""
    out = bytearray(data)
    for _ in range(rng.randint(1, 3)):
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


def changed_lines(rng: random.Random, data: bytes) -> bytes:
    """YAML: a value replaced, a line doubled, moved, indented or taken away; now and then any bytes."""
    if rng.random() < 0.25:
        return changed(rng, data)
    lines = data.split(b"\n")
    for _ in range(rng.randint(1, 3)):
        at, kind = rng.randrange(len(lines)), rng.randrange(6)
        line = lines[at]
        if kind == 0 and b":" in line:
            lines[at] = line[: line.index(b":") + 1] + b" " + rng.choice(PIECES)
        elif kind == 1:
            lines.insert(rng.randrange(len(lines)), line)
        elif kind == 2:
            del lines[at]
        elif kind == 3:
            lines[at] = b"  " + line
        elif kind == 4:
            words = [(m.start(), m.end()) for m in re.finditer(rb"[\w\x80-\xff.-]+", line)]
            if words:
                begin, end = rng.choice(words)
                lines[at] = (
                    line[:begin] + rng.choice((*PIECES, b"\xea\xb0\x80", b"1", b"2024", b"a b", b"a")) + line[end:]
                )
        else:
            lines[at] = line.lstrip()
        lines = lines or [b""]
    return b"\n".join(lines)


def changed_json(rng: random.Random, data: bytes) -> bytes:
    """JSON: a branch replaced by a value of another kind, or taken away."""
    if rng.random() < 0.3:
        return changed(rng, data)
    try:
        tree = json.loads(data)
    except ValueError:
        return changed(rng, data)
    branches = []

    def walk(node):
        for key in list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ():
            branches.append((node, key))
            walk(node[key])

    walk(tree)
    for _ in range(rng.randint(1, 2)):
        if branches:
            node, key = rng.choice(branches)
            if isinstance(node, dict) and rng.random() < 0.3:
                node.pop(key, None)
            else:
                with contextlib.suppress(IndexError):
                    node[key] = rng.choice([None, 0, -1, "", "x", [], {}, [1], {"a": 1}, True, 1e308, "비밀", [[]]])
    return json.dumps(tree, ensure_ascii=False).encode()


def changed_archive(rng: random.Random, data: bytes) -> bytes:
    """Office files: a member's bytes changed, a member gone, a cell of another kind or far away; now and then any bytes."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = {n: archive.read(n) for n in archive.namelist()}
    except Exception:  # what an earlier change has left is no archive
        return changed(rng, data)
    if rng.random() < 0.15 or not members:
        return changed(rng, data)
    wanted = [n for n in members if re.search(r"sheet\d|document|section\d|slide\d|styles|workbook|shared", n)] or list(
        members
    )
    name = rng.choice(wanted)
    kind = rng.randrange(5)
    if kind == 0:
        del members[name]
    elif kind == 1 and (cells := list(re.finditer(rb'<c r="([A-Z]+)(\d+)"', members[name]))):
        at = rng.choice(cells)
        place = rng.choice([b"XFD1048576", b"A1048576", b"XFD1", b"A0", b"A99999999999", b"ZZZZ9", b"1", b""])
        members[name] = members[name][: at.start()] + b'<c r="' + place + b'"' + members[name][at.end() :]
    elif kind == 2 and (values := list(re.finditer(rb"<v>([^<]*)</v>|<t[^>]*>([^<]*)</t>", members[name]))):
        at = rng.choice(values)
        inside = rng.choice([b"1e999", b"-1", b"999999", b"", b"x", b"NaN", b"2958466", b"-700000", b"9" * 300])
        text = at[0]
        members[name] = (
            members[name][: at.start()]
            + re.sub(rb">[^<]*<", b">" + inside + b"<", text, count=1)
            + members[name][at.end() :]
        )
    elif kind == 3 and (attributes := list(re.finditer(rb'(\w+)="[^"]*"', members[name]))):
        at = rng.choice(attributes)
        inside = rng.choice([b"s", b"b", b"e", b"d", b"n", b"str", b"999", b"-1", b"", b"true"])
        members[name] = members[name][: at.start()] + at[1] + b'="' + inside + b'"' + members[name][at.end() :]
    else:
        members[name] = changed(rng, members[name])
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for n, content in members.items():
            archive.writestr(n, content)
    return out.getvalue()


class Inputs:
    """The targets; what reads from a folder has one of its own under `folder`, restored before every input."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.trial_folder = folder / "trial"
        self.trial_folder.mkdir(parents=True)
        self.trial = Trial(self.trial_folder, np.random.default_rng(5))
        for i, row in enumerate(self.trial.rows):
            row[0], row[6] = f"ZQ7{i:03d}", f"비밀 의견 {i}"
        self.trial.write()
        self.study = self.trial.study()
        self.yaml = {n: (self.study / n).read_bytes() for n in ("study.yml", "agencies.yml", "codebook.yml")}

    # ------------------------------------------------------------------ what reads
    def _study_file(self, name: str):
        def act(data: bytes) -> None:
            (self.study / name).write_bytes(data)
            try:
                study = csi_lib.load_study(self.study)
                if name == "model.yml":
                    from csi_lib.models.study_models import study_model

                    study_model(study, "own")
            finally:
                if name in self.yaml:
                    (self.study / name).write_bytes(self.yaml[name])
                else:
                    (self.study / name).unlink()

        return act

    def _data(self, suffix: str):
        """A file of answers read through the whole entrance: heading, rows, codes, estimates' frame."""
        text = self.yaml["study.yml"].replace(b"d.csv", f"d.{suffix}".encode())

        def act(data: bytes) -> None:
            (self.study / f"d.{suffix}").write_bytes(data)
            (self.study / "study.yml").write_bytes(text)
            try:
                csi_lib.read_survey(csi_lib.load_study(self.study), year=2024)
            finally:
                (self.study / "study.yml").write_bytes(self.yaml["study.yml"])

        return act

    def _draft(self, suffix: str):
        """The same file without a codebook: `csi new --from`."""
        from csi_lib.draft.study import draft_study

        def act(data: bytes) -> None:
            import shutil

            (self.folder / f"d.{suffix}").write_bytes(data)
            shutil.rmtree(self.folder / "drafted", ignore_errors=True)
            draft_study(self.folder / "drafted", [self.folder / f"d.{suffix}"])

        return act

    def _records(self, suffix: str):
        fields = [Field("department", blank=True), Field("minutes", "number", blank=True), Field("on", "date"), Field("solved", "flag"),
                  Field("person", private="person", blank=True), Field("words", private="text", blank=True, needed=False)]  # fmt: skip
        folder = self.folder / f"office-{suffix}"
        folder.mkdir(exist_ok=True)
        for name, data in self.yaml.items():
            (folder / name).write_bytes(data)
        more = f'  log:\n    kind: events\n    path: "log.{suffix}"\n    agency: {{constant: first}}\n'
        (folder / "study.yml").write_bytes(self.yaml["study.yml"] + more.encode())
        study = csi_lib.load_study(folder)

        def act(data: bytes) -> None:
            (folder / f"log.{suffix}").write_bytes(data)
            read_records(study, "log", fields, year=2024)

        return act

    def _file(self, name: str, read):
        def act(data: bytes) -> None:
            (self.folder / name).write_bytes(data)
            read(self.folder / name)

        return act

    def _ours(self, name: str, read):
        """Published files are read by `csi verify`, which turns every error into a finding; only the machine may not be hurt."""

        def act(data: bytes) -> None:
            (self.folder / name).write_bytes(data)
            try:
                read(self.folder / name)
            except (MemoryError, RecursionError, SystemExit):
                raise
            except Exception as error:
                raise Unpackable(type(error).__name__) from None

        return act

    # ------------------------------------------------------------------ what is broken
    def _frame(self) -> pd.DataFrame:
        frame = pd.DataFrame(self.trial.typed(), columns=self.trial.header)
        return frame.assign(T=frame["T"].fillna(""))

    def _odd_frame(self, rng: random.Random) -> pd.DataFrame:
        """The answers with another kind of value in some cells, or a column of another type, name or order."""
        frame = self._frame().astype(object)
        for _ in range(rng.randint(1, 3)):
            column, kind = rng.choice(list(frame)), rng.randrange(6)
            if kind < 3:
                frame.loc[rng.randrange(len(frame)), column] = rng.choice(ODD)
            elif kind == 3:
                frame[column] = pd.Series([rng.choice(ODD)] * len(frame), index=frame.index, dtype=object)
            elif kind == 4:
                frame = frame.rename(columns={column: rng.choice(["", "Q1", "q1 ", "ID", "0", "가" * 300])})
            else:
                frame = frame.drop(columns=column) if frame.shape[1] > 1 else frame
            frame.columns = [
                c if list(frame.columns).index(c) == i else f"{c}_{i}" for i, c in enumerate(frame.columns)
            ]
        return frame

    def _workbook(self, frame: pd.DataFrame) -> bytes:
        from openpyxl import Workbook

        book, out = Workbook(), io.BytesIO()
        book.active.append(list(frame))
        for row in frame.itertuples(index=False):
            book.active.append([v if not isinstance(v, float) or v == v else None for v in row])
        book.save(out)
        return out.getvalue()

    def _parquet(self, frame: pd.DataFrame) -> bytes:
        out = io.BytesIO()
        for column in frame:
            if frame[column].map(type).nunique() > 1:
                frame[column] = frame[column].map(str)
        frame.to_parquet(out, index=False)
        return out.getvalue()

    def _sav(self, frame: pd.DataFrame) -> bytes:
        import pyreadstat

        place = self.folder / "made.sav"
        for column in frame:
            if frame[column].map(type).nunique() > 1:
                frame[column] = frame[column].map(str)
        frame.columns = [c[:20] or f"V{i}" for i, c in enumerate(frame.columns)]
        pyreadstat.write_sav(frame.infer_objects(), str(place))
        return place.read_bytes()

    def _typed(self, write, otherwise):
        def change(rng: random.Random, data: bytes) -> bytes:
            if rng.random() < 0.6:
                try:
                    return write(self._odd_frame(rng))
                except Exception:  # what the library that writes the format will not write
                    pass
            return otherwise(rng, data)

        return change

    def _odd_text(self, rng: random.Random, data: bytes) -> bytes:
        if rng.random() < 0.5:
            return changed(rng, data)
        return self._odd_frame(rng).to_csv(index=False).encode(rng.choice(["utf-8", "utf-8-sig", "utf-16"]), "replace")

    def targets(self) -> list[Target]:
        plain = self._frame()
        records = pd.DataFrame({"department": ["민원", "세무"] * 6, "minutes": range(12), "on": pd.date_range("2024-01-01", periods=12),
                                "solved": ["예", "아니요"] * 6, "person": [f"ZQ7{i}" for i in range(12)], "words": ["비밀"] * 12})  # fmt: skip
        book, log = self._workbook(plain), self._workbook(records.assign(on=records["on"].dt.to_pydatetime()))
        models = [p.read_bytes() for p in sorted(BUNDLED.glob("*.yml"))]
        own = b"own:\n- " + models[0].replace(b"\n", b"\n  ").replace(b"name: ", b"name: own\n  was: ", 1)
        source = 'study = ""\nagency = ""\nyear = 0\nlang = "ko"\nrelease = "public"'
        notebook = json.dumps({"cells": [{"cell_type": "code", "source": source,
                                          "metadata": {"tags": ["parameters"]}, "outputs": [], "execution_count": None, "id": "a"}],
                               "metadata": {"csi": {"scope": "agency"}, "kernelspec": {"name": "python3"}},
                               "nbformat": 4, "nbformat_minor": 5}).encode()  # fmt: skip
        page = b'<main><nav id="TOC">1.1</nav><p>x <span data-r="r1">63.9</span><br></p></main>'
        node = json.dumps(
            {"cells": [{"source": '[63.9]{data-r="r1"}', "outputs": [{"data": {"text/html": "<p>1</p>"}}]}]}
        ).encode()
        known = Known(pd.DataFrame({"unit": ["points"], "estimate": [63.9], "row_id": ["r1"]}))
        out = [Target(n, (d,), changed_lines, self._study_file(n)) for n, d in self.yaml.items()]
        out += [
            Target("agencies.csv", (b"id,name.ko,name.en\nfirst,\xea\xb0\x80,A\n",), changed, self._agencies),
            Target("model", tuple(models), changed_lines, self._file("m.yml", csi_lib.IndexModel.load)),
            Target("model.yml", (own,), changed_lines, self._study_file("model.yml")),
            Target("chapter", (notebook,), changed_json, self._chapter),
            Target(
                "csv",
                (self.trial.text().encode(), self.trial.text(";").encode("cp949")),
                self._odd_text,
                self._data("csv"),
            ),
            Target("xlsx", (book,), self._typed(self._workbook, changed_archive), self._data("xlsx")),
            Target("parquet", (self._parquet(plain),), self._typed(self._parquet, changed), self._data("parquet")),
            Target("sav", (self._sav(plain),), self._typed(self._sav, changed), self._data("sav")),
            Target("records.csv", (records.to_csv(index=False).encode(),), changed, self._records("csv")),
            Target("records.xlsx", (log,), changed_archive, self._records("xlsx")),
            Target("draft.csv", (self.trial.text().encode(),), self._odd_text, self._draft("csv")),
            Target("draft.xlsx", (book,), self._typed(self._workbook, changed_archive), self._draft("xlsx")),
            Target(
                "packed",
                (pack({"a": [1, (2, None)], "b": {"c": "가"}}), pack(plain)),
                changed,
                lambda d: unpack(bytearray(d)),
            ),
            Target("kept", (b"csi kept 1\n" + bytes(60),), changed, self._file("x.kept", self._unkept)),
            Target("page", (page,), changed, lambda d: read_page(d.decode("utf-8", "replace"))),
            Target("notebook", (node,), changed_json, self._ours("x.ipynb", lambda p: notebook_findings(p, {}))),
            Target("book", (book,), changed_archive, self._ours("y.xlsx", lambda p: workbook_findings(p, known))),
            Target("docx", (_office("word/document.xml"),), changed_archive, self._ours("y.docx", document_text)),
            Target("slides", (_office("ppt/slides/slide1.xml"),), changed_archive, self._ours("y.pptx", slides)),
        ]
        return out

    def _unkept(self, path: Path) -> None:
        assert kept(path) is None

    def _agencies(self, data: bytes) -> None:
        (self.study / "agencies.csv").write_bytes(data)
        (self.study / "agencies.yml").unlink()
        try:
            csi_lib.load_study(self.study)
        finally:
            (self.study / "agencies.csv").unlink()
            (self.study / "agencies.yml").write_bytes(self.yaml["agencies.yml"])

    def _chapter(self, data: bytes) -> None:
        (self.study / "chapters").mkdir(exist_ok=True)
        path = self.study / "chapters" / "10-x.ipynb"
        path.write_bytes(data)
        try:
            chapter_notebooks(csi_lib.load_study(self.study))
        finally:
            path.unlink()


def _office(member: str) -> bytes:
    out = io.BytesIO()
    space = "wordprocessingml" if member.startswith("word") else "drawingml"
    kind = "w" if member.startswith("word") else "a"
    text = f'<x xmlns:{kind}="http://schemas.openxmlformats.org/{space}/2006/main"><{kind}:p><{kind}:t>63.9</{kind}:t></{kind}:p></x>'
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(member, text)
    return out.getvalue()


def verdict(target: Target, data: bytes) -> str:
    """``read`` or ``words``; whatever else is raised, or words that quote an answer or id, goes on as an error."""
    try:
        target.act(data)
    except (InputError, Unpackable) as error:
        said = str(error)
        if any(secret in said for secret in SECRETS) and target.name not in (
            "study.yml",
            "agencies.yml",
            "codebook.yml",
            "model.yml",
            "chapter",
        ):
            raise AssertionError("the message quotes an answer or an id") from error
        return "words"
    return "read"


__all__ = ["Inputs", "Target", "changed", "verdict"]
