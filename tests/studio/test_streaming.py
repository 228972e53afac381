"""Events of a file."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor

from lrlab.studio.streaming import lines


def run(coroutine):
    """What it gives, in a thread of its own: a browser of other tests keeps a loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


def test_every_whole_line_is_an_event_with_the_byte_after_it(tmp_path):
    place = tmp_path / "events.jsonl"
    text = '{"kind": "began"}\n{"kind": "run"}\n{"kind": "ru'
    place.write_text(text)

    async def some(offset, many):
        stream = lines(place, offset)
        return [await anext(stream) for _ in range(many)]

    retry, first, second = run(some(0, 3))
    assert retry == b"retry: 1000\n\n"
    assert first == b'id: 18\ndata: {"kind": "began"}\n\n'
    assert run(some(18, 2))[1] == second
    assert json.loads(second.split(b"data: ")[1]) == {"kind": "run"}


def test_it_ends_when_nobody_listens(tmp_path):
    async def all_of_it():
        return [event async for event in lines(tmp_path / "none", 0, lambda: True)]

    assert run(all_of_it()) == [b"retry: 1000\n\n"]
