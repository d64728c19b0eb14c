"""Conclusions and recommendations: what all chapters found, put in order."""
