"""Published tables made from data, so that they are sound, and the same with one wrong number planted.

Each maker returns a grid of texts (header rows first) and the cells of which any, if changed by more than rounding,
contradicts the others: ``(grid, cells)`` with cells as (row, column) of the grid.
"""

from __future__ import annotations

import csv
import io
from decimal import ROUND_HALF_UP, Decimal

import numpy as np

DEPARTMENTS = [
    "총무과",
    "민원과",
    "세무과",
    "복지과",
    "교통과",
    "환경과",
    "건축과",
    "문화과",
    "도로과",
    "위생과",
    "공원과",
    "보건소",
]


def p(value: float, digits: int = 1, *, thousands: bool = False) -> str:
    """Printed half-up, as Korean offices do."""
    out = Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    return f"{out:,}" if thousands else str(out)


def years(rng):
    """Scores of two years with change, rate of change and an n-weighted total."""
    k = int(rng.integers(4, 11))
    n = rng.integers(20, 400, k)
    a, b = rng.normal(78, 5, k), rng.normal(80, 5, k)
    a, b = np.append(a, a @ n / n.sum()), np.append(b, b @ n / n.sum())
    n = np.append(n, n.sum())
    grid = [["구분", "응답자수(명)", "2023년", "2024년", "증감", "증감률(%)"]]
    for i, name in enumerate([*DEPARTMENTS[:k], "전체"]):
        x, y = float(p(a[i])), float(p(b[i]))
        change = p(y - x) if y >= x else "△" + p(x - y)
        grid.append([name, p(n[i], 0, thousands=True), p(x), p(y), change, p(100 * (y - x) / x)])
    return grid, [(r, c) for r in range(1, k + 1) for c in (4, 5)] + [(k + 1, 1), (k + 1, 3)]


def crosstab(rng):
    """Counts by sex and place with both totals, thousands separated."""
    k = int(rng.integers(3, 9))
    men, women = rng.integers(100, 3000, k), rng.integers(100, 3000, k)
    men, women = np.append(men, men.sum()), np.append(women, women.sum())
    grid = [["지역", "남", "여", "계"]]
    for name, m, w in zip([*DEPARTMENTS[:k], "합계"], men, women, strict=True):
        grid.append([name, *(f"{v:,}" for v in (m, w, m + w))])
    return grid, [(r, c) for r in range(1, k + 2) for c in (1, 2, 3)]


def likert(rng):
    """Counts of answers with n, the mean of five points, the same on 100 and Top-2."""
    k = int(rng.integers(4, 10))
    grid = [
        ["항목", "매우 만족", "만족", "보통", "불만족", "매우 불만족", "계", "평균(5점)", "100점 환산", "만족률(%)"]
    ]
    for i in range(k):
        c = rng.multinomial(int(rng.integers(80, 900)), rng.dirichlet([6, 8, 4, 1, 0.6]))
        mean = c @ [5, 4, 3, 2, 1] / c.sum()
        grid.append(
            [
                f"문항 {i + 1}",
                *map(str, c),
                str(c.sum()),
                p(mean, 2),
                p(25 * (mean - 1)),
                p(100 * c[:2].sum() / c.sum()),
            ]
        )
    return grid, [(r, c) for r in range(1, k + 1) for c in (6, 7, 8, 9)]


def frequency(rng):
    """Counts, shares and a total row; shares may add to 99.9 or 100.1."""
    names = ["20대", "30대", "40대", "50대", "60대 이상", "무응답"]
    c = rng.multinomial(int(rng.integers(200, 2000)), rng.dirichlet([5] * 6))
    grid = [["연령", "빈도(명)", "비율(%)"]]
    grid += [[n, f"{v:,}", p(100 * v / c.sum())] for n, v in zip(names, c, strict=True)] + [
        ["합계", f"{c.sum():,}", "100.0"]
    ]
    return grid, [(r, c) for r in range(1, 7) for c in (1, 2)] + [(7, 1)]


def allotted(rng):
    """Points allotted and gained, attainment, totals."""
    k = int(rng.integers(4, 8))
    full = rng.choice([5, 10, 15, 20], k)
    got = [float(p(f * u, 2)) for f, u in zip(full, rng.uniform(0.6, 0.99, k), strict=True)]
    grid = [["지표", "배점", "득점", "득점률(%)"]]
    for i in range(k):
        grid.append([f"지표 {i + 1}", str(full[i]), p(got[i], 2), p(100 * got[i] / full[i])])
    grid.append(["합계", str(full.sum()), p(sum(got), 2), p(100 * sum(got) / full.sum())])
    return grid, [(r, c) for r in range(1, k + 2) for c in (2, 3)]


def margins(rng):
    """Sample, population and error margin."""
    k = int(rng.integers(3, 8))
    grid = [["기관", "모집단(명)", "표본수(명)", "표본오차(%p)"]]
    for i in range(k):
        big, n = int(rng.integers(800, 90000)), int(rng.integers(150, 700))
        grid.append([DEPARTMENTS[i], f"{big:,}", str(n), "±" + p(98 * np.sqrt((1 - n / big) / n * big / (big - 1)), 2)])
    return grid, [(r, 3) for r in range(1, k + 1)]


def ranking(rng):
    """Scores in order with ranks."""
    k = int(rng.integers(6, 12))
    scores = np.sort(rng.normal(82, 5, k))[::-1]
    return [["순위", "부서", "점수"]] + [[str(i + 1), DEPARTMENTS[i], p(s)] for i, s in enumerate(scores)], [
        (r, 0) for r in (2, 4)
    ]


def merged_header(rng):
    """Header over two rows, block labels over several rows, three waves."""
    k = 3
    grid = [["구분", "", "2023", "", "2024", "", "증감"], ["", "", "사례수", "점수", "사례수", "점수", ""]]
    cells = []
    for block in ("본부", "사업소"):
        for i in range(k):
            x, y = (float(p(v)) for v in rng.normal(80, 4, 2))
            n, m = rng.integers(40, 300, 2)
            grid.append([block if i == 0 else "", f"{block}{i + 1}팀", str(n), p(x), str(m), p(y), p(y - x)])
            cells.append((len(grid) - 1, 6))
    return grid, cells


def weighted_index(rng):
    """Dimensions and a total with weights on a 5 % grid; nobody prints the weights."""
    k, rows = 4, int(rng.integers(12, 20))
    w = rng.permutation([0.1, 0.2, 0.3, 0.4])
    x = np.round(rng.normal(80, 6, (rows, k)), 1)
    grid = [["기관", "환경", "과정", "결과", "사회", "종합"]]
    grid += [[f"기관{i + 1}", *map(p, x[i]), p(float(np.round(x[i] @ w, 6)))] for i in range(rows)]
    return grid, [(r, 5) for r in range(1, rows + 1)]


def series(rng):
    """One series with the change from the year before."""
    y = np.round(rng.normal(80, 3, 9), 1)
    grid = [["연도", "만족도", "전년대비"]]
    return grid + [[str(2012 + i), p(v), "-" if i == 0 else f"{v - y[i - 1]:+.1f}"] for i, v in enumerate(y)], [
        (r, 2) for r in range(2, 10)
    ]


def turned(rng):
    """Years below each other and the change as a row."""
    a, b = np.round(rng.normal(80, 4, (2, 6)), 1)
    grid = [
        ["연도", *DEPARTMENTS[:6]],
        ["2023", *map(p, a)],
        ["2024", *map(p, b)],
        ["증감", *(p(y - x) for x, y in zip(a, b, strict=True))],
    ]
    return grid, [(3, c) for c in range(1, 7)]


def response(rng):
    """Calls tried, answered and the rate."""
    k = int(rng.integers(4, 9))
    grid = [["지역", "접촉", "응답", "응답률(%)"]]
    for i in range(k):
        tried = int(rng.integers(300, 3000))
        got = int(tried * rng.uniform(0.1, 0.5))
        grid.append([DEPARTMENTS[i], f"{tried:,}건", f"{got:,}건", p(100 * got / tried) + "%"])
    return grid, [(r, 3) for r in range(1, k + 1)]


def row_percent(rng):
    """Row percentages over five answers with base and summed positive and negative answers."""
    k = int(rng.integers(5, 10))
    grid = [["구분", "사례수", "매우 만족", "만족", "보통", "불만족", "매우 불만족", "긍정", "부정"]]
    for i in range(k):
        n = int(rng.integers(100, 900))
        c = 100 * rng.multinomial(n, rng.dirichlet([5, 8, 4, 2, 1])) / n
        grid.append([f"집단 {i + 1}", str(n), *map(p, c), p(c[0] + c[1]), p(c[3] + c[4])])
    return grid, [(r, c) for r in range(1, k + 1) for c in (2, 4, 7, 8)]


SOUND = (
    years,
    crosstab,
    likert,
    frequency,
    allotted,
    margins,
    ranking,
    merged_header,
    weighted_index,
    series,
    turned,
    response,
    row_percent,
)


# ---------------------------------------------------------------------- tables on which an audit must keep silent
def banner_of_weighted_survey(rng):
    """Respondents with survey weights: the printed (unweighted) n do not reproduce the weighted total."""
    size = 1000
    sex, age = rng.choice(["남", "여"], size, p=[0.45, 0.55]), rng.choice(["20대", "30대", "40대", "50대 이상"], size)
    answer = rng.integers(1, 6, size) - (sex == "남") * rng.integers(0, 2, size)
    answer = np.clip(answer + (age == "50대 이상"), 1, 5)
    weight = rng.gamma(4, 0.25, size) * np.where(sex == "남", 1.2, 0.8)
    grid = [["구분", "", "사례수", "만족도", "매우 만족", "만족", "보통", "불만족", "매우 불만족"]]
    for block, name, rows in [("전체", "", np.ones(size, bool)), *[("성별" if v == "남" else "", v, sex == v) for v in ("남", "여")],
                              *[("연령" if i == 0 else "", v, age == v) for i, v in enumerate(np.unique(age))]]:  # fmt: skip
        w, x = weight[rows] / weight[rows].sum(), answer[rows]
        grid.append(
            [block, name, f"{rows.sum():,}", p(25 * (w @ x - 1)), *(p(100 * w[x == v].sum()) for v in (5, 4, 3, 2, 1))]
        )
    return grid


def best_of_many(rng):
    """The ten best of hundreds, with the mean of all."""
    top = np.sort(rng.normal(92, 1.5, 10))[::-1]
    return (
        [["순위", "기관", "점수"]]
        + [[str(i + 1), f"기관{i + 1}", p(s)] for i, s in enumerate(top)]
        + [["-", "전체 평균", p(rng.normal(81, 1))]]
    )


def several_answers(rng):
    """More than one answer allowed: nothing adds up to 100."""
    grid = [["불만 이유(복수응답)", "비율(%)"]]
    return grid + [
        [t, p(v)]
        for t, v in zip(["매우 불친절", "불친절", "보통", "친절", "매우 친절"], rng.uniform(10, 60, 5), strict=True)
    ]


def rounded_thousands(rng):
    """Thousands, each rounded for itself."""
    a = rng.uniform(5e3, 9e5, (6, 3))
    grid = [["(단위: 천명)", "", "", "", ""], ["지역", "방문", "전화", "인터넷", "계"]]
    for name, r in zip([*DEPARTMENTS[:6], "합계"], [*a, a.sum(axis=0)], strict=True):
        grid.append([name, *(p(v / 1e3, 0, thousands=True) for v in (*r, r.sum()))])
    return grid


def correlation_weights(rng):
    """A total with weights of many decimals."""
    w = rng.dirichlet([8] * 5)
    x = np.round(rng.normal(80, 6, (14, 5)), 2)
    return [["기관", "환경", "과정", "결과", "사회", "체감", "종합"]] + [
        [f"기관{i}", *(p(v, 2) for v in r), p(r @ w, 2)] for i, r in enumerate(x)
    ]


def unlisted_parts(rng):
    """A total of which the table lists some parts only."""
    grid = [["구분", "친절", "신속", "종합만족도", "전년대비"]]
    return grid + [[d, *(p(v) for v in rng.normal(80, 4, 3)), f"{rng.normal(0, 2):+.1f}"] for d in DEPARTMENTS]


def rounded_before(rng):
    """Changes computed before rounding: off by one unit from what is printed."""
    a, b = rng.normal(80, 4, (2, 10))
    return [["구분", "2023", "2024", "증감"]] + [
        [d, p(x), p(y), p(y - x)] for d, x, y in zip(DEPARTMENTS, a, b, strict=False)
    ]


def one_of_each(rng):
    """Unrelated columns."""
    grid = [["기관", "유형", "정원", "예산(억원)", "만족도", "등급", "민원 건수"]]
    return grid + [[d, "공단", str(rng.integers(40, 900)), p(rng.uniform(10, 900)), p(rng.normal(80, 5)), "AB"[int(rng.integers(2))], str(rng.integers(3, 400))]
                   for d in DEPARTMENTS]  # fmt: skip


def clustered_margins(rng):
    """Margins of a clustered sample: larger than simple ones."""
    grid = [["기관", "사례수", "표본오차(%p)"]]
    return grid + [
        [d, str(n), p(98 / np.sqrt(n) * np.sqrt(1.5))]
        for d, n in zip(DEPARTMENTS, rng.integers(200, 1500, 6), strict=False)
    ]


SILENT = (banner_of_weighted_survey, best_of_many, several_answers, rounded_thousands, correlation_weights, unlisted_parts,
          rounded_before, one_of_each, clustered_margins)  # fmt: skip


# ---------------------------------------------------------------------- planting and writing
def plant(grid, cell, rng):
    """The grid with one number changed so much that no rounding explains it, keeping its look."""
    row, column = cell
    text = grid[row][column]
    digits = [i for i, ch in enumerate(text) if ch.isdigit()]
    whole = "." not in text
    # the last place but one (of a decimal), or the one before: far beyond half a unit, and not absurd
    at = digits[-1] if whole and len(digits) < 3 else digits[-2]
    new = str((int(text[at]) + int(rng.integers(3, 7))) % 10)
    out = [list(r) for r in grid]
    out[row][column] = text[:at] + new + text[at + 1 :]
    return out


def write(path, grid, *, encoding="utf-8-sig"):
    text = io.StringIO(newline="")
    csv.writer(text).writerows(grid)
    path.write_bytes(text.getvalue().encode(encoding))
    return path
