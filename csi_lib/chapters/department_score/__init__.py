"""Combined score of a department from survey, phone monitoring and visits."""

#: file of a study (`extensions:` in study.yml) -> the model it must satisfy
SETTINGS = {"department_score": "csi_lib.chapters.department_score.compute:DepartmentScoreFile"}
