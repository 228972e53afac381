"""`lrlab schema`: what editors and programs are told."""

import json

import jsonschema
import pytest
from click.testing import CliRunner

from lrlab.cli.main import main


def typed(*words):
    return CliRunner().invoke(main, list(words))


def test_every_command_and_the_file_of_a_study_have_one():
    """By the words that call them."""
    names = typed("schema").output.split("\n")
    assert {"compare", "runs list", "forecast fit", "schema", "completion", "demo", "study"} <= {*names}
    for name in filter(None, names):
        jsonschema.Draft202012Validator.check_schema(json.loads(typed("schema", *name.split()).output))


def test_the_fields_are_said():
    """With what the classes say of them."""
    found = json.loads(typed("schema", "compare").output)
    of_one, _ = found["oneOf"][0]["anyOf"]  # of one task, of several
    arm = of_one["properties"]["arms"]["items"]
    assert arm["properties"]["lrs"] == {"type": "array", "items": {"type": "number"}}
    verdicts = ["best", "equally good", "not distinguishable", "worse", "open", "unstable", "diverged"]
    assert arm["properties"]["verdict"]["enum"] == verdicts
    assert "its report" in of_one["description"]


@pytest.mark.parametrize(
    ("name", "meant"), [("compar", "compare"), ("forecast ft", "forecast fit"), ("studi", "studio"), ("stdy", "study")]
)
def test_a_slip_is_answered(name, meant):
    """With the nearest."""
    done = typed("schema", *name.split())
    assert done.exit_code == 1
    assert meant in done.output.partition("try:")[2]
