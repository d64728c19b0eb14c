"""What runs a batch's notebooks: ipykernel's IPython shell in the forked process, without the kernel around it.

A Jupyter kernel brings sockets, three threads and an event loop, so that a person can interrupt it, talk to it while it
works and look into it. Nobody does that in a batch, and it costs more than many a chapter's own work. Here cells come over
one socket and outputs go back over it, in the words of Jupyter's messages; what is written to descriptors 1 and 2, past
Python, goes into two pipes that the client reads. The shell, its display hooks, formatters, tracebacks and compiler are
ipykernel's, so a notebook prints and shows what it does in JupyterLab. It lacks what needs the kernel itself: comms
(widgets), ``get_ipython().kernel``, the user's start-up files. A notebook that needs these says ``csi: {kernel: jupyter}``
in its metadata.
"""

from __future__ import annotations

import builtins
import io
import os
import socket
import sys
import threading
import time
from types import SimpleNamespace

from csi_lib.run.framing import packed, receive

#: What a kernel tells matplotlib.
INLINE = "module://matplotlib_inline.backend_inline"
#: Characters a stream keeps back, and for how long (seconds), before it sends them.
_KEEP, _DELAY = 8192, 0.2


class Line:
    """The child's end: one message at a time, tagged with the cell it belongs to."""

    def __init__(self, line: socket.socket):
        self._line, self._lock, self._owner = line, threading.RLock(), os.getpid()
        self.cell = None
        self.streams: tuple[Stream, ...] = ()

    def send(self, kind: str, content: dict) -> None:
        if os.getpid() != self._owner:  # a process that the notebook has forked: two cannot share a line
            return
        with self._lock:
            if kind != "stream":
                self.flush()
            self._line.sendall(packed({"msg_type": kind, "content": content, "cell": self.cell}))

    def flush(self) -> None:
        for stream in self.streams:
            stream.flush()

    def requests(self):
        while request := receive(self._line):
            self.cell = request["cell"]
            yield request


class Stream(io.TextIOBase):
    """``sys.stdout`` or ``sys.stderr`` of the notebook; in a process it has forked, the pipe behind descriptor 1 or 2."""

    encoding, errors = "UTF-8", "replace"

    def __init__(self, line: Line, name: str, descriptor: int):
        super().__init__()
        self.name, self._line, self._descriptor, self._owner = name, line, descriptor, os.getpid()
        self._kept: list[str] = []
        self._size, self._since, self._lock = 0, 0.0, threading.RLock()

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text)}")
        if os.getpid() != self._owner:
            os.write(self._descriptor, text.encode("utf-8", "replace"))
            return len(text)
        with self._lock:
            if not self._kept:
                self._since = time.monotonic()
            self._kept.append(text)
            self._size += len(text)
            if self._size > _KEEP or time.monotonic() - self._since > _DELAY:
                self.flush()
        return len(text)

    def flush(self) -> None:
        with self._lock:
            text, self._kept, self._size = "".join(self._kept), [], 0
        if text and os.getpid() == self._owner:
            self._line.send("stream", {"name": self.name, "text": text})


def run_shell(line: socket.socket) -> int:
    """Answer the client's cells until it lets go of the line; the exit code."""
    import atexit

    line = Line(line)
    shell = ipython_shell(line)
    line.streams = Stream(line, "stdout", 1), Stream(line, "stderr", 2)
    sys.stdout, sys.stderr = line.streams
    from ipykernel.ipkernel import IPythonKernel

    line.send("ready", {"language_info": IPythonKernel.language_info})
    for request in line.requests():
        if not request["silent"]:
            line.send("execute_input", {"execution_count": shell.execution_count})
        result = shell.run_cell(request["code"], store_history=not request["silent"], silent=request["silent"])
        line.flush()
        line.send("execute_reply", _reply(shell, result))
    # The notebook's own threads and exit functions have their turn, as at any interpreter's end.
    threading._shutdown()
    atexit._run_exitfuncs()
    return 0


def _reply(shell, result) -> dict:
    """What ipykernel says of a cell that is done."""
    problem = result.error_before_exec or result.error_in_exec
    if result.success and not getattr(shell, "_last_traceback_during_displayhook", False):
        return {"status": "ok"}
    return {
        "status": "error", "traceback": shell._last_traceback or [], "ename": type(problem).__name__, "evalue": _text(problem),
    }  # fmt: skip


def _text(problem) -> str:
    try:
        return str(problem)
    except Exception:  # the exception's own __str__ raises
        return "<no message>"


def ipython_shell(line: Line):
    """ipykernel's shell, whose outputs go over `line`."""
    import ipykernel_launcher
    from ipykernel.compiler import XCachingCompiler
    from ipykernel.zmqshell import ZMQInteractiveShell
    from IPython.core.shellapp import InteractiveShellApp
    from jupyter_client.session import Session
    from traitlets.config import Config

    class Outputs(Session):
        """Where the shell's display hooks send their messages."""

        def msg(self, msg_type, content=None, *_, **__):
            return {"msg_type": msg_type, "content": content or {}}

        def send(self, stream, msg_or_type, content=None, *_, **__):
            message = msg_or_type if isinstance(msg_or_type, dict) else self.msg(msg_or_type, content)
            line.send(message["msg_type"], message["content"])
            return message

    sys.argv = [ipykernel_launcher.__file__]
    InteractiveShellApp.init_path(SimpleNamespace(ignore_cwd=False))  # where the working folder stands among the paths
    os.environ["MPLBACKEND"] = os.environ.get("MPLBACKEND") or INLINE
    settings = Config({"HistoryManager": {"enabled": False}})
    shell = ZMQInteractiveShell.instance(config=settings, compiler_class=XCachingCompiler)
    for hook in (shell.displayhook, shell.display_pub):
        hook.session = Outputs()
    builtins.input = _no_input
    return shell


def _no_input(prompt: str = "") -> str:
    """As in a Jupyter kernel whose client answers no questions."""
    from ipykernel.kernelbase import StdinNotImplementedError

    raise StdinNotImplementedError("a notebook in a batch cannot ask for input")
