"""Makes reference.docx, the styles of DOCX reports, from pandoc's own: run it after changing a style here.

    python reports/docx/build_reference.py        (needs python-docx)
"""

import subprocess
from pathlib import Path

import docx
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm, Pt, RGBColor
from pypandoc import get_pandoc_path

HERE = Path(__file__).parent
INK, PRIMARY, GREY = RGBColor(0x1A, 0x1A, 0x1A), RGBColor(0x0B, 0x4F, 0x8A), RGBColor(0x55, 0x55, 0x55)
LATIN, HANGUL = "Malgun Gothic", "맑은 고딕"


def main() -> None:
    target = HERE / "reference.docx"
    with target.open("wb") as file:
        subprocess.run([get_pandoc_path(), "--print-default-data-file", "reference.docx"], stdout=file, check=True)
    document = docx.Document(target)
    for style in document.styles:
        if style.type in (WD_STYLE_TYPE.PARAGRAPH, WD_STYLE_TYPE.CHARACTER):
            font(style)
    size(document, "Normal", 10)
    for name, points, before in (("Heading 1", 18, 24), ("Heading 2", 14, 16), ("Heading 3", 12, 12), ("Title", 26, 160),
                                 ("Subtitle", 15, 6)):
        style = size(document, name, points)
        style.font.color.rgb, style.font.bold = PRIMARY, True
        style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(before), Pt(6)
    document.styles["Heading 1"].paragraph_format.page_break_before = True
    for name, room in (("Heading 1", 12), ("Heading 2", 14), ("Heading 3", 17)):  # after "10", "10.10", "10.10.10"
        document.styles[name].paragraph_format.tab_stops.add_tab_stop(Mm(room))
    for name in ("Author", "Date"):
        size(document, name, 11).font.color.rgb = GREY
    for name in ("Table Caption", "Image Caption"):
        style = size(document, name, 9.5)
        style.font.italic, style.font.bold, style.font.color.rgb = False, True, INK
        style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(8), Pt(3)
    document.styles["Table Caption"].paragraph_format.keep_with_next = True
    size(document, "Compact", 8.5).paragraph_format.space_after = Pt(0)
    document.styles["Compact"].paragraph_format.space_before = Pt(0)
    for name, points, color in (("CSI Notes", 8.5, GREY), ("CSI Note Box", 9.5, INK), ("CSI Figure", 10, INK),
                                ("CSI Contents Title", 14, PRIMARY)):
        style = document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = document.styles["Normal"]
        font(style)
        style.font.size, style.font.color.rgb = Pt(points), color
    document.styles["CSI Contents Title"].font.bold = True
    document.styles["CSI Figure"].paragraph_format.keep_with_next = True
    document.styles["CSI Figure"].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for level in (1, 2, 3):
        style = document.styles.add_style(f"toc {level}", WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = document.styles["Normal"]
        font(style)
        style.paragraph_format.left_indent = Mm(6 * (level - 1))
        style.paragraph_format.space_before = style.paragraph_format.space_after = Pt(1)
        style.element.get_or_add_pPr().append(parse_xml(
            f'<w:tabs {nsdecls("w")}><w:tab w:val="right" w:leader="dot" w:pos="9070"/></w:tabs>'))
    table(document.styles["Table"].element)
    for section in document.sections:
        section.page_width, section.page_height = Mm(210), Mm(297)
        section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Mm(25)
        section.different_first_page_header_footer = True
        head, foot = section.header.paragraphs[0], section.footer.paragraphs[0]
        field(head, " TITLE ")
        field(foot, " PAGE ")
        head.alignment, foot.alignment = WD_ALIGN_PARAGRAPH.RIGHT, WD_ALIGN_PARAGRAPH.CENTER
        for paragraph in (head, foot):
            for run in paragraph.runs:
                run.font.size, run.font.color.rgb = Pt(8.5), GREY
    document.save(target)


def font(style) -> None:
    properties = style.element.get_or_add_rPr()
    fonts = properties.find(qn("w:rFonts"))
    if fonts is None:
        fonts = OxmlElement("w:rFonts")
        properties.insert(0, fonts)
    for name in list(fonts.attrib):
        del fonts.attrib[name]
    for name in ("ascii", "hAnsi", "cs"):
        fonts.set(qn(f"w:{name}"), LATIN)
    fonts.set(qn("w:eastAsia"), HANGUL)


def size(document, name: str, points: float):
    style = document.styles[name]
    style.font.size = Pt(points)
    return style


def field(paragraph, instruction: str) -> None:
    run = paragraph.add_run()
    for kind in ("begin", None, "separate", "end"):
        if kind is None:
            element = OxmlElement("w:instrText")
            element.set(qn("xml:space"), "preserve")
            element.text = instruction
        else:
            element = OxmlElement("w:fldChar")
            element.set(qn("w:fldCharType"), kind)
        run._r.append(element)


def table(style) -> None:
    for child in list(style):
        if child.tag in (qn("w:tblPr"), qn("w:tblStylePr")):
            style.remove(child)
    line = lambda side, width, color: f'<w:{side} w:val="single" w:sz="{width}" w:space="0" w:color="{color}"/>'
    style.append(parse_xml(
        f'<w:tblPr {nsdecls("w")}><w:tblBorders>{line("top", 8, "0B4F8A")}{line("bottom", 8, "0B4F8A")}'
        f'{line("insideH", 4, "C9D3DC")}</w:tblBorders><w:tblCellMar><w:top w:w="30" w:type="dxa"/>'
        '<w:left w:w="70" w:type="dxa"/><w:bottom w:w="30" w:type="dxa"/><w:right w:w="70" w:type="dxa"/></w:tblCellMar></w:tblPr>'))
    style.append(parse_xml(
        f'<w:tblStylePr {nsdecls("w")} w:type="firstRow"><w:rPr><w:b/></w:rPr><w:tblPr/><w:tcPr>'
        '<w:tcBorders><w:bottom w:val="single" w:sz="6" w:space="0" w:color="0B4F8A"/></w:tcBorders>'
        '<w:shd w:val="clear" w:color="auto" w:fill="E6EEF5"/></w:tcPr></w:tblStylePr>'))


if __name__ == "__main__":
    main()
