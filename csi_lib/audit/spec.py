"""What a reader tells the audit about a table: `csi audit table.csv --spec table.yml`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from csi_lib.audit.printed_table import PrintedTable
from csi_lib.audit.words import plain
from csi_lib.errors import InputError
from csi_lib.study.base import Part
from csi_lib.study.yaml_file import YamlFile

Role = Literal["label", "year", "count", "share", "score", "number", "difference", "rate", "weight", "margin", "confidence",
               "population", "allotted", "rank", "total", "decimals", "ignore"]  # fmt: skip


class Total(Part):
    """A column made of others: ``{column: 종합, of: [환경, 과정], how: weighted, weights: [.4, .6]}``."""

    column: str
    of: list[str] = Field(min_length=1)
    how: Literal["sum", "mean", "weighted"] = "sum"
    weights: list[float] | None = None


class Difference(Part):
    """A column that is `after` minus `before` (``how: rate``: in per cent of `before`)."""

    column: str
    after: str
    before: str
    how: Literal["difference", "rate"] = "difference"


class Share(Part):
    """A column that is 100 · `part` / `whole`; without `whole`, of the sum of `part` over the rows."""

    column: str
    part: str
    whole: str | None = None


class AuditSpec(Part):
    """Columns, totals and settings of one published table; what is not said here is inferred.

    ``roles`` names the role of columns; ``totals``, ``differences``, ``shares`` the relations between columns;
    ``total_rows`` the labels of rows that sum up the others, and ``mean_by`` how scores combine there: by n
    (``weighted``), as the ``simple`` mean of the rows, or ``unknown`` (any weighting is allowed).
    """

    roles: dict[str, Role] = {}
    totals: list[Total] = []
    differences: list[Difference] = []
    shares: list[Share] = []
    total_rows: list[str] | None = None
    mean_by: Literal["weighted", "simple", "unknown"] | None = None
    shares_add_to_100: bool | None = None
    confidence: float = Field(default=95, gt=0, lt=100)
    population: int | None = Field(default=None, gt=1)
    design_effect: float = Field(default=1, gt=0)
    skip: list[str] = Field(default=[], description="checks that are not made, by name")

    def role_of(self, table: PrintedTable, index: int) -> str | None:
        name = table.columns[index].name
        return next((role for known, role in self.roles.items() if _same(known, name)), None)

    def matched(self, table: PrintedTable) -> AuditSpec:
        """Itself, after making sure that every column it names exists and every list of weights fits."""
        for name in self.roles:
            table.index(name)
        labels = {text for c in table.label_columns for text in table.columns[c].texts}
        for told in self.total_rows or ():
            if told not in labels and told not in map(plain, labels):
                raise InputError("no row of the table is called that", where="total_rows", found=told,
                                 expected="one of " + ", ".join(sorted(filter(None, labels))[:20]))  # fmt: skip
        for total in self.totals:
            for name in (total.column, *total.of):
                table.index(name)
            if total.how == "weighted" and len(total.weights or ()) != len(total.of):
                raise InputError("a weighted total needs one weight for each of its columns", where=f"totals: {total.column}",
                                 found=str(total.weights), expected=f"{len(total.of)} numbers")  # fmt: skip
        for difference in self.differences:
            for name in (difference.column, difference.after, difference.before):
                table.index(name)
        for share in self.shares:
            for name in filter(None, (share.column, share.part, share.whole)):
                table.index(name)
        return self


def load_spec(path: Path | str | None) -> AuditSpec:
    """The spec of a file, or an empty one. InputError names file, line and what is expected there."""
    return AuditSpec() if path is None else YamlFile(Path(path)).validate(AuditSpec)


def _same(a: str, b: str) -> bool:
    return "".join(a.split()).casefold() == "".join(b.split()).casefold()
