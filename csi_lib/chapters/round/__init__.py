"""The overall report on all bodies of a round."""
