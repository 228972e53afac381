"""Events of a file."""

import asyncio
import json

from lrlab.studio.streaming import lines


def test_every_whole_line_is_an_event_with_the_byte_after_it(tmp_path):
    place = tmp_path / "events.jsonl"
    text = '{"kind": "began"}\n{"kind": "run"}\n{"kind": "ru'
    place.write_text(text)

    async def some(offset, many):
        stream = lines(place, offset)
        return [await anext(stream) for _ in range(many)]

    retry, first, second = asyncio.run(some(0, 3))
    assert retry == b"retry: 1000\n\n"
    assert first == b'id: 18\ndata: {"kind": "began"}\n\n'
    assert asyncio.run(some(18, 2))[1] == second
    assert json.loads(second.split(b"data: ")[1]) == {"kind": "run"}


def test_it_ends_when_nobody_listens(tmp_path):
    async def all_of_it():
        return [event async for event in lines(tmp_path / "none", 0, lambda: True)]

    assert asyncio.run(all_of_it()) == [b"retry: 1000\n\n"]
