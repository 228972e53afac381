"""`lrlab list` as a newcomer and as a program use it."""

import json
import re


def test_list_has_every_word_with_a_formula(lrlab):
    """What can be typed, with what it means."""
    words = json.loads(lrlab("list", "--json").stdout)["words"]
    assert {"cosine", "warmup", "wsd", "plateau", "one_cycle", "function"} <= {word["name"] for word in words}
    assert all(word["formula"] and word["sentence"] for word in words)
    assert re.search(r"^cosine  Half a cosine", lrlab("list").stdout, re.MULTILINE)
