"""Feedback (환류): register of improvement tasks, letters, follow-up, incentives."""

#: file of a study (`extensions:` in study.yml) -> the model it must satisfy
SETTINGS = {"feedback": "csi_lib.chapters.feedback.compute:FeedbackFile"}
