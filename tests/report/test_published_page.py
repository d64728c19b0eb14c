"""The two pages "overall performance" of the 2004 study, rebuilt from answers that have its published means."""

import numpy as np
import pandas as pd
import pytest

from csi_lib import open_chapter
from csi_lib.chapters.internal import section as internal
from csi_lib.chapters.overall import section as overall
from csi_lib.prose.numbers import Number

CUSTOMER = {
    "resp": ["resp_kind", "resp_sincere", "resp_active", "resp_sat"], "work": ["work_prompt", "work_accurate", "work_notice", "work_sat"],
    "fac": ["fac_clean", "fac_convenient", "fac_safe", "fac_sat"], "acc": ["acc_reach", "acc_info", "acc_hours", "acc_sat"],
    "pro": ["pro_expert", "pro_solution", "pro_quality", "pro_sat"], "all": ["overall"],
}  # fmt: skip
EMPLOYEE = {
    "welfare": ["welfare_pay", "welfare_benefits", "welfare_leave"], "work": ["work_facilities", "work_load", "work_cooperation"],
    "participation": ["participation_voice", "participation_information", "participation_trust"],
    "growth": ["growth_training", "growth_promotion", "growth_pride"],
}  # fmt: skip


def answers(means: dict[str, float], n: int, seed: int) -> pd.DataFrame:
    """n answers per item with exactly these means, correlated as answers are: every person has a mirror image."""
    rng = np.random.default_rng(seed)
    person = rng.normal(size=n // 2)
    out = {}
    for item, mean in means.items():
        half = 9 * person + 5 * rng.normal(size=n // 2)
        out[item] = np.round(mean + np.clip(np.r_[half, -half], -min(mean, 100 - mean), min(mean, 100 - mean)), 6)
    return pd.DataFrame(out)


def codebook(items) -> str:
    lines = ["scales: {s: {low: 0, high: 100, continuous: true}}", "columns:"]
    lines += [f"  {i}: {{role: item, scale: s, label: {{ko: {i}, en: {i}}}}}" for i in items]
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("published") / "city"
    (folder / "data").mkdir(parents=True)
    items = [i for block in CUSTOMER.values() for i in block]
    for year, index, expected, trusted, handled in ((2003, 62.0, 58.0, 66.0, 40.0), (2004, 63.9, 59.0, 69.0, 42.0)):
        means = dict.fromkeys(items, index) | {"expectation": expected, "trust": trusted, "complaint_handling": handled}
        answers(means, 200, year).assign(agency="city").to_csv(folder / "data" / f"customers_{year}.csv", index=False)
    for year, dims, felt in ((2003, (54.6,) * 4, 54.6), (2004, (49, 48, 64, 53), 68.9)):
        means = {i: m for block, m in zip(EMPLOYEE.values(), dims, strict=True) for i in block} | {"overall": felt}
        answers(means, 120, year).assign(agency="city").to_csv(folder / "data" / f"employees_{year}.csv", index=False)
    (folder / "codebook.yml").write_text(
        codebook([*items, "expectation", "trust", "complaint_handling"]), encoding="utf-8"
    )
    (folder / "staff.yml").write_text(
        codebook([*(i for b in EMPLOYEE.values() for i in b), "overall"]), encoding="utf-8"
    )
    (folder / "agencies.yml").write_text("agencies: [{id: city, name: {ko: 도시공사, en: City}}]\n", encoding="utf-8")
    (folder / "model.yml").write_text(
        "models:\n  iudc-internal:\n    use: iudc-internal\n    weights:\n"
        + "".join(f"      {n}: {{rule: equal}}\n" for n in ("icsi", *EMPLOYEE)),
        encoding="utf-8",
    )
    (folder / "study.yml").write_text(
        "title: {ko: 조사, en: Survey}\nlanguages: [ko, en]\nyears: [2003, 2004]\nsources:\n"
        "  customers: {path: 'data/customers_{year}.csv', codebook: codebook.yml, agency: agency}\n"
        "  employees: {kind: employees, path: 'data/employees_{year}.csv', codebook: staff.yml, agency: agency}\n"
        "models: {customers: [iudc-external], employees: [iudc-internal]}\nreport: {expectation_goal: 1.1, gauge: {low: 50, high: 70}}\n",
        encoding="utf-8",
    )
    return folder


def printed(cell) -> str:
    return cell.text("ko", unit=False) if isinstance(cell, Number) else str(cell)


def test_external_page(study):
    chapter = open_chapter(study, "city", 2004)
    table = overall.performance_table(chapter, name="performance", caption="종합 성과")
    rows = {row.cells[0]: [printed(c) for c in row.cells[1:]] for row in table.rows}
    assert rows["종합CSI"][:3] == ["63.9", "62.0", "+1.9"]
    assert rows["종합CSI"][4] == "보통"
    assert [rows[k][0] for k in ("고객기대 수준", "고객 신뢰도", "고객불만 처리")] == ["59.0", "69.0", "42.0"]


def test_surplus_of_4_9_and_5_1(study):
    chapter = open_chapter(study, "city", 2004)
    levels, gaps, beside = overall.ladder(chapter)
    shown = [Number.from_row(r).text("ko", unit=False) for r in gaps.to_dict("records")]
    assert shown == ["4.9", "5.1"]
    assert list(levels["estimate"].round(6)) == [59.0, 63.9, 69.0]
    assert beside["estimate"].iloc[0] == pytest.approx(42)
    # asked of the same people: the error of the difference is that of their paired differences
    frame = chapter.survey.frame
    w = chapter.rows(statistic="weight", by1=None).set_index("measure")["estimate"]
    score = sum(w[f"csi>{d}"] * sum(w[f"{d}>{i}"] * frame[i] for i in items) for d, items in
                {n.id: n.items for n in chapter.model.file.nodes if n.items}.items())  # fmt: skip
    paired = (score - frame["expectation"]).std(ddof=1) / np.sqrt(len(frame))
    assert gaps["se"].iloc[0] == pytest.approx(paired, rel=0.02)


def test_ten_up_is_missed_at_1_083(study):
    chapter = open_chapter(study, "city", 2004)
    ratio, gap = overall.goal(chapter)
    assert Number.from_row(ratio, digits=3).text("ko") == "1.083"
    assert gap["estimate"] < 0
    assert "이루지 못하였다" in overall.goal_sentence(chapter, ratio, gap).text
    # the interval of a ratio against the bootstrap of the same people
    rng, frame = np.random.default_rng(5), chapter.survey.frame
    items = [i for b in CUSTOMER.values() for i in b if not i.endswith("_sat") and i != "overall"]
    score, expected = frame[items].mean(axis=1).to_numpy(), frame["expectation"].to_numpy()
    draws = [score[k].mean() / expected[k].mean() for k in rng.integers(0, len(frame), (2000, len(frame)))]
    assert ratio["se"] == pytest.approx(np.std(draws), rel=0.1)


def test_no_goal_no_sentence(study, tmp_path):
    import shutil

    shutil.copytree(study, tmp_path / "city")
    file = tmp_path / "city" / "study.yml"
    file.write_text(file.read_text(encoding="utf-8").replace("expectation_goal: 1.1, ", ""), encoding="utf-8")
    assert overall.goal(open_chapter(tmp_path / "city", "city", 2004)) is None


def test_internal_page(study):
    """61.2 from dimensions of 64, 53, 49 and 48 with a perceived satisfaction of 68.9, up by 6.6 points."""
    staff = open_chapter(study, "city", 2004).on("employees")
    index = staff.index()
    assert Number.from_row(index).text("ko", unit=False) == "61.2"
    assert Number.from_row(staff.change(index), signed=True).text("ko", unit=False) == "+6.6"
    table = {r["measure"]: r["estimate"] for r in staff.rows(statistic="index", by1=None).to_dict("records")}
    assert [round(table[m]) for m in ("welfare", "work", "participation", "growth")] == [49, 48, 64, 53]
    assert table["icsi_elements"] == pytest.approx(53.5)
    assert internal.headline_nodes(staff)[:3] == ["icsi", "icsi_elements", "perceived"]
    assert internal.pick_rows(staff).empty  # importance was not asked: equal weights, said in words
    assert staff.banners == []
