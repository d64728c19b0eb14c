"""Appendix: statistics tables, questionnaire, codebook, quality record, assumptions, provenance."""
