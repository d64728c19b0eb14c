"""What is a record: rows with an id or an answer; everything else that stands below the header is named and left out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from csi_lib.intake.cells import Cells
from csi_lib.intake.heading import plain_name
from csi_lib.study.base import number_in

#: reasons for which a row is left out, as a reader sees them
REASONS = {
    "blank": {"ko": "빈 행", "en": "blank"},
    "no_answer": {"ko": "번호도 응답도 없는 행", "en": "no id and no answer"},
    "header": {"ko": "되풀이된 열 이름", "en": "names of the columns repeated"},
    "questions": {"ko": "질문 문장", "en": "texts of the questions"},
    "import_id": {"ko": "조사 시스템의 가져오기 번호", "en": "import ids of the survey system"},
    "totals": {"ko": "합계·평균", "en": "totals and means"},
    "footnote": {"ko": "각주", "en": "footnote"},
    "skipped": {"ko": "skip_rows로 지정한 행", "en": "named by skip_rows"},
}

# fmt: off
_TOTALS = frozenset((
    "합계", "총계", "총합계", "총합", "소계", "누계", "계", "평균", "전체평균", "총평균", "전체", "총점", "표준편차", "최대값", "최솟값", "최소값", "최댓값",
    "최대", "최소", "중앙값", "응답자수", "사례수", "비율", "백분율", "total", "totals", "grandtotal", "subtotal", "sum", "mean",
    "means", "average", "averages", "avg", "median", "mode", "std", "stdev", "stddev", "sd", "se", "variance", "min",
    "max", "minimum", "maximum", "count", "n", "base", "overall",
))
# fmt: on
_FOOTNOTE = re.compile(
    r"^\s*(?:※|☞|\*{1,3}\s?\S|주\s?\d*\s?[:)）.]|자료\s?[:：]|출처\s?[:：]|비고\s?[:：]?|note|source|footnote|n\.b\.)",
    re.IGNORECASE,
)
_LEADING = 3
_LONGEST_TOTAL = 40


@dataclass(frozen=True)
class Asked:
    """One column that is wanted: the `names` it may have; ``part`` id, answer, text (open answer), place (agency, year) or
    other (weights and the like, which make no respondent); ``holds``: whether a text is a declared answer."""

    names: tuple[str, ...]
    part: Literal["id", "answer", "text", "place", "other"] = "answer"
    needed: bool = True
    holds: Callable[[str], bool] | None = None


@dataclass(frozen=True, eq=False)
class Verdict:
    """`keep` marks the records; `left` is reason → positions of the rows left out."""

    keep: np.ndarray
    left: dict[str, np.ndarray]


def judge(
    columns: Mapping[str, Cells],
    asked: Mapping[str, Asked],
    names: Mapping[str, str],
    first: Cells | None,
    lines: np.ndarray,
) -> Verdict:
    """Tell records from the rest. `first` is the file's first column where nobody asked for it; `lines` where rows stand."""
    n = len(lines)
    of = lambda *parts: [(k, c) for k, c in columns.items() if asked[k].part in parts]
    any_of = lambda chosen: np.logical_or.reduce([np.zeros(n, bool), *(~c.blank for _, c in chosen)])
    with_id, answered = any_of(of("id")), any_of(of("answer", "text"))
    has_ids = bool(with_id.any())
    everything = [c for _, c in columns.items()] + ([first] if first is not None else [])
    filled = _how_many((~c.blank for c in everything), n)
    left: dict[str, np.ndarray] = {"blank": filled == 0}
    open_ = ~left["blank"]

    def put(reason: str, rows: np.ndarray) -> None:
        nonlocal open_
        left[reason] = left.get(reason, np.zeros(n, bool)) | (rows & open_)
        open_ = open_ & ~rows

    put("import_id", np.logical_or.reduce([np.zeros(n, bool), *(c.where_words(_import_id) for c in everything)]))
    same = _how_many(
        (c.where(_is(names[k])) if names[k].strip().isdigit() else c.where_words(_is(names[k])) for k, c in columns.items()), n
    )  # fmt: skip
    own = _how_many((~c.blank for c in columns.values()), n)
    put("header", (same >= 2) & (2 * same >= own) if len(columns) > 1 else (same == 1))
    known, strange, figures = _answers(columns, asked, n)
    put(
        "questions",
        _question_rows(
            left["import_id"],
            known,
            strange,
            open_,
            len([k for k in columns if asked[k].holds and asked[k].part == "answer"]),
        ),
    )
    put("totals", _total_rows(columns, asked, first, with_id, n))
    put("footnote", _footnotes(columns, asked, filled, known, open_, n))
    put("no_answer", ~with_id & ~answered)
    put("totals", _figures_below(known, strange, figures, with_id, has_ids, open_, lines))
    return Verdict(open_, {reason: np.flatnonzero(rows) for reason, rows in left.items() if rows.any()})


def _how_many(marks: Iterable[np.ndarray], n: int) -> np.ndarray:
    """Per row, how many of the `marks` hold; added up one by one, without a table of all."""
    out = np.zeros(n, np.int32)
    for mark in marks:
        out += mark
    return out


def _import_id(text: str) -> bool:
    return text.startswith("{") and "ImportId" in text


def _is(name: str) -> Callable[[str], bool]:
    plain, longest = plain_name(name), 2 * len(name) + 4
    begins = {plain[:1], plain[:1].upper(), "*", *(name[:1] or " ")}
    return lambda text: len(text) <= longest and (text[0] in begins or not text.isascii()) and plain_name(text) == plain


def _answers(columns, asked, n: int):
    """Per row: answers that are declared, texts that are not, numbers that are not."""
    known, strange, figures = (np.zeros(n, int) for _ in range(3))
    for key, cells in columns.items():
        holds = asked[key].holds
        if asked[key].part != "answer" or holds is None:
            continue
        kinds = cells.each(lambda t, holds=holds: 1 if holds(t) else 3 if _figure(t) else 2, blank=0).astype(np.int8)
        known += kinds == 1
        strange += kinds == 2
        figures += kinds == 3
    return known, strange, figures


def _figure(text: str) -> bool:
    """A number, perhaps in per cent or with thousands separators."""
    return number_in(text.rstrip("%점명건 ").replace(",", "")) is not None


def _question_rows(imports, known, strange, open_, asked: int) -> np.ndarray:
    """The first rows, where they hold words under the answers and no answer, and the rows below them do."""
    out = np.zeros(len(known), bool)
    at = np.flatnonzero(imports[: _LEADING + 1])
    if len(at):  # import ids stand below the texts of the questions
        out[: at[-1]] = True
        return out & open_
    if not asked or len(known) < 2:
        return out
    below = known[_LEADING:] if len(known) > 2 * _LEADING else known[1:]
    if not len(below) or (below > 0).mean() < 0.5:
        return out
    for row in range(min(_LEADING, len(known) - 1)):
        if known[row] or 2 * strange[row] < asked or strange[row] < min(2, asked):
            break
        out[row] = True
    return out


def total_word(text: str) -> bool:
    """Whether a cell says that its row is a total or a mean."""
    if text[0].isdigit() or len(text) > _LONGEST_TOTAL:
        return False
    plain = re.sub(r"[(\[（].*?[)\]）]", "", "".join(text.casefold().split())).strip(":：.()[]-*=<>")
    return plain in _TOTALS


def _total_rows(columns, asked, first, with_id, n: int) -> np.ndarray:
    in_id = np.zeros(n, bool)
    elsewhere = np.zeros(n, bool)
    for key, cells in columns.items():
        part, holds = asked[key].part, asked[key].holds
        says = cells.where_words(lambda t, holds=holds: total_word(t) and not (holds and holds(t)))
        if part == "id":
            in_id |= says
        elif part == "place" or (part == "answer" and holds is not None):
            elsewhere |= says
    if first is not None:
        says = first.where_words(total_word)
        if says.sum() <= max(5, 0.05 * n):
            elsewhere |= says
    return in_id | (elsewhere & ~with_id)


def _footnotes(columns, asked, filled, known, open_, n: int) -> np.ndarray:
    """Rows without an answer whose cell among the ids reads like a remark, or whose only cell, an open answer, begins like a
    footnote."""
    out = np.zeros(n, bool)
    for key, cells in columns.items():
        if asked[key].part == "id":
            lone = (filled == 1) & ~cells.blank & open_
            out |= open_ & (known == 0) & cells.where_words(_remark)
            if not lone.any():
                continue
            others = cells.take(np.flatnonzero(~lone & ~cells.blank))
            out |= lone & cells.where(_unlike([others.texts[c] for c in np.unique(others.codes)]))
        elif asked[key].part == "text":
            out |= (filled == 1) & ~cells.blank & cells.where_words(_remark)
    return out


def _remark(text: str) -> bool:
    return not text[0].isdigit() and bool(_FOOTNOTE.match(text))


def _unlike(ids: list[str]) -> Callable[[str], bool]:
    """Whether a text is no id as the others are: it reads like a remark."""
    longest, spaced = max(map(len, ids), default=0), any(" " in text for text in ids)

    def remark(text: str) -> bool:
        long = longest > 0 and len(text) > 2 * longest + 8
        return bool(_FOOTNOTE.match(text)) or long or (" " in text and not spaced)

    return remark


def _figures_below(known, strange, figures, with_id, has_ids: bool, open_, lines) -> np.ndarray:
    """Figures under the data: rows at the end without an id where the others have one, none of whose numbers is an answer."""
    out = np.zeros(len(known), bool)
    rows = np.flatnonzero(open_)
    for place in range(len(rows) - 1, 0, -1):
        row, above = rows[place], rows[place - 1]
        if has_ids and with_id[row]:
            break
        alone = has_ids and bool(with_id[rows[:place]].all())
        apart = alone and lines[row] - lines[above] > 1
        undeclared = not strange[row] and figures[row] >= 2 and not known[row]
        mostly = alone and not strange[row] and figures[row] >= max(known[row], 1)
        if not (undeclared or apart or mostly):
            break
        out[row] = True
    return out


def left_text(left: Mapping[str, Sequence[int]], lang: str) -> str:
    """``2 blank (line 43, 44), 1 footnote (line 46)``, of lines by reason."""
    parts = []
    for reason, lines in left.items():
        shown = ", ".join(str(int(line)) for line in list(lines)[:5]) + (", …" if len(lines) > 5 else "")
        if lang == "ko":
            parts.append(f"{REASONS[reason]['ko']} {len(lines)}개({shown}번째 줄)")
        else:
            parts.append(f"{len(lines)} {REASONS[reason]['en']} (line {shown})")
    return ", ".join(parts)
