"""Before and after a change of system, of training, of consulting."""

#: file of a study (`extensions:` in study.yml) -> the model it must satisfy
SETTINGS = {"before_after": "csi_lib.chapters.before_after.compute:BeforeAfterFile"}
