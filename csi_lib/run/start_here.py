"""``start-here.ipynb``: the first page of `csi lab`, in each language of a study, and the form it shows."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from csi_lib.study.study import OVERALL, Study, load_study

_TEXT = {
    "ko": {
        "head": "# 여기서 시작\n\n왼쪽에는 조사 폴더 전체가 있습니다. `lab/`의 노트북은 보고서의 장을 베낀 것이며 마음대로 고쳐도 됩니다.",
        "form": "## 기관과 연도 고르기\n\n아래 셀을 실행하면 고르는 상자가 나옵니다. 고른 값은 `lab/`의 모든 장에 적힙니다.",
        "first": "## 첫 숫자\n\n장이 쓰는 것과 같은 호출입니다. 결과는 그대로 화면에 나옵니다.",
        "use": "## 고친 장을 보고서에 쓰기\n\n터미널에서 `csi lab {study} --use 62-kindness`처럼 이름을 적으면 `chapters/`에 놓이고, "
        "다음 `csi run`부터 보고서에 쓰입니다. "
        "브라우저 작업대는 `csi serve {study}`로 엽니다.",
        "agency": "기관", "year": "연도", "lang": "언어", "write": "모든 장에 적기", "done": "{n}개 장에 적었습니다.", "overall": "총괄보고서",
        "none": "상자를 보려면 ipywidgets가 필요합니다. 장의 첫 셀에서 agency와 year를 직접 고쳐도 됩니다.",
    },
    "en": {
        "head": "# Start here\n\nOn the left is the whole study. The notebooks in `lab/` are copies of the report's chapters, to be changed as you like.",
        "form": "## Choose body and year\n\nRun the cell below for a small form. What is chosen is written into every chapter in `lab/`.",
        "first": "## A first number\n\nThe same calls as in the chapters; results show themselves.",
        "use": "## Use a changed chapter in the reports\n\n`csi lab {study} --use 62-kindness` in a terminal puts it into `chapters/`, "
        "from where the next `csi run` takes it. "
        "`csi serve {study}` opens the workbench in a browser.",
        "agency": "Body", "year": "Year", "lang": "Language", "write": "Write into all chapters", "done": "Written into {n} chapters.",
        "overall": "Overall report",
        "none": "The form needs ipywidgets; agency and year can be changed in the first cell of a chapter as well.",
    },
}  # fmt: skip


def write_start(study: Study, folder: Path) -> list[Path]:
    """``start-here.<lang>.ipynb`` for every language of prose the study has; one that is there is left alone."""
    made = []
    for lang in [lang for lang in study.languages if lang in _TEXT] or ["en"]:
        path = folder / f"start-here.{lang}.ipynb"
        if not path.exists():
            t, job = _TEXT[lang], newest_job(study)
            call = f'csi_lib.open_chapter({str(study.path)!r}, {job.agency!r}, {job.year}, lang="{lang}")'
            cells = [
                new_markdown_cell(t["head"]),
                new_markdown_cell(t["form"]),
                new_code_cell(
                    f"from csi_lib.run.start_here import chapter_form\n\nchapter_form({str(study.path)!r}, lang={lang!r})"
                ),
                new_markdown_cell(t["first"]),
                new_code_cell(f"import csi_lib\n\nchapter = {call}\nchapter.survey"),
                new_code_cell("chapter.rows(by1=None).head(10)"),
                new_markdown_cell(t["use"].format(study=study.id)),
            ]
            node = new_notebook(
                cells=cells,
                metadata={"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
            )
            nbformat.write(node, path)
        made.append(path)
    return made


def newest_job(study: Study):
    """The first agency's report of the newest wave in which anybody took part."""
    jobs = study.jobs()
    return max(jobs, key=lambda job: job.year)


def set_parameters(study: str | Path, **values) -> int:
    """Write these parameters into every copy in ``lab/``; agency chapters keep their agency for the overall report and the
    reverse. Returns how many were written."""
    study, n = load_study(study), 0
    for path in sorted((Path(study.path) / "lab").glob("[0-9]*.ipynb")):
        node = nbformat.read(path, as_version=4)
        whole = node.metadata.get("csi", {}).get("scope") == "study"
        given = {k: v for k, v in values.items() if k != "agency" or (v == OVERALL) == whole}
        for cell in node.cells:
            if "parameters" in cell.metadata.get("tags", []):
                lines = cell.source.split("\n")
                cell.source = "\n".join(
                    f"{k} = {given[k]!r}" if (k := x.split("=")[0].strip()) in given else x for x in lines
                )
        nbformat.write(node, path)
        n += 1
    return n


def chapter_form(study: str | Path, *, lang: str = "ko"):
    """A small form for agency and year; its button writes the choice into the chapters of ``lab/``."""
    t = _TEXT[lang]
    try:
        import ipywidgets as widgets
    except ImportError:
        print(t["none"])
        return None
    loaded = load_study(study)
    agencies = [(a.name.text(lang) if getattr(a.name, lang, None) else str(a.name), a.id) for a in loaded.agencies]
    agency = widgets.Dropdown(options=[*agencies, (t["overall"], OVERALL)], description=t["agency"])
    year = widgets.Dropdown(options=sorted(loaded.years, reverse=True), description=t["year"])
    button, told = widgets.Button(description=t["write"]), widgets.HTML()

    def write(_):
        told.value = t["done"].format(n=set_parameters(study, agency=agency.value, year=year.value))

    button.on_click(write)
    return widgets.VBox([agency, year, button, told])
