"""Praise and complaints: the register of a year."""

#: file of a study (`extensions:` in study.yml) -> the model it must satisfy
SETTINGS = {"register": "csi_lib.chapters.register.compute:RegisterFile"}
