"""Who the customers are: definition, frame, sample by type, errors."""

#: file of a study (`extensions:` in study.yml) -> the model it must satisfy
SETTINGS = {"customer_definition": "csi_lib.chapters.customers.compute:CustomerDefinitionFile"}
