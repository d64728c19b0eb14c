"""Conclusions and recommendations: what all chapters found, put in order."""

#: file of a study (`extensions:` in study.yml) -> the model it must satisfy
SETTINGS = {"conclusion": "csi_lib.chapters.conclusion.settings:ConclusionFile"}
