"""The report in a real browser: axe-core finds nothing, nothing is wider than the screen."""

import json
import re
import subprocess

import pytest

PROBE = """<script>{axe}</script><script>
addEventListener("load", async () => {{
  const result = await axe.run();
  const root = document.documentElement;
  const found = result.violations.map(v => [v.id, v.nodes.slice(0, 3).map(n => n.html.slice(0, 200))]);
  const open = document.createElement("pre");
  open.id = "probe";
  open.textContent = JSON.stringify({{ found, over: root.scrollWidth - root.clientWidth, dark: matchMedia("(prefers-color-scheme: dark)").matches,
    tabs: document.querySelectorAll('[role="tab"]').length, csv: document.querySelectorAll(".table-tools button").length }});
  document.body.append(open);
}});
</script></body>"""


@pytest.mark.slow
@pytest.mark.parametrize(("width", "dark"), [(1280, False), (1280, True), (390, False), (390, True)])
def test_axe(finished, chromium, axe, tmp_path, width, dark):
    page = finished[1].paths["html"].read_text(encoding="utf-8")
    probed = tmp_path / "probed.html"
    probed.write_text(page.replace("</body>", PROBE.format(axe=axe), 1), encoding="utf-8")
    command = [
        chromium,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        f"--user-data-dir={tmp_path / 'profile'}",
        f"--window-size={width},1200",
        f"--blink-settings=preferredColorScheme={0 if dark else 1}",
        "--virtual-time-budget=60000",
        "--dump-dom",
        probed.as_uri(),
    ]
    dom = subprocess.run(command, capture_output=True, text=True, timeout=180).stdout
    found = re.search(r'<pre id="probe">(.*?)</pre>', dom, re.DOTALL)
    assert found, "the page's script did not finish"
    result = json.loads(found[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
    assert result["found"] == []
    assert result["over"] <= 0
    assert result["dark"] is dark
    assert result["tabs"] == 2
    assert result["csv"] == page.count('class="table-scroll"')
