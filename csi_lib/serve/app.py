"""The workbench's addresses: one page per verb, on what the command line says."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.routing import Route

from csi_lib.serve.desk import Desk
from csi_lib.serve.report_pages import ReportPages
from csi_lib.serve.study_pages import StudyPages
from csi_lib.serve.work import Work


def make_app(desk: Desk, work: Work, *, lang: str = "ko") -> Starlette:
    """The ASGI application; to be served inside `guard.Guard` only."""
    return Bench(desk, work, lang).app()


class Bench(StudyPages, ReportPages):
    """All pages and their addresses."""

    def app(self) -> Starlette:
        one = "/{agency}/{year}/{edition}"  # of a study's reports
        shown = {
            "/": self.home, "/lang/{lang}": self.language, "/static/{name}": self.static, "": self.overview, "/intake": self.intake,
            "/codebook": self.codebook, "/codebook/{source}": self.codebook, "/check": self.check, "/file/{name}": self.file,
            "/run": self.run, "/report" + one: self.report, "/view" + one + "/{name}": self.view, "/find" + one: self.find,
            "/number" + one + "/{row}": self.number, "/trace" + one + "/{row}": self.trace, "/compare": self.compare,
            "/deliver": self.deliver, "/delivery/{name}": self.delivery,
        }  # fmt: skip
        posted = {
            "/new": self.new, "/upload": self.upload, "/codebook/{source}": self.save_codebook, "/file/{name}": self.save_file,
            "/again/{verb}": self.again, "/run": self.start_run, "/stop/{verb}": self.stop, "/deliver": self.start_delivery,
        }  # fmt: skip
        top = {"/", "/lang/{lang}", "/static/{name}", "/new"}
        place = lambda path: path if path in top else "/s/{study}" + path
        routes = [Route(place(path), self._shown(handler), methods=["GET"]) for path, handler in shown.items()]
        routes += [Route(place(path), self._posted(handler), methods=["POST"]) for path, handler in posted.items()]
        return Starlette(routes=routes, exception_handlers={404: self._missing, Exception: self._broken})
