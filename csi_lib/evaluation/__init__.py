"""What is done with scores: standing among peers, grades, registers, follow-up."""
