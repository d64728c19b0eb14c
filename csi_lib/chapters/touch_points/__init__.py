"""Touch points by customer type, with the room each has."""

#: file of a study (`extensions:` in study.yml) -> the model it must satisfy
SETTINGS = {"touch_points": "csi_lib.chapters.touch_points.compute:TouchPointsFile"}
