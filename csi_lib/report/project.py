"""A job's folder as a plain Quarto project: `_quarto.yml` and the extension that carries the format."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from ruamel.yaml import YAML

from csi_lib.report.theme import Theme
from csi_lib.share import shared_path
from csi_lib.study.catalogue import code_of
from csi_lib.study.reading import reading

#: what the templates and filters of the extension say by themselves, which hold it in Korean and English; handed to them in
#: any other language
_SAY = {
    "ko": {"fig": "그림", "tbl": "표", "eq": "식", "sec": "절", "chapter": "장", "section": "절", "note": "노트", "tip": "힌트",
           "important": "중요", "warning": "경고", "caution": "주의", "data": "그림의 자료 보기", "rows": "자료", "commissioned": "발주",
           "contractor": "수행", "date": "발행", "way": "이동", "home": "보고서 목록", "contents": "목차", "tables": "표 목차",
           "figures": "그림 목차", "skip": "본문으로 건너뛰기", "references": "참고문헌"},
    "en": {"fig": "Figure", "tbl": "Table", "eq": "Equation", "sec": "Section", "chapter": "Chapter", "section": "Section",
           "note": "Note", "tip": "Tip", "important": "Important", "warning": "Warning", "caution": "Caution",
           "data": "Show the data of this figure", "rows": "Data", "commissioned": "Commissioned by", "contractor": "Conducted by",
           "date": "Published", "way": "Way back", "home": "All reports", "contents": "Contents", "tables": "Tables",
           "figures": "Figures", "skip": "Skip to content", "references": "References"},
}  # fmt: skip


def _said() -> dict[str, object]:
    rule = reading()
    return {} if rule.catalogue is None else {"csi-say": {k: rule.worded(v) for k, v in _SAY["en"].items()}}


def write_project(folder: Path, *, lang: str, theme: Theme, options: Mapping[str, object] | None = None) -> Path:
    """Make `folder`, which holds or will hold ``report.ipynb``, a Quarto project; returns `_quarto.yml`.

    It renders ``report.ipynb`` only, into ``_quarto/``: what was published is there again, byte for byte,
    after a manual ``quarto render`` (see ``keep.lua``). `options` are further document options, e.g. ``bibliography``.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    extension = folder / "_extensions" / "csi"
    shutil.copytree(shared_path("reports", "_extensions", "csi"), extension, dirs_exist_ok=True)
    colours: dict[str, object] = {"primary": theme.primary.lstrip("#"), "fonts": list(theme.families)}
    if theme.logo:
        (folder / "figures").mkdir(exist_ok=True)
        shutil.copyfile(theme.logo, folder / "figures" / theme.logo.name)
        colours |= {"logo": f"figures/{theme.logo.name}", "logo-alt": theme.logo_alt or "logo"}
    settings = {
        "project": {
            "type": "default",
            "render": ["report.ipynb"],
            "output-dir": "_quarto",
            "pre-render": "_extensions/csi/keep.lua",
            "post-render": "_extensions/csi/keep.lua",
        },
        "lang": code_of(lang),
        **_said(),
        "csi-cover": True,
        "csi-theme": colours,
        "crossref": {"title-delim": ".", **({"eq-prefix": "식"} if lang == "ko" else {})},
        **(options or {}),
        "format": {
            "csi-html": {"css": [_relative(sheet, folder) for sheet in theme.stylesheets]},
            "csi-typst": {"font-paths": [_relative(theme.font_folder, folder)]},
        },
    }
    text = io.StringIO()
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.allow_unicode = True
    yaml.sort_base_mapping_type_on_output = False
    yaml.dump(settings, text)
    target = folder / "_quarto.yml"
    target.write_text(text.getvalue(), encoding="utf-8")
    return target


def _relative(path: Path, start: Path) -> str:
    return Path(os.path.relpath(path, start)).as_posix()
