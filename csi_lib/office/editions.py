"""The office files of one report that are not the report's text: statistics tables (XLSX), briefing slides (PPTX)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from csi_lib.models.round import Round
from csi_lib.office.briefing import write_briefing
from csi_lib.office.statistics_book import statistics_book, wave_labels
from csi_lib.office.xlsx import write_workbook
from csi_lib.report.chapter import OVERALL
from csi_lib.study.reading import Reading


def write_editions(
    folder: Path, round_: Round, results: pd.DataFrame, *, agency: str, year: int, lang: str, release: str,
    formats: Sequence[str], findings: pd.DataFrame | None = None,
) -> pd.DataFrame:  # fmt: skip
    """``report.xlsx`` and ``report.pptx`` in `folder`, as far as `formats` asks for them.

    Parameters
    ----------
    round_ : the evaluation whose stored estimates the statistics tables are laid out from.
    results : results rows of the report, masked for `release`.

    Returns
    -------
    `results` and the rows that only the statistics tables show. The report on a whole round has neither file: its
    tables are in its text.
    """
    if agency == OVERALL:
        return results
    with Reading.of(round_.study, lang=lang, release=release):
        return _written(
            folder,
            round_,
            results,
            agency=agency,
            year=year,
            lang=lang,
            release=release,
            formats=formats,
            findings=findings,
        )


def _written(folder, round_, results, *, agency, year, lang, release, formats, findings) -> pd.DataFrame:
    if "xlsx" in formats:
        book = statistics_book(round_, agency, year, lang=lang, release=release)
        write_workbook(book.workbook, folder / "report.xlsx")
        more = book.rows[~book.rows["row_id"].isin(results["row_id"])]
        results = pd.concat([results, more[results.columns]], ignore_index=True)
    if "pptx" in formats:
        labels, models = wave_labels(round_, agency, year, lang)
        write_briefing(round_.study, results, folder / "report.pptx", agency=agency, year=year, lang=lang, labels=labels,
                       model=models[0] if models else None, source=round_.source, findings=findings)  # fmt: skip
    return results
