"""Results by dimension, item and group of respondents."""
