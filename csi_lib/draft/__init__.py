"""A first study from the files of a survey: columns, evidence, guesses with their reasons, YAML."""
