"""Who is let in: by real requests to a real server, which lives on."""

import json

import pytest

from lrlab.studio.guard import HEADERS, LARGEST

COMPOSE = {"text": "cosine()", "horizon": {"updates": 100}}
JSON = {"Content-Type": "application/json"}
ROUTES = [
    ("GET", "/"),
    ("GET", "/compose"),
    ("GET", "/static/studio.css"),
    ("GET", "/api/words"),
    ("POST", "/api/compose"),
]


@pytest.fixture(autouse=True)
def _lives_on(studio):
    yield
    assert studio.post("/api/compose", COMPOSE).status == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "evil.example:PORT", "127.0.0.1.evil.example:PORT", "localhost.evil:PORT", "", None,
        "127.0.0.1:", "127.0.0.1:x", "127.0.0.1@evil.example", "[::1", "127.0.0.1, evil.example", "0.0.0.0:PORT",
        "10.0.0.1:PORT",
    ],
)  # fmt: skip
@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_a_foreign_host_is_refused(studio, method, path, host):
    """A name that was made to point here is not ours."""
    host = host and host.replace("PORT", str(studio.port))
    reply = studio.send(
        method, path, b"{}" if method == "POST" else None, {"Host": host, "X-Lrlab-Token": studio.token, **JSON}
    )
    assert reply.status == 400


@pytest.mark.parametrize("host", ["127.0.0.1:PORT", "localhost:PORT", "LocalHost:PORT", "[::1]:PORT", "localhost"])
def test_our_own_names_are_known(studio, host):
    assert studio.send("GET", "/", headers={"Host": host.replace("PORT", str(studio.port))}).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1"},
        {"Origin": "https://127.0.0.1:PORT"},
        {"Origin": "http://127.0.0.1:PORT.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "nonsense"},
    ],
    ids=str,
)
@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_a_page_of_elsewhere_is_refused(studio, method, path, headers):
    """On every route, with the token, too."""
    headers = {name: value.replace("PORT", str(studio.port)) for name, value in headers.items()}
    body = json.dumps(COMPOSE).encode() if method == "POST" else None
    reply = studio.send(method, path, body, {**headers, "X-Lrlab-Token": studio.token, **JSON})
    assert reply.status == 403
    assert "may not ask" in reply.sentence


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_our_own_page_is_let_in(studio, site):
    own = {"Origin": f"http://127.0.0.1:{studio.port}", "Sec-Fetch-Site": site}
    assert studio.post("/api/compose", COMPOSE, **own).status == 200


@pytest.mark.parametrize(("token", "status"), [(None, 401), ("", 403), ("x" * 43, 403), ("ä", 403), ("none", 403)])
@pytest.mark.parametrize(
    ("method", "path"), [*ROUTES[3:], ("POST", "/"), ("POST", "/api/nothing"), ("GET", "/api/nothing")]
)
def test_nothing_is_told_or_done_without_the_token(studio, method, path, token, status):
    """Whether there is such an address is not told either."""
    headers = {**JSON} if token is None else {**JSON, "X-Lrlab-Token": token.encode("utf-8").decode("latin-1")}
    assert studio.send(method, path, b"{}" if method == "POST" else None, headers).status == status


def test_the_token_in_an_address_opens_nothing(studio):
    """It is for the page, which sends it as a header."""
    assert studio.send("GET", f"/api/words?token={studio.token}").status == 401


@pytest.mark.parametrize("kind", [None, "", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_what_a_form_can_send_is_refused(studio, kind):
    headers = {"X-Lrlab-Token": studio.token, "Content-Type": kind}
    assert studio.send("POST", "/api/compose", json.dumps(COMPOSE).encode(), headers).status == 415


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT"])
def test_other_methods_are_refused_and_no_other_origin_is_ever_allowed(studio, method):
    reply = studio.send(method, "/api/compose", headers={"X-Lrlab-Token": studio.token})
    assert reply.status in (400, 405)
    assert not any(name.startswith("access-control") for name in reply.headers)


def test_a_computing_request_is_a_post(studio):
    assert studio.get("/api/compose").status == 404


def test_a_large_body_is_refused(studio):
    """By what it says of itself, and where it says nothing, as it comes."""
    head = {"X-Lrlab-Token": studio.token, **JSON}
    said = studio.send("POST", "/api/compose", b"{", {**head, "Content-Length": str(LARGEST + 1)})
    assert (said.status, "too large" in said.sentence) == (413, True)
    for length in ("-1", "1e3", "x"):  # refused by the head, so nothing follows it: a body may meet a closed door
        assert studio.send("POST", "/api/compose", None, {**head, "Content-Length": length}).status in (400, 413)
    chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
    chunked = studio.send("POST", "/api/compose", chunk * 20 + b"0\r\n\r\n", {**head, "Transfer-Encoding": "chunked"})
    assert chunked.status == 413


@pytest.mark.parametrize(
    "path",
    [
        "/static/../guard.py", "/static/%2e%2e/guard.py", "/static/..%2fguard.py", "/static/%2fetc%2fpasswd",
        "/static/studio.css%00", "/static/compose.html", "/static/", "/../../etc/passwd", "//etc/passwd",
        "/static/....//guard.py", "/static/studio.css/..", "/static/%5c..%5cguard.py", "/%00", "/nothing",
    ],
)  # fmt: skip
def test_there_is_no_way_to_a_file(studio, path):
    """What is served is a list of names."""
    reply = studio.send("GET", path)
    assert reply.status == 404
    assert "there is n" in reply.sentence


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/", {}),
        ("GET", "/compose", {}),
        ("GET", "/static/studio.css", {}),
        ("GET", "/nothing", {}),
        ("GET", "/api/words", {}),
        ("GET", "/", {"Host": "evil.example"}),
        ("GET", "/", {"Origin": "https://evil.example"}),
        ("POST", "/api/compose", {}),
    ],
)
def test_every_reply_has_the_same_headers(studio, method, path, headers):
    """Also what is refused: nothing but our own may run, and no other origin may read it."""
    reply = studio.send(method, path, headers=headers)
    assert {name: reply.headers.get(name) for name in HEADERS} == HEADERS
    assert HEADERS["content-security-policy"].startswith("default-src 'none'")
    assert "unsafe" not in HEADERS["content-security-policy"]
    assert not {name for name in reply.headers if name.startswith("access-control")}
    assert "server" not in reply.headers
