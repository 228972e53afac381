"""What is to be compared, written down."""

import json
from dataclasses import asdict

from lrlab.desk.alone import ASKED
from lrlab.desk.wanted import Wanted, experiment_of, wanted_of


def test_what_is_written_down_is_what_was_wanted(tmp_path):
    """And it is the experiment that somebody would have typed."""
    wanted = Wanted("digits", schedules={"a": "cosine()", "b": "constant()"}, folds=2, lrs=(0.5, 1.0), baseline="b")
    (tmp_path / ASKED).write_text(json.dumps(asdict(wanted)))
    assert wanted_of(tmp_path) == wanted
    experiment = experiment_of(wanted)
    assert [arm.name for arm in experiment.arms] == ["a", "b"]
    assert (experiment.settings.folds, experiment.settings.lrs) == (2, (0.5, 1.0))
