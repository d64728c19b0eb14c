"""What to mend first: importance, gains, quadrants, drivers."""

#: file of a study (`extensions:` in study.yml) -> the model it must satisfy
SETTINGS = {"portfolio": "csi_lib.evaluation.portfolio:PortfolioFile"}
