"""Tags of runs are kept beside the store."""

import pytest

from lrlab.desk.tags import FILE, MOST, tag, tags
from lrlab.errors import LrlabError
from lrlab.record.runs.store import Store
from stored import stored

A, B = stored("a", "cosine()"), stored("b", "cosine()")


@pytest.fixture
def store(tmp_path):
    for each in (A, B):
        Store(tmp_path).put(each)
    return tmp_path


def test_a_word_is_given_and_taken_away(store):
    assert tags(store) == {}
    assert tag(store, [A.key, B.key], " for  the paper ", on=True) == {key: ["for the paper"] for key in (A.key, B.key)}
    tag(store, [A.key], "good", on=True)
    tag(store, [A.key], "good", on=True)
    assert tags(store) == {A.key: ["for the paper", "good"], B.key: ["for the paper"]}
    assert tag(store, [A.key, B.key], "for the paper", on=False) == {A.key: ["good"]}
    assert [each.key for each in Store(store).listing().runs] == [A.key, B.key]


@pytest.mark.parametrize(
    ("keys", "word", "said"),
    [
        ([A.key], "", "a tag is"), ([A.key], "a,b", "a tag is"), ([A.key], "x" * 41, "a tag is"),
        (["zz"], "a", "no such runs"), (["../../x"], "a", "no such runs"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_a_sentence(store, keys, word, said):
    with pytest.raises(LrlabError, match=said):
        tag(store, keys, word, on=True)
    assert tags(store) == {}


def test_a_run_has_few_tags(store):
    for k in range(MOST):
        tag(store, [A.key], f"t{k}", on=True)
    with pytest.raises(LrlabError, match="at most"):
        tag(store, [A.key], "one more", on=True)


@pytest.mark.parametrize("text", ["{", "[]", '{"a": "b"}', '{"a": [1]}'])
def test_a_file_of_something_else_is_a_sentence(store, text):
    place = store.joinpath(*FILE)
    place.parent.mkdir()
    place.write_text(text)
    with pytest.raises(LrlabError, match="tags"):
        tags(store)
