"""What was found when the files were read, said to the reader of the report."""

from __future__ import annotations

from csi_lib.prose.sentences import Sentence


def intake_sentences(chapter) -> list[Sentence]:
    """One sentence for each note of the files of this wave: rows that are no respondents, answers written out, what the
    files say against the codebook."""
    out = []
    for note in dict.fromkeys(chapter.survey.quality.notes):
        column = chapter.survey.codebook.columns.get(note.column) if note.column else None
        name = chapter.labels.variable(note.column) if column is not None and column.label else None
        text = note.text(chapter.lang).rstrip(".")
        if name is not None:
            out.append(chapter.sentence(ko="{name}: {note}.", en="{name}: {note}.", name=name, note=text))
        else:
            text = text[:1].upper() + text[1:]
            out.append(chapter.sentence(ko="{note}.", en="{note}.", note=text))
    return out
