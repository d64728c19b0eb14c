"""Comparison with bodies of the same and of other types."""

#: file of a study (`extensions:` in study.yml) -> the model it must satisfy
SETTINGS = {"peers": "csi_lib.chapters.peers.compute:PeersFile"}
