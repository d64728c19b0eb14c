"""Statistics tables: what they are, how they come from results, how they fit a page. No rendering."""
