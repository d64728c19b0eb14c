"""Happy-calls after a civil petition, by department and month."""

#: file of a study (`extensions:` in study.yml) -> the model it must satisfy
SETTINGS = {"happy_call": "csi_lib.chapters.happy_call.compute:HappyCallFile"}
