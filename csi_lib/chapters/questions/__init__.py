"""Questions of other kinds than rating: one choice, several answers, a few out of many, numbers."""
