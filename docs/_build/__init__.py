"""How the documentation site is made: ``python docs/build.py`` (``nox -s docs``)."""
