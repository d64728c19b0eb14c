"""The documentation as its readers get it: pages, languages, links, widths, and samples that are what they say."""

import importlib.util
import re

import pytest

import csi_lib
from docs._build import reference, samples
from docs._build.pages import DOCS, GROUPS, in_language, sources

ROOT = DOCS.parent


@pytest.fixture(scope="module")
def build():
    spec = importlib.util.spec_from_file_location("docs_build", DOCS / "build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def site(build, tmp_path_factory):
    """A few pages of every kind, set as the whole site is."""
    known = sources()
    chosen = {n: known[n] for n in ("method/scales", "tutorials/academic", "glossary", "models")}
    made = build.Site(tmp_path_factory.mktemp("site"), tmp_path_factory.mktemp("work"), chosen)
    made.guides()
    made.first_pages(with_reference=False)
    assert made.failed == []
    return made.target


def anchors(text: str) -> set[str]:
    """Ids that a page's headings have: those given, else what pandoc makes of the words."""
    found = set(re.findall(r"\{#([\w-]+)\}", text))
    for words in re.findall(r"^#+ (.+?)(?: *\{.*)?$", text, re.MULTILINE):
        plain = re.sub(r"[^\w\s.-]", "", words.lower())
        found.add(re.sub(r"\s+", "-", plain.strip()).lstrip("-0123456789."))
    return found


def test_every_page_is_in_the_contents_and_every_link_of_a_page_leads_somewhere():
    known = sources()
    for name, page in known.items():
        for target, anchor in re.findall(r"\]\((?!\w+:)([\w./-]+\.md)(?:#([\w-]+))?\)", page.text):
            place = ((DOCS / name).parent / target).resolve()
            if target.endswith("changelog.md"):
                continue
            assert place.exists(), f"{name}: {target}"
            if anchor:
                assert anchor in anchors(in_language(place.read_text(encoding="utf-8"), "en")), (
                    f"{name}: {target}#{anchor}"
                )
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert all((ROOT / path).exists() for path in re.findall(r"\]\((docs/[\w./-]+)\)", readme))


def test_both_languages_of_a_page_say_as_much():
    for name, page in sources().items():
        if page.both:
            assert page.text.count("\n::: en\n") == page.text.count("\n::: ko\n"), name
            assert page.text.count("\n:::\n") + page.text.endswith("\n:::") >= 2 * page.text.count("\n::: en\n"), name
            korean, english = in_language(page.text, "ko"), in_language(page.text, "en")
            assert re.search("[가-힣]", korean), name
            assert ":::" not in korean, name
            assert not re.search("[가-힣]", re.sub(r"```.*?```|`[^`]*`", "", english, flags=re.DOTALL)), name


def test_what_the_code_cites_is_in_the_documentation():
    for path in (ROOT / "csi_lib").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\b(?:CONTRACT|METHOD|DESIGN)(?:\.md| §)", text), path
        for page, anchor in re.findall(r"docs/([\w/-]+)\.md(?:#([\w-]+))?", text):
            source = DOCS / f"{page}.md"
            assert source.exists(), f"{path}: {page}"
            assert not anchor or anchor in anchors(in_language(source.read_text(encoding="utf-8"), "en")), (
                f"{path}: {anchor}"
            )


def test_the_reference_has_a_section_for_every_public_name():
    names = {name for names in reference.names_by_section().values() for _, name in names}
    assert names == set(csi_lib.__all__) - {"__version__"}


def test_a_page_of_the_reference_is_titled_as_it_is_called():
    text = "# measure.alpha.cronbach_alpha { #csi_lib.measure.alpha.cronbach_alpha }\n\n```python\nmeasure.alpha.cronbach_alpha(\n```\n\n.. math:: a = b\n"
    page = reference._as_called(text, "measure.alpha.cronbach_alpha", "cronbach_alpha")
    assert "title: csi_lib.cronbach_alpha" in page
    assert "\ncsi_lib.cronbach_alpha(" in page
    assert "$$ a = b $$" in page


@pytest.mark.slow
def test_pages_are_readable_on_a_desktop_and_lead_to_one_another(site, visit, accessible):
    for name in ("models.html", "method/scales.ko.html", "index.html"):
        page = visit(site / name)
        width = page.evaluate("document.querySelector('main p').getBoundingClientRect().width")
        assert 640 <= width <= 800, (name, width)
    assert (site / "method/scales.html").read_text(encoding="utf-8").count("<math") >= 2
    way = visit(site / "method/scales.html")
    way.click("nav.site a.lang")
    assert way.url.endswith("method/scales.ko.html")
    way.click("nav.turn a[rel=next]")
    assert way.url.endswith("glossary.ko.html")
    way.click("nav.site a.home")
    assert way.url.endswith("index.ko.html")
    assert {g.id for g in GROUPS} <= set(re.findall(r'id="([\w-]+)"', way.content()))
    for name in ("tutorials/academic.html", "method/scales.ko.html"):
        accessible(site / name)


@pytest.mark.parametrize("page", [p for p in samples.pages() if samples.samples(p)], ids=lambda p: p.stem)
def test_commands_in_samples_exist_with_their_options(page):
    assert [problem for s in samples.samples(page) if s.lang == "sh" for problem in samples.parse_problems(s)] == []


@pytest.mark.parametrize("page", ["tutorials/academic", "howto/model", "howto/question", "howto/reader", "design"])
def test_python_samples_run_as_printed(page, tmp_path):
    """All others, and the shell samples, are run by ``nox -s docs``."""
    if page == "howto/reader":
        pytest.importorskip("pyarrow")
    from dataclasses import replace

    found = [s for s in samples.samples(DOCS / f"{page}.md") if s.lang == "python"]
    quick = [replace(s, text=s.text.replace("n_boot=200", "n_boot=20")) for s in found]
    samples.run_python(quick, tmp_path)
