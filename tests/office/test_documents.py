"""DOCX and HWPX of a report: structure as an office program sees it, read back by readers of others; bad input."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from lxml import etree

from csi_lib.errors import InputError
from csi_lib.office.libraries import require
from csi_lib.report.render import render_document

PICTURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="200pt" height="100pt" viewBox="0 0 200 100">'
    '<rect width="200" height="100" fill="#1F5A99"/></svg>'
)
TEXT = """---
title: 시험 보고서
subtitle: 2024년 결과보고서
agency: 한빛시 시설관리공단
contractor: 열린조사연구소
lang: ko
csi-cover: true
toc: true
number-sections: true
---

# 요약 {#sec-a}

종합 점수는 68.3점이다. @tbl-one, @fig-one, @sec-b 참조.

| 구분 | 점수 |
|:-----|-----:|
| 가 | 61.2 |
| 나 | 75.9 |

: 점수표 {#tbl-one}

## 강점 {#sec-b}

![막대 그림](bar.svg){#fig-one fig-alt="파란 막대 하나"}

# 부록

둘째 장이다.

| 구분 | 점수 |
|:-----|-----:|
| 다 | 1.5 |

: 둘째 표 {#tbl-two}

# 설문지 {.unnumbered}

물음이다.
"""


def make(folder: Path, text: str = TEXT, formats=("docx", "hwpx")):
    (folder / "bar.svg").write_text(PICTURE, encoding="utf-8")
    (folder / "doc.md").write_text(text, encoding="utf-8")
    return render_document(folder / "doc.md", folder / "out", formats=formats, renderer="embedded").paths


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make(tmp_path_factory.mktemp("doc"))


# ---------------------------------------------------------------------- HWPX
def section(path: Path):
    with zipfile.ZipFile(path) as archive:
        return etree.fromstring(archive.read("Contents/section0.xml"))


HP = "{http://www.hancom.co.kr/hwpml/2011/paragraph}"


def test_hwpx_is_valid_for_its_own_library_and_readable_for_two_others(made):
    import hwp_hwpx_parser
    import unhwp
    from hwpx import HwpxDocument

    assert HwpxDocument.open(str(made["hwpx"])).validate().ok
    text = unhwp.parse(str(made["hwpx"])).plain_text
    for part in ("시험 보고서", "한빛시 시설관리공단", "종합 점수는 68.3점이다.", "61.2", "75.9", "둘째 장이다."):
        assert part in text
    with hwp_hwpx_parser.Reader(str(made["hwpx"])) as reader:
        tables = [t.rows for t in reader.get_tables()]
    assert [["구분", "점수"], ["가", "61.2"], ["나", "75.9"]] in [[list(r) for r in t] for t in tables]


def test_hwpx_headings_are_outline_styles_and_the_contents_a_field(made):
    root = section(made["hwpx"])
    with zipfile.ZipFile(made["hwpx"]) as archive:
        head = etree.fromstring(archive.read("Contents/header.xml"))
        kind = archive.infolist()[0]
        assert (kind.filename, kind.compress_type) == ("mimetype", zipfile.ZIP_STORED)
    names = {s.get("id"): s.get("name") for s in head.iter("{*}style")}
    styled = {"".join(p.itertext()).strip(): names[p.get("styleIDRef")] for p in root.iter(f"{HP}p")}
    assert styled["요약"] == "개요 1"
    assert styled["강점"] == "개요 2"
    shapes = {p.get("id"): p for p in head.iter("{*}paraPr")}
    assert styled["설문지"] == "개요 1"  # in the outline and the contents, without a number
    for paragraph in (p for p in root.iter(f"{HP}p") if names[p.get("styleIDRef")].startswith("개요")):
        if "".join(paragraph.itertext()).strip() == "설문지":
            assert shapes[paragraph.get("paraPrIDRef")].find("{*}heading").get("type") == "NONE"
            assert paragraph.get("pageBreak") == "1"
            continue
        outline = shapes[paragraph.get("paraPrIDRef")].find("{*}heading")
        level = int(names[paragraph.get("styleIDRef")].split()[1])
        assert (outline.get("type"), outline.get("level")) == ("OUTLINE", str(level - 1))  # numbered by Hangul
    fields = [f.get("type") for f in root.iter(f"{HP}fieldBegin")]
    assert fields.count("TABLEOFCONTENTS") == 1
    assert fields.count("HYPERLINK") == 4  # one for each heading


def test_hwpx_captions_are_numbered_tables_native_and_pictures_described(made):
    root = section(made["hwpx"])
    tables = list(root.iter(f"{HP}tbl"))
    assert [t.get("repeatHeader") for t in tables] == ["1", "1"]
    captions = ["".join(c.itertext()) for c in root.iter(f"{HP}caption")]
    assert any("점수표" in c for c in captions)
    numbers = [(n.get("numType"), n.get("num")) for n in root.iter(f"{HP}autoNum")]
    assert numbers.count(("TABLE", "1")) == numbers.count(("TABLE", "2")) == numbers.count(("PICTURE", "1")) == 1
    headers = [c.get("header") for c in tables[0].iter(f"{HP}tc")]
    assert headers == ["1", "1", "0", "0", "0", "0"]
    (picture,) = root.iter(f"{HP}pic")
    assert picture.findtext(f"{HP}shapeComment") == "파란 막대 하나"


def test_hwpx_has_header_and_page_number(made):
    root = section(made["hwpx"])
    assert "시험 보고서" in "".join(next(root.iter(f"{HP}header")).itertext())
    first = next(root.iter(f"{HP}p"))
    (number,) = root.iter(f"{HP}pageNum")  # one, of the section: what stands in a footer other readers do not show
    assert number.getparent().getparent().getparent() is first
    assert not list(root.iter(f"{HP}footer"))
    (cover,) = root.iter(f"{HP}pageHiding")
    assert (cover.get("hideHeader"), cover.get("hidePageNum")) == ("1", "1")
    assert first in cover.iterancestors()


# ---------------------------------------------------------------------- DOCX
def test_docx_has_styles_fields_header_rows_and_alternative_text(made):
    import docx
    from docx.oxml.ns import qn

    document = docx.Document(str(made["docx"]))
    styles = {p.text: p.style.name for p in document.paragraphs if p.text}
    assert next(s for t, s in styles.items() if t.endswith("요약") and s.startswith("Heading")) == "Heading 1"
    assert next(s for t, s in styles.items() if t.endswith("강점") and s.startswith("Heading")) == "Heading 2"
    body = document.element.body
    fields = [f.get(qn("w:instr")).split()[:2] for f in body.iter(qn("w:fldSimple"))]
    assert fields.count(["SEQ", "표"]) == 2
    assert fields.count(["SEQ", "그림"]) == 1
    codes = "".join(i.text for i in body.iter(qn("w:instrText")))
    assert 'TOC \\o "1-3"' in codes
    assert codes.count("PAGEREF") == 7  # four headings, two tables, one figure
    assert all(list(t._tbl.iter(qn("w:tblHeader"))) for t in document.tables)
    described = [
        d.get("descr")
        for d in body.iter("{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}docPr")
    ]
    assert described == ["파란 막대 하나"]
    with zipfile.ZipFile(made["docx"]) as archive:
        names = archive.namelist()
        assert not any(b"/tmp/" in archive.read(n) for n in names)  # where the picture lay
    running = [(s.header._element, s.footer._element) for s in document.sections][-1]
    fields = [
        "".join(e.itertext()) + "".join(f.get(qn("w:instr")) or "" for f in e.iter(qn("w:fldSimple"))) for e in running
    ]
    assert any("PAGE" in f for f in fields)
    assert any("TITLE" in f or "시험 보고서" in f for f in fields)
    links = {a.get(qn("w:anchor")) for a in body.iter(qn("w:hyperlink"))}
    marks = {b.get(qn("w:name")) for b in body.iter(qn("w:bookmarkStart"))}
    assert links <= marks


def test_libreoffice_reads_the_docx_with_nothing_lost(made, libreoffice):
    text = libreoffice(made["docx"], "txt:Text").read_text(encoding="utf-8-sig")
    for part in (
        "시험 보고서",
        "한빛시 시설관리공단",
        "68.3점",
        "표 1. 점수표",
        "그림 1. 막대 그림",
        "75.9",
        "표 2. 둘째 표",
    ):
        assert part in text


# ---------------------------------------------------------------------- both
def test_equal_documents_give_equal_bytes(tmp_path):
    first, second = tmp_path / "a", tmp_path / "b"
    first.mkdir()
    second.mkdir()
    one, two = make(first), make(second)
    for name in ("docx", "hwpx"):
        assert one[name].read_bytes() == two[name].read_bytes()


@pytest.mark.parametrize("text", ["=1+1", "가\x01나\ufffe다", "긴 이름표 " * 40, "<b>&amp;", "@SUM(A1)"])
def test_awkward_text_is_shown_in_both(tmp_path, text):
    from csi_lib.prose.escape import escape_markdown
    from csi_lib.report.office_text import xml_text
    from tests.office.reading import docx_text, hwpx_text

    cell = escape_markdown(text)
    paths = make(
        tmp_path,
        f"---\ntitle: 시험\nlang: ko\n---\n\n# {cell}\n\n| 구분 | 값 |\n|:--|--:|\n| {cell} | 1.5 |\n\n: {cell} {{#tbl-a}}\n",
    )
    squeeze = lambda s: "".join(s.split())
    wanted = squeeze(xml_text(text))
    for name, read in (("docx", docx_text), ("hwpx", hwpx_text)):
        found = squeeze(read(paths[name])).replace("\\", "")
        assert found.replace("\ufffd", "").count(wanted.replace("\ufffd", "")) >= 2, (name, found[:300])


def test_a_missing_picture_is_named(tmp_path):
    for wrong, message in (("nothing.svg", "nothing.svg"), ("doc.md", "doc.md")):
        with pytest.raises(InputError, match=message):
            make(tmp_path, f"---\ntitle: 시험\nlang: ko\n---\n\n![그림]({wrong}){{#fig-a fig-alt='x'}}\n")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match="PNG or JPEG"):
        make(tmp_path, "---\ntitle: 시험\nlang: ko\n---\n\n![그림](broken.png){#fig-a fig-alt='x'}\n")


def test_a_library_that_is_not_there_is_named_with_its_extra(monkeypatch):
    from csi_lib.office import libraries

    monkeypatch.setattr(libraries, "find_spec", lambda name: None)
    with pytest.raises(InputError, match="python-hwpx") as caught:
        require(["html", "hwpx", "xlsx"])
    assert "`hwpx`, `office`" in str(caught.value)
    assert "python-hwpx>=" in str(caught.value)  # what pip can find, since the workbench is on no index
    require(["html", "pdf", "docx"])
