"""The intake receipt: every line and every column of a file is accounted for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from csi_lib.intake.gate import REASONS


@dataclass(frozen=True)
class FileReceipt:
    """What became of one file.

    Attributes
    ----------
    file, hash : name and SHA-256. encoding, separator, sheet, header_row : how it is written, as far as its kind has them.
    lines : ``total = header + respondents + continued + blank + totals + left_out + other_rows``: ``header`` counts the lines
        down to the names of the columns, ``continued`` those on which an answer with a line break goes on, ``other_rows``
        records of other years or of agencies that the study leaves out.
    left_out : reason → lines (rows of the sheet), blank ones and totals included.
    used : column of the codebook → name in the file. unused : names nobody asked for. refused : names of contacts and of
        columns without a name, which are never read.
    mapped : column → answers that were given as a label or in another spelling and became a code.
    other_rows : reason → records.
    """

    file: str
    hash: str
    kind: str
    encoding: str | None
    separator: str | None
    sheet: str | None
    header_row: int | None
    lines: Mapping[str, int]
    left_out: Mapping[str, tuple[int, ...]]
    used: Mapping[str, str]
    unused: tuple[str, ...]
    refused: tuple[str, ...]
    mapped: Mapping[str, int] = field(default_factory=dict)
    other_rows: Mapping[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict:
        out = asdict(self)
        return {**out, "left_out": {reason: list(lines) for reason, lines in self.left_out.items()}}

    @classmethod
    def from_dict(cls, data: Mapping) -> FileReceipt:
        left = {reason: tuple(lines) for reason, lines in data["left_out"].items()}
        return cls(**{**data, "left_out": left, "unused": tuple(data["unused"]), "refused": tuple(data["refused"])})

    @property
    def balanced(self) -> bool:
        """Whether the parts add up to the physical lines."""
        return sum(n for part, n in self.lines.items() if part != "total") == self.lines["total"]


def counted(
    left: Mapping[str, tuple[int, ...]],
    total: int,
    header: int,
    respondents: int,
    continued: int,
    empty: int,
    other: int,
) -> dict[str, int]:
    """Lines by what they are, in the order in which they are printed."""
    apart = {"blank", "totals"}
    return {
        "total": total,
        "header": header,
        "respondents": respondents,
        "continued": continued,
        "blank": empty + len(left.get("blank", ())),
        "totals": len(left.get("totals", ())),
        "left_out": sum(len(lines) for reason, lines in left.items() if reason not in apart),
        "other_rows": other,
    }


_WORDS = {
    "ko": {"file": "파일", "hash": "해시(SHA-256)", "encoding": "부호화", "separator": "구분자", "sheet": "시트", "header_row": "열 이름 행",
           "total": "전체 줄", "header": "머리", "respondents": "응답자", "continued": "이어지는 줄", "blank": "빈 줄", "totals": "합계·평균",
           "left_out": "제외", "other_rows": "다른 연도·기관", "used": "쓴 열", "unused": "쓰지 않은 열", "refused": "읽지 않는 열",
           "mapped": "글자로 된 응답", "why": "제외한 줄"},
    "en": {"file": "file", "hash": "SHA-256", "encoding": "encoding", "separator": "separator", "sheet": "sheet", "header_row": "header row",
           "total": "lines", "header": "header", "respondents": "respondents", "continued": "continued", "blank": "blank",
           "totals": "totals and means", "left_out": "left out", "other_rows": "other years and agencies", "used": "columns used",
           "unused": "columns unused", "refused": "columns never read", "mapped": "text answers mapped", "why": "left out"},
}  # fmt: skip


def receipt_lines(receipt: FileReceipt, lang: str = "en") -> list[str]:
    """The receipt as lines of text."""
    t = _WORDS[lang]
    out = [f"{t['file']}: {receipt.file}", f"  {t['hash']}: {receipt.hash}"]
    for part in ("encoding", "separator", "sheet", "header_row"):
        value = getattr(receipt, part)
        if value is not None:
            out.append(f"  {t[part]}: {value!r}" if part == "separator" else f"  {t[part]}: {value}")
    parts = [
        f"{n} {t[part]}"
        for part, n in receipt.lines.items()
        if part != "total" and (n or part in ("header", "respondents"))
    ]
    out.append(f"  {t['total']}: {receipt.lines['total']} = " + " + ".join(parts))
    for reason, lines in receipt.left_out.items():
        out.append(f"    {REASONS[reason][lang]}: {', '.join(map(str, lines[:12]))}{' …' if len(lines) > 12 else ''}")
    for reason, n in receipt.other_rows.items():
        out.append(f"    {reason}: {n}")
    for part in ("used", "unused", "refused"):
        names = getattr(receipt, part)
        shown = [f"{k} ← {v}" if k != v else k for k, v in names.items()] if isinstance(names, Mapping) else list(names)
        if shown:
            out.append(f"  {t[part]} ({len(shown)}): {', '.join(shown)}")
    if receipt.mapped:
        out.append(f"  {t['mapped']}: " + ", ".join(f"{c} {n}" for c, n in receipt.mapped.items()))
    return out
