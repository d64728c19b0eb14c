"""What a chapter is about: the body's name, its index and the nodes and items below it."""

from __future__ import annotations

from csi_lib.models.scoring import banners
from csi_lib.report.chapter_data import ChapterData
from csi_lib.study.study import OVERALL


class ChapterSubject(ChapterData):
    """The names of what one agency and wave is measured by."""

    @property
    def name(self) -> str:
        """The agency's name, or what the overall report is called."""
        return (
            self.text(ko="전체 기관", en="All agencies") if self.agency == OVERALL else self.labels.agency(self.agency)
        )

    @property
    def banners(self) -> list[str]:
        """Banner variables of this wave."""
        return banners(self.study, self.survey)

    @property
    def top_nodes(self) -> list[str]:
        """The index and the nodes directly below it."""
        index = self.model.file.index
        children = self.model.node(index).children or ()
        elements = f"{index}_elements"  # the dimensions of an index that mixes them with an overall question
        return [index, *children, *(self.model.node(elements).children or () if elements in children else ())]

    @property
    def model_items(self) -> list[str]:
        """Columns of the items that the index is made of."""
        return [self.model.binding.get(i, i) for n in self.model.file.order for i in n.items or ()]

    @property
    def overall_item(self) -> str | None:
        """The item that asks for overall satisfaction: what the index node was asked by, or None."""
        node = self.model.node(self.model.file.index)
        item = node.asked or node.weights.target
        item = self.model.binding.get(item, item) if item else None
        return item if item in self.survey.frame and self.survey.frame[item].notna().any() else None

    @property
    def gauge_zones(self) -> tuple[float, float]:
        return self.study.report.gauge.low, self.study.report.gauge.high
