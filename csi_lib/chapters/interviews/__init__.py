"""Interviews and focus groups: statements coded by two people, how far they agree, and what the codes stand beside."""

#: file of a study (`extensions:` in study.yml) -> the model it must satisfy
SETTINGS = {"interviews": "csi_lib.chapters.interviews.compute:InterviewsFile"}
