"""Management evaluation: scorecard and indicators."""

#: file of a study (`extensions:` in study.yml) -> the model it must satisfy
SETTINGS = {"management": "csi_lib.chapters.management.compute:ManagementFile"}
