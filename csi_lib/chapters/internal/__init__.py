"""Internal customers: the ICSI of employees."""
