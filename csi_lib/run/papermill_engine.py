"""What ``papermill --engine csi`` finds by entry point.

papermill loads entry points while it is itself being imported, so this module must not import papermill;
the engine proper is in `csi_lib.run.engine`.
"""


class ChapterEngine:
    """Stands for `csi_lib.run.engine.ChapterEngine` until a notebook is executed."""

    @classmethod
    def execute_notebook(cls, *arguments, **options):
        from csi_lib.run.engine import ChapterEngine as engine

        return engine.execute_notebook(*arguments, **options)
