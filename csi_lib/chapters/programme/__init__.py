"""Programme page: how customer satisfaction is managed in the house."""

#: file of a study (`extensions:` in study.yml) -> the model it must satisfy
SETTINGS = {"programme": "csi_lib.chapters.programme.settings:ProgrammeFile"}
