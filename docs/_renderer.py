"""quartodoc's Markdown renderer with the one docstring section it does not know: Warns."""

from __future__ import annotations

from griffe import DocstringSectionWarns
from plum import dispatch
from quartodoc.renderers import MdRenderer
from quartodoc.renderers.md_renderer import ParamRow


class Renderer(MdRenderer):
    style = "csi"

    @dispatch
    def render(self, el: DocstringSectionWarns):
        rows = [
            ParamRow(None, item.description, annotation=self.render_annotation(item.annotation)) for item in el.value
        ]
        return self._render_table(rows, ["Name", "Type", "Description"], "returns")
