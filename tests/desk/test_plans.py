"""The plan of a file, looked at over a run."""

import pytest

import lrlab as lr
from lrlab.core.time.horizon import Horizon
from lrlab.desk.plans import lr_schedules, show_plan
from lrlab.errors import LrlabError

TEXT = """[plan]
lr = 'warmup("10%", start=0) >> cosine()'
momentum = "linear(start=0.95, to=0.85)"
[plan.groups."head*"]
lr = "linear()"
"""


@pytest.fixture
def file(tmp_path):
    place = tmp_path / "study.toml"
    place.write_text(TEXT, encoding="utf-8")
    return place


def test_each_curve_is_that_of_the_plan(file):
    """Over the run that is asked for; 1000 updates where nothing is said."""
    seen = show_plan(file, Horizon(updates=200))
    curves = {text: lr.parse(text).over(200) for text in ("linear(start=0.95, to=0.85)", "linear()")}
    for each in seen.record["driven"][1:]:
        assert each["points"] == [[k, value] for k, value in enumerate(curves[each["schedule"]].values())]
    assert show_plan(file, Horizon()).record["horizon"] == {"updates": 1000}


def test_a_picture_for_each_hyper_parameter(file):
    """With a line for each pattern of groups."""
    drawn = show_plan(file, Horizon(updates=200)).figures
    assert [(one.title, [line.name for line in one.lines]) for one in drawn] == [
        ("lr", ["every group", "head*"]),
        ("momentum", ["every group"]),
    ]


def test_doubts_are_of_the_lr_alone(file):
    """The first update at an LR of 0, and not that a momentum is never 1."""
    assert [finding.code for finding in show_plan(file, Horizon(updates=200)).findings] == ["zero-first"]
    assert len(lr_schedules(lr.read_plan(file))) == 2


def test_a_value_out_of_bounds_is_refused(file):
    """Before anything is drawn."""
    file.write_text('[plan]\nmomentum = "linear(start=0.9, to=1.1)"\n', encoding="utf-8")
    with pytest.raises(LrlabError, match="momentum is 1 at update"):
        show_plan(file, Horizon(updates=100))
