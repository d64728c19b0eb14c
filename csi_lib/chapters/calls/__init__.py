"""Call log: the 333 rule and what becomes of calls for absent colleagues."""

#: file of a study (`extensions:` in study.yml) -> the model it must satisfy
SETTINGS = {"calls": "csi_lib.chapters.calls.compute:CallsFile"}
