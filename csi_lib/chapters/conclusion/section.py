"""The first page and the last chapter: where we stand, whether it is real, what to mend, what was promised, what to leave alone."""

from __future__ import annotations

from dataclasses import replace

from csi_lib.chapters.claims import languages
from csi_lib.chapters.conclusion.ledger import ledger, of
from csi_lib.chapters.conclusion.recommend import recommendations, sentence, settings
from csi_lib.chapters.portfolio.section import item_portfolio
from csi_lib.findings.finding import Finding
from csi_lib.prose.numbers import Number
from csi_lib.prose.sentences import Sentence, join_words
from csi_lib.tables.table import Column, Row, Table

#: sources beside the customers' survey, in the order of the sheet
_OTHERS = ("internal", "happy-call", "kindness")
_MARKS = {"better": "▲", "worse": "▼", "none": "–", "unclear": ""}
_MOST = 5


def _said(findings: list[Finding]) -> list[Sentence]:
    return [f.sentence or Sentence(next(iter(f.says.values())), next(iter(f.says.values()))) for f in findings]


def _lines(findings: list[Finding]) -> list[tuple[Sentence, str]]:
    return [
        (s, _MARKS[f.direction] if f.kind in ("change", "gap") else "")  # a promise says itself what became of it
        for s, f in zip(_said(findings), findings, strict=True)
    ]


def sheet(chapter, *, name: str, caption: str) -> Table:
    """The report on one page: one line an answer, under the four questions of whoever decides; all sources of the study."""
    t, found = chapter.text, ledger(chapter)
    index = [f for f in found if f.chapter == "overall" and f.severity >= 8 and f.kind in ("level", "risk")][:1]
    groups: list[tuple[str, list[tuple[Sentence, str]]]] = [
        (t(ko="어디에 있나", en="Where we stand"), _lines([*index, *of(found, room="grade")])),
        (t(ko="진짜 변화인가", en="Is the change real"), _lines(of(found, kind="change", room="overall")[:1]) + _moves(chapter, found)),
        (t(ko="무엇이 시급한가", en="What is urgent"), _lines([f for f in of(found, kind="risk") if f not in index][:3])),
        (t(ko="무엇부터 고칠까", en="What to mend first"), [(sentence(chapter, r), "") for r in recommendations(chapter, most=1, quoted=False)]
         or [(s, "") for s in [lowest(chapter)] if s is not None]),
        (t(ko="다른 자료는", en="What other sources say"),
         _lines([f for room in _OTHERS for f in of(found, room=room, kind="change")[: 1 if room == "internal" else 2]])),
        (t(ko="약속은 지켰나", en="What we promised"), _promises(chapter, found)),
    ]  # fmt: skip
    rows = [Row((said, mark), group=head) for head, lines in groups for said, mark in lines]
    if not rows:
        rows = [Row((t(ko="이 조사에서 판단할 수 있는 것이 없다.", en="Nothing in this survey can be judged."), ""))]
    columns = (
        Column("said", t(ko="내용", en="Finding"), "left", "stub"),
        Column("mark", t(ko="판정", en="Verdict"), "center", "text"),
    )
    if not any(mark for _, lines in groups for _, mark in lines):  # no column and no legend of marks that are not there
        rows, columns = [replace(row, cells=row.cells[:1]) for row in rows], columns[:1]
    note = t(
        ko="▲ 좋아짐, ▼ 나빠짐, – 유의한 변화 없음",
        en="▲ better, ▼ worse, – no significant change",
    )
    return Table(
        name,
        caption,
        columns,
        tuple(rows),
        (note,) if len(columns) > 1 else (),
        chapter.lang,
        exempt="sentences; their bases stand in the chapters",
    )


def _moves(chapter, found: list[Finding]) -> list[tuple[Sentence, str]]:
    """Which dimensions rose and fell, in a line each, and how many did neither."""
    parts = [f for f in of(found, kind="change", room="overall") if 4 <= f.severity < 8]
    out = []
    for way, ko, en in (("better", "유의하게 오른 차원: {names}.", "Significantly higher: {names}."),
                        ("worse", "유의하게 내린 차원: {names}.", "Significantly lower: {names}.")):  # fmt: skip
        names = [chapter.labels.measure(f.subject) for f in parts if f.direction == way]
        if names:
            out.append(
                (chapter.sentence(ko=ko, en=en, names=join_words(names, chapter.lang, between=", ")), _MARKS[way])
            )
    same = [f for f in parts if f.direction == "none"]
    if same:
        names = join_words([chapter.labels.measure(f.subject) for f in same], chapter.lang, between=", ")
        out.append(
            (
                chapter.sentence(
                    ko="유의한 변화가 없는 차원: {names}.", en="Without a significant change: {names}.", names=names
                ),
                "–",
            )
        )
    return out


def _promises(chapter, found: list[Finding]) -> list[tuple[Sentence, str]]:
    """Missed promises and overdue tasks by name; the rest counted."""
    promised = of(found, kind="promise")
    bad = [f for f in promised if f.direction == "worse"]
    out = _lines(bad[:_MOST])
    rest = len(promised) - len(bad[:_MOST])
    if promised and rest:
        counted = chapter.record([{"measure": "promises", "statistic": "count", "estimate": rest, "unit": "number", "n": len(promised)},
                                  {"measure": "promises", "statistic": "count: better", "unit": "number", "n": len(promised),
                                   "estimate": len([f for f in promised if f.direction == "better"])}], counts="tasks").to_dict("records")  # fmt: skip
        out.append((
            chapter.sentence(ko="그 밖의 약속과 과제는 {rest}건이며, 모두 합해 {better}건이 지켜졌거나 점수가 유의하게 나아졌다.",
                             en="There are {rest} other promises and tasks; of all, {better} were kept or raised a score significantly.",
                             rest=counted[0], better=counted[1]), "",
        ))  # fmt: skip
    return out


def changes(chapter) -> dict[str, list[Sentence]]:
    """What was gained, lost, and cannot be told to have changed, of all sources: way → sentences, the weightiest first."""
    moved = of(ledger(chapter), kind="change")
    return {way: _said([f for f in moved if f.direction == way]) for way in ("better", "worse", "none")}


def change_table(chapter, *, name: str, caption: str) -> Table | None:
    """Gained, lost, unchanged, each with its test; None without a comparison."""
    t, found = chapter.text, changes(chapter)
    heads = {
        "better": t(ko="얻은 것", en="Gained"),
        "worse": t(ko="잃은 것", en="Lost"),
        "none": t(ko="유의한 변화 없음", en="No significant change"),
    }
    rows = [Row((s, _MARKS[way]), group=heads[way]) for way, said in found.items() for s in said]
    if not rows:
        return None
    columns = (
        Column("said", t(ko="내용", en="Finding"), "left", "stub"),
        Column("mark", t(ko="판정", en="Verdict"), "center", "text"),
    )
    return Table(
        name, caption, columns, tuple(rows), (), chapter.lang, exempt="sentences; their bases stand in the chapters"
    )


def lowest(chapter) -> Sentence | None:
    """Why nothing is recommended, and the item with the lowest score all the same; None where no item may be compared."""
    items = [i for i in chapter.model_items if i not in chapter.doubted]
    rows = chapter.rows(measure=items, statistic="mean", by1=None)
    rows = rows[rows["estimate"].notna() & rows["n"].map(chapter.reading.compares)]
    if len(rows) < 2:
        return None
    row = rows.loc[rows["estimate"].idxmin()]
    known = item_portfolio(chapter) is not None
    why = chapter.text(
        ko="모든 항목이 목표에 이르렀다."
        if known
        else "항목의 중요도를 알 수 있는 자료가 없어 우선순위를 매기지 않았다.",
        en="Every item has reached its target."
        if known
        else "No importance of the items is known, so none is ranked first.",
    )
    return chapter.sentence(
        ko="{why} 점수가 가장 낮은 항목은 ‘{item}’({score})이다.", en="{why} The lowest item is ‘{item}’ ({score}).",
        why=why, item=chapter.labels.measure(row["measure"]), score=Number.from_row(row),
    )  # fmt: skip


def recommended(chapter) -> list[Sentence]:
    """The recommendations, numbered."""
    return [
        chapter.sentence(ko="제언 {k}. {what}", en="Recommendation {k}. {what}", k=k, what=sentence(chapter, r))
        for k, r in enumerate(recommendations(chapter), 1)
    ]


def actions(chapter) -> list[Finding]:
    """The findings of the priorities with what to do about them: the recommendations, in the languages of the study."""
    told: dict[str, dict[str, str]] = {}
    for other in languages(chapter):
        for r in recommendations(other, quoted=other is chapter):
            told.setdefault(r.measure, {})[other.lang] = sentence(other, r).text
    ranked = of(ledger(chapter), room="portfolio")
    return [replace(f, action=told[f.subject]) for f in ranked if f.subject in told]


def leave_alone(chapter) -> Sentence | None:
    """What is good already and does not weigh much: not to be raised further now; None where there is nothing of the kind."""
    points = item_portfolio(chapter) if chapter.models else None
    if points is None:
        return None
    high = chapter.gauge_zones[1]
    done = points[(points["quadrant"] == "overkill") & (points["estimate_x"] >= high)]
    names = [chapter.labels.measure(m) for m in done["measure"]]
    if not names:
        return None
    return chapter.sentence(
        ko="{names:은/는} 이미 양호({cut}점 이상)하고 중요도가 평균보다 낮으므로 더 높이기보다 지금 수준을 지킨다.",
        en="{names}: already good ({cut} or more) and of less than average importance; keep the level rather than raise it.",
        names=names, cut=f"{high:g}",
    )  # fmt: skip


def cannot_say(chapter) -> list[Sentence]:
    """What the data do not tell."""
    out = [
        chapter.sentence(
            ko="기대되는 지수는 지수의 산식으로 셈한 것이며, 어떤 조치가 점수를 올린다거나 그 때문에 만족이 달라진다는 뜻이 아니다. 한 번의 조사로는 원인을 가릴 수 없다.",
            en="The index expected is computed by its formula; it does not mean that a measure will raise a score, nor that satisfaction would follow. One survey cannot tell causes.",
        )
    ]
    same = changes(chapter)["none"]
    if same:
        row = chapter.record(
            [
                {
                    "measure": "findings",
                    "statistic": "count: none",
                    "estimate": len(same),
                    "unit": "number",
                    "n": len(same),
                }
            ],
            counts="checks",
        ).iloc[0]
        out.append(
            chapter.sentence(
                ko="유의하지 않은 변화 {n}건은 변화가 없다는 뜻이 아니라, 이 표본으로는 알 수 없다는 뜻이다.",
                en="That changes are not significant ({n}) does not mean that nothing changed: this sample cannot tell.", n=row,
            )
        )  # fmt: skip
    return out + [Sentence(label.text(chapter.lang), label.text(chapter.lang)) for label in settings(chapter).notes]
