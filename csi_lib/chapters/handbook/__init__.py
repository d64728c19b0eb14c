"""The handbook (고객만족업무편람) of a body: who its customers are, what it promises, how it asks, evaluates and feeds back."""

#: file of a study (`extensions:` in study.yml) -> the model it must satisfy
SETTINGS = {"handbook": "csi_lib.chapters.handbook.settings:HandbookFile"}
