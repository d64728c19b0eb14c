"""What a report claims: families of comparison, findings, and the one verdict of each."""
