"""What ``papermill --engine csi`` finds by entry point.

papermill loads entry points while it is itself being imported, so this module must not import papermill;
the engine proper, `csi_lib.run.engine.ChapterEngine`, is imported when it is first asked for anything.
"""


class _Deferred(type):
    """A class that stands for the engine and passes every question on to it."""

    def __getattr__(cls, name: str):
        from csi_lib.run.engine import ChapterEngine as engine

        return getattr(engine, name)


class ChapterEngine(metaclass=_Deferred):
    """Stands for `csi_lib.run.engine.ChapterEngine` until a notebook is executed."""
