"""Disclosure page (경영공시): the fields that the law wants, one page."""

#: file of a study (`extensions:` in study.yml) -> the model it must satisfy
SETTINGS = {"disclosure": "csi_lib.chapters.disclosure.settings:DisclosureFile"}
