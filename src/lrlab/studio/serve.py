"""The server: binds to an address, reports it once it is ready, and ends with Ctrl-C."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable, Mapping
from pathlib import Path

from lrlab.errors import LrlabError, missing, worded

try:
    import starlette  # noqa: F401
    import uvicorn
except ModuleNotFoundError as error:
    raise missing(error.name or "starlette", "studio", "lrlab studio") from None

from lrlab.studio.app import application
from lrlab.studio.guard import is_loopback

PATIENCE = 1  # seconds that open connections get at the end


def serve(host: str, port: int, store: Path, tasks: Mapping[str, str], ready: Callable[[str], object]) -> None:
    """Serve until Ctrl-C; `ready` is called with the address and its token. Raises `LrlabError` if it cannot bind.

    `store` is the folder of the runs; `tasks` are the tasks that may be trained, by their shown names.
    """
    bound = _bound(host, port)
    token = secrets.token_urlsafe(32)
    names = () if is_loopback(host) else (host, socket.gethostname())
    at = bound.getsockname()
    name = f"[{at[0]}]" if ":" in at[0] else at[0]
    url = f"http://{name}:{at[1]}/?token={token}"
    config = uvicorn.Config(
        application(token, store, tasks, names),
        log_level="warning",
        access_log=False,
        lifespan="off",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=PATIENCE,
    )
    server = uvicorn.Server(config)
    begin = server.startup

    async def startup(sockets: list[socket.socket] | None = None) -> None:
        await begin(sockets)
        if server.started:
            ready(url)

    server.startup = startup
    try:
        server.run(sockets=[bound])
    except KeyboardInterrupt:
        pass  # uvicorn has ended cleanly and passes the signal on
    finally:
        bound.close()


def _bound(host: str, port: int) -> socket.socket:
    try:
        family, *_, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        made = socket.socket(family, socket.SOCK_STREAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(place)
    except OSError as error:
        hint = "another --port, or 0 for any that is free"
        raise LrlabError(
            worded(f"the studio cannot be served there: {error.strerror}", f"{host}:{port}", "", hint)
        ) from None
    return made
