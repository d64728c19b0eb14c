"""Text from data shows as text in both formats, wherever it stands."""

import html
import re

import pytest

HOSTILE = {
    "script": r"\<script\>alert\(1\)\</script\>",
    "formula": r"=cmd()\|calc",
    "heading": r"\= 제목 아님",
    "list": r"\- 항목 아님",
    "plus": r"\+ 더하기",
    "term": r"\/ 용어",
    "number": r"1\. 하나",
    "typst": r"\#typst \#set page(fill: red) \#pagebreak()",
    "pipes": r"\| pipes \| more \|",
    "math": r"\$math\$ \$\$x\$\$",
    "reference": r"\@ref \@fig\-x \[\@a\]",
    "shortcode": r"\{\{\< video x \>\}\}",
    "image": r"\!\[x\](y.png)\{\#fig-q\}",
    "note": r"\[\^1\] \^\[note\]",
    "code": r"\`code\` \`\`\` fence",
    "backslash": r"\\ a \\\\ b\\",
    "emphasis": r"\*bold\* \_\_u\_\_ \~sub\~",
    "comment": r"\<\!-\- c -\-\> %% // c /\* d \*/",
    "dots": r"가.\.. -\- -? -1 010-1234-5678",
    "entity": r"\&amp; \&lt;",
    "quotes": r"\"따옴표\" \'s\'",
    "attributes": r"\{.x \#y\} \{=html\}",
}


def plain(escaped):
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", escaped)


def test_paragraphs_cells_captions_and_headings(document, pdf_text):
    cells = "\n".join(f"| {text} | 1 |" for text in HOSTILE.values())
    several = " ".join(HOSTILE.values())
    markdown = (
        "\n\n".join(HOSTILE.values())
        + f"\n\n| 글 | 값 |\n|:--|--:|\n{cells}\n\n: {several} {{#tbl-t}}\n\n# {several}\n"
    )
    main, page, pdf, _ = document(markdown)
    paragraphs = [html.unescape(re.sub(r"<[^>]+>", "", p)) for p in re.findall(r"<p>(.*?)</p>", main, re.DOTALL)]
    assert paragraphs == [plain(text) for text in HOSTILE.values()]
    in_cells = [html.unescape(c) for c in re.findall(r"<td>(.*?)</td>", main, re.DOTALL)]
    assert in_cells == [plain(text) for text in HOSTILE.values()]
    heading = html.unescape(re.sub(r"<[^>]+>", "", re.search(r"<h2[^>]*>(.*?)</h2>", main, re.DOTALL)[1]))
    assert heading == plain(several)
    assert page.count("<script>") == 1  # ours
    words = re.sub(r"\s+", " ", pdf_text(pdf))
    for text in HOSTILE.values():
        assert words.count(plain(text)) >= 2, text


def test_front_matter(document, pdf_text):
    _, page, pdf, _ = document(
        "글", front='title: "\\\\<b\\\\>\\\\#x \\\\$y\\\\$ \\\\@z"\nlang: ko\nauthor: "\\\\#a \\"b\\""'
    )
    assert "<title>&lt;b&gt;#x $y$ @z</title>" in page
    assert "<b>#x $y$ @z" in pdf_text(pdf)
    from pypdf import PdfReader

    assert PdfReader(pdf).metadata.title == "<b>#x $y$ @z"


def test_any_script_any_length(document, pdf_text):
    from pypdf import PdfReader

    texts = ["漢字 ㉠ ᄒᆞᆫ", "😀 👍🏻 ❤️ 👨‍👩‍👧", "가" * 5000, "나" * 200 + " " + "W" * 200, "עברית عربي"]
    main, _, pdf, made = document("\n\n".join(texts))
    for text in texts:
        assert f"<p>{text}</p>" in main
    text = re.sub(r"[\s\u200b]+", "", pdf_text(pdf))
    assert text.count("가") == 5000
    assert "W" * 200 in text
    assert "漢字" in text
    assert "😀" in text
    assert made.warnings == ()
    # a line of W's is no wider than the measure
    page = PdfReader(pdf).pages[-1]
    widest = []
    page.extract_text(
        visitor_text=lambda t, cm, tm, font, size: widest.append(len(t.split("\n")[0]) if "WWW" in t else 0)
    )
    assert max(widest) < 60


def test_a_character_no_font_has_costs_a_box_not_the_report(document, pdf_text):
    main, _, pdf, made = document("태국어 ภาษา 끝 𠀀")
    assert "태국어 ภาษา 끝 𠀀" in main
    assert "끝 □" in pdf_text(pdf)
    assert any("U+20000" in warning for warning in made.warnings)


def test_the_projects_own_escaping_is_enough(document, pdf_text):
    escape = pytest.importorskip("csi_lib.prose.escape")
    raw = [plain(text) for text in HOSTILE.values()]
    main, _, pdf, _ = document("\n\n".join(escape.escape_markdown(text) for text in raw))
    shown = [html.unescape(re.sub(r"<[^>]+>", "", p)) for p in re.findall(r"<p>(.*?)</p>", main, re.DOTALL)]
    assert shown == [escape.clean_text(text) for text in raw]
    words = re.sub(r"\s+", " ", pdf_text(pdf))
    for text in raw:
        assert escape.clean_text(text) in words
