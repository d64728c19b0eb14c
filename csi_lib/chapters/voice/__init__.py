"""Voice of customers: topics, words, quotations."""

#: file of a study (`extensions:` in study.yml) -> the model it must satisfy
SETTINGS = {"voice": "csi_lib.voice.settings:VoiceFile"}
