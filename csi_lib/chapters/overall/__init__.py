"""Overall results: indices, ladder of expectation and trust, sectors, distribution."""
