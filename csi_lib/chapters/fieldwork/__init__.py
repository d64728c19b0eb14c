"""Fieldwork control: response rates, verification, interviewers."""

#: file of a study (`extensions:` in study.yml) -> the model it must satisfy
SETTINGS = {"fieldwork": "csi_lib.chapters.fieldwork.compute:FieldworkFile"}
