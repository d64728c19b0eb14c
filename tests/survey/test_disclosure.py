"""No suppressed group follows from what is shown, however totals and variables are combined."""

import numpy as np
import pandas as pd
import pytest

from csi_lib.survey.assembly import Assembly, Grouping, domain_mean
from csi_lib.survey.design import SurveyDesign
from csi_lib.survey.disclosure import Rules, complement, decide, suppressed_groups
from csi_lib.survey.estimates import Estimates


class Sample:
    def __init__(self, frame):
        self.frame, self.design = frame, SurveyDesign(frame)
        self.source, self.agency, self.year = "customers", "a", 2024


def shown_matrix(groupings, hidden):
    """Indicators over respondents of the total and of every group that is shown."""
    columns = [np.ones(len(groupings[0].codes))]
    columns += [
        (g.codes == k).astype(float) for g in groupings if g.by for k in range(len(g)) if not hidden[g.by, g.groups[k]]
    ]
    return np.column_stack(columns)


def recoverable(matrix, aim):
    share, *_ = np.linalg.lstsq(matrix, aim, rcond=None)
    return np.abs(matrix @ share - aim).max() < 1e-8


def random_groupings(rng):
    n = int(rng.integers(15, 90))
    skew = lambda k: rng.choice(k, size=n, p=(w := rng.dirichlet(np.full(k, 0.5))) / w.sum()).astype(str)
    a = skew(int(rng.integers(2, 5)))
    b = np.where(rng.random(n) < 0.8, a, skew(3))  # nearly nested in a, the dangerous case
    c = skew(int(rng.integers(2, 6)))
    frame = pd.DataFrame({"a": a, "b": b, "c": c})
    return frame, [Grouping.total(n), *(Grouping.of(frame, v) for v in "abc")]


@pytest.mark.parametrize("seed", range(150))
def test_no_small_group_follows_from_what_is_shown(seed):
    rng = np.random.default_rng(seed)
    _, groupings = random_groupings(rng)
    hidden = suppressed_groups(groupings, Rules(min_base=5))
    matrix = shown_matrix(groupings, hidden)
    for g in groupings[1:]:
        for k, group in enumerate(g.groups):
            aim = (g.codes == k).astype(float)
            if 0 < aim.sum() < 5:
                assert hidden[g.by, group]
                assert not recoverable(matrix, aim), (g.by, group)


@pytest.mark.parametrize("seed", range(40))
def test_the_difference_of_two_shown_groups_is_never_a_few_people(seed):
    _, groupings = random_groupings(np.random.default_rng(seed))
    hidden = suppressed_groups(groupings, Rules(min_base=5))
    shown = [(g.codes == k) for g in groupings for k in range(len(g)) if not (g.by and hidden[g.by, g.groups[k]])]
    for x in shown:
        for y in shown:
            if (y <= x).all():
                assert not 0 < (x & ~y).sum() < 5


def test_the_sibling_variable_does_not_give_the_complement_away():
    # a2 is hidden only to protect a1; b1 is the same people as a2 and must not be shown either
    a = np.repeat(["1", "2", "3"], [3, 20, 50])
    frame = pd.DataFrame({"a": a, "b": np.where(a == "2", "x", "y")})
    groupings = [Grouping.total(73), Grouping.of(frame, "a"), Grouping.of(frame, "b")]
    hidden = suppressed_groups(groupings, Rules(min_base=5))
    assert hidden[("a",), ("1",)]
    assert hidden[("a",), ("2",)]
    assert not recoverable(shown_matrix(groupings, hidden), (a == "1").astype(float))


def test_complement_hides_two_groups_and_enough_people():
    assert complement([2, 30, 6, 40], [True, False, False, False], 5).tolist() == [True, False, True, False]
    assert complement([2, 2, 9], [True, True, False], 5).tolist() == [True, True, True]
    assert complement([8, 9], [False, False], 5).tolist() == [False, False]


def estimates(frame, by, values):
    survey = Sample(frame)
    build, w = Assembly(survey), np.ones(len(frame))
    for g in (Grouping.total(len(frame)), Grouping.of(frame, by)):
        base = np.isfinite(values)
        build.add(g, *domain_mean(np.nan_to_num(values), w, g.codes, len(g), base), base, measure="q", statistic="mean",
                  unit="points", scale_low=0.0, scale_high=100.0)  # fmt: skip
    return build.build(), [Grouping.total(len(frame)), Grouping.of(frame, by)]


def test_masked_rows_keep_their_keys_and_lose_every_number():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"g": np.repeat(["a", "b", "c"], [3, 12, 30])})
    found, groupings = estimates(frame, "g", rng.normal(60, 10, 45))
    masked = decide(found, groupings, Rules(min_base=5)).masked("public")
    hidden = masked.frame["suppressed"].to_numpy()
    assert masked.frame["group1"].fillna("").tolist() == ["", "a", "b", "c"]
    assert hidden.tolist() == [False, True, True, False]
    numbers = masked.frame.loc[hidden, ["estimate", "se", "ci_low", "ci_high", "n", "n_weighted", "deff"]]
    assert numbers.isna().all().all()
    for piece in masked.influence:  # nothing to recompute them from either
        assert not np.isin(np.flatnonzero(hidden), piece.rows).any()
    differences = masked.contrast({"by1": "g", "group1": "c"}, {"by1": None, "group1": None})
    assert differences.frame["estimate"].notna().all()
    restricted = decide(found, groupings, Rules(min_base=5)).masked("restricted")
    assert restricted.frame["estimate"].notna().all()


def test_an_item_that_few_answered_is_hidden_with_its_complement():
    values = np.full(60, 50.0)
    values[:17] = np.nan  # group a: 3 of 20 answered
    values += np.arange(60)
    frame = pd.DataFrame({"g": np.repeat(["a", "b", "c"], [20, 15, 25])})
    found, groupings = estimates(frame, "g", values)
    out = decide(found, groupings, Rules(min_base=5)).frame.set_index("group1")["suppressed"]
    assert out["a"]
    assert out["b"]  # the smallest shown one
    assert not out["c"]


def test_everybody_the_same_is_hidden_for_employees_only():
    values = np.r_[np.full(15, 100.0), np.linspace(0, 100, 15), np.linspace(0, 90, 15)]
    frame = pd.DataFrame({"g": np.repeat(["a", "b", "c"], 15)})
    found, groupings = estimates(frame, "g", values)
    employees = decide(found, groupings, Rules(min_base=10, individuals=True)).frame.set_index("group1")["suppressed"]
    assert employees["a"]
    assert not decide(found, groupings, Rules(min_base=5)).frame["suppressed"].any()


def _solvable(matrix, aim) -> bool:
    found = np.linalg.lstsq(matrix, aim, rcond=None)[0]
    return np.abs(matrix @ found - aim).max() < 1e-8


def test_sectors_with_two_totals_stay_hidden():
    """An index by importance and means by numbers are two equations: two hidden sectors would be solved, three are not."""
    n = np.array([3.0, 40, 9, 60, 25])
    hidden = complement(n, n < 5, 5, totals=2)
    assert hidden.sum() == 3
    assert complement(n, n < 5, 5).sum() == 2
    population, importance = np.array([0.1, 0.3, 0.2, 0.25, 0.15]), np.array([0.3, 0.2, 0.2, 0.2, 0.1])
    shown = [np.eye(5)[k] for k in np.flatnonzero(~hidden)]
    matrix = np.column_stack([population, importance, *shown])
    assert not any(_solvable(matrix, np.eye(5)[k]) for k in np.flatnonzero(hidden))


def test_cells_of_two_variables_withstand_their_margins():
    """Random cross tables: no hidden small cell is a combination of shown cells, rows, columns and the total, and the
    decision about one-way groups does not depend on the cross table."""
    rng = np.random.default_rng(8)
    for _ in range(60):
        shape = (int(rng.integers(2, 5)), int(rng.integers(2, 5)))
        counts = rng.poisson(rng.choice([2, 6, 15], shape))
        if counts.sum() < 12:
            continue
        a, b = np.repeat(np.indices(shape).reshape(2, -1), counts.ravel(), axis=1)
        frame = pd.DataFrame({"a": pd.Categorical(a.astype(str)), "b": pd.Categorical(b.astype(str))})
        single = [Grouping.of(frame, "a"), Grouping.of(frame, "b")]
        both = [*single, Grouping.of(frame, ("a", "b"))]
        rules = Rules(min_base=5)
        alone, found = suppressed_groups(single, rules), suppressed_groups(both, rules)
        assert all(found[key] == value for key, value in alone.items())
        cells = [(i, j) for i in range(shape[0]) for j in range(shape[1]) if counts[i, j]]
        one = lambda test, cells=cells: np.array([float(test(i, j)) for i, j in cells])
        columns = [one(lambda i, j: True)]
        columns += [one(lambda i, j, g=g: i == int(g)) for (by, (g,)), h in alone.items() if by == ("a",) and not h]
        columns += [one(lambda i, j, g=g: j == int(g)) for (by, (g,)), h in alone.items() if by == ("b",) and not h]
        pairs = {k[1]: h for k, h in found.items() if len(k[0]) == 2}
        columns += [one(lambda i, j, g=g: (str(i), str(j)) == g) for g, h in pairs.items() if not h]
        matrix = np.column_stack(columns)
        for g, h in pairs.items():
            size = counts[int(g[0]), int(g[1])]
            if size < 5:
                assert h
                # a margin that is itself that one small cell is not for the cross table to hide
                if counts[int(g[0])].sum() != size and counts[:, int(g[1])].sum() != size:
                    assert not _solvable(matrix, one(lambda i, j, g=g: (str(i), str(j)) == g)), (counts, g)


def two_mixes(rng, n, cells):
    """A sector variable of the given sizes, scores, and the two totals: by number and by importance."""
    frame = pd.DataFrame({"s": np.repeat([str(i) for i in range(len(cells))], cells)})
    importance = rng.dirichlet(np.ones(len(cells)))
    values = rng.uniform(0, 100, len(frame))
    found, groupings = estimates(frame, "s", values)
    sector = found.frame.loc[found.frame["by1"].notna(), "estimate"].to_numpy(float)
    index = found.frame.loc[found.frame["by1"].isna()].assign(
        measure="i", statistic="index", model="m", estimate=importance @ sector
    )
    both = pd.concat([found.frame, index], ignore_index=True)
    return Estimates(both), groupings


@pytest.mark.parametrize(
    ("cells", "hidden"), [((3, 40), True), ((20, 40), False), ((3, 9, 40), False), ((3, 40, 50, 60), False)]
)
def test_an_index_that_would_give_a_small_sector_away_is_hidden(cells, hidden):
    found, groupings = two_mixes(np.random.default_rng(3), 1, cells)
    out = decide(found, groupings, Rules(min_base=5), {("m", "i"): "s"}).frame
    row = out[out["measure"] == "i"].iloc[0]
    assert row["suppressed"] == hidden
    sectors = out[(out["measure"] == "q") & out["by1"].notna()]
    unknown = int(sectors["suppressed"].sum())
    assert unknown == 0 or unknown > (
        1 if hidden else 2
    )  # as many unknown sectors as there are equations, and one more


def test_the_share_of_a_hidden_group_is_hidden_in_every_group_it_is_counted_in():
    frame = pd.DataFrame({"g": np.repeat(["a", "b", "c"], [3, 12, 30]), "h": ["x", "y", "y"] * 15})
    groupings = [Grouping.total(45), Grouping.of(frame, "g"), Grouping.of(frame, "h")]
    build = Assembly(Sample(frame))
    for grouping in groupings:
        for level in "abc":
            hit = (frame["g"] == level).to_numpy(float)
            build.add(grouping, *domain_mean(hit, np.ones(45), grouping.codes, len(grouping), np.ones(45, bool)), np.ones(45, bool),
                      measure=f"g:{level}", statistic="share", unit="proportion", scale_low=0.0, scale_high=1.0)  # fmt: skip
    out = decide(build.build(), groupings, Rules(min_base=5)).frame
    shown = set(out.loc[~out["suppressed"] & out["by1"].isna(), "measure"])
    assert shown == {"g:c"}
    assert out.loc[out["measure"].isin(["g:a", "g:b"]), "suppressed"].all()


def test_a_difference_of_two_withheld_numbers_is_withheld_not_zero():
    found, groupings = estimates(pd.DataFrame({"g": np.repeat(["a", "b"], [3, 40])}), "g", np.linspace(0, 100, 43))
    masked = decide(found, groupings, Rules(min_base=5)).masked("public")
    gap = masked.contrast({"by1": "g", "group1": "a"}, {"by1": "g", "group1": "b"})
    assert gap.frame["estimate"].isna().all()
