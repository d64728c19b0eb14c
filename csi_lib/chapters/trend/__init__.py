"""Trend over all waves."""
