"""Evaluation checklist: PLAN, DO, SEE and the nine principles, each with its evidence."""

#: file of a study (`extensions:` in study.yml) -> the model it must satisfy
SETTINGS = {"checklist": "csi_lib.chapters.checklist.compute:ChecklistFile"}
