"""Starting and ending the local server."""

from __future__ import annotations

import importlib.util
import socket
import webbrowser
from pathlib import Path

from csi_lib.errors import InputError
from csi_lib.extras import advice

_NEEDED = ("starlette", "uvicorn", "jinja2", "multipart")


def serve(folder: Path, *, out: Path | None = None, port: int = 0, lang: str = "ko", browser: bool = True) -> int:
    """Serve the workbench on 127.0.0.1 until it is interrupted; prints the address with the session's key."""
    absent = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if absent:
        raise InputError(
            "the web workbench is not installed",
            found=f"without {', '.join(absent)}",
            action=advice("serve"),
        )
    if lang not in ("ko", "en"):
        raise InputError(
            "the workbench does not speak this language", where="--lang", found=repr(lang), expected="ko or en"
        )
    import uvicorn

    from csi_lib.serve.app import make_app
    from csi_lib.serve.desk import Desk
    from csi_lib.serve.guard import Guard
    from csi_lib.serve.work import Work

    desk, work = Desk.at(folder, out), Work()
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
    except OSError as error:
        listening.close()
        raise InputError(
            "this port is taken", where="--port", found=str(port), action="Leave it out to take a free one"
        ) from error
    guard = Guard(make_app(desk, work, lang=lang), listening.getsockname()[1])
    address = f"http://127.0.0.1:{guard.port}/?token={guard.token}"
    print(address, flush=True)
    if browser:
        webbrowser.open(address)
    config = uvicorn.Config(
        guard, log_level="error", access_log=False, server_header=False, date_header=False, timeout_graceful_shutdown=3
    )
    try:
        uvicorn.Server(config).run(sockets=[listening])
    finally:
        work.close()
        listening.close()
    return 0
