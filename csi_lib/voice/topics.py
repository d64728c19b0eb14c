"""What comments are about: topics by the words they hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pandas as pd

from csi_lib.errors import InputError, nearest
from csi_lib.study.base import Label
from csi_lib.voice.analyser import Reading, analyser
from csi_lib.voice.comments import Comments
from csi_lib.voice.settings import Topic, VoiceFile
from csi_lib.voice.stopwords import GENERIC


@dataclass(frozen=True)
class TopicWords:
    """A topic ready to be looked for: its words as the analyser reads them, each a run of dictionary forms."""

    id: str
    label: Label
    dimension: str | None
    words: tuple[tuple[str, ...], ...]
    beginnings: tuple[str, ...] = ()


def topic_words(file: VoiceFile, model, codebook) -> list[TopicWords]:
    """The topics of a study: those of voice.yml, else one for each dimension of the index model.

    model : IndexModel; None: the sections of the questionnaire, or its items where it has no two. A topic with a
    ``dimension`` takes its label and, besides its own words, the nouns of the labels and questions of the dimension's items,
    in every language, but for those that two dimensions share.
    """
    model = model or _of_sections(codebook)
    nodes = {n.id: n for n in model.file.nodes}
    leaves = [n.id for n in nodes.values() if n.items and n.id != model.file.index]
    declared = dict(file.topics) or {n: Topic(dimension=n) for n in leaves}
    for name, topic in declared.items():
        if topic.dimension is not None and topic.dimension not in nodes:
            near = nearest(topic.dimension, nodes)
            raise InputError(
                "the index model has no such dimension",
                where=f"voice.yml: topics > {name} > dimension",
                found=repr(topic.dimension),
                expected=", ".join(leaves),
                action=f"Did you mean {near!r}?" if near else None,
            )
    same = {s: word for word, spellings in file.same.items() for s in (*spellings, word)}
    own = {t.dimension: t for t in declared.values() if t.dimension}
    from_items = {d: _item_nouns(model, nodes[d], codebook, file, same) for d in own}
    shared = Counter(w for words in from_items.values() for w in words)
    told = {w for t in declared.values() for w in t.words}
    out = []
    for name, topic in declared.items():
        plain = [w for w in topic.words if not w.endswith("*")]
        runs = _runs(plain, file, same)
        if topic.dimension:
            runs += [(w,) for w in from_items[topic.dimension] if shared[w] == 1 and w not in told]
        label = topic.label or nodes[topic.dimension].label
        beginnings = tuple(w[:-1].casefold() for w in topic.words if w.endswith("*"))
        out.append(TopicWords(name, label, topic.dimension, tuple(dict.fromkeys(runs)), beginnings))
    return out


def known_words(file: VoiceFile) -> list[str]:
    """Single Korean nouns of voice.yml, which the analyser should keep in one piece."""
    words = [w for t in file.topics.values() for w in t.words] + [
        w for ws in file.same.items() for w in (ws[0], *ws[1])
    ]
    return sorted({w for w in words if " " not in w and not w.endswith(("*", "다")) and len(w) > 1})


def mentions(comments: Comments, topics: Sequence[TopicWords]) -> pd.DataFrame:
    """One column per topic: whether a comment (row) is on it. A comment may be on several topics, or on none."""
    found = np.zeros((len(comments), len(topics)), dtype=bool)
    for i, reading in enumerate(comments.readings):
        for k, topic in enumerate(topics):
            found[i, k] = _holds(reading, topic)
    return pd.DataFrame(found, columns=[t.id for t in topics])


def of_respondents(comments: Comments, marks: pd.DataFrame) -> pd.DataFrame:
    """The same by respondent: whether any of a respondent's comments is marked; one row per respondent of the survey."""
    rows = comments.frame["respondent"].to_numpy(int)
    out = np.zeros((comments.respondents, marks.shape[1]), dtype=bool)
    np.logical_or.at(out, rows, marks.to_numpy(bool))
    return pd.DataFrame(out, columns=list(marks.columns))


def word_counts(comments: Comments, *, kind: str = "nouns") -> Counter:
    """Word (``nouns``) or phrase (``phrases``) → number of respondents who used it; repetition does not count."""
    used = {
        (at, w) for at, r in zip(comments.frame["respondent"], comments.readings, strict=True) for w in getattr(r, kind)
    }
    return Counter(w for _, w in used)


def frequent(comments: Comments, count: int, *, kind: str = "nouns", least: int = 2) -> list[str]:
    """The `count` most used words or phrases; equal counts in alphabetical order."""
    counts = word_counts(comments, kind=kind)
    ordered = sorted((w for w, n in counts.items() if n >= least), key=lambda w: (-counts[w], w))
    if kind == "phrases":  # of 주차 공간 and 주차 공간 부족하다, with equal counts, the longer says it all
        ordered = [
            w for w in ordered if not any(w != v and f" {w} " in f" {v} " and counts[v] >= counts[w] for v in ordered)
        ]
    return ordered[:count]


def uses(comments: Comments, words: Sequence[str], *, kind: str = "nouns") -> pd.DataFrame:
    """One column per word: whether a comment holds it."""
    sets = [frozenset(getattr(r, kind)) for r in comments.readings]
    return pd.DataFrame({w: [w in s for s in sets] for w in words}, index=range(len(sets)))


def _holds(reading: Reading, topic: TopicWords) -> bool:
    lemmas = reading.lemmas
    if topic.beginnings and any(w.startswith(topic.beginnings) for w in lemmas):
        return True
    for run in topic.words:
        if len(run) == 1:
            if run[0] in lemmas:
                return True
        elif any(lemmas[i : i + len(run)] == run for i in range(len(lemmas) - len(run) + 1)):
            return True
    return False


def _runs(words: Sequence[str], file: VoiceFile, same: Mapping[str, str]) -> list[tuple[str, ...]]:
    """Words as the analyser reads them: 주차 공간 → (주차, 공간); what it cannot read stays as written."""
    if not words:
        return []
    readings = analyser(file.analyser, tuple(known_words(file))).read(list(words))
    read = lambda w, r: (
        r.lemmas if r.lemmas and " " in w else (w.casefold(),) if " " not in w else tuple(w.casefold().split())
    )
    out = [tuple(same.get(x, x) for x in read(w, r)) for w, r in zip(words, readings, strict=True)]
    # English plurals and the like: also what the analyser makes of a single word
    return out + [
        tuple(same.get(x, x) for x in r.lemmas) for w, r in zip(words, readings, strict=True) if len(r.lemmas) == 1
    ]


def _of_sections(codebook):
    """What stands for the dimensions where no index has any: sections with their items, else each item by itself."""
    items = lambda section: tuple(i for i in codebook.items if codebook.columns[i].section == section)
    parts = [(s.id, s.label, items(s.id)) for s in codebook.sections if items(s.id)]
    if len(parts) < 2:
        parts = [(i, codebook.columns[i].label, (i,)) for i in codebook.items[:20]]
    nodes = [SimpleNamespace(id=name, label=label, items=held) for name, label, held in parts]
    return SimpleNamespace(file=SimpleNamespace(nodes=nodes, index=None), binding={})


def _item_nouns(model, node, codebook, file: VoiceFile, same: Mapping[str, str]) -> list[str]:
    texts = [node.label]
    for item in node.items or ():
        column = codebook.columns.get(model.binding.get(item, item))
        texts += [t for t in (column.label, column.question) if t is not None] if column is not None else []
    plain = [t for label in texts for t in (label.ko, label.en) if t]
    readings = analyser(file.analyser, tuple(known_words(file))).read(plain)
    nouns = [same.get(w, w) for r in readings for w in r.nouns]
    return [w for w in dict.fromkeys(nouns) if w not in GENERIC and len(w) > 1]
