"""The studio as it is started and stopped."""

import json
import re
import signal
import socket
import subprocess
import sys

import jsonschema
import pytest

from lrlab.desk.schemas import of_command


def begun(*options):
    return subprocess.Popen(
        [sys.executable, "-m", "lrlab", "studio", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_it_says_one_line_and_ends_on_ctrl_c():
    """The address with its token; then nothing more, and exit code 0."""
    process = begun("--no-browser")
    line = process.stdout.readline()
    assert re.fullmatch(r"The studio is at http://127\.0\.0\.1:\d+/\?token=[\w-]{43}  \(Ctrl-C ends it\)\n", line)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=60) == ("", "")
    assert process.returncode == 0


def test_its_document_says_where_it_is_once_it_is_ready():
    process = begun("--json")
    found = json.loads(process.stdout.readline())
    jsonschema.validate(found, of_command("studio", "lrlab.cli.commands.studio:ReadyDocument", closed=True))
    assert found["pid"] == process.pid
    port = int(re.search(r":(\d+)/", found["url"])[1])
    socket.create_connection(("127.0.0.1", port), timeout=10).close()
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=60) == ("", "")


def test_a_port_that_is_taken_is_a_sentence():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = begun("--port", str(taken.getsockname()[1]), "--json")
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "cannot be served there" in json.loads(said)["error"]


def test_other_machines_are_let_in_only_with_a_warning():
    """And by the token: the names of this machine are known, those of others are not."""
    process = begun("--host", "0.0.0.0", "--json")
    assert "0.0.0.0" in json.loads(process.stdout.readline())["url"]
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert "warning: 0.0.0.0 can be reached from other machines" in said


@pytest.mark.parametrize("extra", ["starlette", "uvicorn"])
def test_without_the_extra_it_says_what_to_type(extra):
    code = f"import sys; sys.modules[{extra!r}] = None; from lrlab.cli.main import main; main(['studio'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert "pip install" in done.stderr
    assert "[studio]" in done.stderr


def test_without_the_extra_all_other_commands_are_there():
    """The schemas, the help."""
    for line in (["schema"], ["--help"], ["studio", "--help"]):
        code = f"import sys; sys.modules['starlette'] = None; from lrlab.cli.main import main; main({line!r})"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert done.stdout
