"""csi audit: every defect of the published tables, every planted one, and no false alarm on sound tables."""

from __future__ import annotations

import json

import numpy as np
import pytest

from csi_lib.audit.spec import AuditSpec
from csi_lib.audit.table_audit import audit_table
from csi_lib.errors import InputError
from tests.audit import further_tables, more_tables, planter

#: published table → (row, printed) of the defects that are known; the others are sound
PUBLISHED = {
    "jongno_2008_published_diffs": {(3, 5.59), (4, 1.26), (9, 62.4)},
    "jongno_csat_2005_2008": {(1, 61.51), (2, 69.65), (23, 75.3), (32, 62.4), (33, 80.4)},
    "jongno_mgmt_eval_csat": set(),
    "localcorp_five_dimensions": {(1, 2.83)},
    "localcorp_totals": set(),
    "pcsi_agency_scores": set(),
    "pcsi_grades_by_year": set(),
    "seoul_waterworks_phone": {(3, 89.6), (4, 89.7)},
    "uk_deputy_reporting_satisfaction": {(37, 84.0), (38, 85.0), (39, 82.0)},
    "ulsan_happycall_2006": set(),
    "ulsan_happycall_published": {(3, 9.69)},
    "ulsan_kindness_series": set(),
    "ulsan_phone_distribution": {(None, 100.0)},
}
SOUND = [
    planter.years, planter.crosstab, planter.likert, planter.frequency, planter.allotted, planter.margins,
    planter.ranking, planter.merged_header, planter.weighted_index, planter.series, planter.turned, planter.response,
    planter.row_percent, *further_tables.PLANTED, *more_tables.PLANTED,
]  # fmt: skip
SILENT = [*planter.SILENT, *further_tables.SILENT, *more_tables.SILENT]


def made(maker, seed):
    found = maker(np.random.default_rng([seed, 23]))
    return found if isinstance(found, tuple) else (found, [])


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_tables(shared, name):
    found = audit_table(shared / "data" / "korea_published" / f"{name}.csv")
    assert {(f.row, f.printed) for f in found.findings} == PUBLISHED[name]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("maker", SOUND, ids=lambda m: m.__name__)
def test_a_planted_number_is_found_and_the_sound_table_left_alone(tmp_path, maker, seed):
    grid, cells = made(maker, seed)
    assert audit_table(planter.write(tmp_path / "sound.csv", grid)).findings == ()
    rng = np.random.default_rng(seed)
    cell = cells[rng.integers(len(cells))]
    wrong = planter.plant(grid, cell, rng)
    assert audit_table(planter.write(tmp_path / "wrong.csv", wrong)).findings


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("maker", SILENT, ids=lambda m: m.__name__)
def test_numbers_that_need_not_agree_are_left_alone(tmp_path, maker, seed):
    grid, _ = made(maker, seed)
    assert audit_table(planter.write(tmp_path / "a.csv", grid)).findings == ()


def test_rounding_alone_is_never_a_finding(tmp_path):
    """89.04 from rounded parts beside a printed 89.03 is sound; 89.03 beside 89.5 is not."""
    rows = [
        ["부서", "친절(50%)", "신속(50%)", "종합"],
        ["가", "89.04", "89.02", "89.03"],
        ["나", "90.05", "88.00", "89.03"],
    ]
    assert audit_table(planter.write(tmp_path / "a.csv", rows)).findings == ()
    rows.append(["다", "89.00", "90.00", "90.50"])
    found = audit_table(planter.write(tmp_path / "b.csv", rows)).findings
    assert [(f.row, f.printed, f.recomputed) for f in found] == [(3, 90.5, 89.5)]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp949"])
def test_command_prints_json_and_exits_by_what_it_found(tmp_path, capsys, encoding):
    from csi_lib.cli import main

    grid, cells = made(planter.crosstab, 1)
    sound = planter.write(tmp_path / "sound.csv", grid, encoding=encoding)
    wrong = planter.write(
        tmp_path / "wrong.csv", planter.plant(grid, cells[0], np.random.default_rng(1)), encoding=encoding
    )
    codes, printed = [], []
    for path in (sound, wrong):
        with pytest.raises(SystemExit) as stopped:
            main(["audit", str(path), "--json"])
        codes.append(stopped.value.code)
        printed.append(json.loads(capsys.readouterr().out)["findings"])
    assert codes == [0, 1]
    assert printed[0] == []
    assert {"row", "printed", "recomputed", "reason"} <= set(printed[1][0])


def test_a_spec_says_what_cannot_be_inferred(tmp_path):
    rows = [
        ["기관", "가", "나", "값"],
        ["ㄱ", "80.0", "90.0", "84.0"],
        ["ㄴ", "70.0", "80.0", "78.0"],
        ["ㄷ", "60.0", "90.0", "72.0"],
    ]
    path = planter.write(tmp_path / "a.csv", rows)
    told = AuditSpec.model_validate(
        {"totals": [{"column": "값", "of": ["가", "나"], "how": "weighted", "weights": [0.6, 0.4]}]}
    )
    found = audit_table(path, spec=told).findings
    assert [(f.row, f.printed, f.recomputed) for f in found] == [(2, 78.0, pytest.approx(74.0))]


def test_wrong_answers_margins_and_ranks_are_found(tmp_path):
    """Numbers that only a unit row, a level in the heading or the count of rows makes wrong."""
    answers = [
        ["구분", "사례수", "매우 불만족", "불만족", "보통", "만족", "매우 만족"],
        ["", "(명)", "(%)", "(%)", "(%)", "(%)", "(%)"],
        ["가", "784", "10.7", "0.6", "9.4", "56.5", "22.7"],
        ["나", "349", "17.2", "6.3", "17.8", "30.4", "28.4"],
        ["다", "182", "7.7", "7.1", "34.6", "25.5", "28.0"],
    ]
    margins = [
        ["조사", "표본크기", "표본오차(95% 신뢰수준)"],
        ["가", "1,950", "±2.22%p"],
        ["나", "2,115", "±2.83%p"],
        ["다", "2,712", "±1.88%p"],
    ]
    ranks = [
        ["부서", "점수", "순위"],
        *([f"{i}과", f"{95 - i}.5", f"{i}위"] for i in range(1, 6)),
        ["6과", "88.0", "9위"],
    ]
    for grid, row in ((answers, 3), (margins, 2), (ranks, 6)):
        assert [f.row for f in audit_table(planter.write(tmp_path / "a.csv", grid)).findings] == [row]


def test_a_spec_that_fits_nothing_is_an_error_in_words(tmp_path):
    path = planter.write(tmp_path / "a.csv", [["유형", "건수", "비율"], ["가", "30", "30.0"], ["나", "70", "75.0"]])
    for told, found in (({"skip": ["nosuch"]}, "nosuch"), ({"total_rows": ["전체"]}, "전체")):
        with pytest.raises(InputError) as caught:
            audit_table(path, spec=AuditSpec.model_validate(told))
        assert caught.value.found == found
    told = AuditSpec.model_validate({"shares": [{"column": "비율", "part": "건수"}]})  # of the sum of the rows
    assert [(f.row, f.printed) for f in audit_table(path, spec=told).findings] == [(2, 75.0)]
