"""Who may speak to the local server: this machine's user, from the server's own pages, and nobody else.

Every request passes `Guard`. It is refused unless it comes over loopback, names this server as its host (so that a
foreign name that resolves to 127.0.0.1 reaches nothing), carries the session's cookie, and, when it changes something,
was sent by one of the server's own pages. Every answer carries the headers that keep a page from loading or sending
anything elsewhere.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

SAFE = {"GET", "HEAD"}
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
#: bytes a request may send: a form, and an upload of respondent files
FORM_LIMIT, UPLOAD_LIMIT = 4_000_000, 2_000_000_000


#: for a published report: its own scripts run, in an origin of their own that can reach nothing of the server's
DOCUMENT_POLICY = (
    "sandbox allow-scripts allow-downloads; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data:; font-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)


class Guard:
    """ASGI application around `app`.

    Parameters
    ----------
    app : what is guarded.
    port : on which the server listens; with the loopback names it makes the accepted hosts and origins.
    token : what the first address carries (``/?token=…``); a new random one by default.
    """

    def __init__(self, app, port: int, token: str | None = None):
        self.app, self.port = app, port
        self.token = token or secrets.token_urlsafe(32)
        self._session = secrets.token_urlsafe(32)
        self.cookie = f"csi-{port}"
        self.hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]")}

    @property
    def proof(self) -> str:
        """What every form of ours carries, and no other page can know."""
        return hmac.new(self._session.encode(), b"form", hashlib.sha256).hexdigest()

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":  # no web sockets
            return
        headers = _headers(scope)
        if problem := self._foreign(scope, headers):
            await _answer(send, 403, problem)
            return
        if scope["method"] == "GET" and scope["path"] == "/" and self._has_token(scope):
            cookie = f"{self.cookie}={self._session}; HttpOnly; SameSite=Strict; Path=/"
            await _answer(send, 303, "", [(b"location", b"/"), (b"set-cookie", cookie.encode())])
            return
        if not self._known(headers):
            await _answer(send, 401, "Open the address that `csi serve` printed: it carries this session's key.")
            return
        if scope["method"] not in SAFE and not self._own_page(headers):
            await _answer(send, 403, "This request was not sent by a page of the workbench.")
            return
        limit = UPLOAD_LIMIT if headers.get("content-type", "").startswith("multipart/form-data") else FORM_LIMIT
        if not headers.get("content-length", "0").isdigit() or int(headers.get("content-length", "0")) > limit:
            await _answer(send, 413, f"At most {limit // 1_000_000} MB can be sent.")
            return
        if "chunked" in headers.get("transfer-encoding", ""):
            await _answer(send, 411, "The length of what is sent must be known.")
            return
        scope["csi"] = {"proof": self.proof}
        await self.app(scope, receive, _with_headers(send))

    def _foreign(self, scope, headers) -> str | None:
        client = (scope.get("client") or ("",))[0]
        try:
            local = ipaddress.ip_address(client).is_loopback
        except ValueError:
            local = False
        if not local:
            return "The workbench answers this machine only."
        if headers.get("host") not in self.hosts:
            return "This name is not the workbench's."
        return None

    def _has_token(self, scope) -> bool:
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        return secrets.compare_digest(given.encode(), self.token.encode())

    def _known(self, headers) -> bool:
        try:
            found = SimpleCookie(headers.get("cookie", "")).get(self.cookie)
        except CookieError:
            return False
        return found is not None and secrets.compare_digest(found.value.encode(), self._session.encode())

    def _own_page(self, headers) -> bool:
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        return origin == f"http://{headers['host']}" and site in (None, "same-origin")


def _headers(scope) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def _with_headers(send):
    """Adds the protecting headers; an answer that brings its own policy keeps it."""

    async def guarded(message):
        if message["type"] == "http.response.start":
            names = {name.lower() for name, _ in message["headers"]}
            message["headers"] = [*message["headers"], *((n, v) for n, v in _PROTECTING if n not in names)]
        await send(message)

    return guarded


_PROTECTING = [
    (b"content-security-policy", PAGE_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
]


async def _answer(send, status: int, words: str, headers=()):
    start = [(b"content-type", b"text/plain; charset=utf-8"), *_PROTECTING, *headers]
    await send({"type": "http.response.start", "status": status, "headers": start})
    await send({"type": "http.response.body", "body": words.encode()})
