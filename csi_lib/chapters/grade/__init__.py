"""Grades of a round and of one body, with the chance of another."""

#: file of a study (`extensions:` in study.yml) -> the model it must satisfy
SETTINGS = {"grades": "csi_lib.chapters.grade.settings:GradingFile"}
