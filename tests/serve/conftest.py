"""A workbench on a folder with one new study, served on this machine."""

import asyncio
import threading

import pytest

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")

from csi_lib.serve.app import make_app
from csi_lib.serve.desk import Desk
from csi_lib.serve.guard import Guard
from csi_lib.serve.work import Work
from csi_lib.study.template import new_study

PORT = 8123


@pytest.fixture
def folder(tmp_path):
    new_study(tmp_path / "demo")
    return tmp_path


@pytest.fixture
def bench(folder):
    """(guard around the application, the work it does); what is at work ends with the test."""
    work = Work()
    yield Guard(make_app(Desk.at(folder), work), PORT)
    work.close()


@pytest.fixture
def call(bench):
    """`call(method, path, headers={}, body=b"", signed=True)`: (status, headers, text) of one request."""

    def ask(method, path, *, headers=None, body=b"", signed=True, client="127.0.0.1", host=f"127.0.0.1:{PORT}"):
        path, _, query = path.partition("?")
        sent = {"host": host, "content-length": str(len(body)), **(headers or {})}
        if signed:
            sent.setdefault("cookie", f"{bench.cookie}={bench._session}")
        scope = {
            "type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
            "scheme": "http", "http_version": "1.1", "server": ("127.0.0.1", PORT), "client": (client, 40000),
            "headers": [(k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in sent.items() if v is not None],
        }  # fmt: skip
        got = {"status": None, "headers": {}, "body": b""}

        asked = []

        async def receive():
            if asked:  # the browser waits for its answer
                await asyncio.Event().wait()
            asked.append(True)
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message):
            if message["type"] == "http.response.start":
                got["status"] = message["status"]
                got["headers"] = {k.decode().lower(): v.decode() for k, v in message["headers"]}
            else:
                got["body"] += message.get("body", b"")

        problems = []

        def run():  # in a thread of its own: another test's driver may hold this thread's event loop
            try:
                asyncio.run(bench(scope, receive, send))
            except BaseException as error:
                problems.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        if problems:
            raise problems[0]
        return got["status"], got["headers"], got["body"].decode("utf-8", "replace")

    return ask


@pytest.fixture
def post(call, bench):
    """`post(path, **fields)`: a form of the workbench's own page."""
    from urllib.parse import urlencode

    def send(path, *, proof=None, origin=f"http://127.0.0.1:{PORT}", **fields):
        body = urlencode({"proof": bench.proof if proof is None else proof, **fields}).encode()
        headers = {"content-type": "application/x-www-form-urlencoded", "origin": origin}
        return call("POST", path, headers=headers, body=body)

    return send
