"""How well the questionnaire measures: reliability, validity, path model."""
