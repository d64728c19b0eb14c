"""Every data string shows as itself after the real pandoc, in HTML and in Typst."""

import html
import json
import re
import subprocess

import pypandoc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from csi_lib.prose.escape import clean_text, escape_markdown

PANDOC = pypandoc.get_pandoc_path()
# what Quarto adds to pandoc's Markdown, and the extension most likely to be switched on by a user
READER = "markdown+autolink_bare_uris+tex_math_single_backslash+emoji"

HOSTILE = [
    "<script>alert(1)</script>",
    "| a | b |",
    "$x^2$ and $$y$$",
    "@ref [@ref] @fig-x",
    "# heading",
    "## h {#id .c}",
    "*a* **b** _c_ __d__ ~e~ ~~f~~ ^g^",
    "`code` ``` fence",
    "[link](http://x.y) ![img](a.png) [^1] ^[note]",
    "back\\slash \\n \\(x\\) \\[y\\]",
    "::: {.callout}",
    ":::",
    "- item",
    "+ item",
    "* item",
    "1. one",
    "1) one",
    "(1) one",
    "(@ex) one",
    "a. one",
    "iv) one",
    "#. one",
    "A.  one",
    "> quote",
    "    code",
    "\tcode",
    "---",
    "===",
    "a\nb\r\nc\x0bd\u2028e",
    "{{< include secret.qmd >}}",
    "{{< meta x >}}",
    "\u202egnp.exe\u202c",
    "a\u200bb\ufeff",
    "\x00\x07bell",
    "emoji 🙂 👨‍👩‍👧 🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "http://example.org/a_b_c?d=e&f=g",
    "www.example.org",
    "a@b.co",
    ":smile:",
    "&amp; &lt; &#65;",
    "\"quoted\" 'single' O'Brien",
    "dash -- and --- ellipsis ...",
    "=cmd()",
    "#typst[x] #let x = 1",
    "% title",
    ": term",
    "Table: caption",
    "| line block",
    "[]{.x}",
    "\\begin{a}x\\end{a}",
    "\\newpage",
    "<!-- comment -->",
    "<https://x.y>",
    "한글 문장입니다. 1,234명(56.7%)",
    "x" * 5000,
    "1986. A great year",
    "[ ] todo",
    "[x] done",
    "~~~",
    "K-water",
    "3.5",
    "TEXT*[abbr]: y",
    "a  b   c",
    "end\\",
    "`",
    "!",
    "![",
    "*",
    "\\",
    "^",
    "~",
    "$",
    "@",
    "..",
    "a -",
    "가. 나",
    "①",
]


def _pandoc(texts, to, block="::: {{.t}}\n{}\n:::"):
    """All `texts`, one block each, through pandoc once."""
    source = "\n\n".join(block.format(escape_markdown(t)) for t in texts)
    done = subprocess.run(
        [PANDOC, "-f", READER, "-t", to, "--wrap=none"],
        input=source.encode(),
        capture_output=True,
        check=True,
    )
    return done.stdout.decode()


def _blocks(texts):
    """What pandoc understood: for each text its blocks."""
    document = json.loads(_pandoc(texts, "json"))
    assert all(b["t"] == "Div" for b in document["blocks"])
    return [b["c"][1] for b in document["blocks"]]


def _plain(blocks):
    """The text of one paragraph made of words and spaces only; anything else is a construct that slipped
    in."""
    if not blocks:
        return ""
    assert [b["t"] for b in blocks] == ["Para"], blocks
    out = []
    for inline in blocks[0]["c"]:
        assert inline["t"] in ("Str", "Space"), inline
        out.append(inline["c"] if inline["t"] == "Str" else " ")
    return "".join(out)


def test_hostile_text_is_only_words_to_pandoc():
    for text, blocks in zip(HOSTILE, _blocks(HOSTILE), strict=True):
        assert _plain(blocks) == clean_text(text)


def test_hostile_text_in_html():
    shown = re.findall(r'<div class="t">\n<p>(.*?)</p>\n</div>', _pandoc(HOSTILE, "html"), re.DOTALL)
    assert [html.unescape(s) for s in shown] == [clean_text(t) for t in HOSTILE]
    assert not any("<" in s for s in shown)


def test_hostile_text_in_typst():
    """pandoc's Typst read back by pandoc's own Typst reader is the same text."""
    typst = _pandoc(HOSTILE, "typst", block="{}")
    back = subprocess.run([PANDOC, "-f", "typst", "-t", "plain", "--wrap=none"], input=typst.encode(),
                          capture_output=True, check=True).stdout.decode()  # fmt: skip
    got = [line for line in back.split("\n") if line]
    # Typst sets straight quotes as curly ones and three dots as an ellipsis; all else is letter for letter
    straight = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "…": "..."})
    assert [g.translate(straight) for g in got] == [clean_text(t) for t in HOSTILE]


CELLS = st.text(st.characters(codec="utf-8"), min_size=0, max_size=40)
MARKUP = st.text(st.sampled_from(list("\\`*_{}[]()<>#+-.!|$@~^&\"':;=%/ \n1a가🙂")), min_size=0, max_size=24)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(MARKUP | CELLS, min_size=30, max_size=30))
def test_any_text_comes_back(texts):
    for text, blocks in zip(texts, _blocks(texts), strict=True):
        assert _plain(blocks) == clean_text(text)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(MARKUP, min_size=2, max_size=20))
def test_any_text_in_a_table_cell(texts):
    """In a pipe table a cell stays one cell."""
    rows = "\n".join(f"| {escape_markdown(t)} | end |" for t in texts)
    source = f"| a | b |\n|---|---|\n{rows}\n"
    done = subprocess.run([PANDOC, "-f", READER, "-t", "json"], input=source.encode(), capture_output=True, check=True)
    (table,) = json.loads(done.stdout)["blocks"]
    assert table["t"] == "Table"
    body = table["c"][4][0][3]
    assert len(body) == len(texts)
    for row, text in zip(body, texts, strict=True):
        first, last = (cell[4] for cell in row[1])
        assert _plain([{**b, "t": "Para"} for b in first]) == clean_text(text)
        assert _plain([{**b, "t": "Para"} for b in last]) == "end"


@pytest.mark.parametrize(
    ("dirty", "clean"),
    [
        ("a\u202eb", "ab"),
        ("a\x00b", "ab"),
        ("a\nb", "a b"),
        ("  a \t b  ", "a b"),
        ("\u1100\u1161", "가"),
        ("a\u200bb", "ab"),
        ("a\ud800b", "ab"),
        ("👩‍🔧", "👩‍🔧"),
        ("\u2066x\u2069", "x"),
        ("a\u00adb", "ab"),
        ("", ""),
    ],
)
def test_clean_text(dirty, clean):
    assert clean_text(dirty) == clean


def test_a_number_after_an_exclamation_mark_is_no_image():
    done = subprocess.run([PANDOC, "-f", READER, "-t", "html"], capture_output=True, check=True,
                          input=(escape_markdown("좋아요!") + '[63.9]{data-r="x"}점').encode())  # fmt: skip
    assert done.stdout.decode().strip() == '<p>좋아요!<span data-r="x">63.9</span>점</p>'
