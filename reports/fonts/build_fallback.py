"""Build the two fallback fonts from Noto (SIL Open Font License 1.1); run by hand, never by the package.

    python build_fallback.py NotoSansCJK-Regular.ttc noto-emoji-emoji-400-normal.woff2

The first file is Debian's fonts-noto-cjk (face "Noto Sans CJK KR"), the second comes in the npm package
@fontsource/noto-emoji. What Pretendard lacks and Korean text holds (hanja, enclosed letters, old jamo) and
the pictures people write in comments are kept; the rest would be megabytes for nothing.
"""

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTCollection, TTFont

HERE = Path(__file__).parent


def main(cjk: str, emoji: str) -> None:
    present = set(TTFont(HERE / "Pretendard-Regular.otf").getBestCmap())
    korean = next(f for f in TTCollection(cjk).fonts if f["name"].getDebugName(1) == "Noto Sans CJK KR")
    area = range(0xA1, 0xFF)
    pairs = (bytes((high, low)).decode("euc_kr", "ignore") for high in area for low in area)
    wanted = {ord(c) for c in pairs if c and not "가" <= c <= "힣"}
    blocks = ((0x1100, 0x11FF), (0x2460, 0x24FF), (0x3000, 0x303F), (0x3130, 0x318F), (0x3200, 0x33FF))
    for first, last in blocks:
        wanted |= set(range(first, last + 1))
    write(
        korean, wanted - present, "CSIFallback-Regular.otf", "CSI Fallback", ["ccmp", "ljmo", "vjmo", "tjmo"]
    )
    pictures = TTFont(emoji)
    pictures.flavor = None
    joiners = (0x200D, 0xFE0F)
    pictured = pictures.getBestCmap()
    kept = {c for c in pictured if 0x2190 <= c <= 0x2BFF or 0x1F300 <= c <= 0x1FAFF or c in joiners}
    write(pictures, kept - present, "CSIFallbackEmoji-Regular.ttf", "CSI Fallback Emoji", [])


def write(font: TTFont, characters: set[int], name: str, family: str, features: list[str]) -> None:
    options = subset.Options(
        hinting=False, layout_features=features, name_IDs=["*"], notdef_outline=True, recalc_timestamp=False
    )
    worker = subset.Subsetter(options)
    worker.populate(unicodes=characters)
    worker.subset(font)
    for record in list(font["name"].names):
        if record.nameID in (1, 4, 16):
            record.string = family
        elif record.nameID in (3, 6):
            record.string = family.replace(" ", "") + "-Regular"
        elif record.nameID in (2, 17):
            record.string = "Regular"
    if "CFF " in font:
        font["CFF "].cff.fontNames = [family.replace(" ", "") + "-Regular"]
        font["CFF "].cff.topDictIndex[0].FamilyName = family
        font["CFF "].cff.topDictIndex[0].FullName = family
    font.save(HERE / name)


if __name__ == "__main__":
    main(*sys.argv[1:])
