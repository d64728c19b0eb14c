"""The engine's line to a Jupyter kernel, warm or ordinary, woken by events.

nbclient asks three times a second whether something has come, waits a fifth of a second to be sure that nothing more
comes, and looks once a second whether the kernel lives. Here one place waits for all of it: replies, outputs and the
kernel's end wake it, and so do the deadlines.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import os
import subprocess
import time
from collections.abc import Mapping

import zmq
from jupyter_client.manager import KernelManager
from jupyter_core.utils import ensure_event_loop
from zmq.utils.monitor import recv_monitor_message

from csi_lib.run.kernel_process import END, LAST_OUTPUT, START, Stopped, end_of, exit_in_words, kill_group
from csi_lib.run.warm_client import ForkedKernel


class JupyterLine:
    """A kernel of the specification `name` among `specs`; `cwd` and `env` are the kernel's, not this process's."""

    def __init__(self, name: str, specs, *, cwd: str | None, env: Mapping[str, str] | None, output: int | None):
        self._name, self._specs, self._limit, self.received = name, specs, output, 0
        # What a kernel prints past its notebook would land in the middle of the run's own display.
        self._launch = {"cwd": cwd, "env": env, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.process = self._ended = self._client = self._replied = None
        self._idle = None  # the cell after which the kernel has said that it is idle
        self._context = zmq.Context()
        # The kernel's sockets appear when it has come up; the default is to look every 100 ms.
        self._context.reconnect_ivl = 10
        if output is not None:
            self._context.maxmsgsize = output
        self._manager = KernelManager(kernel_name=name, kernel_spec_manager=specs, context=self._context)

    @property
    def kind(self) -> str:
        return "warm" if isinstance(self.process, ForkedKernel) else "ordinary"

    def open(self) -> dict:
        try:
            self._manager.start_kernel(**self._launch)
        except OSError as problem:  # full disk, no memory to fork, a folder that went away
            raise Stopped("start", str(problem)) from problem
        self.process = self._manager.provisioner.process
        self._ended = self.process.fileno() if self.kind == "warm" else end_of(self.process.pid)
        self._client = self._manager.client(context=self._context)
        self._client.start_channels(stdin=False, hb=False, control=False)
        self._shell, self._iopub = self._client.shell_channel.socket, self._client.iopub_channel.socket
        self._monitor = self._iopub.get_monitor_socket(zmq.EVENT_DISCONNECTED)
        self._poller = zmq.Poller()
        for source in (self._shell, self._iopub, self._monitor, self._ended):
            if source is not None:
                self._poller.register(source, zmq.POLLIN)
        return self._wait_until_ready()["language_info"]

    def _wait_until_ready(self) -> dict:
        """Ask until the kernel answers and its outputs arrive; returns its kernel_info."""
        started, info = time.monotonic(), None
        while time.monotonic() < started + START:
            asked = self._client.kernel_info()
            # Before the subscription has reached the kernel, outputs are lost: ask again then.
            until = time.monotonic() + 0.1 if info else started + START
            published = False
            while time.monotonic() < until:
                for kind, message in self._messages(until):
                    if kind == "shell" and message["msg_type"] == "kernel_info_reply":
                        info = message["content"]
                        until = time.monotonic() + 0.1
                    published |= kind == "iopub" and message["parent_header"].get("msg_id") == asked
                if info and published:
                    return info
        raise Stopped("start", f"it was not ready after {START:.0f} seconds")

    def ask(self, source: str, *, silent: bool = False) -> str:
        self._replied = None
        return self._client.execute(source, silent=silent, store_history=not silent)

    def hear(self, asked: str, deadline: float | None) -> list[dict]:
        """The reply comes last: the kernel has said that it is idle, so no output is on its way any more."""
        last = deadline if self._replied is None else self._replied[0]
        outputs = []
        for kind, message in self._messages(last):
            if message["parent_header"].get("msg_id") != asked:
                continue
            if kind == "shell":
                self._replied = time.monotonic() + LAST_OUTPUT, message
            elif message["msg_type"] != "status":
                outputs.append(message)
            elif message["content"]["execution_state"] == "idle":
                self._idle = asked
        if self._replied is not None:
            if self._idle == asked:
                outputs.append(self._replied[1])
            elif time.monotonic() >= self._replied[0]:
                raise Stopped("output", "part of it was lost on its way")
        return outputs

    def _messages(self, deadline: float | None):
        """Wait for something to happen, at most until `deadline`; what has come as (channel, message)."""
        ready = self._poll(deadline)
        found = []
        while self._iopub in ready or self._shell in ready:
            for kind, source in (("iopub", self._iopub), ("shell", self._shell)):
                if source in ready:
                    frames = source.recv_multipart()
                    if kind == "iopub":
                        self.received += sum(map(len, frames))
                    _, body = self._client.session.feed_identities(frames)
                    found.append((kind, self._client.session.deserialize(body)))
            if self._limit is not None and self.received > self._limit:
                raise Stopped("output", "there is too much of it")
            if len(found) >= 100:
                return found
            ready = dict(self._poller.poll(0))
        if self._monitor in ready or (self._ended in ready and not found):
            self._look_after_end(found)
        return found

    def _poll(self, deadline: float | None) -> dict:
        wait = None if deadline is None else max(0, int(1000 * (deadline - time.monotonic())) + 1)
        if self._ended is None:  # the end of an ordinary kernel cannot be waited for here: look
            wait = 500 if wait is None else min(wait, 500)
        if (
            ended := self.process.returncode is not None
        ):  # its end was heard between its last words, and wakes nobody again
            wait = 0
        ready = dict(self._poller.poll(wait))
        if not ready and (ended or (self._ended is None and self.process.poll() is not None)):
            self._look_after_end([])
        return ready

    def _look_after_end(self, found: list) -> None:
        """The kernel has ended, or has been cut off because one message was too large."""
        if self._monitor in dict(self._poller.poll(0)):
            recv_monitor_message(self._monitor)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(0.5)
        if self.process.poll() is None:
            raise Stopped("output", "one piece is larger than all of it may be")
        if found or self._iopub.poll(50):
            return  # its last words first
        code = self.process.poll()
        raise Stopped(getattr(self.process, "why", None) or "death", exit_in_words(code), code)

    def close(self, orderly: bool) -> None:
        try:
            if self._manager.provisioner is not None and self._manager.has_kernel:
                self._end(orderly)
        finally:
            self._manager.cleanup_resources()
            if self._client:
                self._iopub.disable_monitor()
            self._context.destroy(linger=0)

    def _end(self, orderly: bool) -> None:
        self.process = self._manager.provisioner.process
        if orderly:  # the notebook's exit functions run
            if self.kind == "warm":
                self._manager.request_shutdown()
            else:  # a request to shut down often makes ipykernel hang, see `warm_kernel.run_kernel`
                self._client.execute("__import__('IPython').get_ipython().ask_exit()", silent=True)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(END)
        kill_group(self.process)
        self.process.wait()
        if self.kind == "ordinary" and self._ended is not None:
            os.close(self._ended)


def in_own_event_loop(function):
    """Call it so that jupyter_client's blocking calls leave no event loop behind.

    They make one for each thread, remembered in a context variable, and never close it.
    """

    def run():
        try:
            return function()
        finally:
            try:
                asyncio.get_running_loop()  # called from asynchronous code: they have used a thread
            except RuntimeError:
                ensure_event_loop().close()
                asyncio.set_event_loop(None)

    return contextvars.Context().run(run)
