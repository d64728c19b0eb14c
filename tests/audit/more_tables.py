"""Published tables in further layouts: brackets for minus, weights and bases in rows of their own, units under the heads.

Each was misread, or its planted number missed, by an earlier state of the audit.
"""

from __future__ import annotations

import numpy as np

from tests.audit.planter import DEPARTMENTS, p


def brackets_for_minus(rng):
    """Two years and their change, a fall in brackets as accountants print it."""
    grid = [["Agency", "FY2022", "FY2023", "Change"]]
    k = int(rng.integers(4, 9))
    for i in range(k):
        a, b = (float(p(v)) for v in rng.normal(82, 5, 2))
        grid.append([f"Agency {i + 1}", p(a), p(b), f"({p(a - b)})" if b < a else p(b - a)])
    return grid, [(r, 3) for r in range(1, k + 1)]


def changes_named_by_years(rng):
    """Three years, and columns headed '23-'22."""
    grid = [["기관", "'22년", "'23년", "'24년", "'23-'22", "'24-'23"]]
    k = int(rng.integers(4, 9))
    for i in range(k):
        a = [float(p(v)) for v in rng.normal(82, 5, 3)]
        grid.append([DEPARTMENTS[i], *map(p, a), f"{a[1] - a[0]:+.1f}", f"{a[2] - a[1]:+.1f}"])
    return grid, [(r, c) for r in range(1, k + 1) for c in (4, 5)]


def margin_with_its_level(rng):
    """Error margins whose heading names the level of confidence."""
    grid = [["조사", "표본크기", "표본오차(95% 신뢰수준)", "방법"]]
    k = int(rng.integers(4, 8))
    for i in range(k):
        n = int(rng.integers(200, 3000))
        grid.append([f"{2018 + i}년 조사", f"{n:,}", f"±{p(98 / np.sqrt(n), 2)}%p", "전화면접"])
    return grid, []


def points_of_weights(rng):
    """Points = weight · score / 100, where the allotment is called a weight."""
    grid = [["평가지표", "가중치", "평점", "득점"]]
    k = int(rng.integers(5, 9))
    for i in range(k):
        w, score = int(rng.integers(4, 15)), float(p(rng.uniform(70, 98), 2))
        grid.append([f"지표 {i + 1}", str(w), p(score, 2), p(w * score / 100, 2)])
    return grid, [(r, 3) for r in range(1, k + 1)]


def bases_in_a_row(rng):
    """A banner: bases in the first row, answers below, all users in the first column."""
    n = rng.integers(100, 900, 3)
    answers = [rng.multinomial(m, rng.dirichlet([5, 4, 2, 1])) for m in n]
    grid = [["", "All users", "Phone", "Counter", "Online"], ["Unweighted base", f"{n.sum():,}", *map(str, n)]]
    for i, label in enumerate(["Very satisfied", "Fairly satisfied", "Fairly dissatisfied", "Very dissatisfied"]):
        own = [a[i] for a in answers]
        grid.append(
            [
                label,
                p(100 * sum(own) / n.sum(), 0) + "%",
                *(p(100 * v / m, 0) + "%" for v, m in zip(own, n, strict=True)),
            ]
        )
    return grid, [(r, 1) for r in range(2, 6)]


def weights_in_a_row(rng):
    """The weights of an index in the first row below the heads."""
    w = np.array([0.3, 0.3, 0.2, 0.2])
    grid = [["기관", "환경", "과정", "결과", "사회", "종합만족도"], ["가중치", *(f"{v:.2f}" for v in w), "1.00"]]
    k = int(rng.integers(5, 9))
    for i in range(k):
        x = np.array([float(p(v, 2)) for v in rng.normal(82, 5, 4)])
        grid.append([DEPARTMENTS[i], *(p(v, 2) for v in x), p(w @ x, 2)])
    return grid, [(r, 5) for r in range(2, k + 2)]


def rates_with_a_total(rng):
    """Attainment of the planned sample; the total's rate is that of the totals, no mean of the rates."""
    grid = [["고객유형", "모집단", "계획표본", "유효표본", "달성률"]]
    k, total = int(rng.integers(4, 8)), np.zeros(3, int)
    for i in range(k):
        frame, plan = int(rng.integers(2000, 90000)), int(rng.integers(80, 300))
        done = int(plan * rng.uniform(0.85, 1.15))
        total += np.array([frame, plan, done])
        grid.append([f"유형 {i + 1}", f"{frame:,}", str(plan), str(done), p(100 * done / plan) + "%"])
    grid.append(["합계", f"{total[0]:,}", *map(str, total[1:]), p(100 * total[2] / total[1]) + "%"])
    return grid, [(k + 1, 2), (k + 1, 3), *((r, 4) for r in range(1, k + 1))]


def units_below_the_heads(rng):
    """Five answers of a scale without percent signs: the unit stands in a row of its own."""
    grid = [["구분", "사례수", "매우 불만족", "불만족", "보통", "만족", "매우 만족"], ["", "(명)", *["(%)"] * 5]]
    k = int(rng.integers(3, 6))
    for i in range(k):
        n = int(rng.integers(100, 900))
        shares = 100 * rng.multinomial(n, rng.dirichlet([1, 1, 3, 5, 4])) / n
        grid.append([DEPARTMENTS[i], str(n), *map(p, shares)])
    return grid, []


def banner_with_two_blocks(rng):
    """The total row's n is that of the blocks by sex and by age, each complete."""
    n = int(rng.integers(400, 900))
    x = rng.normal(78, 18, n).clip(0, 100)
    grid = [["", "", "사례수", "만족도"], ["전체", "", str(n), p(x.mean())]]
    for head, labels in (("성별", ["남자", "여자"]), ("연령", ["20대 이하", "30대", "40대", "50대 이상"])):
        group = rng.integers(0, len(labels), n)
        for j, label in enumerate(labels):
            grid.append([head if j == 0 else "", label, str((group == j).sum()), p(x[group == j].mean())])
    return grid, [(1, 2)]


def changes_in_blocks(rng):
    """Own score, national mean and difference below each other in every block."""
    grid = [["차원", "구분", "2022", "2023", "2024"]]
    for name in ("환경", "과정", "결과"):
        own, all_ = ([float(p(v)) for v in rng.normal(m, 3, 3)] for m in (80, 78))
        grid += [[name, "우리 기관", *map(p, own)], ["", "전국 평균", *map(p, all_)]]
        grid.append(["", "차이", *(f"{x - y:+.1f}" for x, y in zip(own, all_, strict=True))])
    return grid, [(r, c) for r in (3, 6, 9) for c in (2, 3, 4)]


def statistics_of_items(rng):
    """Means of two years, deviation and median of unrelated items: nothing follows from anything."""
    grid = [["문항", "2023 평균", "2024 평균", "표준편차", "중앙값"]]
    for i in range(6):
        grid.append(
            [
                f"문항 {i + 1}",
                p(rng.uniform(3, 5), 2),
                p(rng.uniform(3, 5), 2),
                p(rng.uniform(0.5, 1.2), 2),
                str(rng.integers(3, 6)),
            ]
        )
    return grid, []


PLANTED = (
    brackets_for_minus,
    changes_named_by_years,
    points_of_weights,
    bases_in_a_row,
    weights_in_a_row,
    rates_with_a_total,
    banner_with_two_blocks,
    changes_in_blocks,
)
SILENT = (margin_with_its_level, units_below_the_heads, statistics_of_items)
