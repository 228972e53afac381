"""`lrlab live`: what a person types while a run goes on."""

import json

import pytest
from click.testing import CliRunner

from lrlab.cli.main import main
from lrlab.record.process.orders import ManualOrders


def typed(*words):
    """A command line, and what came of it."""
    return CliRunner().invoke(main, list(map(str, words)))


def test_live(tmp_path):
    """An order, what became of it, and both as JSON."""
    live = ManualOrders(tmp_path)
    assert typed("live", tmp_path).output == "No factor was set.\n"
    assert "not taken yet" in typed("live", tmp_path, "--factor", "0.5").output
    assert live.due(1200) == 0.5
    assert "from update 1,200 on" in typed("live", tmp_path).output
    document = json.loads(typed("live", tmp_path, "--factor", "1", "--json").output)
    assert [(order["number"], order["factor"], order["taken"]) for order in document["orders"]] == [
        (1, 0.5, 1200),
        (2, 1.0, None),
    ]


@pytest.mark.parametrize("words", [("live", "nowhere", "--factor", "0.5"), ("live", "nowhere")])
def test_a_folder_without_a_run(words):
    """Exit code 1, and a sentence."""
    found = typed(*words)
    assert found.exit_code == 1
    assert "nowhere" in found.output
