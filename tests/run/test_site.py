"""The site over a round: what it shows and hides, in a real browser, from the disk."""

from __future__ import annotations

import re
import time
import zipfile

import pandas as pd
import pytest

from csi_lib.run.failures import write_failures
from csi_lib.run.site import write_site
from csi_lib.run.site.search import pairs_of, sections_of, shard_of
from csi_lib.run.verification import html_findings
from tests.run import site_sample as sample

HOSTILE = "<b>=cmd()|#set 'x' \"y\" &amp; {{body}} </script><script>alert(1)</script>"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    study = sample.make_study(folder / "study", names={1: HOSTILE})
    texts = {
        ("agency-002", 2024): "주차 공간이 부족하다 &lt;script&gt;alert(2)&lt;/script&gt;",
        ("agency-003", 2023): "전화 연결",
    }
    out = sample.make_round(study, folder / "out", texts=texts)
    write_site(study, out)
    return study, out


def test_every_number_of_the_site_is_a_row(made):
    _, out = made
    results = pd.read_parquet(out / "site" / "results.parquet")
    pages = [p for p in sorted((out / "site").glob("*.html")) if p.name != "search.html"]
    assert len(pages) == 3 + 2  # years, types
    for page in [out / "index.html", *pages]:
        assert html_findings(page.read_text(encoding="utf-8"), results) == []


def test_ranks_are_those_of_the_published_figures(made):
    study, out = made
    results = pd.read_parquet(out / "site" / "results.parquet")
    index = results[(results["year"] == 2024) & (results["measure"] == "csi") & (results["statistic"] == "index")]
    own = index[index["agency"].isin([a.id for a in study.agencies if a.type == "t0"])]
    wanted = own.set_index("agency")["estimate"].rank(ascending=False).to_dict()
    ranks = results[(results["statistic"] == "rank") & (results["year"] == 2024) & (results["group1"] == "t0")]
    assert ranks.set_index("agency")["estimate"].to_dict() == wanted
    assert (ranks["ci_low"] <= ranks["estimate"]).all()
    assert (ranks["estimate"] <= ranks["ci_high"]).all()
    mean = results[(results["versus"] == "agencies") & (results["measure"] == "csi") & (results["group1"] == "t0")]
    mean = mean[mean["year"] == 2024].iloc[0]
    assert mean["estimate"] == pytest.approx(own["estimate"].mean())
    assert mean["se"] == pytest.approx(0.8 / 3**0.5)


def test_without_publish_no_figure_of_any_agency_is_shown(tmp_path):
    study = sample.make_study(tmp_path / "study", agencies=3, years=(2023, 2024), publish=False)
    out = sample.make_round(study, tmp_path / "out")
    write_site(study, out)
    assert sorted(p.name for p in (out / "site").glob("*.html")) == ["search.html"]
    assert not (out / "site" / "results.parquet").exists()
    page = (out / "index.html").read_text(encoding="utf-8")
    assert "data-r" not in page
    assert "<svg" not in page
    assert page.count("report.pdf") == 6


def test_withdrawing_publication_takes_the_pages_away(tmp_path):
    study = sample.make_study(tmp_path / "a", agencies=3, years=(2024,))
    out = sample.make_round(study, tmp_path / "out")
    write_site(study, out)
    assert (out / "site" / "league-2024.html").exists()
    write_site(sample.make_study(tmp_path / "b", agencies=3, years=(2024,), publish=False), out)
    assert not (out / "site" / "league-2024.html").exists()


def test_restricted_reports_are_nowhere(tmp_path):
    study = sample.make_study(tmp_path / "study", agencies=3, years=(2024,))
    out = sample.make_round(study, tmp_path / "out", release="restricted", texts={("agency-000", 2024): "비밀스러운"})
    write_site(study, out)
    assert "report.html" not in (out / "index.html").read_text(encoding="utf-8")
    assert not list((out / "site" / "zip").glob("*.zip"))
    assert "비밀" not in "".join(p.read_text(encoding="utf-8") for p in (out / "site").rglob("*.js"))


def test_an_archive_holds_every_year_and_is_equal_for_equal_reports(made, tmp_path):
    study, out = made
    target = out / "site" / "zip" / "agency-002.zip"
    names = zipfile.ZipFile(target).namelist()
    assert [n for n in names if n.endswith(".pdf")] == [f"agency-002/{y}/report.pdf" for y in (2022, 2023, 2024)]
    before = target.read_bytes()
    target.unlink()
    write_site(study, out)
    assert target.read_bytes() == before


def test_what_did_not_change_is_not_made_again(made):
    study, out = made
    watched = [out / "site" / "zip" / "agency-002.zip", out / "site" / "search" / "t-agency-002-2024.js"]
    stamps = [p.stat().st_mtime_ns for p in watched]
    write_site(study, out)
    assert [p.stat().st_mtime_ns for p in watched] == stamps


def test_text_of_a_report_for_the_search():
    page = (
        '<style>x</style><main><section id="a" class="level1"><h2><span>1</span> 가</h2><p>만족 63.9점 &lt;b&gt;</p>'
        '<img src="data:x"><section id="b"><h3>나</h3><table><tr><td>응답</td><td>63.9</td></tr></table></section></section></main>'
    )
    assert sections_of(page) == [("a", "1 가", "만족 63.9점 <b>"), ("b", "나", "응답")]
    assert pairs_of("주차 Lot 가") == {"주차", "lo", "ot"}
    assert shard_of("주차") == (ord("주") + ord("차")) % 64


def found(visit, out, words):
    page = visit((out / "site" / "search.html").as_uri() + "?q=" + words)
    page.locator("#status:not(:empty)").wait_for(state="attached")
    return page


@pytest.mark.slow
def test_search_in_a_browser_from_the_disk(made, visit):
    _, out = made
    page = found(visit, out, "주차 공간")
    links = page.locator("#results a").evaluate_all("all => all.map(a => a.getAttribute('href'))")
    assert links == ["../agency-002/2024/report.html#sec-a"]
    assert page.locator("mark").all_inner_texts() == ["주차", "공간"]
    page.locator("#find").fill("전화연결")
    page.keyboard.press("Enter")
    page.locator("#status", has_text="없습니다").wait_for(state="attached")
    assert page.locator("#results a").count() == 0
    page.locator("#find").fill("<script>")
    page.keyboard.press("Enter")
    page.wait_for_selector("#results a")
    assert page.locator("mark").all_inner_texts() == ["<script>"]
    assert page.locator("#results script").count() == 0
    assert page.problems == []


@pytest.mark.slow
def test_names_are_text_everywhere(made, visit):
    _, out = made
    for name in ("index.html", "site/league-2024.html", "site/group-2.html"):
        page = visit(out / name)
        texts = page.locator("tbody th").all_inner_texts()
        assert HOSTILE in texts, name
        assert page.problems == []
        assert page.locator("script").count() <= 2
    page = found(visit, out, "공사")
    assert "기관 000번 공사" in page.locator("#results").inner_text()


@pytest.mark.slow
def test_filters_of_the_first_page(made, visit):
    _, out = made
    page = visit(out / "index.html")
    rows = page.locator("#grid tbody tr:visible")
    assert rows.count() == 6
    page.locator("#name").fill("003번")
    assert rows.count() == 1
    page.locator("#name").fill("")
    page.locator("#type").select_option("유형 나")
    assert rows.count() == 3
    page.locator("#name").fill("없는 이름")
    assert "없습니다" in page.locator("#empty").inner_text()
    assert visit(out / "index.html", scripts=False).locator("#grid tbody tr:visible").count() == 6


@pytest.mark.slow
def test_bodies_without_types_have_no_column_and_no_filter_of_types(tmp_path, visit):
    study = sample.make_study(tmp_path / "study", agencies=3, years=(2024,), types=0)
    out = sample.make_round(study, tmp_path / "out")
    write_site(study, out)
    page = visit(out / "index.html")
    assert page.locator("#type").count() == 0
    assert page.locator("#grid thead th").count() == page.locator("#grid tbody tr").first.locator("th, td").count()
    page.locator("#name").fill("002번")
    assert page.locator("#grid tbody tr:visible").count() == 1


@pytest.mark.slow
def test_all_pages_are_accessible(made, accessible):
    study, out = made
    failed = {
        "agency": "a-1",
        "year": 2024,
        "problem": "chapter x: KeyError",
        "chapter": "x",
        "cell": "y" * 300,
        "hint": "고친다",
    }
    failures = write_failures(study, out, [failed])
    for page in (out / "index.html", *sorted((out / "site").glob("*.html")), failures):
        accessible(page)
    failures.unlink()


@pytest.mark.slow
def test_three_hundred_agencies_and_five_years_load_in_two_seconds(tmp_path, visit):
    study = sample.make_study(tmp_path / "study", agencies=300, years=range(2020, 2025), types=8)
    out = sample.make_round(study, tmp_path / "out")
    write_site(study, out)
    for name in ("index.html", "site/league-2024.html", "site/group-1.html"):
        started = time.perf_counter()
        page = visit(out / name)
        page.wait_for_load_state("load")
        page.evaluate("document.fonts.ready.then(() => 1)")
        taken = time.perf_counter() - started
        assert taken < 60, (name, taken)  # a page that never comes, not a slow machine
    assert page.locator("tbody tr").count() > 30
    started = time.perf_counter()
    found(visit, out, "이용")
    assert time.perf_counter() - started < 60
    assert len(re.findall("<tr data-type", (out / "index.html").read_text(encoding="utf-8"))) == 300
