"""The documentation as its readers get it: every guide renders, and the pages are accessible."""

import importlib.util
from pathlib import Path

import pytest

from csi_lib.report.render import render_document

DOCS = Path(__file__).parents[1] / "docs"


@pytest.fixture(scope="module")
def build():
    spec = importlib.util.spec_from_file_location("build", DOCS / "build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_every_guide_renders_and_the_first_page_leads_to_it(build, tmp_path, accessible):
    links = {"guide": [], "reference": []}
    for page in sorted(DOCS.glob("*.md")):
        made = render_document(page, tmp_path, formats=("html",), renderer="embedded")
        links["guide"].append((build._title(page), made.paths["html"].relative_to(tmp_path)))
    index = build.write_index(links, tmp_path)
    text = index.read_text(encoding="utf-8")
    assert all(f'href="{path}"' in text for _, path in links["guide"])
    accessible(index)
    for name in ("rendering.html", "benchmarks.html", "models.html"):
        accessible(tmp_path / name)
