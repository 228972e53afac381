"""A studio that is really served, and a client that sends what it is told to send, byte for byte."""

import contextlib
import gzip
import json
import subprocess
import sys
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from lrlab.studio.packed import unpacked
from waiting import training

SLOW = "slow.py:train"  # of the studio of all tests: an update takes a millisecond


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def sentence(self):
        return self.json["error"]

    @property
    def refused(self):
        """Whether it is a sentence about what was asked for."""
        return (
            self.status == 200 and self.headers["content-type"] == "application/json" and bool(self.json.get("error"))
        )

    @property
    def unpacked(self):
        return unpacked(self.body)


@dataclass(frozen=True)
class Studio:
    """Where a studio is, and its process."""

    url: str
    process: subprocess.Popen

    @property
    def port(self):
        return urlsplit(self.url).port

    @property
    def token(self):
        return parse_qs(urlsplit(self.url).query)["token"][0]

    def send(self, method, path, body=None, headers=None):
        """Exactly these headers, and `Host` where none is given."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        given = {"Host": f"127.0.0.1:{self.port}", **(headers or {})}
        if body is not None and "Content-Length" not in given and "Transfer-Encoding" not in given:
            given["Content-Length"] = str(len(body))
        for name, value in given.items():
            if value is not None:
                connection.putheader(name, value)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # refused before all of it was sent
            connection.endheaders(body)
        answer = connection.getresponse()
        reply = Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        connection.close()
        return reply

    def get(self, path):
        return self.send("GET", path, headers={"X-Lrlab-Token": self.token})

    def post(self, path, document, **headers):
        """A request as the page makes it."""
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        own = {"X-Lrlab-Token": self.token, "Content-Type": "application/json"}
        return self.send("POST", path, body, {**own, **headers})


def started(*options, cwd=None):
    """A studio in a process of its own, once it is ready."""
    process = subprocess.Popen(
        [sys.executable, "-m", "lrlab", "studio", "--json", *options],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=cwd,
    )  # fmt: skip
    line = process.stdout.readline()
    assert line, process.stderr.read()
    return Studio(json.loads(line)["url"], process)


@pytest.fixture(name="started")
def _started():
    """Start studios of one's own; each is ended in the end."""
    served = []

    def begun(*options, cwd=None):
        served.append(started(*options, cwd=cwd))
        return served[-1]

    yield begun
    for each in served:
        each.process.kill()
        each.process.communicate(timeout=60)


@pytest.fixture(scope="package")
def studio(tmp_path_factory):
    """With a task of its own beside the built-in ones, whose processes need not load PyTorch: that takes seconds.

    Its path is longer than a narrow screen is wide.
    """
    folder = tmp_path_factory.mktemp("studio_" + "o" * 40)
    (folder / "slow.py").write_text(training(1000, 1.0))
    served = started("--task", SLOW, cwd=folder)
    yield served
    served.process.terminate()
    served.process.communicate(timeout=60)


FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture(scope="package")
def chromium():
    """A real browser without a screen; where there is none, that is said aloud."""
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS.split())
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium, studio):
    """Open a page of the studio; in the end nothing was said on its console, and nobody else was asked for anything."""
    said, foreign, contexts = [], [], []

    def opened_page(path="/", *, theme="light", width=1440, height=900, **how):
        context = chromium.new_context(viewport={"width": width, "height": height}, color_scheme=theme, **how)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: foreign.append(request.url) if not _is_ours(request.url, studio) else None)
        page.goto(studio.url)
        page.wait_for_selector(".word")
        if path != "/":
            page.goto(studio.url.partition("/?")[0] + path)
        return page

    yield opened_page
    for context in contexts:
        context.close()
    assert said == []
    assert foreign == []


def _is_ours(url, studio):
    return url.startswith((f"http://127.0.0.1:{studio.port}/", "data:", "blob:"))


AXE = Path(__file__).parents[1] / "handbook" / "axe-core" / "axe-4.14.1.min.js.gz"


@pytest.fixture(scope="session")
def violations():
    """What axe-core finds on a page that was opened with `bypass_csp`: the rule, and where."""
    axe = gzip.decompress(AXE.read_bytes()).decode()

    def found(page):
        page.add_script_tag(content=axe)
        return page.evaluate(
            """async () => {
                const found = await axe.run(document, { resultTypes: ["violations"] });
                return found.violations.map((v) => [v.id, v.nodes.map((n) => n.html.slice(0, 160))]);
            }"""
        )

    return found
