"""Contamination: how far answers that are not genuine could move the index."""

#: file of a study (`extensions:` in study.yml) -> the model it must satisfy
SETTINGS = {"integrity": "csi_lib.chapters.integrity.compute:IntegrityFile"}
