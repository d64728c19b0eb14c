"""Voice of customers in the writers' own words: representative quotations and the list of all comments."""

from __future__ import annotations

from csi_lib.chapters.voice.section import TONES, Voice, labels
from csi_lib.prose.numbers import Number
from csi_lib.tables.table import Column, Row, Table
from csi_lib.voice.comments import Comments
from csi_lib.voice.quotes import Quote, representative
from csi_lib.voice.review import read_decisions, text_hash
from csi_lib.voice.standing import own_scores, tones


def quotes(chapter, voice: Voice) -> list[Quote]:
    """Quotations by the rule of `csi_lib.voice.quotes`; none where too few wrote."""
    if voice.silent:
        return []
    kinds = tones(own_scores(chapter.survey, voice.score), voice.file.tone)
    found = representative(_reviewed(chapter, voice), voice.marks, kinds, voice.file.quotes, min_base=voice.least)
    chapter.quoting(q.text for q in found)
    return found


def quote_table(chapter, voice: Voice, found: list[Quote], *, name: str, caption: str) -> Table:
    t, named = chapter.text, labels(chapter, voice)
    pairs = list(dict.fromkeys((q.topic, q.tone, q.people) for q in found))
    rows = chapter.record(
        [
            {
                "measure": f"topic:{topic}",
                "by1": "tone",
                "group1": tone,
                "statistic": "people",
                "estimate": float(people),
                "unit": "count",
                "n": people,
            }
            for topic, tone, people in pairs
        ]
    ).to_dict("records")
    of = {(topic, tone): row for (topic, tone, _), row in zip(pairs, rows, strict=True)}
    columns = (
        Column("tone", t(ko="응답자", en="Writers"), "left", "stub"),
        Column("text", t(ko="의견", en="Comment"), "left", "text"),
        Column("n", t(ko="사례수", en="n"), "right", "base"),
    )
    body = tuple(
        Row((TONES[chapter.lang][q.tone], q.text, Number.from_row(of[q.topic, q.tone], "n")), group=named[q.topic])
        for q in found
    )
    tone = voice.file.tone
    note = t(
        ko=f"만족한 응답자는 스스로 매긴 점수가 {tone.satisfied:g} 이상, 불만인 응답자는 {tone.dissatisfied:g} 이하인 사람이다. "
        "주제와 응답자별로 그 무리의 낱말을 가장 많이 담은 의견을 골랐으며, 개인정보를 가린 의견과 사례수가 기준보다 적은 무리는 인용하지 않았다.",
        en=f"Satisfied: own score of {tone.satisfied:g} or more; dissatisfied: {tone.dissatisfied:g} or less. Quoted are the "
        "comments most typical of the words of their group; none in which personal data was hidden, none of groups below the "
        "minimum base.",
    )
    return Table(name, caption, columns, body, (note,), chapter.lang)


def _reviewed(chapter, voice: Voice) -> Comments:
    """The comments as a review lets them be shown: of those that nobody has read nothing, where the public edition waits for it."""
    decided = read_decisions(chapter.study.path)
    waits = voice.file.reviewed and chapter.release == "public"
    if not decided and not waits:
        return voice.comments
    unread = (lambda _: "") if waits else (lambda text: text)
    one = lambda text: decided[h].text(text) if (h := text_hash(text)) in decided else unread(text)
    return voice.comments.showing([one(text) for text in voice.comments.frame["text"]])


def listed(chapter, voice: Voice) -> bool:
    """Whether this edition lists all comments."""
    allowed = voice.file.listing
    return not voice.silent and (allowed == "public" or (allowed == "restricted" and chapter.release == "restricted"))


def listing(chapter, voice: Voice, *, name: str, caption: str) -> Table:
    """All comments by topic, in alphabetical order within it, so that their place says nothing about who wrote them."""
    t, named, frame = chapter.text, labels(chapter, voice), _reviewed(chapter, voice).frame
    other = t(ko="그 밖의 의견", en="Other comments")
    home = [next((named[k] for k in voice.marks if voice.marks[k].iloc[i]), other) for i in range(len(frame))]
    order = [*dict.fromkeys(named[k] for k in voice.marks), other]
    told = [(where, text) for where, text in zip(home, frame["text"], strict=True) if text]
    lines = sorted(set(told), key=lambda x: (order.index(x[0]), x[1]))
    shown = lines[: voice.file.most_listed]
    chapter.quoting(text for _, text in shown)
    columns = (Column("text", t(ko="의견", en="Comment"), "left", "stub"),)
    notes = [
        t(
            ko="띄어쓰기와 맞춤법은 적힌 그대로이며, 같은 글은 한 번만 실었다.",
            en="Spelling is the writers' own; the same text stands once.",
        )
    ]
    if len(lines) > len(shown):
        notes.append(t(ko="나머지 의견은 자료 파일에 있다.", en="The other comments are in the data file."))
    return Table(
        name,
        caption,
        columns,
        tuple(Row((text,), group=group) for group, text in shown),
        tuple(notes),
        chapter.lang,
        exempt="a list of texts",
    )
