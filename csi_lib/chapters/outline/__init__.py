"""Survey outline: purpose, sample, error, weighting, plan against the achieved sample."""
