"""Service charter: were the promises kept, by standard and channel."""

#: file of a study (`extensions:` in study.yml) -> the model it must satisfy
SETTINGS = {"charter": "csi_lib.chapters.charter.compute:CharterFile"}
