"""Build `pretendard.css`: Pretendard as WOFF2 in slices, so that a page carries only what it shows.

    python build_web.py TEXT…        # run by hand, never by the package

TEXT are files of any kind whose Korean letters are counted (those of the package were made from the text files of
`notebooks csi_lib params docs` and the bundled studies' reports): the first slice holds what every report shows, the
next ones less and less frequent syllables. A page needs one or two letters of most of the later slices, so these are
small: a slice of six costs a fifth of one of forty. The two weights are those that pages set.
One @font-face per line; `csi_lib.report.standalone` keeps the lines whose unicode-range a page needs.
"""

import base64
import collections
import io
import sys
from pathlib import Path

from fontTools import subset

HERE = Path(__file__).parent
WEIGHTS = {"Regular": 400, "SemiBold": 600}
FIRST, NEXT, RARE = 600, 10, 6  # syllables in the first slice, in the following ones, in those of rare ones
FEATURES = ["kern", "tnum", "ccmp", "locl", "mark"]
EVERYWHERE = [
    *range(0x20, 0x7F),
    *range(0xA0, 0x100),
    *map(ord, "‐‑–—‘’“”•…‰−×÷±≤≥≠→←↑↓▲▼△▽■□●○◆「」『』〈〉《》·†‡₩€℃㎡"),
]
EVERYWHERE += [*range(0x391, 0x3CA), ord("∑")]


def main(texts: list[str]) -> None:
    counted = collections.Counter()
    for text in texts:
        counted.update(c for c in Path(text).read_bytes().decode("utf-8", "ignore") if "가" <= c <= "힣")
    pairs = (bytes((high, low)).decode("euc_kr") for high in range(0xB0, 0xC9) for low in range(0xA1, 0xFF))
    syllables = sorted(pairs, key=lambda c: (-counted[c], c))
    seen = sum(1 for c in syllables if counted[c])
    groups = [[*map(ord, syllables[:FIRST]), *EVERYWHERE]]
    groups += [[*map(ord, syllables[i : min(i + NEXT, seen)])] for i in range(FIRST, seen, NEXT)]
    groups += [[*map(ord, syllables[i : i + RARE])] for i in range(seen, len(syllables), RARE)]
    area = ((high, low) for high in range(0xA1, 0xA9) for low in range(0xA1, 0xFF))
    rest = {ord(bytes(pair).decode("euc_kr", "ignore") or " ") for pair in area}
    rest |= set(range(0x100, 0x180)) | set(range(0x2070, 0x20A0))
    symbols = sorted(rest - {c for group in groups for c in group})
    groups += [symbols[i : i + RARE] for i in range(0, len(symbols), RARE)]
    lines = []
    for name, weight in WEIGHTS.items():
        for group in groups:
            data, held = slice_of(HERE / f"Pretendard-{name}.otf", group)
            if not held:
                continue
            lines.append(
                f'@font-face {{ font-family: "Pretendard"; font-weight: {weight}; font-display: swap; '
                f'src: url(data:font/woff2;base64,{base64.b64encode(data).decode()}) format("woff2"); '
                f"unicode-range: {ranges(held)}; }}"
            )
    (HERE / "pretendard.css").write_text("\n".join(lines) + "\n", encoding="utf-8")


def slice_of(font: Path, characters: list[int]) -> tuple[bytes, list[int]]:
    options = subset.Options(
        flavor="woff2", hinting=False, layout_features=FEATURES, name_IDs=[1, 2], recalc_timestamp=False
    )
    face = subset.load_font(str(font), options)
    held = sorted(set(characters) & set(face.getBestCmap()))
    worker = subset.Subsetter(options)
    worker.populate(unicodes=held)
    worker.subset(face)
    out = io.BytesIO()
    subset.save_font(face, out, options)
    return out.getvalue(), held


def ranges(characters: list[int]) -> str:
    parts: list[list[int]] = []
    for c in characters:
        if parts and c == parts[-1][1] + 1:
            parts[-1][1] = c
        else:
            parts.append([c, c])
    return ", ".join(f"U+{a:X}" if a == b else f"U+{a:X}-{b:X}" for a, b in parts)


if __name__ == "__main__":
    main(sys.argv[1:])
