"""A finding: one thing that a report claims, with its evidence, its certainty and what to do about it.

Chapters emit findings; sentences, summary, slides, the overall report and recommendations select from them. They are kept beside
the results as ``findings.parquet``, so that `findings.agreement` can hold all published files of a round against one another.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields

import pandas as pd

from csi_lib.errors import InputError
from csi_lib.prose.change import verdict_of
from csi_lib.prose.sentences import Sentence

KINDS = ("level", "change", "gap", "rank", "risk", "promise", "data")
DIRECTIONS = ("better", "worse", "none", "unclear")
#: zones of a score, worst first
ZONES = ("danger", "fair", "good")
ZONE_WORDS = {
    "ko": {"danger": "위험", "fair": "보통", "good": "양호"},
    "en": {"danger": "at risk", "fair": "fair", "good": "good"},
}
#: MIME type under which a chapter hands its findings to the run
FINDINGS_MIME = "application/vnd.csi.findings+json"


@dataclass(frozen=True)
class Finding:
    """One claim.

    Attributes
    ----------
    chapter, subject : where it comes from, and what it is about (measure of results, department, task, promise).
    kind : level, change, gap, rank, risk, promise or data (its quality).
    direction : better, worse, none (tested, not significant) or unclear (not tested).
    size, unit : of the change, gap or level, as in the results row.
    certainty : adjusted p-value of a tested difference; probability of the zone or rank otherwise; None where unknown.
    family : what it was judged with. zone : danger, fair or good. owner : department, where one is named.
    severity : order among findings of a report, larger first.
    rows : row ids of the evidence.
    says, action : language → sentence; what to do about it.
    """

    agency: str
    year: int
    chapter: str
    subject: str
    kind: str
    direction: str = "unclear"
    size: float | None = None
    unit: str | None = None
    certainty: float | None = None
    family: str | None = None
    zone: str | None = None
    owner: str | None = None
    severity: float = 0.0
    versus: str | None = None
    rows: tuple[str, ...] = ()
    says: Mapping[str, str] = field(default_factory=dict)
    action: Mapping[str, str] = field(default_factory=dict)
    #: what it says in the report's language, with the row of each number; not kept on disk
    sentence: Sentence | None = field(default=None, compare=False, repr=False)

    def __post_init__(self):
        for name, allowed in (("kind", KINDS), ("direction", DIRECTIONS), ("zone", (None, *ZONES))):
            if getattr(self, name) not in allowed:
                raise InputError(f"unknown {name} of a finding", where=f"{self.chapter}: {self.subject}",
                                 found=repr(getattr(self, name)), expected=", ".join(map(str, allowed)))  # fmt: skip
        if not self.says:
            raise InputError("a finding says nothing", where=f"{self.chapter}: {self.subject}")

    @property
    def finding_id(self) -> str:
        """Hash of what it is about: the same claim has the same id in every report and language."""
        keys = (self.agency, self.year, self.chapter, self.subject, self.kind, self.versus, self.owner)
        return hashlib.blake2s("\0".join(map(str, keys)).encode(), digest_size=6).hexdigest()

    @property
    def significant(self) -> bool:
        return self.direction in ("better", "worse")

    def text(self, lang: str) -> str:
        return self.says.get(lang) or next(iter(self.says.values()))


def direction_of(row: Mapping | None, *, better: str = "more") -> str:
    """What the verdict on a difference means: better, worse, none or unclear; `better` says which way is good."""
    found = "unknown" if row is None else verdict_of(row).direction
    if found in ("none", "unknown"):
        return {"none": "none", "unknown": "unclear"}[found]
    return "better" if (found == "up") == (better == "more") else "worse"


def findings_json(findings: Iterable[Finding]) -> list[dict]:
    """For the notebook's output."""
    return [json.loads(json.dumps(_kept(f), default=_plain)) for f in findings]


def findings_frame(found: Iterable[Finding | Mapping]) -> pd.DataFrame:
    """One row per finding, with columns ``finding_id`` and those of `Finding`; texts by language as JSON."""
    known = [f if isinstance(f, Finding) else Finding(**{**f, "rows": tuple(f["rows"])}) for f in found]
    unique = {f.finding_id: f for f in known}
    columns = ["finding_id", *(f.name for f in fields(Finding) if f.name != "sentence")]
    records = []
    for finding in unique.values():
        row = {"finding_id": finding.finding_id, **_kept(finding), "rows": list(finding.rows)}
        for name in ("says", "action"):
            row[name] = json.dumps(row[name], ensure_ascii=False)
        records.append(row)
    frame = pd.DataFrame(records, columns=columns)
    return frame.astype(dict.fromkeys(("size", "certainty", "severity"), "float64")) if len(frame) else frame


def _kept(finding: Finding) -> dict:
    return {f.name: getattr(finding, f.name) for f in fields(Finding) if f.name != "sentence"}


def _plain(value):
    return value.item() if hasattr(value, "item") else list(value)
