"""A new study: a small commented folder that loads, simulates and runs at once."""

from __future__ import annotations

import shutil
from pathlib import Path

from csi_lib.errors import InputError
from csi_lib.study.schema import write_schemas

_TEMPLATE = Path(__file__).with_name("new_study")


def new_study(folder: str | Path) -> Path:
    """Write a study to start from into `folder`, which must be new or empty.

    The files are commented in Korean and English; ``.schema/`` lets editors complete and check them, and
    ``data/`` waits for the respondent files. Returns the folder.

    Examples
    --------
    >>> import csi_lib
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = csi_lib.new_study(Path(folder) / "mine")
    ...     made = (path / "study.yml").exists()
    >>> made
    True
    """
    folder = Path(folder).expanduser()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError("this folder is not empty", where=str(folder), action="Name a folder that does not exist yet.")
    folder.mkdir(parents=True, exist_ok=True)
    for file in sorted(_TEMPLATE.glob("*.yml")):
        shutil.copyfile(file, folder / file.name)
    (folder / "data").mkdir()
    (folder / ".gitignore").write_text("/data/\n/.csi/\n/out/\n/lab/\n.ipynb_checkpoints/\n", encoding="utf-8")
    write_schemas(folder / ".schema")
    return folder
