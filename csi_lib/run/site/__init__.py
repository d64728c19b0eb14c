"""The site over all public reports of a round: a grid, league tables, peer groups, search, archives; no server."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from csi_lib.run.site.archives import write_archives
from csi_lib.run.site.frame import Site, e, number
from csi_lib.run.site.league import Scores, group_page, league_page
from csi_lib.run.site.reports import Report, headline_of, published_reports
from csi_lib.run.site.search import write_search
from csi_lib.share import shared_path
from csi_lib.study.reading import Reading
from csi_lib.study.study import OVERALL


def write_site(study, out: Path) -> Path:
    """The site under the study's reading rule; see `_write_site`."""
    with Reading.of(study):
        return _write_site(study, out)


def _write_site(study, out: Path) -> Path:
    """Write ``index.html`` and ``site/`` from the public reports under `out` (never from restricted ones).

    Figures, ranks and peer groups only where the study says ``report: {publish: true}``; without it the site lists
    documents. Everything works from the disk. Returns the first page, which is written last.
    """
    out = Path(out)
    folder = out / "site"
    folder.mkdir(parents=True, exist_ok=True)
    headline = headline_of(study)
    reports = published_reports(study, out, headline)
    site = Site(study, study.report.language, themed=(out / "_theme" / "theme.css").exists())
    t, lang = site.words, site.lang
    scores = Scores(site, reports, headline) if headline else None
    years = [y for y in study.years if scores is not None and len(scores.wave(y))]
    types = [c for c in study.types if scores is not None and (scores.frame["type"] == c).any()]
    leagues = {y: f"site/league-{y}.html" for y in reversed(years)}
    groups = {c: f"site/group-{number}.html" for number, c in enumerate(types, 1)}
    menu = [(t["reports"], "index.html")]
    menu += [(f"{t['league']} {study.period_of(y)}", address) for y, address in leagues.items()]
    menu += [(site.type_name(c), address) for c, address in groups.items()]
    site = Site(study, lang, (*menu, (t["search"], "site/search.html")), site.themed)
    pages = {address: league_page(site, scores, y, address) for y, address in leagues.items()}
    pages |= {address: group_page(site, scores, c, address) for c, address in groups.items()}
    pages["site/search.html"] = _search_page(site)
    _assets(folder)
    names = {OVERALL: t["overall"], **{a.id: a.name.text(lang) for a in study.agencies}}
    write_search(folder / "search", reports, names, {y: study.period_of(y) for y in study.years})
    archives = write_archives(folder / "zip", reports)
    if scores is not None:
        scores.results().to_parquet(folder / "results.parquet", index=False)
    else:
        (folder / "results.parquet").unlink(missing_ok=True)
    for address, text in pages.items():
        _write(out / address, text)
    for stray in {*folder.glob("*.html")} - {out / address for address in pages}:
        stray.unlink()
    return _write(out / "index.html", _index_page(site, reports, scores, archives, out))


def _index_page(site: Site, reports: list[Report], scores: Scores | None, archives: dict, out: Path) -> str:
    """Agency × year grid; rows are there without JavaScript, which adds the two filters."""
    study, t = site.study, site.words
    by_place = {r.place: r for r in reports}
    years = list(study.years)[::-1]  # the newest beside the name, where a phone shows it
    overall = [by_place[f"{OVERALL}/{y}"] for y in years if f"{OVERALL}/{y}" in by_place]
    cards = "".join(
        f"<li><strong>{t['overall']} {e(study.period_of(r.year))}</strong> {_links(r, t, study)}</li>" for r in overall
    )
    if OVERALL in archives:
        cards += f'<li><a href="site/zip/{archives[OVERALL].name}" download>{t["archive"]} ({t["overall"]}, {t["zip"]})</a></li>'
    rows, kinds = [], {}
    typed = any(agency.type for agency in study.agencies)  # no column that would be empty
    for agency in study.agencies:
        kind = site.type_name(agency.type)
        kinds.setdefault(kind, None)
        cells = []
        for year in years:
            report = by_place.get(f"{agency.id}/{year}")
            row = scores.row(agency.id, year) if scores and report else None
            value = f'<span class="index">{number(row, lang=site.lang)}</span> ' if row else ""
            links = _links(report, t, study) if report else ""
            cells.append(f"<td>{value}{links}</td>" if links else f'<td class="none">{t["missing"]}</td>')
        trend = f"<td>{scores.trend(agency.id)}</td>" if scores else ""
        archive = archives.get(agency.id)
        zipped = ""
        if archive:
            hidden = f'<span class="visually-hidden"> {e(site.name(agency.id))}</span>'
            zipped = f'<a href="site/zip/{archive.name}" download>{t["zip"]}{hidden}</a>'
        rows.append(
            f'<tr data-type="{e(kind)}"><th scope="row">{e(site.name(agency.id))}</th>'
            f"{f'<td>{e(kind)}</td>' if typed else ''}{''.join(cells)}{trend}<td>{zipped}</td></tr>"
        )
    heads = "".join(f'<th scope="col">{e(study.period_of(y))}</th>' for y in years)
    trend = f'<th scope="col">{t["trend"]}</th>' if scores else ""
    kind_head = f'<th scope="col">{t["type"]}</th>' if typed else ""
    options = "".join(f"<option>{e(k)}</option>" for k in kinds if k)
    choice = f'<select id="type"><option value="">{t["all"]}</option>{options}</select>'
    kind_choice = f"\n<label>{t['filter']}{choice}</label>" if typed else ""
    said = [
        f"{t[key]}: {e(label.text(site.lang))}"
        for key, label in (("commissioned", study.commissioned_by), ("contractor", study.contractor))
        if label is not None
    ]
    counted = sum(1 for r in reports if r.agency != OVERALL)
    said.append(t["count"].format(agencies=len({r.agency for r in reports} - {OVERALL}), reports=counted))
    failed = f'<p><a href="failures.html">{t["failed"]}</a></p>' if (out / "failures.html").exists() else ""
    note = f'<p class="table-notes">{t["unit"]}. {t["trend_note"]}</p>' if scores else ""
    title = e(study.title.text(site.lang))
    body = f"""<p class="sub">{" · ".join(said)}</p>{failed}
<ul class="cards">{cards}</ul>
<div class="tools" hidden><label>{t["name"]}<input id="name" type="search" autocomplete="off"></label>{kind_choice}</div>
<div class="grid-scroll" role="region" aria-label="{title}" tabindex="0">
<table id="grid"><thead><tr><th scope="col">{t["agency"]}</th>{kind_head}{heads}{trend}<th scope="col">{t["archive"]}</th></tr></thead>
<tbody>
{chr(10).join(rows)}
</tbody></table></div>
<p id="empty" role="status"></p>{note}"""
    script = f'<script src="site/grid.js" data-none="{t["none"]}"></script>'
    return site.page(study.title.text(site.lang), body, here="index.html", script=script)


def _links(report: Report, t: dict, study) -> str:
    out = []
    for name in report.documents:
        kind = name.rsplit(".", 1)[1]
        lang = name.split(".")[1] if name.count(".") == 2 else ""
        words = f"{t.get(kind, kind.upper())} {lang}".strip()
        out.append(f'<a href="{report.place}/{name}">{words}</a>')
    out += [f'<a href="{report.place}/{name}">{e(head)}</a>' for name, head in report.pages.items()]
    return " ".join(out)


def _search_page(site: Site) -> str:
    t = site.words
    body = f"""<p class="lead-in">{t["search_lead"]}</p><noscript><p>{t["search_js"]}</p></noscript>
<p id="status" role="status"></p><ol id="results"></ol>"""
    script = '<script src="search.js"></script>'
    return site.page(t["search"], body, up="../", here="site/search.html", script=script)


def _assets(folder: Path) -> None:
    """Style and scripts, once for all pages; tables get what the reports' tables have."""
    source = shared_path("reports", "site")
    for name in ("site.css", "grid.js", "search.js"):
        shutil.copyfile(source / name, folder / name)
    extension = shared_path("reports", "_extensions", "csi")
    shutil.copyfile(extension / "csi.css", folder / "report.css")
    script = (extension / "script.html").read_text(encoding="utf-8")
    _write(folder / "report.js", script.partition("<script>")[2].rpartition("</script>")[0])


def _write(target: Path, text: str) -> Path:
    part = target.with_name(f".{target.name}.{os.getpid()}")
    part.write_text(text, encoding="utf-8")
    part.replace(target)
    return target


__all__ = ["write_site"]
