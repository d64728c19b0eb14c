"""Complaints, loyalty, trust."""

#: file of a study (`extensions:` in study.yml) -> the model it must satisfy
SETTINGS = {"loyalty": "csi_lib.chapters.loyalty.compute:LoyaltyFile"}
