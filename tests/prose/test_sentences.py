"""Sentences: data stays data, numbers keep their rows, nothing missing slips through."""

import subprocess

import numpy as np
import pypandoc
import pytest

from csi_lib.errors import InputError
from csi_lib.prose.numbers import Interval, Number
from csi_lib.prose.sentences import Sentence, join_words, say

CSI = Number(63.94, "points", row_id="r1")
CHANGE = Number(-1.9, "points", row_id="r2")


def test_korean():
    done = say(
        "{agency:은/는} {csi:을/를} 받아 전년보다 {change:abs} 낮다.",
        "ko",
        agency="한국도로공사",
        csi=CSI,
        change=CHANGE,
    )
    assert done.text == "한국도로공사는 63.9점을 받아 전년보다 1.9점 낮다."
    assert done.markdown == '한국도로공사는 [63.9]{data-r="r1"}점을 받아 전년보다 [1.9]{data-r="r2"}점 낮다.'
    assert done.row_ids == ("r1", "r2")


def test_english():
    done = say("{agency} scored {csi:bare} ({change:signed}, {p:p}).", "en", agency="Seoul Metro", csi=CSI,
               change=Number(1.94, "points"), p=Number(0.0001, "p_value", row_id="r3"))  # fmt: skip
    assert done.text == "Seoul Metro scored 63.9 (+1.9 points, p < .001)."
    assert done.markdown.endswith('*p* [\\< .001]{data-r="r3"}).')


def test_the_particle_follows_what_is_printed():
    assert say("{x:이/가}", "ko", x=Number(64.0, "points")).text == "64.0점이"
    assert say("{x:bare,이/가}", "ko", x=Number(63.9, "points")).text == "63.9가"
    assert say("{x:은/는}", "ko", x=Number(0.5, "proportion")).text == "50.0%는"


def test_what_is_not_shown_is_said_in_words():
    hidden = Number(None, "points", row_id="r9", suppressed=True)
    assert say("{x:이다/다}", "ko", x=hidden).text == "비공개다"
    assert say("{x:이다/다}", "ko", x=hidden).row_ids == ("r9",)
    assert say("It is {x}.", "en", x=Number(None, "points")).text == "It is not available."


def test_data_is_escaped():
    done = say("{who:은/는} ok", "ko", who="<script>|*a*")
    assert done.text == "<script>|*a*는 ok"
    html = subprocess.run(
        [pypandoc.get_pandoc_path(), "-f", "markdown", "-t", "plain"],
        input=done.markdown.encode(),
        capture_output=True,
        check=True,
    ).stdout.decode()
    assert html.strip() == done.text


@pytest.mark.parametrize(
    ("items", "lang", "joined"),
    [
        (["가"], "ko", "가"),
        (["서울", "부산"], "ko", "서울과 부산"),
        (["대구", "부산"], "ko", "대구와 부산"),
        (["가", "나", "다"], "ko", "가, 나, 다"),
        (["a", "b"], "en", "a and b"),
        (["a", "b", "c"], "en", "a, b, and c"),
    ],
)
def test_lists(items, lang, joined):
    assert join_words(items, lang).text == joined
    assert say("{x}", lang, x=items).text == joined


def test_list_of_numbers_keeps_rows():
    done = say("{x:이/가}", "ko", x=[CSI, CHANGE])
    assert done.text == "63.9점과 −1.9점이"
    assert done.row_ids == ("r1", "r2")


def test_years_and_nested_sentences():
    inner = say("{x}", "ko", x=CSI)
    done = say("{year}년 {inner:으로/로} {{1}}", "ko", year=np.int64(2024), inner=inner)
    assert done.text == "2024년 63.9점으로 {1}"
    assert done.row_ids == ("r1",)
    assert (inner + Sentence("끝.", "끝.")).text == "63.9점 끝."


def test_interval():
    done = say(
        "{ci:을/를}",
        "ko",
        ci=Interval(Number(61.0, "points", row_id="a"), Number(66.0, "points", row_id="a")),
    )
    assert done.text == "61.0~66.0점을"
    assert done.row_ids == ("a",)


@pytest.mark.parametrize(
    "call",
    [
        lambda: say("{a} {b}", "ko", a="x"),
        lambda: say("{a}", "ko", a="x", b="y"),
        lambda: say("{a:을/은}", "ko", a="x"),
        lambda: say("{a:은/는}", "en", a="x"),
        lambda: say("{a", "ko", a="x"),
        lambda: say("{a.b}", "ko", a="x"),
        lambda: say("{a!r}", "ko", a="x"),
        lambda: say("{}", "ko"),
        lambda: say("{a}", "ko", a=63.9),
        lambda: say("{a}", "ko", a=None),
        lambda: say("{a}", "ko", a=True),
        lambda: say("{a}", "ko", a=""),
        lambda: say("{a}", "ko", a=[]),
        lambda: say("{a}", "xx", a="b"),
        lambda: say("{a}", "ko", a=np.float64(1)),
        lambda: say("{a}", "ko", a=object()),
    ],
)
def test_bad_templates_are_refused(call):
    with pytest.raises(InputError):
        call()


def test_the_nearest_field_is_named():
    with pytest.raises(InputError, match="agency"):
        say("{agancy}", "ko", agency="x")
