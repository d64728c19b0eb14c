"""The workbench in a browser: a local server on the functions that the command line uses."""
