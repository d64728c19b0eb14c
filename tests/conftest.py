"""Where the outside data is, when it is there."""

import importlib.util
import json
import os
import shutil
from collections import Counter
from pathlib import Path

import pytest

from csi_lib.study.reading import Reading

os.environ.setdefault("CSI_LANG", "en")  # the command line speaks one language in all tests
SHARED = Path(__file__).resolve().parents[2] / "shared"
ORACLES = Path(__file__).parent / "oracles"


def pytest_terminal_summary(terminalreporter):
    """How many tests were skipped and why: a silent skip looks like a test that passed."""
    reasons = Counter()
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reasons[reason.removeprefix("Skipped: ")] += 1
    if reasons:
        terminalreporter.section(f"{sum(reasons.values())} tests skipped")
        for reason, count in reasons.most_common():
            terminalreporter.write_line(f"{count:5d}  {reason}")


@pytest.fixture(scope="session")
def shared():
    """Folder of data sets kept outside this repository; skips where it is absent."""
    if not SHARED.exists():
        pytest.skip("the data sets beside this repository (../shared) are not here")
    return SHARED


@pytest.fixture(scope="session")
def oracle():
    """`oracle("name")` reads tests/oracles/name.json: reference values with their provenance."""
    return lambda name: json.loads((ORACLES / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")  # while it is open an event loop runs, which other modules' kernels cannot share
def browser():
    """Chromium of this machine, driven; skips where it or playwright is absent."""
    playwright = pytest.importorskip("playwright.sync_api")
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next((path for name in names if (path := shutil.which(name))), None)
    if not found:
        pytest.skip("no Chromium here")
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        yield running
        running.close()


@pytest.fixture
def visit(browser):
    """`visit(file_or_address, width=1280, dark=False, scripts=True)`: an open page that may reach no network.

    Errors of its scripts are in ``page.problems``.
    """
    contexts = []

    def open_page(address, *, width: int = 1280, dark: bool = False, scripts: bool = True):
        scheme = "dark" if dark else "light"
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=scripts, offline=True
        )
        contexts.append(context)
        page = context.new_page()
        page.problems = []
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        page.on("requestfailed", lambda request: page.problems.append(request.url))
        refused = lambda message: "Content Security Policy" in message.text and page.problems.append(message.text)
        page.on("console", refused)
        page.goto(address if isinstance(address, str) else Path(address).as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def axe():
    """The text of axe-core, from whichever package brings it."""
    for name in ("axe_playwright_python", "axe_core_python"):
        spec = importlib.util.find_spec(name)
        if spec and (script := Path(spec.origin).with_name("axe.min.js")).exists():
            return script.read_text(encoding="utf-8")
    pytest.skip("axe-core is not here (pip install axe-playwright-python)")


@pytest.fixture
def accessible(visit, axe):
    """`accessible(path)`: fails on any finding of axe, and where the page is wider than the screen.

    Phone and desktop, light and dark; returns nothing.
    """

    def check(path):
        for width in (1280, 390):
            for dark in (False, True):
                page = visit(path, width=width, dark=dark)
                page.evaluate(axe)
                found = page.evaluate(
                    "async () => (await axe.run({ preload: false })).violations.map(v => [v.id, v.nodes.slice(0, 3).map(n => n.html.slice(0, 200))])"
                )
                assert found == [], (path, width, dark)
                over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                assert over <= 0, (path, width)
                assert page.problems == []
                page.context.close()

    return check


@pytest.fixture(autouse=True)
def _house_reading():
    """Every test begins under the default reading rule, whatever study the one before opened."""
    Reading().adopt()
