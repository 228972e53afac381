"""The application: maps addresses to functions. An error becomes a sentence, and the server keeps running.

A sentence is a normal answer with status 200: while a user types a schedule, it is wrong at every second letter, and a
browser reports any other status as a failure in its console.
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from lrlab.desk import VERSION
from lrlab.errors import LrlabError
from lrlab.studio import composing, foreseeing, planning
from lrlab.studio.asked import Asked
from lrlab.studio.choosing import Choosing
from lrlab.studio.comparing import Comparing
from lrlab.studio.guard import Guard
from lrlab.studio.pages import PAGES, Page, assets, html
from lrlab.studio.storing import Storing
from lrlab.studio.streaming import lines

Answer = Mapping[str, Any] | bytes  # a document, or bytes that a page can read
Handler = Callable[[Asked], Answer]


def application(token: str, store: Path, tasks: Mapping[str, str], names: tuple[str, ...] = ()) -> Guard:
    """The studio behind its guard, with the runs of a store and the tasks that may be trained, by their shown names.

    `names` are the server's further names, besides those of the loopback.
    """
    comparing, storing, choosing = Comparing(store, tasks), Storing(store), Choosing(store, tasks)
    gets: dict[str, Handler] = {**composing.GETS, **comparing.gets, **storing.gets, **choosing.gets}
    posts: dict[str, Handler] = {
        **composing.POSTS,
        **planning.POSTS,
        **comparing.posts,
        **storing.posts,
        **choosing.posts,
        **foreseeing.POSTS,
    }
    routes = [Route(page.path, _page(page), methods=["GET"]) for page in PAGES]
    routes.append(Route("/static/{name}", _static, methods=["GET"]))
    routes += [Route(f"/api/{name}", _get(handler), methods=["GET"]) for name, handler in gets.items()]
    routes += [Route(f"/api/{name}", _post(handler), methods=["POST"]) for name, handler in posts.items()]
    routes.append(Route("/api/events", _events(comparing), methods=["GET"]))
    handlers: Any = {404: _missing, 405: _missing}
    return Guard(Starlette(routes=routes, exception_handlers=handlers), token, names)


def _page(page: Page) -> Any:
    async def shown(request: Request) -> Response:
        return Response(html(page), media_type="text/html")

    return shown


async def _static(request: Request) -> Response:
    found = assets().get(request.path_params["name"])
    if found is None:
        return _document({"error": "there is no such file"}, 404)
    data, kind = found
    return Response(data, headers={"content-type": kind})


async def _missing(request: Request, error: Exception) -> Response:
    return _document({"error": "there is nothing at this address"}, 404)


def _get(handler: Handler) -> Any:
    async def answered(request: Request) -> Response:
        return await run_in_threadpool(_answer, handler, dict(request.query_params))

    return answered


def _events(comparing: Comparing) -> Any:
    async def streamed(request: Request) -> Response:
        asked = request.query_params
        try:
            path = comparing.events(asked.get("name", ""))
        except LrlabError as error:
            return _document({"error": str(error)})
        offset = asked.get("from", "0")
        at = int(offset) if offset.isdecimal() and len(offset) < 16 else 0
        return StreamingResponse(lines(path, at), media_type="text/event-stream")

    return streamed


def _post(handler: Handler) -> Any:
    async def answered(request: Request) -> Response:
        return await run_in_threadpool(_answer, handler, await request.body())

    return answered


def _answer(handler: Handler, given: bytes | Mapping[str, Any]) -> Response:
    """The answer of a handler, or a sentence that says what is wrong."""
    try:
        found = handler(Asked(given))
    except LrlabError as error:
        return _document({"error": str(error)})
    except (RecursionError, MemoryError):
        return _document({"error": "this is too deep, or too large, to be worked on"})
    except Exception as error:  # no request may stop the server
        traceback.print_exc(file=sys.stderr)
        return _document({"error": f"{type(error).__name__}: {error}"}, 500)
    if isinstance(found, bytes):
        return Response(found, media_type="application/octet-stream")
    return _document(found)


def _document(found: Mapping[str, Any], status: int = 200) -> Response:
    body = json.dumps({"version": VERSION, **found}, allow_nan=False)
    return Response(body, status, media_type="application/json")
