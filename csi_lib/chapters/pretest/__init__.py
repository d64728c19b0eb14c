"""Pre-test: item analysis and decisions before fieldwork."""

#: file of a study (`extensions:` in study.yml) -> the model it must satisfy
SETTINGS = {"pretest": "csi_lib.chapters.pretest.compute:PretestFile"}
