"""Two waves scored by two editions of a formula: refused, restated, and shown with the break."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest

import csi_lib
from csi_lib.chapters.trend import section as trend
from csi_lib.chapters.trend.composition import change_parts
from csi_lib.errors import InputError
from csi_lib.models.round import Round
from csi_lib.models.study_models import study_models
from csi_lib.survey.estimates import Estimates

EXAMPLE = Path(__file__).resolve().parents[2] / "params" / "example"
OLD, NEW = "40-40-20", "30-50-20"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The example scored by KCSI, whose formula changed between the two waves."""
    target = tmp_path_factory.mktemp("studies") / "changed"
    shutil.copytree(EXAMPLE, target, ignore=shutil.ignore_patterns(".csi", "data", "plan.yml"))
    path = target / "study.yml"
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"models:\n  customers: \[.*\]", "models:\n  customers: [kcsi, iudc-external]", text)
    for year, edition in ((2023, OLD), (2024, NEW)):
        text = re.sub(rf"{year}: \{{period: {year}, formula_edition: \{{.*\}}\}}",
                      f'{year}: {{period: {year}, formula_edition: {{kcsi: "{edition}"}}}}', text)  # fmt: skip
    assert OLD in text
    assert "[kcsi, iudc-external]" in text
    path.write_text(text, encoding="utf-8")
    return target


@pytest.fixture(scope="module")
def study(folder):
    return csi_lib.load_study(folder)


def test_the_wave_says_which_edition_scores_it(study):
    assert [m.file.formula_edition for m in study_models(study, year=2023)] == [OLD, "2004"]
    assert [m.file.formula_edition for m in study_models(study, year=2024)] == [NEW, "2004"]
    assert Round(study).restates(2023, 2024) == {"kcsi": (OLD, NEW)}


def test_comparison_is_refused_and_possible_after_restatement(study):
    round_ = Round(study)
    now, before = (round_.estimates("hanbit-fmc", y) for y in (2024, 2023))
    with pytest.raises(InputError, match="Restate the older wave"):
        Estimates.concat([now, before]).contrast({"year": 2024}, {"year": 2023})
    restated = round_.estimates("hanbit-fmc", 2023, as_of=2024)
    both = Estimates.concat([now, restated])
    row = both.contrast({"year": 2024}, {"year": 2023}).one(measure="kcsi", by1=None, versus="index:year=2023")
    direct = study_models(study, year=2024)[0].restate(round_.survey("hanbit-fmc", 2023), NEW)
    old = direct.one(measure="kcsi", statistic="index")
    new = now.one(measure="kcsi", statistic="index", by1=None)
    assert row["estimate"] == pytest.approx(new["estimate"] - old["estimate"])
    assert row["se"] == pytest.approx(np.hypot(new["se"], old["se"]), rel=1e-8)


def test_trend_shows_both_and_what_the_formula_did(folder):
    chapter = csi_lib.open_chapter(folder, "hanbit-fmc", 2024, lang="ko")
    nodes = chapter.top_nodes
    assert trend.trend(chapter, nodes)["formula_edition"].unique().tolist() == [NEW]
    published = trend.published(chapter, nodes)
    assert published.groupby("year")["formula_edition"].first().to_dict() == {2023: OLD, 2024: NEW}
    effect = trend.formula_effect(chapter)
    index = {
        y: published[(published["year"] == y) & (published["measure"] == "kcsi")]["estimate"].iloc[0]
        for y in (2023, 2024)
    }
    change = chapter.change(chapter.index())["estimate"]
    # published change = change of opinion under one formula + effect of the formula on the same people
    assert index[2024] - index[2023] == pytest.approx(change + effect["estimate"])
    assert effect["year"] == 2023
    from csi_lib import figures

    figure = figures.trend_lines(published, lang="ko", name="t", caption="c")
    assert "산식" in figure.alt
    earlier = csi_lib.open_chapter(folder, "hanbit-fmc", 2023, lang="ko")
    assert earlier.index()["formula_edition"] == OLD
    assert trend.published(earlier, nodes) is None


def test_change_split_of_a_chapter_adds_up():
    chapter = csi_lib.open_chapter(EXAMPLE, "saesol-udc", 2024, lang="en")
    split = change_parts(chapter).parts.frame
    change = chapter.change(chapter.index())
    assert split["statistic"].iloc[-1] == "change"
    split = split.iloc[:-1]
    assert chapter.model.file.sectors is not None
    assert split["estimate"].sum() == pytest.approx(change["estimate"], abs=1e-9)
    assert split["se"].notna().all()


def test_an_unknown_edition_is_named(folder):
    path = folder / "study.yml"
    text = path.read_text(encoding="utf-8")
    try:
        path.write_text(text.replace(OLD, "40-40-2"), encoding="utf-8")
        with pytest.raises(
            InputError,
            match=r"study.yml: years > 2023 > formula_edition > kcsi.*no edition '40-40-2'.*Did you mean '40-40-20'",
        ):
            study_models(csi_lib.load_study(folder), year=2023)
    finally:
        path.write_text(text, encoding="utf-8")


def test_a_model_item_that_the_codebook_lacks_is_named(folder):
    path = folder / "model.yml"
    text = path.read_text(encoding="utf-8")
    try:
        path.write_text(text + "  kcsi: {use: kcsi, bind: {reuse: reusee}}\n", encoding="utf-8")
        with pytest.raises(InputError, match=r"model.yml:\d+: models > kcsi.*no column 'reusee'.*Did you mean 'reuse'"):
            study_models(csi_lib.load_study(folder))
    finally:
        path.write_text(text, encoding="utf-8")


def test_base_year_and_pooled_weights_through_the_study(folder):
    path = folder / "model.yml"
    text = path.read_text(encoding="utf-8")
    rules = "".join(
        f"\n      {n}: {{rule: correlation, at: AT{', with: overall' if n == 'csi' else ''}}}"
        for n in ("csi", "response", "handling", "facilities", "access", "professional")
    )
    try:
        for at in ("pooled", "base-year"):
            changed = text.replace(
                "    use: iudc-external\n", f"    use: iudc-external\n    weights:{rules.replace('AT', at)}\n"
            )
            path.write_text(changed, encoding="utf-8")
            round_ = Round(csi_lib.load_study(folder))
            weights = {}
            for key in (("hanbit-fmc", 2024), ("hanbit-fmc", 2023), ("gaon-transit", 2024)):
                frame = round_.estimates(*key).select(model="iudc-external", statistic="weight").frame
                weights[key] = frame["estimate"].to_numpy(float)
            one, year, agency = weights.values()
            assert np.allclose(one, agency) == (at == "pooled")
            assert np.allclose(one, year) == (at == "base-year")
    finally:
        path.write_text(text, encoding="utf-8")


def test_every_edition_is_reached_from_every_other():
    old = csi_lib.IndexModel.load(f"kcsi@{OLD}")
    assert old.editions == csi_lib.IndexModel.load("kcsi").editions == [NEW, OLD]
    assert old.edition(NEW).dimension_weights == csi_lib.IndexModel.load("kcsi").dimension_weights
