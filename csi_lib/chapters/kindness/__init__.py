"""Phone and visit kindness by mystery shopping."""

#: file of a study (`extensions:` in study.yml) -> the model it must satisfy
SETTINGS = {"kindness": "csi_lib.chapters.kindness.compute:KindnessFile"}
