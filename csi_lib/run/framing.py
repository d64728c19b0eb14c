"""Messages over a stream socket (four bytes of length, then JSON) and, packed, over the pipes of a worker."""

from __future__ import annotations

import json
import socket
from typing import BinaryIO

from csi_lib.study.packing import pack, unpack

_HEAD = 4


def packed(message: dict) -> bytes:
    """A message as it goes over the line."""
    body = json.dumps(message, ensure_ascii=False).encode("utf-8", "surrogatepass")
    return len(body).to_bytes(_HEAD, "big") + body


class Unpacker:
    """Bytes in as they come, whole messages out."""

    def __init__(self):
        self._buffer = bytearray()

    @property
    def expected(self) -> int:
        """Bytes the message that is on its way will have; 0 while that is not known."""
        return int.from_bytes(self._buffer[:_HEAD], "big") if len(self._buffer) >= _HEAD else 0

    def feed(self, data: bytes) -> list[dict]:
        """The messages that `data` completes."""
        self._buffer += data
        found = []
        while len(self._buffer) >= _HEAD and len(self._buffer) >= (end := _HEAD + self.expected):
            found.append(json.loads(self._buffer[_HEAD:end].decode("utf-8", "surrogatepass")))
            del self._buffer[:end]
        return found


def receive(line: socket.socket) -> dict | None:
    """The next message, waiting for it; None when the other side has gone."""
    head = _exactly(line, _HEAD)
    body = head and _exactly(line, int.from_bytes(head, "big"))
    return json.loads(body.decode("utf-8", "surrogatepass")) if body else None


def send_packed(pipe: BinaryIO, value: object) -> None:
    """A value to the other end of a pipe (eight bytes of length, then `packing.pack`)."""
    body = pack(value)
    pipe.write(len(body).to_bytes(8, "big") + body)
    pipe.flush()


def receive_packed(pipe: BinaryIO) -> object:
    """The next value from a pipe; EOFError when the other end has gone."""
    head = pipe.read(8)
    size = int.from_bytes(head, "big")
    body = pipe.read(size) if len(head) == 8 else b""
    if len(head) < 8 or len(body) < size:
        raise EOFError
    return unpack(bytearray(body))


def _exactly(line: socket.socket, size: int) -> bytes | None:
    data = bytearray()
    while len(data) < size:
        part = line.recv(min(size - len(data), 1 << 20))
        if not part:
            return None
        data += part
    return bytes(data)
