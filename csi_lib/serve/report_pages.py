"""Pages about a study's reports: making, reading, comparing, delivering them."""

from __future__ import annotations

import base64
import hashlib

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from csi_lib.serve import numbers
from csi_lib.serve.desk import NotHere
from csi_lib.serve.frame import Frame, listing
from csi_lib.serve.guard import DOCUMENT_POLICY

#: lets a shown report tell the page around it which number was clicked
_TELLER = """document.addEventListener("click", e => {
  const n = e.target.closest("[data-r]"); if (n) parent.postMessage({number: n.dataset.r}, "*"); });"""
_KNOWN = f"'sha256-{base64.b64encode(hashlib.sha256(_TELLER.encode()).digest()).decode()}'"


def telling(page: str) -> str:
    """A published page that tells which number was clicked; its own policy is told of the one script more."""
    page = page.replace("script-src 'sha256-", f"script-src {_KNOWN} 'sha256-", 1)
    return page.replace("</body>", f"<script>{_TELLER}</script></body>", 1)


class ReportPages(Frame):
    """Run, read, compare, deliver."""

    # ------------------------------------------------------------------ run
    async def run(self, request: Request) -> Response:
        name = request.path_params["study"]
        task = self._seen(self.desk.folder(name), "run")
        return self._page(request, "run.html", task=task, loaded=self.desk.study(name), state=_state(task))

    async def start_run(self, request: Request, form) -> Response:
        name = request.path_params["study"]
        study, folder = self.desk.study(name), self.desk.folder(name)
        given = ["--out", str(self.desk.out_of(name)), "--json"]
        known = {a.id for a in study.agencies} | {"_overall"}
        for field, allowed in (("agency", known), ("year", set(map(str, study.years)))):
            for value in form.getlist(field):
                if value not in allowed:
                    raise NotHere(value)
                given += [f"--{field}", value]
        if form.get("mode") in ("force", "failed"):
            given.append(f"--{form['mode']}")
        self.work.start(folder, "run", str(folder), *given)
        return RedirectResponse(f"/s/{name}/run", 303)

    async def stop(self, request: Request, form) -> Response:
        name, verb = request.path_params["study"], request.path_params["verb"]
        self.work.stop(self.desk.folder(name), verb)
        return RedirectResponse(f"/s/{name}/{verb if verb in ('run', 'deliver', 'check', 'intake') else ''}", 303)

    # ------------------------------------------------------------------ read
    def _report(self, request: Request) -> numbers.Report:
        p = request.path_params
        return numbers.report(self.desk.out_of(p["study"]), p["agency"], p["year"], p["edition"])

    async def report(self, request: Request) -> Response:
        found = self._report(request)
        sources = await run_in_threadpool(numbers.sources, found.folder)
        chapter = request.query_params.get("chapter")
        return self._page(
            request, "report.html", report=found, sources=sources, chapter=chapter if chapter in sources else None
        )

    async def view(self, request: Request) -> Response:
        """A published file: documents in an origin of their own, everything else as a download."""
        found, name = self._report(request), request.path_params["name"]
        if name not in found.files:
            raise NotHere(name)
        path = found.folder / name
        if path.suffix != ".html":
            return FileResponse(path, filename=name)
        text = path.read_text(encoding="utf-8")
        return HTMLResponse(telling(text), headers={"content-security-policy": DOCUMENT_POLICY})

    async def number(self, request: Request) -> Response:
        """What is behind one printed number."""
        found, name = self._report(request), request.path_params["study"]
        row = await run_in_threadpool(numbers.number, found.folder, request.path_params["row"])
        if row is None:
            raise NotHere(request.path_params["row"])
        return self._page(request, "number.html", report=found, rows=[row], shown=numbers.SHOWN, name=name)

    async def find(self, request: Request) -> Response:
        """The numbers of a report that are printed like this: for who cannot click."""
        found = self._report(request)
        rows = await run_in_threadpool(numbers.printed_like, found.folder, request.query_params.get("text", ""))
        return self._page(
            request, "number.html", report=found, rows=rows, shown=numbers.SHOWN, name=request.path_params["study"]
        )

    async def trace(self, request: Request) -> Response:
        """From a number to the cell, formula and data it was made of, as `csi trace` says it."""
        found, name, row = self._report(request), request.path_params["study"], request.path_params["row"]
        if numbers.number(found.folder, row) is None:
            raise NotHere(row)
        folder = self.desk.folder(name)
        given = (str(found.folder), row, "--study", str(folder), "--json")
        task = self.work.fresh(folder, "trace", *given, stamp=self.desk.stamp(name), name=f"trace-{row}").look()
        return self._page(request, "trace.html", task=task)

    async def compare(self, request: Request) -> Response:
        name = request.path_params["study"]
        made = {r.key: r for r in numbers.reports(self.desk.out_of(name))}
        chosen = [made[k] for k in request.query_params.getlist("report") if k in made][:6]
        columns = [await run_in_threadpool(numbers.headline, r) for r in chosen]
        measures = list(dict.fromkeys(m for column in columns for m in column))
        return self._page(request, "compare.html", made=made, chosen=chosen, columns=columns, measures=measures)

    # ------------------------------------------------------------------ deliver
    async def deliver(self, request: Request) -> Response:
        name = request.path_params["study"]
        task = self._seen(self.desk.folder(name), "deliver")
        made = listing(self.desk.out_of(name) / "deliveries")
        return self._page(
            request, "deliver.html", task=task, made=made, reports=numbers.reports(self.desk.out_of(name))
        )

    async def start_delivery(self, request: Request, form) -> Response:
        name = request.path_params["study"]
        folder = self.desk.folder(name)
        given = ["--out", str(self.desk.out_of(name)), "--json"]
        given += [
            part
            for value in form.getlist("agency")
            for part in ("--agency", str(value))
            if not str(value).startswith("-")
        ]
        if form.get("no_data"):
            given.append("--no-data")
        self.work.start(folder, "deliver", str(folder), *given)
        return RedirectResponse(f"/s/{name}/deliver", 303)

    async def delivery(self, request: Request) -> Response:
        folder = self.desk.out_of(request.path_params["study"]) / "deliveries"
        files = {p.name: p for p in folder.glob("*.zip")} if folder.is_dir() else {}
        if request.path_params["name"] not in files:
            raise NotHere(request.path_params["name"])
        return FileResponse(files[request.path_params["name"]], filename=request.path_params["name"])


def _state(task) -> dict:
    """Where a run is: counts, the reports that ended, seconds left."""
    events = task.events if task else []
    ended = [e for e in events if e.get("event") == "done"]
    count = next((e["count"] for e in reversed(events) if "count" in e), {"done": 0, "failed": 0, "jobs": 0})
    return {
        "count": count,
        "ended": ended,
        "left": next((e.get("seconds_left") for e in reversed(ended)), None),
        "now": [e for e in events if e.get("event") in ("started", "chapter")][-4:],
        "failed": [e for e in ended if not e.get("ok")],
        "over": bool(task) and not task.running,
    }
