"""From any file to coded rows and a receipt: the one way in for every kind of source."""
