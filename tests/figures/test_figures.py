"""Figures draw the numbers they are given, say them in words, and come out the same every time."""

import re
import xml.dom.minidom
from functools import cache

import numpy as np
import pandas as pd
import pytest

from csi_lib import figures
from csi_lib.errors import InputError
from csi_lib.figures.canvas import nice_ticks
from csi_lib.figures.peers import MIN_PEERS
from csi_lib.figures.theme import HOUSE, text_width, wrap


def row(estimate, n=400, *, se=1.0, unit="points", **more):
    ends = (None, None) if estimate is None or se is None else (estimate - 1.96 * se, estimate + 1.96 * se)
    return {
        "row_id": f"r{len(str(more))}{abs(hash(str((estimate, more)))) % 10**9}",
        "estimate": estimate,
        "se": se,
        "ci_low": ends[0],
        "ci_high": ends[1],
        "n": n,
        "p_value": None,
        "unit": unit,
        "flag": None,
        "suppressed": False,
        **more,
    }


def frame(*rows):
    return pd.DataFrame(rows)


CODES = "abcdefg"
ITEMS = frame(*(row(50 + 4.25 * i, 300 + i, measure=c) for i, c in enumerate(CODES)))
GROUPS = frame(*(row(55 + 3.5 * i, 100 + i, by1="v" if i < 3 else "w", group1=c) for i, c in enumerate(CODES)))
EARLIER = ITEMS.assign(estimate=ITEMS["estimate"] - 2.5)
IMPORTANCE = frame(*(row(0.25 + 0.05 * i, 300, se=0.02, unit="correlation", measure=c) for i, c in enumerate(CODES)))
WAVES = frame(*(row(60 + i + 2 * j, 300, measure=m, year=2020 + i) for j, m in enumerate("ab") for i in range(4)))
SHARES = frame(*(row(v, 300 + i, se=0.01, unit="proportion", measure=m, group2=str(k))
                 for i, m in enumerate("abc") for k, v in enumerate((0.125, 0.25, 0.625))))  # fmt: skip
CELLS = frame(
    *(row(50.5 + 3 * i + j, 100, group1=g, measure=m) for i, g in enumerate("xyz") for j, m in enumerate("ab"))
)
NODES = frame(*(row(60 + i, 300, measure=c) for i, c in enumerate(["top", "d1", "d2", "i1", "i2", "i3"])))
EDGES = pd.DataFrame(
    [("top", "d1", 0.4), ("top", "d2", 0.6), ("d1", "i1", 0.3), ("d1", "i2", 0.7), ("d2", "i3", 1.0)],
    columns=["parent", "child", "weight"],
)
PATHS = frame(*(
    row(value, 300, se=0.1, unit="coefficient", versus=source, measure=target)
    for source, target, value in (("top", "d1", 0.4), ("d1", "d2", 0.05), ("top", "d2", -0.2))
))  # fmt: skip
PEERS = frame(*(row(60 + i * 1.5, 200, agency=c) for i, c in enumerate(CODES)))
SCORES = np.linspace(1, 99, 200)
CHANGES = frame(*(row(2.5, 300, measure=c, p_value=0.01 if i % 2 else 0.4) for i, c in enumerate(CODES)))

DRAW = {
    "gauge": lambda **k: figures.gauge(row(63.94), previous=row(62.0), difference=row(1.94, p_value=0.01), **k),
    "surplus_ladder": lambda **k: figures.surplus_ladder(
        ITEMS.iloc[:3], differences=CHANGES.iloc[:2], beside=ITEMS.iloc[3:4], **k
    ),
    "index_bars": lambda **k: figures.index_bars(ITEMS, highlight=["a"], **k),
    "group_bars": lambda **k: figures.group_bars(GROUPS, overall=row(62.0), **k),
    "item_dots": lambda **k: figures.item_dots(ITEMS, previous=EARLIER, **k),
    "caterpillar": lambda **k: figures.caterpillar(GROUPS, overall=row(62.0), **k),
    "driver_bars": lambda **k: figures.driver_bars(IMPORTANCE, **k),
    "portfolio": lambda **k: figures.portfolio(ITEMS, IMPORTANCE, **k),
    "trend_lines": lambda **k: figures.trend_lines(WAVES, **k),
    "slope_chart": lambda **k: figures.slope_chart(EARLIER, ITEMS, differences=CHANGES, waves=("2023", "2024"), **k),
    "likert_bars": lambda **k: figures.likert_bars(SHARES, **k),
    "distribution": lambda **k: figures.distribution(SCORES, mean=row(50.0), **k),
    "path_diagram": lambda **k: figures.path_diagram(NODES, EDGES, **k),
    "structure_diagram": lambda **k: figures.structure_diagram(NODES.iloc[:3], PATHS, **k),
    "heat_table": lambda **k: figures.heat_table(CELLS, **k),
    "peers_strip": lambda **k: figures.peers_strip(PEERS, own="c", peer_mean=row(64.5), **k),
}
#: what the alt text must tell
TOLD = {
    "gauge": ["63.9", "62.0", "+1.9", "400"],
    "surplus_ladder": ["50.0", "54.3", "58.5", "62.8", "+2.5"],
    "index_bars": ["50.0", "54.3", "58.5", "62.8", "67.0", "71.3", "75.5", "300"],
    "group_bars": ["55.0", "58.5", "62.0", "76.0", "100"],
    "item_dots": ["50.0", "47.5", "75.5", "73.0"],
    "caterpillar": ["55.0", "76.0", "62.0"],
    "driver_bars": [".250", ".550"],
    "portfolio": ["50.0", ".250", "75.5", ".550"],
    "trend_lines": ["60.0", "63.0", "65.0", "2020", "2023"],
    "slope_chart": ["47.5", "50.0", "73.0", "75.5"],
    "likert_bars": ["12.5%", "25.0%", "62.5%"],
    "distribution": ["10.0%", "50.0", "200"],
    "path_diagram": ["60.0", "0.400", "0.600", "63.0", "1.000"],
    "structure_diagram": ["60.0", "0.400", "0.050", "−0.200"],
    "heat_table": ["50.5", "51.5", "57.5"],
    "peers_strip": ["63.0", "64.5", "60.0", "69.0"],
}
LANGS = ("ko", "en")


@cache
def drawing(kind, lang):
    return DRAW[kind](lang=lang)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("kind", DRAW)
class TestEveryFigure:
    def test_alt_text_tells_the_numbers(self, kind, lang):
        alt = drawing(kind, lang).alt
        assert [t for t in TOLD[kind] if t not in alt] == []
        assert alt.endswith(".")
        assert not re.search(r"nan|None|\{|\}|NA\b", alt)

    def test_language_of_what_is_drawn(self, kind, lang):
        figure = drawing(kind, lang)
        drawn = " ".join(t.get_text() for ax in figure.fig.axes for t in ax.texts)
        hangul = re.search(r"[가-힣]", drawn + figure.alt + figure.caption)
        assert bool(hangul) == (lang == "ko")

    def test_bases_are_shown(self, kind, lang):
        figure = drawing(kind, lang)
        assert figure.has_bases
        assert any("n = " in t.get_text() for ax in figure.fig.axes for t in ax.texts)

    def test_svg_is_the_same_every_time(self, kind, lang):
        first, second = drawing(kind, lang).svg(), DRAW[kind](lang=lang).svg()
        assert first == second
        assert len(first) < 60_000
        text = first.decode()
        xml.dom.minidom.parseString(text)
        assert "<text" not in text
        assert "date" not in text.lower()
        references = set(re.findall(r'(?:href="#|url\(#)([^")]+)', text))
        assert references <= set(re.findall(r'id="([^"]+)"', text))

    @pytest.mark.parametrize("width", [160.0, 90.0], ids=["A4", "phone"])
    def test_text_stays_on_the_paper(self, kind, lang, width):
        figure = drawing(kind, lang) if width == 160 else DRAW[kind](lang=lang, width=width)
        renderer = figure.fig.canvas.get_renderer()
        box = figure.fig.bbox
        for ax in figure.fig.axes:
            for text in ax.texts:
                extent = text.get_window_extent(renderer)
                # drawn to the screen hinted, which is up to 8 % wider than in print
                assert extent.x0 > box.x0 - 6, text.get_text()
                assert extent.x1 < box.x1 + 6, text.get_text()
                assert extent.y0 > box.y0 - 3, text.get_text()
                assert extent.y1 < box.y1 + 3, text.get_text()

    def test_no_glyph_is_missing(self, kind, lang):
        assert drawing(kind, lang).png(dpi=72).startswith(b"\x89PNG")  # matplotlib warns of missing glyphs


def artists(figure, gid):
    return [a for ax in figure.fig.axes for a in ax.get_children() if a.get_gid() == gid]


class TestDrawnIsData:
    def test_bars(self):
        figure = DRAW["index_bars"](lang="ko")
        ax = figure.fig.axes[0]
        widths = [p.get_width() for p in ax.patches]
        assert widths == pytest.approx(ITEMS["estimate"].tolist())
        (interval,) = artists(figure, "interval")
        drawn = np.array([s[:, 0] for s in interval.get_segments()])
        assert drawn == pytest.approx(ITEMS[["ci_low", "ci_high"]].to_numpy())
        assert figure.data["estimate"].tolist() == ITEMS["estimate"].tolist()
        assert figure.row_ids == tuple(ITEMS["row_id"])

    def test_group_bars_and_reference(self):
        figure = DRAW["group_bars"](lang="en")
        assert [p.get_width() for p in figure.fig.axes[0].patches] == pytest.approx(GROUPS["estimate"].tolist())
        (line,) = artists(figure, "reference")
        assert line.get_segments()[0][0, 0] == 62.0

    def test_dots(self):
        figure = DRAW["item_dots"](lang="ko")
        (dots,) = artists(figure, "value")
        assert dots.get_offsets()[:, 0].tolist() == pytest.approx(ITEMS["estimate"].tolist())
        (old,) = artists(figure, "previous")
        assert old.get_xdata().tolist() == pytest.approx(EARLIER["estimate"].tolist())

    def test_caterpillar_is_sorted(self):
        (dots,) = artists(DRAW["caterpillar"](lang="ko"), "value")
        places = dots.get_offsets()
        assert places[:, 0].tolist() == sorted(GROUPS["estimate"], reverse=True)
        assert (np.diff(places[:, 1]) > 0).all()

    def test_portfolio(self):
        figure = DRAW["portfolio"](lang="ko")
        (dots,) = artists(figure, "value")
        assert np.asarray(dots.get_offsets()) == pytest.approx(
            np.column_stack([ITEMS["estimate"], IMPORTANCE["estimate"]])
        )
        cross = artists(figure, "crosshair")[0].get_xdata()[0]
        assert cross == pytest.approx(ITEMS["estimate"].mean())
        data = figure.data[figure.data["axis"] == "x"]
        assert data["quadrant"].tolist() == ["low_priority"] * 3 + ["keep"] * 4

    def test_portfolio_ellipse_is_the_95_percent_region(self):
        """Half-axes of a correlated pair: eigenvalues of its covariance times the chi-square quantile
        5.991."""
        few = lambda frame: frame.iloc[:5]
        figure = figures.portfolio(few(ITEMS), few(IMPORTANCE), covariance=dict.fromkeys(CODES, 0.01), lang="en")
        ellipse = artists(figure, "interval")[0]
        values = np.linalg.eigvalsh(np.array([[1.0, 0.01], [0.01, 0.0004]]))
        assert sorted([ellipse.width, ellipse.height]) == pytest.approx(sorted(2 * np.sqrt(values * 5.991464547)))

    def test_trend(self):
        lines = artists(DRAW["trend_lines"](lang="ko"), "value")
        assert [line.get_ydata().tolist() for line in lines] == [[60, 61, 62, 63], [62, 63, 64, 65]]

    def test_slopes(self):
        slopes = artists(DRAW["slope_chart"](lang="ko"), "slope")
        heights = np.array([s.get_ydata() for s in slopes])
        # page millimetres run downwards and are linear in the values
        both = np.column_stack([EARLIER["estimate"], ITEMS["estimate"]])
        slope, _ = np.polyfit(both.ravel(), heights.ravel(), 1)
        assert slope < 0
        assert heights - heights[0, 0] == pytest.approx(slope * (both - both[0, 0]))

    def test_likert(self):
        bars = figures.likert_bars(SHARES, lang="ko").fig.axes[0].patches
        assert [b.get_width() for b in bars] == pytest.approx((SHARES["estimate"] * 100).tolist())
        assert [b.get_x() for b in bars[:3]] == pytest.approx([0, 12.5, 37.5])

    def test_distribution(self):
        figure = DRAW["distribution"](lang="ko")
        heights = [p.get_height() for p in figure.fig.axes[0].patches if p.get_height() < 99 and p.get_width() == 10]
        counts = np.histogram(SCORES, np.arange(0, 101, 10))[0]
        assert heights == pytest.approx(counts / 2)  # 200 scores: half a per cent each
        assert figure.data["count"].tolist() == counts.tolist()
        assert "score" not in figure.data.columns

    def test_weighted_distribution(self):
        figure = figures.distribution([10, 90], weights=[3, 1], bins=2, lang="en")
        assert figure.data["estimate"].tolist() == [0.75, 0.25]
        assert figure.data["count"].tolist() == [1, 1]

    def test_gauge_ring(self):
        figure = DRAW["gauge"](lang="ko")
        (ring,) = artists(figure, "value")
        assert ring.theta2 - ring.theta1 == pytest.approx(1.8 * 63.94)

    def test_ladder(self):
        bars = [p for p in DRAW["surplus_ladder"](lang="ko").fig.axes[0].patches if p.get_gid() == "value"]
        assert [b.get_height() for b in bars] == pytest.approx(ITEMS["estimate"].tolist()[:4])

    def test_heat(self):
        (mesh,) = artists(DRAW["heat_table"](lang="ko"), "value")
        assert mesh.get_array().ravel().tolist() == CELLS["estimate"].tolist()

    def test_tree(self):
        figure = DRAW["path_diagram"](lang="ko")
        (edges,) = artists(figure, "edge")
        assert len(edges.get_segments()) == 5
        widths = np.asarray(edges.get_linewidths())
        assert widths.argmax() == 4  # weight 1.0
        assert figure.data.set_index("measure")["weight"].to_dict()["i2"] == 0.7

    def test_peers_are_anonymous_by_default(self):
        figure = DRAW["peers_strip"](lang="ko")
        assert len(artists(figure, "own")) == 1
        (others,) = artists(figure, "value")
        assert len(others.get_offsets()) == 6
        rest = figure.data.iloc[2:]
        assert rest["estimate"].tolist() == sorted(PEERS.loc[PEERS["agency"] != "c", "estimate"])
        assert rest[["row_id", "agency", "n"]].isna().all().all()
        assert not any(re.fullmatch("[abdefg]", t.get_text()) for ax in figure.fig.axes for t in ax.texts)
        named = figures.peers_strip(PEERS, own="c", visibility="named", lang="ko")
        assert set(named.data["agency"]) == set(CODES)
        assert len(figures.peers_strip(PEERS, own="c", visibility="group", lang="ko").data) == 1

    def test_few_peers_are_not_shown(self):
        assert MIN_PEERS == 3
        figure = figures.peers_strip(PEERS.iloc[:3], own="c", peer_mean=row(60.0), lang="en")
        assert not artists(figure, "value")
        assert "61.5" not in figure.alt
        assert len(figure.data) == 1
        assert "only 2" in figure.alt


MISSING = {
    "gauge": lambda r: figures.gauge(r, lang="ko"),
    "surplus_ladder": lambda r: figures.surplus_ladder(
        frame({**r, "measure": "x"}, row(60.0, measure="y")), differences=CHANGES.iloc[:1], lang="ko"
    ),
    "index_bars": lambda r: figures.index_bars(frame({**r, "measure": "x"}), lang="ko"),
    "group_bars": lambda r: figures.group_bars(frame({**r, "group1": "x"}), overall=r, lang="ko"),
    "item_dots": lambda r: figures.item_dots(frame({**r, "measure": "x"}), lang="ko"),
    "caterpillar": lambda r: figures.caterpillar(frame({**r, "group1": "x"}, row(5.0, group1="y")), lang="ko"),
    "driver_bars": lambda r: figures.driver_bars(frame({**r, "measure": "x"}), lang="ko"),
    "trend_lines": lambda r: figures.trend_lines(frame({**r, "measure": "x", "year": 2024}), lang="ko"),
    "slope_chart": lambda r: figures.slope_chart(
        frame({**r, "measure": "x"}), frame({**r, "measure": "x"}), waves=("1", "2"), lang="ko"
    ),
    "likert_bars": lambda r: figures.likert_bars(frame({**r, "measure": "x", "group2": "1"}), lang="ko"),
    "heat_table": lambda r: figures.heat_table(frame({**r, "group1": "x", "measure": "y"}), lang="ko"),
    "path_diagram": lambda r: figures.path_diagram(
        frame({**r, "measure": "top"}, {**r, "measure": "x"}),
        pd.DataFrame({"parent": ["top"], "child": ["x"], "weight": [1.0]}),
        lang="ko",
    ),
    "structure_diagram": lambda r: figures.structure_diagram(
        frame({**r, "measure": "x"}, {**r, "measure": "y"}),
        frame(row(0.3, unit="coefficient", versus="x", measure="y")),
        lang="ko",
    ),
    "peers_strip": lambda r: figures.peers_strip(pd.concat([PEERS, frame({**r, "agency": "z"})]), own="z", lang="ko"),
}


@pytest.mark.parametrize("kind", MISSING)
@pytest.mark.parametrize(
    ("change", "word"),
    [({"suppressed": True, "n": None}, "비공개"), ({"n": 0}, "자료 없음")],
    ids=["withheld", "absent"],
)
def test_what_is_missing_is_said(kind, change, word):
    figure = MISSING[kind]({**row(None, se=None), **change})
    drawn = " ".join(t.get_text() for ax in figure.fig.axes for t in ax.texts)
    assert word in figure.alt
    assert word in drawn
    figure.svg()


ONE = {k: v for k, v in MISSING.items() if k != "likert_bars"}


@pytest.mark.parametrize("kind", ONE)
def test_one_value_without_error_and_with_a_long_name(kind):
    """One row, no interval, no spread."""
    figure = ONE[kind](row(50.0, se=None))
    assert "50.0" in figure.alt
    figure.svg()


@pytest.mark.parametrize("kind", ["index_bars", "caterpillar", "item_dots", "driver_bars", "heat_table", "trend_lines"])
def test_empty_frames_are_refused(kind):
    with pytest.raises(InputError, match="nothing"):
        getattr(figures, kind)(ITEMS.iloc[:0].assign(group1=[], year=[]), lang="ko")


@pytest.mark.parametrize("kind", ["index_bars", "item_dots", "driver_bars"])
def test_frames_without_bases_are_refused(kind):
    with pytest.raises(InputError, match="bases"):
        getattr(figures, kind)(ITEMS.drop(columns="n"), lang="ko")


@pytest.mark.parametrize(
    "call",
    [
        lambda: figures.gauge(row(60.0), thresholds=(70, 50), lang="ko"),
        lambda: figures.gauge(ITEMS, lang="ko"),
        lambda: figures.surplus_ladder(ITEMS.iloc[:3], differences=CHANGES.iloc[:1], lang="ko"),
        lambda: figures.portfolio(ITEMS, IMPORTANCE.iloc[:3], lang="ko"),
        lambda: figures.portfolio(ITEMS.iloc[:1], IMPORTANCE, lang="ko"),
        lambda: figures.likert_bars(SHARES.assign(estimate=0.5), lang="ko"),
        lambda: figures.distribution([], lang="ko"), lambda: figures.distribution([101.0], lang="ko"),
        lambda: figures.distribution([1.0], weights=[-1.0], lang="ko"),
        lambda: figures.path_diagram(NODES, EDGES.assign(child="zz"), lang="ko"),
        lambda: figures.path_diagram(NODES, pd.concat([EDGES, EDGES]), lang="ko"),
        lambda: figures.path_diagram(NODES, pd.DataFrame([("d1", "d2", 1.0), ("d2", "d1", 1.0)],
                                                         columns=EDGES.columns), lang="ko"),
        lambda: figures.structure_diagram(NODES.iloc[:2], PATHS, lang="ko"),
        lambda: figures.structure_diagram(NODES.iloc[:3], PATHS.assign(versus=["d1", "d2", "d2"],
                                                                       measure=["d2", "d1", "top"]), lang="ko"),
        lambda: figures.peers_strip(PEERS, own="zz", lang="ko"),
        lambda: figures.peers_strip(PEERS, own="c", visibility="all", lang="ko"),
        lambda: figures.trend_lines(WAVES, breaks=[1999], lang="ko"),
        lambda: figures.index_bars(pd.concat([ITEMS, ITEMS]), lang="ko"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_in_words(call):
    with pytest.raises(InputError):
        call()


def test_ties_at_one_value():
    same = ITEMS.assign(estimate=60.0, ci_low=59.0, ci_high=61.0)
    figures.portfolio(same, IMPORTANCE.assign(estimate=0.5), lang="ko").svg()
    figures.caterpillar(same.assign(group1=same["measure"]), lang="ko").svg()
    figures.slope_chart(same, same, waves=("a", "b"), lang="ko").svg()
    figures.heat_table(same.assign(group1="x"), lang="ko").svg()


def test_hostile_labels_are_drawn_as_text():
    hostile = ["$x^2$ {a} <b>", "긴 이름 " * 40, "무공백" * 60, "大田 🙂 \u202eabc", r"\frac", "a\nb", "|"]
    labels = dict(zip(CODES, hostile))
    for draw in (figures.index_bars, figures.item_dots, figures.driver_bars):
        figure = draw(ITEMS, labels=labels, lang="ko")
        figure.svg()
        figure.png(dpi=50)
        assert "$x^2$ {a} <b>" in figure.alt
    assert "大田 🙂 abc" in figures.index_bars(ITEMS, labels=labels, lang="ko").alt


def test_a_break_interrupts_the_line():
    editions = WAVES.assign(formula_edition=["1", "1", "2", "2"] * 2)
    figure = figures.trend_lines(editions, lang="en")
    assert len(artists(figure, "break")) == 1
    assert [line.get_ydata().tolist() for line in artists(figure, "value")] == [
        [60, 61],
        [62, 63],
        [62, 63],
        [64, 65],
    ]
    assert "2022" in figure.alt


def test_many_items_are_told_by_their_extremes():
    many = frame(*(row(40.5 + i, 300, measure=f"m{i}") for i in range(25)))
    alt = figures.index_bars(many, lang="ko").alt
    assert "64.5점" in alt
    assert "40.5점" in alt
    assert "52.5점" not in alt
    many_nodes = frame(row(60.0, measure="top"), *(row(50.0 + i, measure=f"i{i}") for i in range(25)))
    edges = pd.DataFrame({"parent": "top", "child": [f"i{i}" for i in range(25)], "weight": 0.04})
    figure = figures.path_diagram(many_nodes, edges, lang="ko")
    assert figure.fig.get_size_inches()[1] * 25.4 < 240  # one page


def test_a_crowded_portfolio_names_first_what_is_to_be_improved():
    rng = np.random.default_rng(5)
    codes = [f"q{i}" for i in range(24)]
    sat = frame(*(row(v, measure=c) for v, c in zip(rng.uniform(58, 66, 24), codes)))
    imp = frame(*(row(v, unit="correlation", se=0.02, measure=c) for v, c in zip(rng.uniform(0.3, 0.5, 24), codes)))
    figure = figures.portfolio(sat, imp, lang="ko", labels={c: f"문항의 긴 이름 {c}" for c in codes})
    drawn = {t.get_text().replace("\n", " ") for ax in figure.fig.axes for t in ax.texts}
    urgent = set(figure.data.loc[figure.data["quadrant"] == "concentrate", "label"])
    named = {p for p in figure.data["label"] if p in drawn}
    assert urgent
    assert len(urgent & named) >= len(urgent) - 1
    assert any(f"이름이 없는 점 {24 - len(named)}개" in text for text in drawn)


def test_wrap_never_breaks_an_eojeol_that_fits():
    text = "고객응대의 친절성과 성실성 및 업무처리의 신속성에 대한 만족도"
    done = wrap(text, 40, 9.5)
    assert set(done.split()) == set(text.split())
    assert all(text_width(line, 9.5) <= 40 for line in done.split("\n"))
    assert wrap("가" * 200, 40, 9.5).endswith("…")
    assert wrap("가" * 200, 40, 9.5).count("\n") == 2


@pytest.mark.parametrize(
    ("low", "high"), [(0, 100), (43.7, 72.3), (-0.1, 0.56), (99.9, 100), (5, 5), (-100, 100), (0.001, 0.002)]
)
def test_ticks_cover_the_range_with_round_values(low, high):
    ticks = nice_ticks(low, high)
    assert ticks[0] <= low + 1e-9
    assert ticks[-1] >= high - 1e-9
    assert 2 <= len(ticks) <= 12
    steps = np.diff(ticks)
    assert steps == pytest.approx(np.full(len(steps), steps[0]))


def contrast(one, other):
    light = []
    for colour in (one, other):
        channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        light.append(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2])
    return (max(light) + 0.05) / (min(light) + 0.05)


def test_text_colours_reach_wcag_aa():
    for colour in (HOUSE.ink, HOUSE.muted, HOUSE.primary, HOUSE.accent, *HOUSE.lines):
        assert contrast(colour, HOUSE.page) >= 4.5
    for zone in (HOUSE.danger, HOUSE.caution, HOUSE.good):
        assert contrast(HOUSE.ink, zone) >= 4.5


def test_a_surplus_is_compared_not_a_change_over_time():
    assert "(higher, 95% interval" in DRAW["surplus_ladder"](lang="en").alt
    assert "(높음, 95% 신뢰구간" in DRAW["surplus_ladder"](lang="ko").alt
    assert "(rose, 95% interval" in DRAW["gauge"](lang="en").alt


def test_pyplot_is_left_alone():
    import matplotlib.pyplot as plt

    DRAW["distribution"](lang="ko")
    assert plt.get_fignums() == []


def test_paths_lead_downwards_and_lines_of_one_lane_do_not_meet():
    """Constructs in causal order; two paths that skip constructs share a lane only where their spans do not overlap."""
    from csi_lib.figures.structure import _causal, _lanes

    pairs = [("image", "expect"), ("expect", "quality"), ("image", "sat"), ("quality", "sat"), ("expect", "sat"),
             ("sat", "loyal"), ("image", "loyal")]  # fmt: skip
    order = _causal(dict.fromkeys(["loyal", "sat", "image", "quality", "expect"]), pairs, "here")
    seat = {node: k for k, node in enumerate(order)}
    assert order == ["image", "expect", "quality", "sat", "loyal"]
    skipping = sorted((p for p in pairs if seat[p[1]] - seat[p[0]] > 1), key=lambda p: seat[p[1]] - seat[p[0]])
    lanes = _lanes(skipping, seat)
    for a in skipping:
        for b in skipping:
            apart = seat[a[1]] <= seat[b[0]] or seat[b[1]] <= seat[a[0]]
            assert a == b or apart or lanes[a] != lanes[b]


@pytest.mark.parametrize(
    "kind", ["caterpillar", "trend_lines", "likert_bars", "structure_diagram", "heat_table", "peers_strip"]
)
def test_rows_under_a_figure_can_be_told_apart(kind):
    """A score in four years, the cells of a heat table, a score and its weight: no two rows carry the same labels."""
    from csi_lib.report.display import data_table

    figure = DRAW[kind](lang="ko")
    told = data_table(figure)
    labels = [row.cells[: told.stub] for row in told.rows]
    named = [label for label in labels if "다른 기관" not in label]  # bodies that stay anonymous on purpose
    assert len(set(named)) == len(named)
    assert all(any(label) for label in labels)
