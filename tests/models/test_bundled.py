"""Bundled models against published figures, R's values and formulas written out."""

import numpy as np
import pandas as pd
import pytest

from csi_lib.models.index import IndexModel, bundled_models
from tests.models.populations import Answered, likert

SHARES = np.arange(0, 21)  # twentieths


def test_every_model_names_formula_source_and_status():
    for name in bundled_models():
        file = IndexModel.load(name).file
        assert file.formula.ko
        assert file.formula.en
        assert file.source
        assert all(n.label.ko and n.label.en for n in [*file.nodes, *file.side])
        assert set(IndexModel.load(name).weights["status"]) <= set("PCID")


@pytest.fixture(scope="session")
def nine_rows(shared):
    frame = pd.read_csv(shared / "data/korea_published/localcorp_five_dimensions.csv", encoding="utf-8-sig")
    columns = ["service_env", "service_process", "service_outcome", "social", "overall"]
    return frame[columns].to_numpy(), frame["total_published"].to_numpy(), frame["decimals"].to_numpy()


def test_local_corporation_gives_the_nine_published_totals(nine_rows):
    scores, published, decimals = nine_rows
    weights = np.array(list(IndexModel.load("local-corporation").dimension_weights.values()))
    # dimensions are printed rounded, so a total is right when it lies within its own rounding and theirs
    slack = 0.5 * 10.0**-decimals + 0.5 * 10.0**-decimals
    assert (np.abs(scores @ weights - published) <= slack + 1e-9).all()
    assert len(published) == 9


def test_no_other_weights_on_a_grid_of_five_percent_do(nine_rows):
    scores, published, decimals = nine_rows
    grid = np.array([g for g in np.ndindex(21, 21, 21, 21) if sum(g) <= 20])
    grid = np.column_stack([grid, 20 - grid.sum(axis=1)]) / 20
    fits = (np.abs(grid @ scores.T - published) <= 10.0**-decimals + 1e-9).all(axis=1)
    assert grid[fits].tolist() == [pytest.approx([0.10, 0.20, 0.20, 0.20, 0.30])]


def test_local_corporation_on_answers():
    model = IndexModel.load("local-corporation")
    frame = likert(model.file.items, 80, points=5)
    found = model.evaluate(Answered(frame, high=5))
    means = 100 * (frame.mean() - 1) / 4
    blocks = [means.iloc[k : k + 3].mean() for k in range(0, 15, 3)]
    assert found.one(measure="lc", statistic="index")["estimate"] == pytest.approx(
        np.dot([0.1, 0.2, 0.2, 0.2, 0.3], blocks)
    )


# ------------------------------------------------------------------ ICSI
def icsi(n=90, seed=1, dimension=True):
    model = IndexModel.load("iudc-internal")
    rng = np.random.default_rng(seed)
    frame = likert(model.file.items, n, points=5, seed=seed)
    for node in model.file.nodes:
        if node.items and node.weights.picks:
            frame[node.weights.picks[0]] = rng.choice(node.items, n, p=[0.6, 0.3, 0.1])
    if dimension:
        frame["dimension_pick"] = rng.choice(["welfare", "participation", "work", "growth"], n, p=[0.4, 0.3, 0.2, 0.1])
    return model, frame


@pytest.mark.parametrize("dimension", [True, False])
def test_icsi_is_the_resolved_formula(dimension):
    model, frame = icsi(dimension=dimension)
    found = model.evaluate(Answered(frame, high=5))
    points = 100 * (frame[model.file.items] - 1) / 4
    total = 0.0
    nodes = {n.id: n for n in model.file.nodes}
    for name in ("welfare", "participation", "work", "growth"):
        items = nodes[name].items
        picked = frame[nodes[name].weights.picks[0]].value_counts(normalize=True)
        m = np.array([(100 * picked.get(i, 0) + 100 / 3) / 2 for i in items])
        y = (m / m.sum()) @ points[items].mean()
        share = frame["dimension_pick"].eq(name).mean() if dimension else 0.25
        total += y * (100 * share + 25) / 2 / 100
        assert found.one(measure=name, statistic="index")["estimate"] == pytest.approx(y)
    z = 0.5 * total + 0.5 * points["overall"].mean()
    assert found.one(measure="icsi", statistic="index")["estimate"] == pytest.approx(z)


def test_the_literal_bracket_cannot_give_the_published_index():
    y = np.array([64.0, 53.0, 49.0, 48.0])  # published dimensions; Σs = 1, so Σ Y·s lies between 48 and 64
    literal = lambda ys, w: 0.5 * (ys + 0.5 * w)
    resolved = lambda ys, w: 0.5 * ys + 0.5 * w
    assert literal(y.max(), 100) < 61.2  # not even with everybody wholly satisfied
    assert (61.2 / 0.5 - y.max()) / 0.5 == pytest.approx(116.8)
    needed = [2 * 61.2 - ys for ys in (y.max(), y.min())]
    assert needed == pytest.approx([58.4, 74.4])
    assert resolved(y.max(), 58.4) == pytest.approx(61.2) == resolved(y.min(), 74.4)


# ------------------------------------------------------------------ path models
def test_ecsi_is_the_index_of_the_reference(shared):
    import json

    frame = pd.read_csv(shared / "data/ecsi_mobile/semPLS__mobi.csv").astype(float)
    reference = json.loads((shared / "reference/pls.json").read_text())["plspm_mobi"]
    for scheme, key in (("centroid", "A_centroid"), ("path", "A_path"), ("factorial", "A_factorial")):
        model = IndexModel.load("ecsi")
        model = IndexModel(model.file.model_copy(update={"scheme": scheme}))
        found = model.evaluate(Answered(frame, low=1, high=10))
        for block, values in reference[key]["index_0_100"].items():
            row = found.one(measure=block.lower(), statistic="index")
            assert row["estimate"] == pytest.approx(values["index_mean"], abs=1e-6), (scheme, block)


def test_ecsi_standard_errors_are_those_of_the_reference_bootstrap(shared):
    import json

    frame = pd.read_csv(shared / "data/ecsi_mobile/semPLS__mobi.csv").astype(float)
    reference = json.loads((shared / "reference/pls.json").read_text())["seminr_mobi"]["index_bootstrap500"]["se"]
    model = IndexModel.load("ecsi")
    model = IndexModel(model.file.model_copy(update={"scheme": "path"}))
    found = model.evaluate(Answered(frame, low=1, high=10))
    for block, se in reference.items():
        assert found.one(measure=block.lower(), statistic="index")["se"] == pytest.approx(se, rel=0.15), block


def test_ecsi_study_fits_its_items():
    import csi_lib
    from csi_lib.models.study_models import study_models

    models = study_models(csi_lib.load_study("params/ecsi-mobile"))
    assert [m.name for m in models] == ["ecsi"]


def test_path_weights_and_their_error_carry_over_to_groups(shared):
    frame = pd.read_csv(shared / "data/ecsi_mobile/semPLS__mobi.csv").astype(float)
    frame["g"] = np.where(np.arange(len(frame)) % 3 == 0, "x", "y")
    found = IndexModel.load("ecsi").evaluate(Answered(frame, low=1, high=10), ["g"])
    weights = found.select(statistic="weight").frame
    own = weights[weights["measure"].str.startswith("satisfaction>")]["estimate"].to_numpy(float)
    means = (frame.loc[frame["g"] == "x", ["CUSA1", "CUSA2", "CUSA3"]].mean() - 1) * 100 / 9
    assert found.one(measure="satisfaction", group1="x")["estimate"] == pytest.approx(own @ means)
    from csi_lib import pls_path_model

    model = IndexModel.load("ecsi").file
    blocks = {n.id: n.items for n in model.nodes}
    fit = pls_path_model(frame.drop(columns="g"), blocks, model.paths, scale=(1, 10))
    se = dict(zip(blocks, fit.standard_errors("index"), strict=True))
    for block in blocks:
        assert found.one(measure=block, statistic="index", by1=None)["se"] == pytest.approx(se[block], rel=1e-6)


# ------------------------------------------------------------------ KCSI, SERVQUAL, PCSI, kindness
def test_kcsi_editions():
    model = IndexModel.load("kcsi")
    frame = likert(model.file.items, 150)
    survey = Answered(frame)
    top = (frame >= 6).mean() * 100
    elements = top[["resp_sat", "work_sat", "fac_sat", "acc_sat", "pro_sat"]].mean()
    for edition, (a, b, c) in {"30-50-20": (0.3, 0.5, 0.2), "40-40-20": (0.4, 0.4, 0.2)}.items():
        row = model.restate(survey, edition).one(measure="kcsi", statistic="index")
        assert row["estimate"] == pytest.approx(a * top["overall"] + b * elements + c * top["reuse"])
        assert row["formula_edition"] == edition
    assert IndexModel.load("kcsi@40-40-20").dimension_weights["kcsi_overall"] == pytest.approx(0.4)


def test_servqual_gaps_are_of_the_same_people():
    model = IndexModel.load("servqual")
    frame = likert(model.file.items, 60)
    frame.loc[:9, "reliability_e1"] = np.nan
    found = model.evaluate(Answered(frame))
    both = frame[["reliability_p1", "reliability_e1"]].dropna() * 100 / 6
    gap = both["reliability_p1"] - both["reliability_e1"]
    row = found.one(measure="reliability_p1", statistic="difference")
    assert (row["n"], row["versus"]) == (50, "mean:measure=reliability_e1")
    assert row["estimate"] == pytest.approx(gap.mean())
    # Taylor on the full design of 60: the domain of 50 respondents
    assert row["se"] == pytest.approx(np.sqrt(60 / 59 * ((gap - gap.mean()) ** 2).sum()) / 50)
    gaps = found.select(statistic="difference").frame["estimate"].astype(float)
    reliability = [i for i in found.select(statistic="difference").frame["measure"] if i.startswith("reliability")]
    mean = gaps[found.select(statistic="difference").frame["measure"].isin(reliability)].mean()
    dimension = found.one(measure="reliability", statistic="index")
    assert dimension["estimate"] == pytest.approx(mean)
    assert (dimension["scale_low"], dimension["scale_high"]) == (-100, 100)


def test_pcsi_mixes_elements_with_what_was_asked():
    model = IndexModel.load("pcsi")
    found = model.evaluate(Answered(likert(model.file.items, 70, points=11), low=0, high=10))
    value = lambda name: found.one(measure=name, statistic="index")["estimate"]
    elements = np.mean([value(n) for n in ("content", "delivery", "environment_quality", "responsibility")])
    assert value("pcsi_elements") == pytest.approx(elements)
    assert value("pcsi") == pytest.approx(0.5 * elements + 0.5 * value("perceived"))


def sheets(n=200, seed=4):
    model = IndexModel.load("kindness-phone")
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({i: rng.integers(0, 6, n).astype(float) for i in model.file.items})
    frame["bonus"] = rng.choice([0.0, 1.0, 3.0], n)
    return model, frame


def test_kindness_sheet_is_points_and_a_capped_bonus():
    model, frame = sheets()
    row = model.evaluate(Answered(frame, low=0, high=5)).one(measure="kindness", statistic="index")
    points = {"speed": 10, "greeting": 10, "voice": 5, "listening": 10, "courtesy": 15, "explanation": 15, "solution": 15,
              "summary": 10, "farewell": 5, "hanging_up": 5}  # fmt: skip
    assert sum(points.values()) == 100
    sheet = sum(p * frame[i] / 5 for i, p in points.items()) + frame["bonus"].clip(upper=2)
    assert row["estimate"] == pytest.approx(sheet.mean())
    assert row["se"] == pytest.approx(sheet.sem())
    assert row["scale_high"] == 102


def test_restated_sheets_lose_points_as_the_published_case_did():
    # 95.16 on the new scheme, 91.94 on the old: strong where the new scheme has its weight
    model, frame = sheets(3000, seed=9)
    target = {"receiving": 0.84, "answering": 1.0, "closing": 0.8983}
    rng = np.random.default_rng(0)
    for node in model.file.nodes:
        for item in node.items or ():
            frame[item] = 5.0 * (rng.random(len(frame)) < target[node.id])
    frame["bonus"] = 0.5 * rng.integers(0, 3, len(frame))
    survey = Answered(frame, low=0, high=5)
    from csi_lib.survey.estimates import Estimates

    new, old = (model.restate(survey, e).select(measure="kindness") for e in ("2", "1"))
    both = Estimates.concat([new, old])
    effect = both.contrast({"formula_edition": "1"}, {"formula_edition": "2"}).frame.iloc[0]
    assert effect["estimate"] == pytest.approx(old.frame["estimate"][0] - new.frame["estimate"][0])
    assert -4.5 < effect["estimate"] < -2.0  # about the published −3.22
    assert effect["ci_high"] < 0


def test_csi_models_lists_formula_source_and_what_is_not_published(capsys):
    """These parts are inferred or our default; whoever reads the list must see it."""
    from csi_lib.cli import main
    from csi_lib.evaluation.presets import presets

    with pytest.raises(SystemExit) as done:
        main(["models"])
    text, _, dated = capsys.readouterr().out.partition("\nDated presets")
    assert done.value.code == 0
    told = {block.split(" ", 1)[0]: block for block in text.replace("\n  ", "\t").splitlines()}
    assert set(told) == set(bundled_models())
    expected = {
        "iudc-external": ["our default: where a dimension was not asked directly", "count one third each"],
        "iudc-internal": ["inferred: item scores are multiplied by 100/(K − 1)", "recomputed from published figures"],
        "pcsi": ["our default: λ = 0.5"],
        "local-corporation": ["recomputed from published figures: the weights are the only ones on a 5% grid"],
        "kcsi": ["edition 40-40-20"],
    }
    assert [(name, w) for name, words in expected.items() for w in words if w not in told[name]] == []
    for name in bundled_models():
        assert "source: " in told[name]
        assert all(a.text.ko and a.text.en for a in IndexModel.load(name).file.assumptions)
    listed = {block.split(" ", 1)[0]: block for block in dated.replace("\n  ", "\t").splitlines()[1:]}
    assert set(listed) == set(presets())
    assert [name for name, block in listed.items() if "source: " not in block or "official form: " not in block] == []
