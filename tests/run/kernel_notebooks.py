"""Notebooks for the tests of kernels, and what the machine shows of the processes behind them."""

import os
import time
from pathlib import Path

from nbformat import v4


def notebook(*cells, parameters="agency = 'none'\nyear = 2024"):
    """A notebook that declares the kernel ``python3``, as the chapters do."""
    first = []
    if parameters is not None:
        first = [v4.new_code_cell(parameters, metadata={"tags": ["parameters"]})]
    node = v4.new_notebook(cells=[*first, *(v4.new_code_cell(cell) for cell in cells)])
    node.metadata["kernelspec"] = {"name": "python3", "language": "python", "display_name": "Python 3"}
    node.metadata["language_info"] = {"name": "python"}
    return node


def printed(node) -> str:
    """Everything the notebook's cells have printed."""
    outputs = (output for cell in node.cells for output in cell.get("outputs", ()))
    return "".join(output.text for output in outputs if output.output_type == "stream")


def alive(pid: int) -> bool:
    """Whether the process runs (one that is dead and not yet waited for does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone(pids, seconds: float = 10) -> bool:
    """Whether all of them end within that time."""
    deadline = time.monotonic() + seconds
    while any(alive(pid) for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def descriptors(pid: int | str = "self") -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))
