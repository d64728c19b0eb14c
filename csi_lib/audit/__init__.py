"""Can the published number be trusted: audits of printed tables, contamination, aids to detect it."""
