"""What the site is made of: the public reports that are there, and the figures they published."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from csi_lib.study.keeping import SUFFIX, keep, kept
from csi_lib.study.study import OVERALL

#: files of a report's folder that a reader opens, in the order they are offered
DOCUMENTS = ("html", "pdf", "docx", "hwpx", "pptx", "xlsx")


@dataclass(frozen=True)
class Report:
    """A published report: `key` changes whenever it does; `rows` are its published figures for the site."""

    agency: str
    year: int
    folder: Path
    key: str
    documents: tuple[str, ...]
    #: pages of their own beside the report: file → heading
    pages: dict[str, str]
    rows: list[dict] = field(repr=False, compare=False)

    @property
    def place(self) -> str:
        return f"{self.agency}/{self.year}"

    @property
    def page(self) -> Path | None:
        return self.folder / "report.html" if "report.html" in self.documents else None


@dataclass(frozen=True)
class Headline:
    """The index the site shows: its model and measure, and the measures directly below it."""

    model: str
    measures: tuple[str, ...]

    @property
    def index(self) -> str:
        return self.measures[0]


def headline_of(study) -> Headline | None:
    """What the site may show of the reports: nothing unless the study says ``report: {publish: true}``."""
    from csi_lib.models.study_models import study_models

    if not study.report.publish or "customers" not in study.sources:
        return None
    models = study_models(study, "customers")
    if not models:
        return None
    index = models[0].file.index
    children = models[0].node(index).children or ()
    elements = f"{index}_elements"  # the dimensions of an index that mixes them with an overall question
    inner = models[0].node(elements).children or () if elements in children else ()
    own = (*(c for c in children if c != elements), *inner)
    return Headline(models[0].name, (index, *own))


def published_reports(study, out: Path, headline: Headline | None) -> list[Report]:
    """Reports of the public release under `out`, agencies in the study's order, the overall report first.

    Reading 1,500 results files takes seconds, so the rows of a report are remembered until its manifest changes.
    """
    memory, shown = out / ".run" / f"site-rows{SUFFIX}", headline and [headline.model, *headline.measures]
    found_before = kept(memory)
    known = found_before[1] if found_before is not None and found_before[0] == shown else {}
    fresh, found = {}, []
    for agency in (OVERALL, *(a.id for a in study.agencies)):
        for year in study.years:
            folder = out / agency / str(year)
            try:
                said = json.loads((folder / "manifest.json").read_bytes())
                job = said["job"]
            except (OSError, ValueError, KeyError):  # no report, or none that can be believed: `csi verify` says so
                continue
            if job["release"] != "public":
                continue
            # which documents stand here decides the key too: a second language adds one without a new manifest
            names = {p.name for kind in DOCUMENTS for p in folder.glob(f"report*.{kind}")}
            documents = tuple(sorted(names, key=lambda n: (n.count("."), DOCUMENTS.index(n.rsplit(".", 1)[1]), n)))
            pages = {f"{id}.html": head for id, head in said.get("pages", {}).items() if f"{id}.html" in said["files"]}
            digests = {name: said["files"].get(name) for name in (*documents, *pages)}
            key = json.dumps([said["key"], job["lang"], digests], sort_keys=True)
            place = f"{agency}/{year}"
            rows = (
                known[place][1] if place in known and known[place][0] == key else _rows(folder, agency, year, headline)
            )
            fresh[place] = [key, rows]
            found.append(Report(agency, year, folder, key, documents, pages, rows))
    keep(memory, shown, fresh)
    return found


def _rows(folder: Path, agency: str, year: int, headline: Headline | None) -> list[dict]:
    """The index, its parts and its change since the last wave, as this report published them."""
    if headline is None or agency == OVERALL:
        return []
    try:
        frame = pd.read_parquet(folder / "results.parquet")
    except OSError:
        return []
    own = (
        (frame["model"] == headline.model)
        & frame["measure"].isin(headline.measures)
        & frame["by1"].isna()
        & (frame["year"] == year)
        & (frame["agency"] == agency)
    )
    index = own & (frame["statistic"] == "index") & frame["versus"].isna()
    change = own & (frame["measure"] == headline.index) & (frame["statistic"] == "difference")
    change &= frame["versus"].str.startswith("index:year=").fillna(False).astype(bool)
    kept = frame[index | change].drop_duplicates(["measure", "statistic"])
    return json.loads(kept.to_json(orient="records", force_ascii=False, double_precision=15))
