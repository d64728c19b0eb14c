"""Management appraisal (경영평가): indicators in a hierarchy, panels, bonus and penalty points, grades, roll-up, awards."""

#: file of a study (`extensions:` in study.yml) -> the model it must satisfy
SETTINGS = {"appraisal": "csi_lib.chapters.appraisal.settings:AppraisalFile"}
