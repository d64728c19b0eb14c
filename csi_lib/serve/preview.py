"""How often each answer was given, as far as the codebook lets it be shown: never identifiers, contacts or texts."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from csi_lib.errors import InputError

#: roles whose answers are codes that a preview may count
COUNTED = ("item", "group", "single", "multiple", "rank", "importance")
_MOST = 12


@lru_cache(maxsize=16)
def preview(folder: Path, source: str, stamp: str) -> dict[str, str]:
    """Column → its answers and their counts in the last wave; small counts are not told apart. `stamp` names the state."""
    from csi_lib.study.study import load_study
    from csi_lib.survey.reading import read_survey

    study = load_study(folder)
    try:
        survey = read_survey(study, None, max(study.years), source=source)
    except InputError:
        return {}
    least = study.privacy.min_base
    shown = {}
    for name, column in survey.codebook.columns.items():
        if column.role not in COUNTED or name not in survey.frame:
            continue
        counts = survey.frame[name].value_counts(sort=False).sort_index()
        parts = [f"{_code(code)}: {n if n >= least else f'<{least}'}" for code, n in counts.items() if n]
        blank = int(survey.frame[name].isna().sum())
        more = [f"… {len(parts) - _MOST}"] if len(parts) > _MOST else []
        shown[name] = " · ".join([*parts[:_MOST], *more, *([f"∅ {blank}"] if blank >= least else [])])
    return shown


def _code(code) -> str:
    return f"{code:g}" if isinstance(code, float) else str(code)
