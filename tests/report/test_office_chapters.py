"""The chapters on an office's records, on a copy of the bundled study with records planted into its files."""

import shutil

import numpy as np
import pandas as pd
import pytest

import csi_lib
from csi_lib.chapters import office
from csi_lib.chapters.before_after import section as before_after
from csi_lib.chapters.calls import section as calls
from csi_lib.chapters.charter import section as charter
from csi_lib.chapters.department_score import section as department_score
from csi_lib.chapters.happy_call import section as happy_call
from csi_lib.chapters.kindness import section as kindness
from csi_lib.chapters.register import section as register
from csi_lib.errors import InputError
from csi_lib.figures.series import control_chart
from csi_lib.share import shared_path
from csi_lib.simulate.office import simulate_office
from csi_lib.study.study import load_study

AGENCY = "garam-east"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A study whose files exist; `garam-east` 2024 holds the planted cases."""
    folder = tmp_path_factory.mktemp("studies") / "planted"
    shutil.copytree(shared_path("params", "civil-office"), folder, ignore=shutil.ignore_patterns(".csi", "data"))
    simulate_office(load_study(folder), folder)
    data = folder / "data"

    frame = pd.read_csv(data / "sheets_2024.csv", dtype={"hang_up": str})
    own = frame["agency"] == AGENCY
    # a moved employee: one sheet in tax, then all of the second half in culture
    mover = frame.index[own & (frame["department"] == "세무과") & (frame["period"] == "2024-H1")][0]
    person = frame.loc[mover, "person"]
    frame.loc[own & (frame["person"] == person) & (frame["period"] == "2024-H2"), "department"] = "문화체육과"
    # a tiny base: of health only two phone sheets are left
    few = frame.index[own & (frame["department"] == "보건행정과") & (frame["channel"] == "phone")]
    frame = frame.drop(few[2:]).reset_index(drop=True)
    # one rater: every visit of this agency
    visits = (frame["agency"] == AGENCY) & (frame["channel"] == "visit")
    frame.loc[visits, "rater"] = "평가원가"
    frame = frame[~(visits & frame.duplicated(["agency", "contact"]))]
    frame.to_csv(data / "sheets_2024.csv", index=False, encoding="utf-8-sig")

    cases = pd.read_csv(data / "happy_call_2024.csv")
    own = cases["agency"] == AGENCY
    cases = cases[~(own & cases["month"].str.startswith("2024-05"))]  # a month without a case
    small = cases.index[
        (cases["agency"] == AGENCY) & (cases["department"] == "세무과") & cases["month"].str.startswith("2024-03")
    ]
    cases.drop(small[2:]).to_csv(data / "happy_call_2024.csv", index=False, encoding="utf-8-sig")

    book = pd.read_csv(data / "register_2024.csv")
    extra = {
        "agency": AGENCY,
        "kind": "칭찬",
        "person": person,
        "matter": "m-1",
        "petitioner": "민원인",
        "channel": "전화",
        "content": "고맙습니다",
    }
    rows = [
        {**extra, "case": f"p-{i}", "department": d, "date": f"2024-{m:02d}-05"}
        for i, (d, m) in enumerate([("세무과", 2), ("문화체육과", 9)])
    ]
    rows += [
        {**extra, "case": f"t-{i}", "kind": "불만", "department": "민원조정관실", "date": "2024-06-01"}
        for i in range(3)
    ]
    pd.concat([book, pd.DataFrame(rows)]).to_csv(data / "register_2024.csv", index=False, encoding="utf-8-sig")
    (folder / "person.txt").write_text(person, encoding="utf-8")
    return folder


def chapter(folder, *, lang="ko", release="public", year=2024, agency=AGENCY):
    return csi_lib.open_chapter(str(folder), agency, year, lang=lang, release=release)


@pytest.fixture(scope="module")
def public(folder):
    return chapter(folder)


def shown(result):
    """Department → results row of the score."""
    return {r["group1"]: r for r in result[0].to_dict("records")}


def test_a_tiny_base_is_hidden_with_a_second_department_so_that_the_total_tells_nothing(folder, public):
    found = kindness.sheets(public)
    scores = shown(kindness.departments(public, found, "phone"))
    hidden = {d for d, r in scores.items() if r["suppressed"]}
    assert "health" in hidden
    assert len(hidden) == 2
    assert all(np.isnan(scores[d]["estimate"]) and np.isnan(scores[d]["n"]) for d in hidden)
    restricted = chapter(folder, release="restricted")
    scores = shown(kindness.departments(restricted, kindness.sheets(restricted), "phone"))
    assert scores["health"]["n"] == 2
    assert not any(r["suppressed"] for r in scores.values())


def test_a_hidden_department_is_hidden_in_rank_people_and_table(public):
    result = kindness.departments(public, kindness.sheets(public), "phone")
    table = kindness.department_board(public, result, name="x", caption="x")
    lines = [r for r in table.rows if r.cells[0] == "보건행정과"]
    assert len(lines) == 1
    assert all(getattr(c, "shown", None) is False for c in lines[0].cells if not isinstance(c, str))
    assert table.rows[-1].cells[1].shown is False  # at the end, not at its place


def test_a_tiny_department_is_in_no_table_and_no_total(folder, public):
    for release in ("public", "restricted"):
        report = chapter(folder, release=release)
        found = kindness.sheets(report)
        assert "hearing" not in set(found.scored["department"])
        assert "hearing" not in set(register.cases(report)["department"])
        assert "hearing" not in set(calls.call_log(report)["department"])
    everybody = kindness.sheets(chapter(folder, release="restricted"), everybody=True)
    assert "hearing" in set(everybody.scored["department"])
    assert "민원조정관실" in office.tiny_note(public).text


def test_merged_departments_count_in_the_new_one_also_backwards(public):
    found = kindness.sheets(public)
    assert "parks" not in set(found.scored["department"])
    raw = pd.read_csv(public.study.path / "data" / "sheets_2022.csv")
    raw = raw[(raw["agency"] == AGENCY) & raw["department"].isin(["환경녹지과", "공원관리과"])]
    own = found.scored[(found.scored["period"].str[:4] == "2022") & (found.scored["department"] == "environment")]
    assert len(own) == len(raw)
    assert "parks" in set(kindness.sheets(chapter(public.study.path, year=2023)).scored["department"])


def test_people_are_ranked_in_the_restricted_release_only_and_a_moved_one_once(folder, public):
    person = (folder / "person.txt").read_text(encoding="utf-8")
    assert kindness.people(public, "phone") is None
    restricted = chapter(folder, release="restricted")
    scores, ranks, where = kindness.people(restricted, "phone")
    at = list(scores["group1"]).index(person)
    assert list(scores["group1"]).count(person) == 1
    assert where[at] == "문화체육과 (옮김)"
    assert ranks["ci_low"].min() == 1
    assert (ranks["ci_low"] <= ranks["estimate"]).all()
    assert (ranks["estimate"] <= ranks["ci_high"]).all()


def test_no_name_enters_a_public_chapter(folder, public):
    person = (folder / "person.txt").read_text(encoding="utf-8")
    found = kindness.sheets(public)
    names = set(pd.read_csv(folder / "data" / "sheets_2024.csv")["person"])
    for column in ("person", "rater", "contact"):
        values = set(found.scored[column].dropna())
        assert values
        assert all(v.startswith("person ") for v in values), column
    assert person in names
    book = register.cases(public)
    assert book["content"].isna().all()
    assert set(book["person"]) & names == set()
    assert not book["petitioner"].isin(names).any()


def test_one_rater_has_no_agreement_and_the_report_says_so(folder):
    for lang, words in (("ko", "평가자가 한 명뿐"), ("en", "there was one rater")):
        report = chapter(folder, lang=lang)
        rows, reasons = kindness.agreement(report, kindness.sheets(report))
        assert set(rows["group1"]) == {"phone"}
        assert words in reasons[0].text


def test_rounds_are_restated_by_hand(public):
    """The first round's phone score under this year's points: items rescaled in proportion, bonus and deductions added."""
    found = kindness.sheets(public)
    rows = kindness.rounds(public, found)
    row = rows[(rows["measure"] == "phone") & (rows["period"] == "2022-H1")].iloc[0]
    raw = pd.read_csv(public.study.path / "data" / "sheets_2022.csv")
    raw = raw[
        (raw["agency"] == AGENCY)
        & (raw["channel"] == "phone")
        & (raw["period"] == "2022-H1")
        & (raw["department"] != "민원조정관실")
    ]
    ten = raw[["greeting", "connection", "words", "listening", "guidance", "manner", "farewell"]].sum(axis=1)
    hang = raw["hang_up"].map({"상": 5, "중": 3, "하": 0})
    total = ten + hang + raw["speed"] * 10 / 15 + raw["whole"] * 10 / 5 + raw["bonus"] - 10 * raw["cut_off"]
    assert row["estimate"] == pytest.approx(total.mean(), abs=1e-9)
    assert row["formula_edition"] == "2024"
    scored = kindness.rounds(public, found, as_scored=True)
    old = scored[scored["period"] == "2022-H1"].iloc[0]
    plain = ten + hang + raw["speed"] + raw["whole"] + raw["bonus"] - 10 * raw["cut_off"]
    assert old["estimate"] == pytest.approx(plain.mean(), abs=1e-9)
    assert old["formula_edition"] == "2022"
    assert kindness.reformed(public, found) == ["phone"]


def test_round_change_uses_the_people_met_twice(public):
    """Paired people shrink the error: below that of two independent rounds."""
    found = kindness.sheets(public)
    row, versus = kindness.round_change(public, found, "visit")
    rounds = kindness.rounds(public, found)
    both = rounds[(rounds["measure"] == "visit") & (rounds["period"].isin(["2024-H1", "2024-H2"]))]
    assert row["estimate"] == pytest.approx(both["estimate"].diff().iloc[-1])
    assert row["se"] < np.sqrt((both["se"] ** 2).sum())
    assert versus == "2024 상반기"


def test_an_empty_month_is_a_gap_and_a_small_cell_is_hidden(public):
    found = happy_call.calls(public)
    rows, _, _ = happy_call.monthly(public, found)
    may = rows[rows["group1"] == "2024-05"].iloc[0]
    assert may["n"] == 0
    assert np.isnan(may["estimate"])
    assert not may["suppressed"]
    figure = control_chart(rows, centre=happy_call.monthly(public, found)[1], lang="ko")
    assert "5월: 자료 없음" in figure.alt
    cells = happy_call.cells(public, found)
    hidden = cells[cells["suppressed"]]
    assert ((hidden["group1"] == "tax") & (hidden["group2"] == "2024-03")).any()
    # no row and no column has a single hidden cell: its total would tell it
    assert (hidden.groupby("group1").size() > 1).all()
    assert (hidden.groupby("group2").size() > 1).all()
    assert "자료" not in happy_call.signal_sentences(public, rows)[-1].text
    assert "5월에는 평가된 민원이 없어" in " ".join(s.text for s in happy_call.signal_sentences(public, rows))


def test_a_sum_is_not_put_beside_a_mean(folder):
    report = chapter(folder, lang="en")
    table, said = happy_call.earlier_schemes(report, happy_call.calls(report))
    assert "cannot be compared" in said[0].text
    line = table.rows[1].cells
    # 214·5 + 77·4 + 21·3 + 6·2 + 2·1 over 320, and 231·5 + 70·4 + 14·3 + 4·2 + 1 over 320, added
    assert line[2].value == pytest.approx(1455 / 320 + 1486 / 320)
    assert line[3].value == pytest.approx(100 * (1455 / 320 + 1486 / 320 - 2) / 8)


def test_second_half_scores_carry_the_deductions(public):
    book = register.cases(public)
    rows = register.counts(public, book)
    table = register.department_table(public, book, rows, name="x", caption="x")
    columns = [c.key for c in table.columns]
    for row in table.rows[:-1]:
        cell = dict(zip(columns, row.cells, strict=True))
        if cell["final"].shown:
            assert cell["final"].value == pytest.approx(cell["score"].value - cell["deduction"].value)
        if cell["n"].shown:
            assert cell["deduction"].value == min(3, 0.5 * cell["complaints"].value)
    assert register.commendation_table(public, name="x", caption="x") is None
    assert register.apology_table(public, name="x", caption="x") is None
    assert register.repeat_table(public, name="x", caption="x") is None


def test_departments_with_few_cases_are_withheld_with_what_tells_them(folder, public):
    book = register.cases(public)
    keep = book.index[book["department"] == "culture"][2:]
    book = book.drop(keep).reset_index(drop=True)  # two cases are left
    assert (book["department"] == "culture").sum() <= 2
    rows = register.counts(public, book)
    for frame in rows.values():
        own = frame[frame["group1"].notna()]
        hidden = own["suppressed"].astype(bool)
        assert hidden[own["group1"] == "culture"].all()
        assert hidden.sum() >= 2  # the total is shown
        assert own.loc[hidden, ["estimate", "n"]].isna().all(axis=None)
        assert (own.loc[~hidden, "n"] >= 5).all()
    table = register.department_table(public, book, rows, name="few", caption="x")
    columns = [c.key for c in table.columns]
    for row in table.rows[:-1]:
        cell = dict(zip(columns, row.cells, strict=True))
        if not cell["n"].shown:
            assert not cell["deduction"].shown
            assert not cell["final"].shown
            assert not cell["rank"].shown
    inside = chapter(folder, release="restricted")
    assert not register.counts(inside, register.cases(inside))["praises"]["suppressed"].any()


def test_commended_once_although_moved(folder):
    person = (folder / "person.txt").read_text(encoding="utf-8")
    table = register.commendation_table(chapter(folder, release="restricted"), name="x", caption="x")
    lines = [r.cells for r in table.rows if r.cells[0] == person]
    assert len(lines) == 1
    assert lines[0][1] == "문화체육과"
    assert lines[0][2].value >= 2


def test_combined_score_by_hand(public):
    result = department_score.combined(public)
    whole = result.whole.set_index("department").loc["tax"]
    parts = {n: f.set_index("department").loc["tax"] for n, f in result.parts.items()}
    value = 0.5 * parts["survey"]["estimate"] + 0.3 * parts["phone"]["estimate"] + 0.2 * parts["visit"]["estimate"]
    error = np.sqrt(
        (0.5 * parts["survey"]["se"]) ** 2 + (0.3 * parts["phone"]["se"]) ** 2 + (0.2 * parts["visit"]["se"]) ** 2
    )
    assert (whole["estimate"], whole["se"]) == pytest.approx((value, error))
    frame = public.survey.frame
    own = frame[frame["department"].astype(str) == "tax"]
    weight = public.survey.frame.loc[own.index, "weight"]
    answers = own["overall"].astype(float)
    mean = np.average(answers[answers.notna()], weights=weight[answers.notna()])
    assert parts["survey"]["estimate"] == pytest.approx(100 * (mean - 1) / 4)


def test_a_change_too_recent_is_not_judged(folder):
    report = chapter(folder, year=2023, lang="en")
    items = before_after.indicators(report)
    assert all(i.series is None for i in items)
    assert "too few months" in before_after.too_short(report, items).text
    assert before_after.had_series(items) == []


def test_months_twice_are_an_error(folder):
    path = folder / "data" / "indicators_2024.csv"
    whole = pd.read_csv(path)
    pd.concat([whole, whole[whole["agency"] == "garam-west"].head(1)]).to_csv(path, index=False, encoding="utf-8-sig")
    try:
        with pytest.raises(InputError, match="2024-01"):
            before_after.indicators(chapter(folder, agency="garam-west"))
    finally:
        whole.to_csv(path, index=False, encoding="utf-8-sig")


def test_untreated_departments_answer_whether_training_helped(public):
    result = before_after.pair_results(public)[0]
    assert [g for g, _ in result.groups] == ["treated", "not_treated"]
    by = dict(result.groups)
    gap = by["treated"]["change"]["estimate"] - by["not_treated"]["change"]["estimate"]
    assert result.gap["estimate"] == pytest.approx(gap)
    said = before_after.pair_sentences(public, before_after.PairResult(result.name, result.groups[:1], None))
    assert "저절로" in said[0].text


def test_a_small_channel_is_hidden_with_another(folder):
    path = folder / "data" / "cases_2024.csv"
    whole = pd.read_csv(path)
    own = (whole["agency"] == "garam-south") & (whole["channel"] == "postcard")
    whole.drop(whole.index[own][2:]).to_csv(path, index=False, encoding="utf-8-sig")
    try:
        report = chapter(folder, agency="garam-south")
        rows = charter.channels(report, charter.cases(report))
        for frame in rows.values():
            assert set(frame.loc[frame["suppressed"], "group1"]) == {"postcard", "monitor"}
            assert frame.loc[frame["suppressed"], "estimate"].isna().all()
    finally:
        whole.to_csv(path, index=False, encoding="utf-8-sig")


def test_check_names_file_row_and_column_of_a_wrong_record(folder):
    from csi_lib.chapters.record_checks import record_faults

    study = load_study(folder)
    assert list(record_faults(study)) == []
    path = folder / "data" / "sheets_2023.csv"
    whole = path.read_bytes()
    try:
        frame = pd.read_csv(path, dtype=str)
        frame.loc[3, "greeting"] = "12"
        frame.to_csv(path, index=False, encoding="utf-8-sig")
        (fault,) = record_faults(study)
        assert "more points than the scheme gives (10)" in fault.problem
        assert "item 'greeting'" in str(fault)
        frame.loc[3, "greeting"] = "열"
        frame.to_csv(path, index=False, encoding="utf-8-sig")
        (fault,) = record_faults(study)
        assert "sheets_2023.csv, row 5, column 'greeting'" in str(fault)
        frame.drop(columns="rater").to_csv(path, index=False, encoding="utf-8-sig")
        (fault,) = record_faults(study)
        assert "expected rater for 'rater'" in str(fault)
    finally:
        path.write_bytes(whole)


def test_people_in_the_records_are_hidden_in_what_others_write(folder):
    """Sheets, calls, registers and task lists name people; a comment may name them without any title beside."""
    from csi_lib.chapters.record_checks import people_in_records
    from csi_lib.voice.scrubbing import scrub

    names = people_in_records(load_study(folder), "garam-city")
    sheets = pd.read_csv(folder / "data" / "sheets_2024.csv", dtype=str, encoding="utf-8-sig")
    tasks = pd.read_csv(folder / "registers" / "tasks_2024.csv", dtype=str, encoding="utf-8-sig")
    for name in [sheets.loc[sheets["agency"] == "garam-city", "person"].iloc[0], tasks["owner"].iloc[0]]:
        assert name not in scrub(f"어제 {name}한테 갔더니 {name}이 없었다", names=names).text
    assert not any(c.isdigit() for name in names for c in name)  # numbers of persons would hide numbers of anything


def test_a_year_without_any_praise_or_complaint_says_so(folder):
    """A register with a header and no rows is a year in which nothing came in, not a broken file."""
    path = folder / "data" / "register_2024.csv"
    whole = path.read_bytes()
    try:
        pd.read_csv(path, dtype=str).iloc[:0].to_csv(path, index=False, encoding="utf-8-sig")
        assert len(register.cases(chapter(folder))) == 0
    finally:
        path.write_bytes(whole)


def test_nothing_to_say_is_no_error(public):
    """Groups too small to compare have no sentence; a sentence in one language only is still refused."""
    assert public.say(None).bundle["text/markdown"] == ""
    with pytest.raises(InputError, match="no text in ko"):
        public.say(en="only English")
