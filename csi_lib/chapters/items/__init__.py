"""Items by the sections of the questionnaire: what a report shows where no index gathers them."""
