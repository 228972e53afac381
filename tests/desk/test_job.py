"""The process of one comparison."""

import json

from lrlab.desk.job import Events


def test_a_line_after_a_torn_one_stands_on_its_own(tmp_path):
    place = tmp_path / "events.jsonl"
    place.write_text('{"kind": "ru')
    Events(place).write({"kind": "run"})
    Events(place).write({"kind": "finished"})
    assert [json.loads(line) for line in place.read_text().splitlines()[1:]] == [{"kind": "run"}, {"kind": "finished"}]
