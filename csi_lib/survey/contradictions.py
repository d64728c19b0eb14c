"""Where the answers contradict the codebook, each other or last year: likelier a slip of the file than a finding.

Nothing here is an error by itself (people may think what they like), so nothing is refused: it is named by `csi check`, said
in the report's checks of the data, and no such item is ever named a priority.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

#: an item is judged from so many answers on; a value or a mix of groups from so many in both waves
LEAST_ITEM, LEAST_WAVE = 30, 50
#: a shift of an item against the others' (standard deviations), of a mix of groups (share that changed place) [D]
JUMP, MIX_JUMP = 0.8, 0.35
#: one respondent's share of the weights, if it is also three times an equal one [D]
WEIGHT_SHARE = 0.05
#: of all answers, and so many that last wave's nobody is no accident [D]
NEW_SHARE, NEW_EXPECTED = 0.03, 6.0


@dataclass(frozen=True)
class Contradiction:
    """One suspicion.

    kind : ``turned`` (item–rest correlation below zero), ``labels`` (a scale labelled from good to bad, not turned),
        ``one_end`` (only one half of a scale is used), ``new_code`` (a code that nobody had last wave), ``jumped`` (a
        distribution that moved alone), ``weight`` (one respondent counts for too much).
    column : of the codebook (of a scale for ``labels``); ``value`` and ``before``: the statistic now and last wave; ``n`` its
        base; ``code`` which answer; ``cause`` the likeliest; ``remedy`` the YAML that mends it, if that is what it is.
    """

    kind: str
    column: str
    value: float
    n: int
    before: float | None = None
    code: object = None
    cause: str = ""
    remedy: str = ""
    items: tuple[str, ...] = ()

    @property
    def doubted(self) -> tuple[str, ...]:
        """Items that must not be named a priority."""
        return self.items if self.items else (self.column,) if self.kind not in ("weight",) else ()

    def words(self) -> str:
        """In a line of `csi check`."""
        last = "" if self.before is None else f", last wave {_form(self.before)}"
        said = {
            "turned": f"{self.column} looks turned: its correlation with the other items is {_form(self.value)}{last}",
            "labels": f"the labels of the scale {self.column} run from good to bad, and a higher code counts as better "
            f"in {', '.join(self.items[:6])}",
            "one_end": f"{self.column}: only codes up to {self.code} are used" if self.cause == "shorter"
            else f"{self.column}: only codes from {self.code} on are used",
            "new_code": f"{self.column}: the code {self.code} is new, in {100 * self.value:.0f} % of the answers",
            "jumped": f"{self.column} jumped by {_form(self.value)} standard deviations more than the other items did"
            if self.cause != "mix" else f"{self.column}: {100 * self.value:.0f} % of the respondents are in other groups than last wave",
            "weight": f"one respondent carries {100 * self.value:.1f} % of the sum of the weights",
        }[self.kind]  # fmt: skip
        return f"{said} (n = {self.n}). {CAUSES[self.cause][1]}" + (
            f" Then write: {self.remedy}" if self.remedy else ""
        )


#: cause → what is likeliest, in Korean and English
CAUSES = {
    "negative_wording": ("부정형 문항인데 역채점이 선언되지 않았을 가능성이 크다.", "Likeliest: it is worded negatively and not declared so."),
    "turned_twice": ("역채점으로 선언되었으나 자료에는 이미 뒤집혀 들어 있을 가능성이 크다.",
                     "Likeliest: it is declared reverse, and the file holds it turned already."),
    "turned_this_wave": ("이번 자료에서만 부호가 뒤집혀 들어왔을 가능성이 크다.", "Likeliest: this wave's file holds it with its codes turned."),
    "label_order": ("1번이 가장 좋은 응답인 척도를 그대로 점수로 썼을 가능성이 크다.", "Likeliest: code 1 is the best answer, and was taken for the worst."),
    "shorter": ("자료의 척도가 코드북보다 짧을 가능성이 크다.", "Likeliest: the file's scale is shorter than the codebook's."),
    "upper": ("척도의 한쪽만 쓰였다. 척도나 응답 부호를 확인해야 한다.", "Likeliest: another scale or other codes than the codebook says."),
    "new": ("무응답이나 새 보기의 부호일 가능성이 크다.", "Likeliest: a code for no answer, or a new choice."),
    "moved": ("문항, 척도 또는 부호가 바뀌었을 가능성이 크다.", "Likeliest: the question, its scale or its codes changed."),
    "mix": ("부호가 바뀌었거나 조사 대상이 달라졌을 가능성이 크다.", "Likeliest: the codes changed, or other people were asked."),
    "raw_weights": ("가중치가 조정되지 않았거나 잘못 계산되었을 가능성이 크다.", "Likeliest: the weights are untrimmed, or wrong in this row."),
}  # fmt: skip


def contradictions(survey, before=None, *, items: Sequence[str] | None = None) -> tuple[Contradiction, ...]:
    """Everything suspicious about one agency and wave.

    Parameters
    ----------
    survey, before : `Survey` of this wave and of the last one (None: there is none).
    items : columns that should agree with each other (those of the index); default all items. The others are held against
        their own correlation of last wave.

    Returns
    -------
    tuple of `Contradiction`. Correlations are weighted, of the item with the mean of the other items (each on 0–1, over those
    answered); they count as negative where the upper end of their 99 % interval is.
    """
    book = survey.codebook
    every = [i for i in book.items if i in survey.frame and survey.frame[i].notna().sum() >= LEAST_ITEM]
    named = [i for i in (items or every) if i in every]
    found = [*_turned(survey, before, named, every), *_labelled(book, every), *_one_end(survey, every)]
    if before is not None:
        found += [*_new_codes(survey, before, every), *_jumps(survey, before, every)]
    return (*found, *_weights(survey))


# ---------------------------------------------------------------------- turned items
def _turned(survey, before, named, every):
    now = item_rest(survey, named)
    last = item_rest(before, [i for i in named if i in before.frame]) if before is not None else {}
    for item, (r, n) in now.items():
        if _below_zero(r, n):
            yield _turned_item(survey, item, r, n, last.get(item, (None, 0))[0])
    rest = [i for i in every if i not in named]
    if before is None or not named:
        return
    with_index = _with_rest(survey, rest, named)
    with_last = _with_rest(before, [i for i in rest if i in before.frame], named)
    for item in rest:  # what is no part of the index may well run against it, but not in one wave only
        r, n = with_index[item]
        r_last, n_last = with_last.get(item, (np.nan, 0))
        if _below_zero(r, n) and _below_zero(-r_last, n_last):
            yield _turned_item(survey, item, r, n, r_last)


def _turned_item(survey, item, r, n, last):
    column, scale, year = survey.codebook.columns[item], survey.codebook.scale(item), survey.year
    if column.reverse and not (last is not None and last > 0):
        cause, remedy = "turned_twice", f"{item}: {{reverse: false}}"
    elif last is not None and last > 0 and scale.points:
        turned = ", ".join(f"{k:g}: {scale.low + scale.high - k:g}" for k in np.arange(scale.low, scale.high + 1))
        cause, remedy = "turned_this_wave", f"{item}: {{derive: {{{year}: {{map: {{{turned}}}}}}}}}"
    else:
        cause, remedy = "negative_wording", f"{item}: {{reverse: true}}"
    return Contradiction("turned", item, r, n, None if last is None else float(last), cause=cause, remedy=remedy)


def item_rest(survey, items: Sequence[str]) -> dict[str, tuple[float, int]]:
    """Item → its weighted correlation with the mean of the other items, and the answers it rests on.

    Where several items are turned they make up a part of the rest, so the one that disagrees most is set aside and the
    others are looked at again: those set aside are judged against the items that agree.
    """
    agreeing, aside = list(items), []
    while len(agreeing) > 2:
        found = _with_rest(survey, agreeing, agreeing)
        worst = min(agreeing, key=lambda i: found[i][0] if np.isfinite(found[i][0]) else 1.0)
        if not found[worst][0] < 0 or len(aside) + 1 > (len(items) - 1) / 2:
            break
        agreeing.remove(worst)
        aside.append(worst)
    return _with_rest(survey, items, agreeing)


def _with_rest(survey, items: Sequence[str], others: Sequence[str]) -> dict[str, tuple[float, int]]:
    """Each item's weighted correlation with the mean of `others` without itself, and the answers it rests on."""
    frame, book = survey.frame, survey.codebook
    weights = np.asarray(survey.design.weights, float)

    def scaled(item) -> np.ndarray:
        low, high = book.scale(item).low, book.scale(item).high
        return (frame[item].to_numpy(float, na_value=np.nan) - low) / (high - low)

    columns = {i: scaled(i) for i in others if i in frame}
    total, count = np.zeros(len(frame)), np.zeros(len(frame))
    for column in columns.values():
        total, count = total + np.nan_to_num(column), count + np.isfinite(column)
    out = {}
    for item in items:
        x, own = frame[item].to_numpy(float, na_value=np.nan), columns.get(item)
        if not set(columns) - {item}:
            out[item] = np.nan, 0
            continue
        sums, answered = (total, count) if own is None else (total - np.nan_to_num(own), count - np.isfinite(own))
        there = np.isfinite(x) & (answered > 0) & (weights > 0)
        n = int(there.sum())
        if n < LEAST_ITEM:
            out[item] = np.nan, n
            continue
        x, rest, w = x[there], sums[there] / answered[there], weights[there] / weights[there].sum()
        x, rest = x - w @ x, rest - w @ rest
        spread = np.sqrt((w @ x**2) * (w @ rest**2))
        out[item] = (float(w @ (x * rest) / spread) if spread > 1e-12 else np.nan), n
    return out


def _below_zero(r: float, n: int) -> bool:
    """The upper end of the 99 % interval (Fisher's z) lies below zero."""
    return n >= LEAST_ITEM and np.isfinite(r) and np.arctanh(max(r, -0.999999)) + 2.5758 / np.sqrt(n - 3) < 0


# ---------------------------------------------------------------------- scales
_BAD = re.compile(
    r"불만|불편|아니|않|나쁘|나쁨|못|낮|부정|전혀|불량|미흡|dissatisf|disagree|\bnot\b|never|poor|bad\b|worst|unlikely|^no\b|\blow\b|unhappy|"
    r"difficult|inconvenien|insatisf|malo|mal\b|unzufrieden|schlecht",
    re.IGNORECASE,
)
_GOOD = re.compile(
    r"만족|그렇다|좋|높|우수|동의|긍정|충분|편리|친절|satisf|agree|good|excellent|best\b|likely|^yes\b|\bhigh|happy|easy|convenient|bueno|zufrieden|gut\b",
    re.IGNORECASE,
)


def direction(label) -> int:
    """−1 for a label that says something bad, 1 for something good, 0 where no word tells."""
    texts = [
        t
        for t in (label if isinstance(label, str) else None, getattr(label, "ko", None), getattr(label, "en", None))
        if t
    ]
    if any(_BAD.search(t) for t in texts):
        return -1
    return 1 if any(_GOOD.search(t) for t in texts) else 0


def _labelled(book, every):
    for name, scale in book.scales.items():
        ends = {float(k): v for k, v in scale.labels.items() if isinstance(k, (int, float))}
        if scale.low not in ends or scale.high not in ends:
            continue
        plain = tuple(i for i in every if book.columns[i].scale == name and not book.columns[i].reverse)
        if plain and direction(ends[scale.low]) == 1 and direction(ends[scale.high]) == -1:
            yield Contradiction("labels", name, np.nan, len(plain), cause="label_order", items=plain,
                                remedy=f"reverse: true in {', '.join(plain[:3])}{' …' if len(plain) > 3 else ''}")  # fmt: skip


def _one_end(survey, every):
    for item in every:
        scale, values = survey.codebook.scale(item), survey.frame[item].dropna()
        if survey.codebook.columns[item].reverse:
            values = scale.low + scale.high - values
        middle = (scale.low + scale.high) / 2
        if (scale.points or 4) < 4:
            continue
        if len(values) >= LEAST_WAVE and values.max() <= middle:
            code = f"{values.max():g}"
            yield Contradiction("one_end", item, float(values.max()), len(values), code=code, cause="shorter",
                                remedy=f"{item}: {{scale: <one from {scale.low:g} to {code}>}}")  # fmt: skip
        elif len(values) >= 2 * LEAST_WAVE and values.min() > middle:
            yield Contradiction(
                "one_end", item, float(values.min()), len(values), code=f"{values.min():g}", cause="upper"
            )


# ---------------------------------------------------------------------- last wave
def _new_codes(survey, before, every):
    columns = [*every, *(g for g in survey.codebook.groups if g in survey.frame)]
    for name in columns:
        if name not in before.frame or (survey.codebook.columns[name].scale and survey.codebook.scale(name).continuous):
            continue
        now, last = survey.frame[name].dropna(), before.frame[name].dropna()
        if len(now) < LEAST_WAVE or len(last) < LEAST_WAVE:
            continue
        shares = now.astype(object).value_counts(normalize=True)
        known = set(last.astype(object).unique())
        for code, share in shares.items():
            if code not in known and share >= NEW_SHARE and share * len(last) >= NEW_EXPECTED:
                shown = f"{code:g}" if isinstance(code, float) else str(code)
                yield Contradiction("new_code", name, float(share), len(now), 0.0, code=shown, cause="new",
                                    remedy=f"{name}: {{missing: {{{survey.year}: [{shown}]}}}}")  # fmt: skip


def _jumps(survey, before, every):
    shifts, bases = {}, {}
    for item in (i for i in every if i in before.frame):
        now, last = survey.frame[item].dropna(), before.frame[item].dropna()
        spread = np.sqrt((now.var() + last.var()) / 2) if min(len(now), len(last)) >= LEAST_ITEM else 0.0
        if spread > 0:
            shifts[item], bases[item] = float((now.mean() - last.mean()) / spread), len(now)
    usual = float(np.median(list(shifts.values()))) if len(shifts) > 2 else 0.0
    for item, shift in shifts.items():
        if abs(shift - usual) > JUMP:
            yield Contradiction("jumped", item, shift - usual, bases[item], cause="moved")
    for group in (g for g in survey.codebook.groups if g in survey.frame and g in before.frame):
        now, last = (s.frame[group].dropna().astype(object) for s in (survey, before))
        if min(len(now), len(last)) < LEAST_WAVE:
            continue
        a, b = now.value_counts(normalize=True), last.value_counts(normalize=True)
        moved = float(a.sub(b, fill_value=0).abs().sum() / 2)
        if moved > MIX_JUMP:
            yield Contradiction("jumped", group, moved, len(now), cause="mix")


def _weights(survey):
    w = np.asarray(survey.design.weights, float)
    if len(w) and w.sum() > 0:
        share = float(w.max() / w.sum())
        if share > WEIGHT_SHARE and share > 3 / len(w):
            yield Contradiction(
                "weight", survey.design_columns.get("weights") or "weight", share, len(w), cause="raw_weights"
            )


def _form(value: float) -> str:
    return f"{value:+.2f}".replace("0.", ".").replace("-", "−")
