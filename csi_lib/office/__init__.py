"""What is delivered beside the report: statistics tables, briefing slides, data package."""
