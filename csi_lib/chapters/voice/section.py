"""Voice of customers: what the open-ended answers say, how often, and how satisfied those who say it are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from csi_lib.chapters.record_checks import people_in_records
from csi_lib.evaluation.systems import system_file
from csi_lib.findings.families import judged
from csi_lib.prose.numbers import Number
from csi_lib.prose.sentences import Sentence
from csi_lib.study.reading import reading
from csi_lib.survey.disclosure import Rules
from csi_lib.survey.estimates import Estimates
from csi_lib.tables.estimates import change_table
from csi_lib.tables.table import Column, Row, Table
from csi_lib.voice import topics as about
from csi_lib.voice.comments import Comments, read_comments, staff_names
from csi_lib.voice.settings import VoiceFile
from csi_lib.voice.standing import voice_estimates

TONES = {
    "ko": {"satisfied": "만족한 응답자", "neutral": "보통인 응답자", "dissatisfied": "불만인 응답자"},
    "en": {"satisfied": "Satisfied", "neutral": "Neutral", "dissatisfied": "Dissatisfied"},
}
_KINDS = {
    "ko": {
        "email": "전자우편", "link": "링크", "account_id": "계정", "resident": "주민등록번호", "card": "카드번호",
        "phone": "전화번호", "bank": "계좌번호", "car": "차량번호", "home": "상세주소", "reference": "접수번호",
        "birth": "생년월일", "document": "신분증번호", "name": "이름",
    },
    "en": {
        "email": "e-mail address", "link": "link", "account_id": "account", "resident": "resident number",
        "card": "card number", "phone": "telephone number", "bank": "account number", "car": "car number",
        "home": "address", "reference": "reference number", "birth": "date of birth", "document": "document number",
        "name": "name",
    },
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Voice:
    """The comments of one agency and wave, read and counted; `previous` is None for a first wave."""

    file: VoiceFile
    score: str | None
    topics: tuple[about.TopicWords, ...]
    comments: Comments
    marks: pd.DataFrame
    estimates: Estimates
    previous: Estimates | None
    changes: Estimates | None
    words: tuple[str, ...]
    phrases: tuple[str, ...]
    least: int

    @property
    def silent(self) -> bool:
        """Whether so few wrote that nothing may be said of what they wrote."""
        return self.comments.frame["respondent"].nunique() < self.least


def open_voice(chapter) -> Voice:
    """Read the comments of the chapter's agency and wave, and of its last wave, as ``voice.yml`` says."""
    file: VoiceFile = system_file(chapter.study, "voice")
    # without an index the study names the item that says how satisfied the writer is, or the first one does
    score = file.score or (chapter.overall_item if chapter.models else next(iter(chapter.survey.codebook.items), None))
    study, codebook = chapter.study, chapter.survey.codebook
    topics = tuple(about.topic_words(file, chapter.models[0] if chapter.models else None, codebook))
    known = about.known_words(file)
    # writers name people whom the office's own records know: sheets, calls, registers
    names = [*staff_names(study, file), *people_in_records(study, chapter.agency, data=chapter._round.data)]
    least = Rules.of(study, file.source).min_base

    def read(year: int):
        survey = chapter.survey_of(year)
        comments = read_comments(survey, file, names=names, known=known, store=chapter.store)
        return survey, comments, about.mentions(comments, topics)

    def count(survey, comments, marks, words, phrases) -> Estimates:
        by_person = lambda frame: about.of_respondents(comments, frame)
        wrote = np.zeros(len(survey.frame), bool)
        wrote[comments.frame["respondent"].to_numpy(int)] = True
        return voice_estimates(
            study,
            survey,
            wrote,
            by_person(marks),
            by_person(about.uses(comments, words)),
            phrases=by_person(about.uses(comments, phrases, kind="phrases")),
            score=score,
            tone=file.tone,
            surveys=chapter.surveys,
        )

    survey, comments, marks = read(chapter.year)
    # a word that hardly anybody used may be a person's mark as much as a name
    seldom = least if chapter.release == "public" else 2
    words = tuple(about.frequent(comments, file.words, least=seldom))
    phrases = tuple(about.frequent(comments, file.words // 2 + 1, kind="phrases", least=seldom))
    now = count(survey, comments, marks, words, phrases).masked(chapter.release)
    previous = changes = None
    if chapter.previous_year is not None:
        before = read(chapter.previous_year)
        if len(before[1]):
            previous = count(*before, (), ()).masked(chapter.release)
            changes = chapter.judged_changes(
                Estimates.concat([now, previous]).contrast({"year": chapter.year}, {"year": chapter.previous_year})
            )
    for estimates in (now, previous, changes):
        if estimates is not None:
            chapter.record(estimates)
    return Voice(file, score, topics, comments, marks, now, previous, changes, words, phrases, least)


# ---------------------------------------------------------------------- rows with labels
def labels(chapter, voice: Voice) -> dict[str, str]:
    """Codes of topics, tones, words and phrases → what a reader sees."""
    out = {t.id: t.label.text(chapter.lang) for t in voice.topics}
    out |= {f"topic:{i}": label for i, label in dict(out).items()}
    out |= {f"tone:{k}": v for k, v in TONES[chapter.lang].items()}
    out |= {f"word:{w}": w for w in voice.words} | {f"phrase:{p}": p for p in voice.phrases}
    return out


def topic_rows(voice: Voice) -> pd.DataFrame:
    """Share of writers by topic, the most frequent first."""
    frame = voice.estimates.frame
    rows = frame[frame["measure"].str.startswith("topic:") & (frame["statistic"] == "share") & frame["by1"].isna()]
    return rows.sort_values("estimate", ascending=False, kind="stable").reset_index(drop=True)


def previous_rows(voice: Voice, rows: pd.DataFrame) -> pd.DataFrame | None:
    if voice.previous is None:
        return None
    frame = voice.previous.frame
    found = frame[frame["by1"].isna() & frame["measure"].isin(rows["measure"]) & (frame["statistic"] == "share")]
    return found.reset_index(drop=True) if len(found) else None


def overview(chapter, voice: Voice) -> list[Sentence]:
    """How many wrote, what about most, and whether those who wrote are like those who did not."""
    frame = voice.estimates.frame
    wrote = frame[(frame["measure"] == "comment") & frame["by1"].isna()].iloc[0]
    out = [
        chapter.sentence(
            ko="응답자 {n} 가운데 {share}가 의견을 적었다.",
            en="Of {n} respondents, {share} wrote a comment.",
            n=Number.from_row(wrote, "n"),
            share=wrote,
        )
    ]
    rows = topic_rows(voice)
    rows = rows[rows["estimate"].notna() & (rows["estimate"] > 0)]
    if len(rows):
        first = rows.iloc[0]
        out.append(
            chapter.sentence(
                ko="가장 많이 언급된 주제는 ‘{topic}’({share})이다.",
                en="The most frequent topic is ‘{topic}’ ({share} of those who wrote).",
                topic=labels(chapter, voice)[first["measure"]],
                share=first,
            )
        )
    gap = _gap(voice, "comment", "yes", "no")
    if gap is not None:
        gap = chapter.record(gap).iloc[0]
        out.append(
            chapter.comparison(
                gap,
                subject=chapter.text(ko="의견을 적은 사람의 만족도", en="Satisfaction of those who wrote"),
                versus=chapter.text(ko="적지 않은 사람", en="that of those who did not"),
            )
        )
    return out


def _gap(voice: Voice, by: str, a: str, b: str) -> Estimates | None:
    if voice.score is None:
        return None
    keys = {"measure": voice.score, "statistic": "mean", "by1": by}
    both = voice.estimates.contrast({**keys, "group1": a}, {**keys, "group1": b})
    enough = len(both) and both.frame["estimate"].notna().all() and reading().compares(both.frame["n"].min())
    return both if enough else None


def privacy_sentence(chapter, voice: Voice) -> Sentence:
    """What was hidden before anybody read the comments."""
    hidden = voice.comments.hidden
    if not hidden:
        return chapter.sentence(
            ko="개인정보로 보이는 내용은 없었다.", en="Nothing that looks like personal data was found."
        )
    rows = chapter.record(
        [
            {
                "measure": f"hidden:{kind}",
                "statistic": "count",
                "estimate": float(n),
                "unit": "cases",
                "n": len(voice.comments),
            }
            for kind, n in sorted(hidden.items(), key=lambda x: (-x[1], x[0]))
        ]
    )
    parts = [
        chapter.sentence(
            ko="{kind} {n}",
            en="{kind}: {n}",
            kind=_KINDS[chapter.lang][r["measure"].split(":")[1]],
            n=Number.from_row(r),
        )
        for r in rows.to_dict("records")
    ]
    return chapter.sentence(
        ko="의견에서 개인정보로 보이는 것을 기계적으로 가렸다: {parts}. 가려진 자리에는 [이름]처럼 종류만 적었다.",
        en="What looks like personal data was hidden by rule: {parts}. Its place shows only the kind, such as [name].",
        parts=parts,
    )


# ---------------------------------------------------------------------- tables
def topic_changes(chapter, voice: Voice, rows: pd.DataFrame, *, name: str, caption: str) -> Table:
    """Share of each topic with its change since the last wave; p-values are adjusted for all topics together (Holm)."""
    named, before = labels(chapter, voice), previous_rows(voice, rows)
    stub = {"row": chapter.text(ko="주제", en="Topic"), "estimate": chapter.text(ko="언급률", en="Share")}
    if before is None or voice.changes is None:
        return chapter.table(
            rows, name=name, rows="measure", fields=("estimate", "ci", "n"), labels=named, caption=caption, heads=stub
        )
    changes = voice.changes.frame
    changes = changes[changes["by1"].isna() & changes["measure"].isin(rows["measure"])].reset_index(drop=True)
    year = lambda y: f"{y}년" if chapter.lang == "ko" else str(y)
    return change_table(
        rows,
        before,
        changes,
        name=name,
        caption=caption,
        rows="measure",
        lang=chapter.lang,
        labels=named,
        heads={**stub, "current": year(chapter.year), "previous": year(chapter.previous_year)},
        notes=(
            chapter.text(
                ko="사례수는 의견을 적은 응답자 수이며, 유의확률은 모든 주제를 함께 검정한 값이다(Holm).",
                en="n counts those who wrote; p-values are adjusted for all topics together (Holm).",
            ),
        ),
    )


def _together(chapter, frame: pd.DataFrame) -> pd.DataFrame:
    """The same differences with p-values that hold for all of them together (Holm), as rows of their own."""
    return chapter.record(judged(frame))


def score_table(chapter, voice: Voice, rows: pd.DataFrame, *, name: str, caption: str) -> Table | None:
    """How satisfied those are who write of a topic, beside those who write of something else, with the test."""
    t, named, lines, gaps = chapter.text, labels(chapter, voice), [], []
    frame = voice.estimates.frame
    for measure in rows["measure"]:
        topic = measure.split(":", 1)[1]
        gap = _gap(voice, "topic", topic, f"~{topic}")
        one = frame[(frame["measure"] == voice.score) & (frame["by1"] == "topic")]
        own, rest = one[one["group1"] == topic], one[one["group1"] == f"~{topic}"]
        if len(own) and len(rest):
            lines.append((measure, own.iloc[0], rest.iloc[0], len(gaps) if gap is not None else None))
            if gap is not None:
                gaps.append(gap.frame)
    if not lines:
        return None
    tested = pd.concat(gaps, ignore_index=True) if gaps else None
    if tested is not None:
        tested = _together(chapter, tested).to_dict("records")
    columns = (
        Column("topic", t(ko="주제", en="Topic"), "left", "stub"),
        Column("n", t(ko="사례수", en="n"), "right", "base"),
        Column("own", t(ko="언급한 사람", en="Who mention it")),
        Column("rest", t(ko="다른 의견을 적은 사람", en="Other writers")),
        Column("gap", t(ko="차이", en="Difference")),
        Column("p", t(ko="유의확률", en="p")),
        Column("said", t(ko="판정", en="Verdict"), "left", "text"),
    )
    body = []
    for measure, own, rest, at in lines:
        gap = tested[at] if at is not None else None
        said = chapter.verdict(gap) if gap is not None else None
        body.append(
            Row(
                (
                    named[measure],
                    Number.from_row(own, "n"),
                    Number.from_row(own),
                    Number.from_row(rest),
                    Number.from_row(gap, signed=True) if gap else Number(None, "points"),
                    Number.from_row(gap, "p_value") if gap else Number(None, "p_value"),
                    f"{said.mark} {said.word(chapter.lang, kind='comparison')}" if said else "",
                )
            )
        )
    few = t(
        ko="어느 한쪽이 {n}명에 못 미치면 차이를 검정하지 않았다.",
        en="Differences are not tested where either side has fewer than {n} people.",
    ).format(n=chapter.reading.compared_base)
    note = t(
        ko="만족도는 글에서 짐작한 것이 아니라 응답자가 스스로 매긴 점수이다. 유의확률은 모든 주제를 함께 검정한 값이다(Holm).",
        en="Satisfaction is not read into the text: it is the writers' own score. p-values are adjusted for all topics (Holm).",
    )
    return Table(name, caption, columns, tuple(body), (note, few), chapter.lang)


def tone_rows(chapter, voice: Voice, rows: pd.DataFrame) -> pd.DataFrame | None:
    """Satisfied, neutral and dissatisfied writers by topic, for the bars that fill 100 %."""
    frame = voice.estimates.frame
    part = frame[frame["measure"].str.startswith("tone:") & (frame["by1"] == "topic")]
    order = [m.split(":", 1)[1] for m in rows["measure"]]
    part = part[part["group1"].isin(order) & part["estimate"].notna()]
    if not len(part):
        return None
    place = {g: i for i, g in enumerate(order)}
    return part.sort_values("group1", key=lambda s: s.map(place), kind="stable").reset_index(drop=True)


def word_rows(voice: Voice, kind: str = "word") -> pd.DataFrame:
    frame = voice.estimates.frame
    rows = frame[frame["measure"].str.startswith(f"{kind}:") & frame["by1"].isna() & frame["estimate"].notna()]
    return rows.sort_values("estimate", ascending=False, kind="stable").reset_index(drop=True)


def word_gaps(chapter, voice: Voice) -> dict[str, dict]:
    """How much more satisfied a word's users are than other writers; p-values are adjusted for all words together."""
    gaps = {w: _gap(voice, "word", w, f"~{w}") for w in voice.words}
    gaps = {w: g.frame for w, g in gaps.items() if g is not None}
    if not gaps:
        return {}
    frame = pd.concat(gaps.values(), ignore_index=True)
    return {f"word:{w}": row for w, row in zip(gaps, _together(chapter, frame).to_dict("records"), strict=True)}


def method_sentence(chapter, voice: Voice) -> Sentence:
    """What read the comments, so that a reader knows how far the counts go."""
    plain = voice.comments.analyser == "plain"
    return chapter.sentence(
        ko=(
            "낱말은 띄어쓰기와 조사를 기준으로 나눈 것이어서 같은 말이 다르게 세어질 수 있다."
            if plain
            else "낱말은 형태소 분석기({tool})로 나눈 명사이며, 한 사람이 여러 번 쓴 낱말은 한 번으로 세었다."
        ),
        en=(
            "Words were told apart by spaces and particles, so one word may be counted under two forms."
            if plain
            else "Words are nouns found by a morphological analyser ({tool}); a word used twice by one person counts once."
        ),
        **({} if plain else {"tool": voice.comments.analyser}),
    )
