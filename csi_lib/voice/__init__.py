"""Free text: what respondents wrote in their own words, cleaned, scrubbed, counted and quoted."""
