"""Further kinds of published tables, sound by construction, and the cells that others contradict when changed.

They look like pages of ministries, statistics offices and annual reports: subtotals by group, nets of rounded shares,
net promoter scores, means with standard error and interval, weights in the headings, long form, and tables that hold
numbers which have nothing to do with each other.
"""

from __future__ import annotations

import numpy as np

from tests.audit.planter import DEPARTMENTS, p

REGIONS = ["서울", "부산", "대구", "인천", "광주", "대전", "울산", "세종"]


def subtotals(rng):
    """Counts by group with 소계 rows and a 총계, in two columns."""
    grid = [["구분", "접수(건)", "처리(건)"]]
    total = np.zeros(2, int)
    for group in ("본부", "동부지사", "서부지사"):
        k = int(rng.integers(2, 5))
        inside = np.column_stack([rng.integers(30, 900, k), rng.integers(20, 800, k)])
        for i in range(k):
            grid.append([f"{group} {DEPARTMENTS[i]}", *map(str, inside[i])])
        grid.append([f"{group} 소계", *map(str, inside.sum(0))])
        total += inside.sum(0)
    grid.append(["총계", *(f"{v:,}" for v in total)])
    last = len(grid) - 1
    return grid, [(last, 1), (last, 2)]


def net_of_rounded(rng):
    """Five answers in whole per cent with nets taken before rounding, base beside."""
    grid = [["", "Base", "Very satisfied", "Fairly satisfied", "Neither", "Fairly dissatisfied", "Very dissatisfied",
             "Net satisfied", "Net dissatisfied"]]  # fmt: skip
    k = int(rng.integers(3, 8))
    for i in range(k):
        n = int(rng.integers(200, 3000))
        c = rng.multinomial(n, rng.dirichlet([6, 8, 3, 2, 1]))
        s = 100 * c / n
        grid.append([f"Service {i + 1}", f"{n:,}", *(p(v, 0) for v in s), p(s[0] + s[1], 0), p(s[3] + s[4], 0)])
    return grid, [(r, c) for r in range(1, k + 1) for c in (7, 8)]


def promoters(rng):
    """Promoters, passives, detractors and the score."""
    grid = [["기관", "사례수", "추천(%)", "중립(%)", "비추천(%)", "NPS"]]
    k = int(rng.integers(4, 9))
    for i in range(k):
        n = int(rng.integers(150, 900))
        c = rng.multinomial(n, rng.dirichlet([4, 4, 3]))
        s = 100 * c / n
        nps = s[0] - s[2]
        grid.append([DEPARTMENTS[i], str(n), *map(p, s), p(nps) if nps >= 0 else "-" + p(-nps)])
    return grid, [(r, c) for r in range(1, k + 1) for c in (2, 3, 4)]


def means_with_errors(rng):
    """Mean, standard deviation, n, standard error and the limits of the 95 % interval."""
    grid = [["항목", "사례수", "평균", "표준편차", "표준오차", "하한", "상한"]]
    k = int(rng.integers(4, 10))
    for i in range(k):
        n, m, sd = int(rng.integers(100, 900)), float(rng.normal(72, 6)), float(rng.uniform(12, 22))
        se = sd / np.sqrt(n)
        grid.append([f"항목 {i + 1}", str(n), p(m, 2), p(sd, 2), p(se, 2), p(m - 1.96 * se, 2), p(m + 1.96 * se, 2)])
    return grid, []


def weights_in_headings(rng):
    """Five elements with their weights in the headings and the weighted score."""
    w = [30, 25, 20, 15, 10]
    names = ["친절성", "신속성", "정확성", "편의성", "환경"]
    grid = [["부서", *(f"{n}({v}%)" for n, v in zip(names, w, strict=True)), "종합점수"]]
    k = int(rng.integers(5, 11))
    for i in range(k):
        x = [float(p(v)) for v in rng.normal(80, 6, 5)]
        grid.append([DEPARTMENTS[i], *map(p, x), p(np.dot(w, x) / 100)])
    return grid, [(r, 6) for r in range(1, k + 1)]


def simple_mean_row(rng):
    """Scores of districts in four years with a plain mean below."""
    k = int(rng.integers(5, 9))
    x = np.round(rng.normal([76, 77, 79, 80], 4, (k, 4)), 1)
    grid = [["자치구", "2021", "2022", "2023", "2024"], *([REGIONS[i % 8], *map(p, x[i])] for i in range(k))]
    grid.append(["평균", *map(p, x.mean(0))])
    return grid, [(k + 1, c) for c in range(1, 5)]


def percent_of_total(rng):
    """Counts with their share of the total, total below."""
    k = int(rng.integers(4, 9))
    c = rng.integers(20, 4000, k)
    grid = [["민원 유형", "건수", "비율(%)"]]
    grid += [[f"유형 {i + 1}", f"{c[i]:,}", p(100 * c[i] / c.sum())] for i in range(k)]
    grid.append(["합계", f"{c.sum():,}", "100.0"])
    return grid, [(r, 2) for r in range(1, k + 1)] + [(k + 1, 1)]


def attainment(rng):
    """Target, result and rate of attainment."""
    grid = [["지표", "목표", "실적", "달성률(%)"]]
    k = int(rng.integers(4, 9))
    for i in range(k):
        target, result = float(p(rng.uniform(70, 95))), float(p(rng.uniform(65, 99)))
        grid.append([f"지표 {i + 1}", p(target), p(result), p(100 * result / target)])
    return grid, [(r, 3) for r in range(1, k + 1)]


def with_gaps(rng):
    """Two years with changes; some bodies are new, some were merged: their cells hold a dash or a word."""
    grid = [["기관", "2023", "2024", "증감"]]
    k = int(rng.integers(6, 11))
    cells = []
    for i in range(k):
        x, y = float(p(rng.normal(78, 5))), float(p(rng.normal(80, 5)))
        if i % 4 == 1:
            grid.append([DEPARTMENTS[i], "-", p(y), "신규"])
        elif i % 4 == 3:
            grid.append([DEPARTMENTS[i], p(x), "통합", "-"])
        else:
            grid.append([DEPARTMENTS[i], p(x), p(y), p(y - x) if y >= x else "▽" + p(x - y)])
            cells.append((i + 1, 3))
    return grid, cells


def unrelated(rng):
    """Codes, years, telephone numbers, areas, budgets: no relation among them."""
    grid = [["연번", "기관코드", "설립연도", "정원(명)", "예산(백만원)", "면적(㎡)", "위도", "경도"]]
    for i in range(12):
        grid.append([str(i + 1), str(rng.integers(10000, 99999)), str(rng.integers(1950, 2020)), str(rng.integers(20, 900)),
                     f"{rng.integers(900, 90000):,}", f"{rng.integers(300, 90000):,}", p(rng.uniform(34, 38), 4),
                     p(rng.uniform(126, 129), 4)])  # fmt: skip
    return grid, []


def long_form(rng):
    """One number a row: body, year, measure, value."""
    grid = [["기관", "연도", "지표", "값"]]
    for d in DEPARTMENTS[:5]:
        for year in (2022, 2023, 2024):
            for measure in ("종합만족도", "응답자수"):
                value = p(rng.normal(80, 5)) if measure == "종합만족도" else str(rng.integers(100, 900))
                grid.append([d, str(year), measure, value])
    return grid, []


def weighted_shares(rng):
    """Shares of a weighted survey beside unweighted counts: they need not agree."""
    k = int(rng.integers(3, 7))
    c = rng.multinomial(1200, rng.dirichlet(np.full(k, 5.0)))
    w = c * rng.uniform(0.7, 1.4, k)
    grid = [["구분", "사례수(가중 전)", "가중 비율(%)"]]
    grid += [[f"집단 {i + 1}", str(c[i]), p(100 * w[i] / w.sum())] for i in range(k)]
    grid.append(["전체", str(c.sum()), "100.0"])
    return grid, []


def quarters(rng):
    """Quarters of two years and the year's mean weighted by cases, cases beside."""
    grid = [["분기", "건수", "만족도"]]
    for year in (2023, 2024):
        n, x = rng.integers(80, 900, 4), rng.normal(85, 3, 4)
        for q in range(4):
            grid.append([f"{year}년 {q + 1}분기", str(n[q]), p(x[q], 2)])
    return grid, []


PLANTED = (
    subtotals,
    net_of_rounded,
    promoters,
    weights_in_headings,
    simple_mean_row,
    percent_of_total,
    attainment,
    with_gaps,
)
SILENT = (means_with_errors, unrelated, long_form, weighted_shares, quarters)
