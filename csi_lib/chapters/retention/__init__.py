"""Retention and destruction of personal data."""

#: file of a study (`extensions:` in study.yml) -> the model it must satisfy
SETTINGS = {"retention": "csi_lib.chapters.retention.compute:RetentionFile"}
