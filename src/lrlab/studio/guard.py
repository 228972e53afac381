"""Access control: every request passes here first, and every reply leaves with the same headers.

A page of another site can make a browser send requests to this server, and can make its own name point to this
machine. So a request must name this server (`Host`) and must not come from elsewhere (`Origin`, `Sec-Fetch-Site`). A
request that reads or changes something (`/api/...`) must carry the token of this process. A request that changes
something is a POST in JSON of a bounded size.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from lrlab.desk import VERSION

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LARGEST = 1_000_000  # bytes of a body
PATIENCE = 16 * LARGEST  # bytes read of a body that is too large: who still sends does not hear the answer
TOKEN = "x-lrlab-token"
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
}


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server bound to this host.

    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, True, False)
    """
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


@dataclass(frozen=True)
class Refusal:
    """An HTTP status and a sentence."""

    status: int
    sentence: str


class Guard:
    """The application behind the rules above; `names` are the server's names besides those of the loopback."""

    def __init__(self, app: App, token: str, names: Collection[str] = ()) -> None:
        self._app, self._token = app, token
        self._names = {*LOOPBACK, *(name.lower() for name in names)}
        self._addresses = bool(names)  # bound to more than the loopback: its IP addresses count as names, too

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a request or pass it on; a WebSocket is closed."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = [(name, value) for name, value in message.get("headers", ()) if name.decode() not in HEADERS]
                fixed = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
                message = {**message, "headers": [*own, *fixed]}
            await send(message)

        refused = self.refusal(scope)
        body = b""
        if refused is None and scope["method"] == "POST":
            body, refused = await _body(receive)
        if refused is not None:
            await _refuse(refused, answer)
            return
        await self._app(scope, _replayed(body, receive) if scope["method"] == "POST" else receive, answer)

    def refusal(self, scope: Scope) -> Refusal | None:
        """The first rule that a request breaks, or None if it is allowed."""
        headers = _headers(scope)
        host = headers.get("host", [])
        if len(host) != 1 or not self._is_ours(host[0]):
            return Refusal(400, "this server is not called so: open the address that `lrlab studio` has printed")
        if any(origin != f"{scope.get('scheme', 'http')}://{host[0]}" for origin in headers.get("origin", [])):
            return Refusal(403, "a page of another origin may not ask here")
        if any(site not in ("same-origin", "none") for site in headers.get("sec-fetch-site", [])):
            return Refusal(
                403, "a page of another site may not ask here; type the address, or open it from the terminal"
            )
        if scope["method"] not in ("GET", "HEAD", "POST"):
            return Refusal(405, "only GET and POST are known here")
        if scope["path"].startswith("/api/") or scope["method"] == "POST":
            return self._unproved(headers, scope["method"])
        return None

    def _unproved(self, headers: dict[str, list[str]], method: str) -> Refusal | None:
        tokens = headers.get(TOKEN, [])
        if not tokens:
            return Refusal(401, "the token is missing: open the address that `lrlab studio` has printed")
        if len(tokens) > 1 or not secrets.compare_digest(tokens[0].encode(), self._token.encode()):
            return Refusal(
                403, "this is not the token of this studio: open the address that `lrlab studio` has printed"
            )
        if method == "POST":
            kind = ",".join(headers.get("content-type", [])).partition(";")[0].strip().lower()
            if kind != "application/json":
                return Refusal(
                    415, "a request that changes or computes something is JSON: Content-Type application/json"
                )
            size = headers.get("content-length", ["0"])[0]
            if not size.isdecimal() or int(size) > LARGEST:
                return Refusal(413, f"this is too large: at most {LARGEST:,} bytes")
        return None

    def _is_ours(self, host: str) -> bool:
        name, colon, port = host.lower().rpartition(":") if not host.endswith("]") else (host.lower(), "", "")
        if not colon:
            name = host.lower()
        if colon and not (port.isascii() and port.isdecimal()):
            return False
        if name in self._names:
            return True
        try:
            return self._addresses and bool(ip_address(name.strip("[]")))
        except ValueError:
            return False


def _headers(scope: Scope) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        found.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return found


async def _body(receive: Receive) -> tuple[bytes, Refusal | None]:
    """The whole body, or a refusal if it is too large; a body of unknown length is counted on arrival."""
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b"", Refusal(400, "the request has ended early")
        part = message.get("body", b"")
        size += len(part)
        if size <= LARGEST:
            parts.append(part)
        if size > PATIENCE or not message.get("more_body"):
            break
    if size > LARGEST:
        return b"", Refusal(413, f"this is too large: at most {LARGEST:,} bytes")
    return b"".join(parts), None


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Receive the body again, and then what comes after it."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


async def _refuse(refused: Refusal, send: Send) -> None:
    body = json.dumps({"version": VERSION, "error": refused.sentence}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if refused.status == 413:
        headers.append((b"connection", b"close"))  # the unread rest would be taken for the next request
    await send({"type": "http.response.start", "status": refused.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
