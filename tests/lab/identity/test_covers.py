"""What the key covers and does not see, in sentences."""

import sys
from pathlib import Path

import lrlab as lr
from lrlab.lab.identity.covers import covered
from lrlab.lab.identity.identity import Identity, identity_of


def test_each_thing_is_said_where_it_is_so():
    """And not elsewhere."""
    plain = covered(Identity("", files=(Path("mine.py"), Path("b.py")), libraries=("optax", "torch")))
    assert len(plain) == 3
    assert "the code of 2 files" in plain[0]
    assert "optax, torch and what they need" in plain[1]
    much = Identity("", {"the environment variable WIDTH": "", "mine.py": ""}, unseen=("line, a socket",), hashes=True)
    said = "\n".join(covered(much, "a9", threads_pinned=False))
    for words in ("the environment variable WIDTH", "look into line, a socket", "PYTHONHASHSEED=0", "threadpoolctl"):
        assert words in said
    assert "PYTHONHASHSEED" not in "\n".join(covered(much, "0"))


def test_a_plan_says_it(tmp_path):
    """Before anything is trained."""
    words = ["b", "a"]

    def train(run):
        return list({*words})

    arms = {"a": lr.constant(), "b": lr.linear()}
    plan = str(lr.compare(train, arms, horizon=4, folds=2, workers=0, store=tmp_path).plan())
    assert "the key of a run covers the code of no file" in plan
    assert "its key does not see: files of data" in plan


CACHE = None


def caches(run):
    return CACHE


def test_a_cache_that_a_training_has_filled(monkeypatch):
    """`_DATA = None` at the top, and the data in it after the first run: the key is another one, and that is said."""
    before = identity_of(caches)
    assert before.filled == ()
    monkeypatch.setattr(sys.modules[__name__], "CACHE", [1.0])
    after = identity_of(caches)
    assert after.digest != before.digest
    assert after.filled == ("CACHE",)
    assert "CACHE held nothing before" in covered(after)[-1]
    monkeypatch.undo()
    assert identity_of(caches).digest == before.digest
    assert identity_of(caches).filled == ()


def test_three_are_named():
    """Of what nobody can look into, and of what was filled; files and libraries are counted and named."""
    names = ("one", "two", "three", "four")
    unseen, filled = (covered(Identity("", **{field: names}))[-1] for field in ("unseen", "filled"))
    assert "look into one; two; three: its" in unseen
    assert filled.startswith("one, two, three held nothing")
    assert covered(Identity("", files=(Path("a.py"),)))[0].startswith(
        "the key of a run covers the code of 1 file, what"
    )
    assert covered(Identity(""))[1] == "and the versions of Python"
