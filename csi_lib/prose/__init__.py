"""Prose from numbers, in Korean and English: rounding, numbers, particles, sentences, escaping."""
