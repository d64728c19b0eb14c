"""The engine's line to a shell forked from the warm parent (`csi_lib.run.forked_shell`)."""

from __future__ import annotations

import codecs
import contextlib
import os
import select
import socket
import time
from collections.abc import Mapping

from csi_lib.run.framing import Unpacker, packed
from csi_lib.run.kernel_process import END, START, Stopped, exit_in_words, kill_group
from csi_lib.run.warm_client import kernel_environment, refuse_other_environment, warm_parent

_PIECE = 1 << 16


class ShellLine:
    """One socket for cells and outputs, two pipes for what is written past Python, one descriptor for the end.

    Raises `NoWarmKernel` when it is made and no shell can be forked.
    """

    kind = "shell"

    def __init__(self, *, cwd: str | None, env: Mapping[str, str], processes: int | None, output: int | None):
        self.received, self._limit, self._number = 0, output, 0
        env = kernel_environment(env)
        self._parent = parent = warm_parent()
        refuse_other_environment(env, parent)
        self._line, theirs = socket.socketpair()
        pipes = [os.pipe() for _ in range(2)]
        try:
            given = [theirs.fileno(), *(end for _, end in pipes)]
            self.process = parent.fork_shell(given, env=env, cwd=cwd or os.getcwd(), processes=processes)
        except BaseException:
            for end, _ in pipes:
                os.close(end)
            self._line.close()
            raise
        finally:
            theirs.close()
            for _, end in pipes:
                os.close(end)
        self._unpacker, self._gone = Unpacker(), False
        self._pipes = {
            end: (name, codecs.getincrementaldecoder("utf-8")("replace"))
            for name, (end, _) in zip(("stdout", "stderr"), pipes, strict=True)
        }
        self._poll = select.poll()
        for source in (self._line, self.process, *self._pipes):
            self._poll.register(source, select.POLLIN)

    def open(self) -> dict:
        deadline = time.monotonic() + START
        while time.monotonic() < deadline:
            for message in self.hear(None, deadline):
                if message["msg_type"] == "ready":
                    return message["content"]["language_info"]
        raise Stopped("start", f"it was not ready after {START:.0f} seconds")

    def ask(self, source: str, *, silent: bool = False) -> int:
        self._number += 1
        message = packed({"code": source, "silent": silent, "cell": self._number})
        with contextlib.suppress(OSError):  # one that has ended is noticed when its answer is waited for
            self._line.sendall(message)
        return self._number

    def hear(self, asked: int | None, deadline: float | None) -> list[dict]:
        wait = None if deadline is None else max(0, int(1000 * (deadline - time.monotonic())) + 1)
        ready = {descriptor for descriptor, _ in self._poll.poll(wait)}
        found = []
        # The pipes first: what was written there was written before the shell said that the cell is done.
        for pipe in self._pipes.keys() & ready:
            found += self._written(pipe)
        if self._line.fileno() in ready:
            for message in self._said():
                if message["cell"] != asked:
                    continue
                if message["msg_type"] == "execute_reply":
                    found += [part for pipe in self._pipes for part in self._written(pipe)]
                found.append(message | _as_jupyter(message["msg_type"]))
        if self.process.fileno() in ready and not found:
            self._look_after_end()
        return found

    def _said(self) -> list[dict]:
        data = self._line.recv(1 << 20)
        if not data:
            self._poll.unregister(self._line)
            self._gone = True
        self._count(data)
        found = self._unpacker.feed(data)
        if self._limit is not None and self._unpacker.expected > self._limit:
            raise Stopped("output", "one piece is larger than all of it may be")
        return found

    def _written(self, pipe: int) -> list[dict]:
        """What is in the pipe now, as an output of the running cell."""
        name, decoder = self._pipes[pipe]
        text = ""
        while select.select([pipe], [], [], 0)[0] and (data := os.read(pipe, _PIECE)):
            self._count(data)
            text += decoder.decode(data)
        content = {"name": name, "text": text}
        return [{"msg_type": "stream", "content": content} | _as_jupyter("stream")] if text else []

    def _count(self, data: bytes) -> None:
        self.received += len(data)
        if self._limit is not None and self.received > self._limit:
            raise Stopped("output", "there is too much of it")

    def _look_after_end(self) -> None:
        """The shell has ended; what it said before has been heard."""
        if not self._gone and select.select([self._line], [], [], 0)[0]:
            return  # its last words first
        code = self.process.wait(START)
        if self.process.orphaned:
            self._parent.look_after_end()
        raise Stopped(self.process.why or "death", exit_in_words(code), code)

    def close(self, orderly: bool) -> None:
        with contextlib.suppress(OSError):
            self._line.shutdown(socket.SHUT_WR)  # no more cells: its exit functions run
        if orderly:
            self._drain(time.monotonic() + END)
        kill_group(self.process)
        self.process.wait()
        self.process.close()
        self._line.close()
        for pipe in self._pipes:
            os.close(pipe)

    def _drain(self, deadline: float) -> None:
        """Let it end without having to wait for a reader."""
        while self.process.poll() is None and (left := deadline - time.monotonic()) > 0:
            for descriptor, _ in self._poll.poll(int(1000 * left) + 1):
                if descriptor == self.process.fileno():
                    continue
                with contextlib.suppress(OSError):
                    if not os.read(descriptor, _PIECE):
                        self._poll.unregister(descriptor)


def _as_jupyter(kind: str) -> dict:
    """What nbclient looks for in a message beside its content."""
    return {"header": {"msg_type": kind}, "parent_header": {}}
