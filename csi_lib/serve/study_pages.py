"""Pages about a study before its reports: which there are, what was received, codebook, findings, files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response

from csi_lib.errors import InputError
from csi_lib.serve import codebook_grid, numbers, preview
from csi_lib.serve.desk import Conflict, NotHere, place, version_of
from csi_lib.serve.frame import Frame, listing
from csi_lib.share import shared_path

_PLACE = re.compile(r"([\w.-]+\.ya?ml)(?::(\d+))?")
_STATIC = Path(__file__).with_name("static")
_MEDIA = {".css": "text/css", ".js": "text/javascript"}
_NEW_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


class StudyPages(Frame):
    """Receive and fix."""

    # ------------------------------------------------------------------ studies
    async def home(self, request: Request) -> Response:
        return self._page(request, "home.html", studies=[self._card(name) for name in self.desk.folders()])

    def _card(self, name: str) -> dict:
        try:
            study = self.desk.study(name)
        except InputError as error:
            return {"name": name, "problem": str(error)}
        made = numbers.reports(self.desk.out_of(name))
        return {
            "name": name,
            "title": study.title,
            "years": list(study.years),
            "agencies": len(study.agencies),
            "reports": len(made),
        }

    async def new(self, request: Request, form) -> Response:
        """A study from the files that were dropped, or an empty one to start from."""
        name = str(form.get("name", "")).strip()
        if not _NEW_NAME.fullmatch(name):
            raise InputError(
                "this cannot be the name of a study",
                found=repr(name)[:60],
                expected="small letters, digits and hyphens",
            )
        if name in self.desk.folders() or (self.desk.root / name).exists():
            raise InputError("there is a study of this name", found=name)
        if (self.desk.root / "study.yml").is_file():
            raise InputError(
                "the workbench was opened on one study", action="Open it on the folder above: csi serve FOLDER"
            )
        target, files = self.desk.root / name, [f for f in form.getlist("files") if getattr(f, "filename", "")]
        with TemporaryDirectory(prefix="csi-serve-") as scratch:
            held = [await run_in_threadpool(place, Path(scratch), f.filename, f.file) for f in files]
            given = [part for path in held for part in ("--from", str(path))]
            task = self.work.start(target, "new", str(target), *given, private=Path(scratch))
            await run_in_threadpool(task.process.wait)
            if task.process.returncode:
                raise InputError(task.look().words.replace(f"{scratch}/", "") or "the study could not be made")
        return RedirectResponse(f"/s/{name}/codebook" if files else f"/s/{name}", 303)

    async def language(self, request: Request) -> Response:
        lang = request.path_params["lang"]
        back = request.query_params.get("back", "/")
        answer = RedirectResponse(
            back if back.startswith("/") and not back.startswith("//") and "\\" not in back else "/", 303
        )
        if lang in ("ko", "en"):
            answer.set_cookie("csi-lang", lang, samesite="strict", httponly=True)
        return answer

    async def static(self, request: Request) -> Response:
        name = request.path_params["name"]
        files = {p.name: p for p in _STATIC.iterdir()}
        files |= {
            "csi.css": shared_path("reports", "_extensions", "csi", "csi.css"),
            "site.css": shared_path("reports", "site", "site.css"),
        }
        if name not in files:
            raise NotHere(name)
        return FileResponse(files[name], media_type=_MEDIA.get(files[name].suffix))

    async def overview(self, request: Request) -> Response:
        """The grid of reports with their state, and what to do next."""
        name = request.path_params["study"]
        study, folder, out = self.desk.study(name), self.desk.folder(name), self.desk.out_of(name)
        running = self._seen(folder, "run")
        stamp = f"{self.desk.stamp(name)} {len(running.events) if running else 0} {bool(running and running.running)}"
        status = self.work.fresh(folder, "status", str(folder), "--out", str(out), "--json", stamp=stamp).look()
        made = {(r.agency, r.year): r for r in reversed(numbers.reports(out))}
        rows = {}
        for row in (status.answer or {}).get("reports", []):
            rows.setdefault(row["agency"], {})[row["year"]] = row
        return self._page(
            request,
            "overview.html",
            title=study.title,
            loaded=study,
            status=status,
            rows=rows,
            made=made,
            running=running,
        )

    # ------------------------------------------------------------------ receive
    async def intake(self, request: Request) -> Response:
        name = request.path_params["study"]
        folder = self.desk.folder(name)
        task = self.work.fresh(folder, "intake", str(folder), "--json", stamp=self.desk.stamp(name)).look()
        return self._page(request, "intake.html", task=task, files=listing(folder / "data"))

    async def upload(self, request: Request, form) -> Response:
        name = request.path_params["study"]
        for file in form.getlist("files"):
            if getattr(file, "filename", ""):
                await run_in_threadpool(self.desk.receive, name, file.filename, file.file)
        return RedirectResponse(f"/s/{name}/intake", 303)

    # ------------------------------------------------------------------ fix
    async def codebook(
        self, request: Request, *, values: Mapping | None = None, problem: str = "", status: int = 200
    ) -> Response:
        name = request.path_params["study"]
        study, folder = self.desk.study(name), self.desk.folder(name)
        books = codebook_grid.codebook_files(folder, study)
        if not books:
            raise InputError("this study has no codebook in its folder", where=name)
        source = request.path_params.get("source") or next(iter(books))
        if source not in books:
            raise NotHere(source)
        data = self.desk.file(name, books[source]).read_bytes()
        rows, scales, sections = codebook_grid.read_rows(data.decode("utf-8-sig"), tuple(study.languages))
        seen = await run_in_threadpool(preview.preview, folder, source, self.desk.stamp(name))
        from csi_lib.study.codebook import Role

        return self._page(
            request, "codebook.html", code=status, source=source, books=books, rows=rows, scales=scales, sections=sections, roles=Role.__args__,
            seen=seen, version=version_of(data), values=values or {}, problem=problem, guesses=sum(r.guess is not None for r in rows),
        )  # fmt: skip

    async def save_codebook(self, request: Request, form) -> Response:
        """Write the grid into the YAML; what cannot be saved is given back with the reason, nothing typed is lost."""
        name, source = request.path_params["study"], request.path_params["source"]
        study = self.desk.study(name)
        file = codebook_grid.codebook_files(self.desk.folder(name), study).get(source)
        path = self.desk.file(name, file or "")
        values = {key: str(value) for key, value in form.items()}
        try:
            text = codebook_grid.write_rows(path.read_bytes().decode("utf-8-sig"), values, tuple(study.languages))
            await run_in_threadpool(self.desk.save, name, file, text, values.get("version", ""))
        except Conflict:
            return await self.codebook(request, values=values, problem="conflict", status=409)
        except InputError as error:
            return await self.codebook(request, values=values, problem=str(error), status=422)
        return RedirectResponse(f"/s/{name}/codebook/{source}?saved", 303)

    async def check(self, request: Request) -> Response:
        name = request.path_params["study"]
        folder = self.desk.folder(name)
        task = self.work.fresh(folder, "check", str(folder), "--json", stamp=self.desk.stamp(name)).look()
        findings = [{**f, "place": self._place(name, f)} for f in (task.answer or {}).get("findings", [])]
        return self._page(request, "check.html", task=task, findings=findings)

    def _place(self, name: str, finding: Mapping) -> str | None:
        """The address of the line that a finding is about, where it names a file of the study."""
        for text in (finding.get("where") or "", finding.get("message") or ""):
            for file, line in _PLACE.findall(text):
                if file in self.desk.files(name):
                    return f"/s/{name}/file/{file}#L{line or 1}"
        return None

    async def again(self, request: Request, form) -> Response:
        name, verb = request.path_params["study"], request.path_params["verb"]
        folder = self.desk.folder(name)
        if verb not in ("check", "intake"):
            raise NotHere(verb)
        self.work.start(folder, verb, str(folder), "--json", stamp=self.desk.stamp(name))
        return RedirectResponse(f"/s/{name}/{verb}", 303)

    async def file(
        self, request: Request, *, text: str | None = None, problem: str = "", theirs: str = "", status: int = 200
    ) -> Response:
        name, file = request.path_params["study"], request.path_params["name"]
        data = self.desk.file(name, file).read_bytes()
        now = data.decode("utf-8-sig", "replace")
        return self._page(
            request, "file.html", code=status, file=file, files=list(self.desk.files(name)), text=now if text is None else text,
            lines=now.splitlines(), version=version_of(data), problem=problem, theirs=theirs,
        )  # fmt: skip

    async def save_file(self, request: Request, form) -> Response:
        name, file = request.path_params["study"], request.path_params["name"]
        text = str(form.get("text", ""))
        try:
            await run_in_threadpool(self.desk.save, name, file, text, str(form.get("version", "")))
        except Conflict as conflict:
            return await self.file(request, text=text, problem="conflict", theirs=conflict.theirs, status=409)
        except InputError as error:
            return await self.file(request, text=text, problem=str(error), status=422)
        return RedirectResponse(f"/s/{name}/file/{file}?saved", 303)
