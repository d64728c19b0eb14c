"""What every handler of the workbench stands in: the desk, the work, pages in words, forms with their proof."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from csi_lib.errors import InputError
from csi_lib.serve.desk import Desk, NotHere
from csi_lib.serve.pages import Pages
from csi_lib.serve.work import Seen, Work


class Frame:
    """Base of the groups of pages."""

    def __init__(self, desk: Desk, work: Work, lang: str):
        self.desk, self.work, self.lang = desk, work, lang
        self.pages = Pages()

    def _seen(self, folder: Path, verb: str) -> Seen | None:
        task = self.work.task(folder, verb)
        return None if task is None else task.look()

    def _shown(self, handler):
        async def run(request: Request) -> Response:
            try:
                return await handler(request)
            except NotHere:
                return self._page(request, "missing.html", code=404)
            except InputError as error:
                return self._page(request, "problem.html", code=422, problem=str(error))

        return run

    def _posted(self, handler):
        """A form of ours: its proof is checked here, so that no handler can forget it."""

        async def run(request: Request) -> Response:
            async with request.form() as form:
                if form.get("proof") != request.scope["csi"]["proof"]:
                    return PlainTextResponse("This form is not the workbench's.", 403)
                try:
                    return await handler(request, form)
                except NotHere:
                    return self._page(request, "missing.html", code=404)
                except InputError as error:
                    return self._page(request, "problem.html", code=422, problem=str(error))

        return run

    def _page(self, request: Request, template: str, *, code: int = 200, **values) -> HTMLResponse:
        lang = request.cookies.get("csi-lang", self.lang)
        lang = lang if lang in ("ko", "en") else self.lang
        name = request.path_params.get("study")
        study = name if name in self.desk.folders() else None
        part = "fragment" in request.query_params
        html = self.pages.render(
            template,
            lang=lang,
            part=part,
            study=study,
            here=request.url.path,
            proof=request.scope["csi"]["proof"],
            **values,
        )
        return HTMLResponse(html, code)

    async def _missing(self, request: Request, error) -> Response:
        return self._page(request, "missing.html", code=404)

    async def _broken(self, request: Request, error) -> Response:
        return PlainTextResponse(
            f"{type(error).__name__}: this is a fault of ours; the server's console shows it.", 500
        )


def listing(folder: Path) -> list[tuple[str, int]]:
    if not folder.is_dir():
        return []
    return [
        (p.relative_to(folder).as_posix(), p.stat().st_size)
        for p in sorted(folder.rglob("*"))
        if p.is_file() and not p.name.startswith(".")
    ]
