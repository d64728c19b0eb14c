"""The whole way in a browser: a study is made, checked, run, read, compared and delivered without a command typed."""

import contextlib
import subprocess
import sys
import zipfile

import pyarrow.parquet as pq
import pytest

pytest.importorskip("starlette")

#: seconds a step may take on a machine that does other things as well; nothing is asserted about time
PATIENT = 90_000


@pytest.fixture
def served(tmp_path):
    """(folder, address) of a running workbench."""
    command = [
        sys.executable,
        "-c",
        "from csi_lib.cli import main; main()",
        "serve",
        str(tmp_path),
        "--no-browser",
        "--lang",
        "en",
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield tmp_path, process.stdout.readline().strip()
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(60)
        process.kill()
        process.wait()
        process.stdout.close()


def test_from_nothing_to_a_delivered_zip(served, browser, axe):
    folder, address = served
    context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    page = context.new_page()
    page.set_default_timeout(PATIENT)
    problems, foreign = [], []
    page.on("pageerror", lambda error: problems.append(str(error)))
    base = address.split("/?")[0]
    page.on("request", lambda r: foreign.append(r.url) if not r.url.startswith((base, "data:", "about:")) else None)

    def accessible():
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            page.evaluate(axe)
            found = page.evaluate(
                "async () => (await axe.run(document, {preload: false, iframes: false})).violations.map(v => [v.id, v.nodes[0].html])"
            )
            assert found == [], (page.url, width)
            assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0, (
                page.url,
                width,
            )
        page.set_viewport_size({"width": 1280, "height": 900})

    page.goto(address)
    assert page.url == f"{base}/"
    accessible()
    page.fill("input[name=name]", "hall")
    page.click("text=Make the study")

    page.wait_for_url("**/s/hall")
    page.wait_for_selector("#grid td")
    assert page.locator("#grid .state").first.inner_text() == "to be made"
    accessible()

    page.click("text=Codebook >> nth=0")
    page.fill("input[name='kindness.label.en']", "Courtesy of staff")
    page.click("text=Save >> nth=0")
    page.wait_for_url("**saved")
    assert "Courtesy of staff" in (folder / "hall" / "codebook.yml").read_text(encoding="utf-8")
    accessible()

    page.click("nav >> text=Check")
    page.wait_for_selector("text=0 errors")
    accessible()

    page.click("nav >> text=Run")
    page.select_option("select[name=agency]", "first-agency")
    page.select_option("select[name=year]", "2024")
    accessible()
    page.click("main button:has-text('Make')")
    page.wait_for_selector("text=Finished: 1 done, 0 failed")
    accessible()

    page.click("nav >> text=Overview")
    page.click("text=read")
    report = page.frame_locator("iframe")
    number = report.locator("[data-r]:visible").first
    shown, row = number.inner_text(), number.get_attribute("data-r")
    number.click()
    page.wait_for_selector(f"#number code:has-text('{row}')")
    assert page.locator("#number .big").inner_text().strip("점 %p") in shown
    accessible()
    # a report's scripts are shut off from the workbench
    inside = next(f for f in page.frames if "/view/" in f.url)
    assert inside.evaluate("(() => { try { return parent.document.title } catch { return 'shut' } })()") == "shut"
    assert inside.evaluate("fetch('/').then(() => 'reached', () => 'shut')") == "shut"

    page.fill("aside input[name=text]", shown)
    page.click("aside button")
    page.wait_for_selector("#number section")

    page.click("nav >> text=Compare")
    page.select_option("select[name=report]", index=0)
    page.click("main button:has-text('Side by side')")
    page.wait_for_selector("main table")
    results = pq.read_table(folder / "out/hall/first-agency/2024/results.parquet").to_pylist()
    own = [
        r
        for r in results
        if (r["agency"], r["year"], r["statistic"], r["by1"]) == ("first-agency", 2024, "index", None)
    ]
    assert page.locator("main tbody tr").count() == len({(r["model"], r["measure"]) for r in own if not r["versus"]})
    accessible()

    page.click("nav >> text=Deliver")
    page.check("input[name=no_data]")
    page.click("main button:has-text('Package')")
    page.wait_for_selector("main a[download]")
    accessible()
    with page.expect_download() as download:
        page.click("main a[download]")
    names = zipfile.ZipFile(download.value.path()).namelist()
    assert any(name.endswith(".html") for name in names)
    assert any(name.endswith("SHA256SUMS") for name in names)
    assert problems == []
    assert foreign == []
    context.close()
