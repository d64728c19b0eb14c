"""What a study declares about its portfolio."""

from __future__ import annotations

from csi_lib.evaluation.portfolio import PortfolioFile
from csi_lib.evaluation.systems import system_file


def settings(chapter) -> PortfolioFile:
    """The study's ``portfolio.yml``, or the defaults."""
    declared = "portfolio" in chapter.study.extensions
    return system_file(chapter.study, "portfolio") if declared else PortfolioFile()
