"""From 5 to 150 items, 2 to 30 groups, 2 to 40 waves, 300 bodies: every drawing fits a page, and its words can be read."""

import itertools

import numpy as np
import pandas as pd
import pytest

from csi_lib import figures
from csi_lib.figures.canvas import WIDTH
from csi_lib.figures.capacity import PAGE, runs

SIZES = (5, 15, 40, 75, 150)


def rows(count, *, unit="points", sections=None, seed=1, **columns):
    rng = np.random.default_rng(seed)
    value = rng.uniform(45, 85, count) if unit == "points" else rng.uniform(0.1, 0.6, count)
    spread = 1.0 if unit == "points" else 0.02
    frame = pd.DataFrame({
        "row_id": [f"r{seed}x{i}" for i in range(count)], "estimate": value, "se": spread, "ci_low": value - 2 * spread,
        "ci_high": value + 2 * spread, "n": 400, "unit": unit, "flag": None, "suppressed": False, "p_value": 0.2,
        "measure": [f"m{i}" for i in range(count)],
        "measure_label": [f"{i}번 문항의 조금 긴 이름과 그 설명" for i in range(count)],
    })  # fmt: skip
    if sections:
        frame["node_label"] = [f"{i * sections // count}번 영역" for i in range(count)]
    return frame.assign(**columns)


def groups(count):
    frame = rows(count)
    return frame.assign(by1=[f"v{i // 5}" for i in range(count)], group1=[f"g{i}" for i in range(count)],
                        by1_label=[f"변수 {i // 5}" for i in range(count)], group1_label=[f"집단 {i}" for i in range(count)])  # fmt: skip


def waves(series, count):
    return pd.concat([rows(count, seed=s, year=range(1985, 1985 + count)).assign(
        measure=f"s{s}", measure_label=f"{s}번 차원의 이름") for s in range(series)], ignore_index=True)  # fmt: skip


def cells(row_count, column_count):
    frame = rows(row_count * column_count)
    pairs = list(itertools.product(range(row_count), range(column_count)))
    return frame.assign(group1=[f"g{r}" for r, _ in pairs], group1_label=[f"집단 {r}" for r, _ in pairs],
                        measure=[f"m{c}" for _, c in pairs], measure_label=[f"차원 {c}" for _, c in pairs])  # fmt: skip


def shares(count):
    frame = pd.concat([rows(count, unit="proportion", group2=str(k)) for k in range(3)], ignore_index=True)
    return frame.assign(estimate=np.repeat([0.2, 0.3, 0.5], count), row_id=[f"r{i}" for i in range(3 * count)])


def tree(count):
    nodes = rows(count + 8)
    names = list(nodes["measure"])
    root, middle, leaves = names[0], names[1:8], names[8:]
    pairs = [(root, m, 1 / 7) for m in middle] + [(middle[i % 7], leaf, 0.3) for i, leaf in enumerate(leaves)]
    return nodes, pd.DataFrame(pairs, columns=["parent", "child", "weight"])


def slopes(count):
    now, before = rows(count), rows(count, seed=2)
    return figures.slope_chart(before, now, differences=rows(count, seed=3).assign(estimate=now["estimate"] - before["estimate"]),
                               waves=("2023", "2024"), lang="ko")  # fmt: skip


CASES = {
    **{f"items {n}": lambda n=n: figures.item_dots(rows(n, sections=max(2, n // 7)), heading="node_label", lang="ko") for n in SIZES},
    **{f"bars {n}": lambda n=n: figures.index_bars(rows(n), sort=True, lang="ko") for n in (15, 75)},
    **{f"drivers {n}": lambda n=n: figures.driver_bars(rows(n, unit="correlation"), lang="ko") for n in (40,)},
    **{f"answers {n}": lambda n=n: figures.likert_bars(shares(n), lang="ko") for n in (15, 75)},
    **{f"groups {n}": lambda n=n: figures.group_bars(groups(n), lang="ko") for n in (2, 7, 30)},
    **{f"ranking {n}": lambda n=n: figures.caterpillar(rows(n), rows="measure", highlight=["m7"], lang="ko") for n in (5, 40, 300)},
    **{f"slopes {n}": lambda n=n: slopes(n) for n in SIZES},
    **{f"portfolio {n}": lambda n=n: figures.portfolio(rows(n), rows(n, unit="correlation", seed=4), lang="ko") for n in SIZES},
    **{f"tree {n}": lambda n=n: figures.path_diagram(*tree(n), lang="ko") for n in SIZES},
    **{f"heat {r} × {c}": lambda r=r, c=c: figures.heat_table(cells(r, c), lang="ko") for r, c in ((5, 6), (30, 15), (40, 4))},
    **{f"lines {s} × {w}": lambda s=s, w=w: figures.trend_lines(waves(s, w), lang="ko")
       for s, w in ((1, 2), (6, 5), (7, 2), (7, 12), (30, 40), (5, 40))},
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_every_drawing_fits_a_page_and_can_be_read(case):
    figure = CASES[case]()
    for part in (figure, *figure.more):
        assert part.height <= PAGE.height + 1
        printed = WIDTH / (part.fig.get_figwidth() * 25.4)
        texts = [t for ax in part.fig.axes for t in ax.texts if t.get_text().strip()]
        assert min(t.get_fontsize() for t in texts) * min(1, printed) >= PAGE.type
        part.fig.canvas.draw()
        renderer = part.fig.canvas.get_renderer()
        paper = part.fig.bbox
        boxes = [(t.get_text(), t.get_window_extent(renderer)) for t in texts]
        for text, box in boxes:  # a millimetre is what letters may stand out
            slack = part.fig.dpi / 25.4
            assert box.x0 >= -slack, text
            assert box.x1 <= paper.x1 + slack, text
            assert box.y0 >= -slack, text
            assert box.y1 <= paper.y1 + slack, text
        crossed = [
            (a, b) for (a, one), (b, two) in itertools.combinations(boxes, 2) if _overlap(one, two, part.fig.dpi)
        ]
        assert not crossed


def _overlap(one, two, dpi):
    """Whether two texts cover one another by more than the blank rim of their letters."""
    rim = dpi / 25.4 * 0.8
    across = min(one.x1, two.x1) - max(one.x0, two.x0)
    down = min(one.y1, two.y1) - max(one.y0, two.y0)
    return across > rim and down > rim


@pytest.mark.parametrize("count", [75, 150])
def test_nothing_is_lost_where_a_figure_goes_on(count):
    frame = rows(count, sections=count // 7)
    figure = figures.item_dots(frame, heading="node_label", lang="ko")
    parts = (figure, *figure.more)
    assert [i for part in parts for i in part.data["row_id"]] == list(frame["row_id"])
    assert len({part.limits for part in parts}) == 1
    assert len({part.name for part in parts}) == len(parts)
    assert set(figure.row_ids) == set(frame["row_id"])


def test_a_long_ranking_shows_its_ends_and_what_is_highlighted_and_keeps_all_data():
    frame = rows(300)
    figure = figures.caterpillar(frame, rows="measure", highlight=["m7"], lang="ko")
    drawn = "\n".join(t.get_text() for ax in figure.fig.axes for t in ax.texts)
    order = frame.sort_values("estimate", ascending=False)["measure"].tolist()
    for code in (*order[:10], *order[-10:], "m7"):
        assert f"{int(code[1:])}번 문항" in drawn.replace("\n", " ")
    assert len(figure.data) == 300


def test_sections_stay_together_where_that_is_near():
    keys = [(i, i // 6) for i in range(40)]
    blocks = runs(keys, 14, lambda key: key[1])
    assert [len(block) for block in blocks] == [12, 12, 12, 4]
    assert [len(block) for block in runs(keys, 14)] == [14, 14, 12]


def test_a_correlation_is_coloured_by_its_sign():
    frame = cells(2, 2).assign(unit="correlation", estimate=[0.8, -0.8, 0.05, -0.05])
    mesh = next(c for c in figures.heat_table(frame, lang="ko").fig.axes[0].collections if c.get_gid() == "value")
    mesh.update_scalarmappable()
    strong, opposite, weak, _ = mesh.get_facecolor()[:, :3]
    assert strong[2] > strong[0]  # blue
    assert opposite[0] > opposite[2]  # orange
    assert weak.min() > 0.8


def test_names_without_an_order_are_not_coloured_good_and_bad():
    figure = figures.likert_bars(shares(3), nominal=True, lang="ko")
    colours = {tuple(p.get_facecolor()) for p in figure.fig.axes[0].patches}
    assert len(colours) == 3
    assert all(c[0] <= c[2] for c in colours)  # blues and greys, no orange
