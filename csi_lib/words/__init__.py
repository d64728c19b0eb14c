"""Catalogues of further languages, one folder each, and what writes them: see docs/words.md.

`extract` finds every English text of the rooms with the Korean beside it; `writing` makes and keeps the files of a language.
"""
