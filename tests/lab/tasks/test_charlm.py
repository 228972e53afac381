"""The language model: folds share no text, no stretch crosses a block, and it cannot look ahead."""

import pytest

from lrlab.errors import LrlabError
from lrlab.lab.task.declaration import load_task
from lrlab.lab.tasks import charlm
from lrlab.lab.tasks.common.data import parts

torch = pytest.importorskip("torch")


def test_the_text_is_program_text():
    """Letters and spaces abound; what is beyond ASCII is one character."""
    text = charlm.characters(200_000)
    assert len(text) == 200_000
    assert int(text.max()) <= len(charlm.CHARACTERS)
    shares = torch.bincount(text, minlength=len(charlm.CHARACTERS) + 1) / len(text)
    assert shares[charlm.CHARACTERS.index(" ")] > 0.1
    assert shares[charlm.CHARACTERS.index("e")] > 0.03
    assert shares[-1] < 0.01


def test_without_the_source_of_python_it_says_so(tmp_path, monkeypatch):
    """Some installations come without the .py files."""
    charlm.characters.cache_clear()
    monkeypatch.setattr(charlm.sysconfig, "get_path", lambda name: str(tmp_path))
    with pytest.raises(LrlabError, match="source of Python's standard library"):
        charlm.characters(200_000)


def test_training_and_judged_text_do_not_meet():
    """Every character that is read or predicted lies in a block of its own side."""
    blocks = 50
    position = torch.arange(blocks * charlm.BLOCK)
    train, held_out = parts(blocks, 2, 5)
    endless = charlm.windows(position, torch.from_numpy(train))
    read = torch.cat([next(endless)[0] for _ in range(200)])
    assert set((read // charlm.BLOCK).unique().tolist()) == set(train.tolist())
    assert (read[:, 0] // charlm.BLOCK == read[:, -1] // charlm.BLOCK).all()
    assert (read.diff(dim=1) == 1).all()
    judged = torch.cat(list(charlm.stretches(position, held_out, 2048)))
    assert set((judged // charlm.BLOCK).unique().tolist()) <= set(held_out.tolist())
    assert 1800 < judged[:, 1:].numel() <= 2048
    assert len(judged[:, 1:].unique()) == judged[:, 1:].numel()


def test_it_does_not_look_ahead():
    """What is predicted at a place does not change with the characters after it."""
    torch.manual_seed(0)
    model = charlm.network(16, 2)
    text = torch.randint(90, (1, charlm.CONTEXT))
    other = text.clone()
    other[0, 20:] = 5
    assert torch.equal(model(text)[:, :20], model(other)[:, :20])
    assert not torch.equal(model(text)[:, 20:], model(other)[:, 20:])


def test_the_recipe():
    """That of the tables in docs/tasks.md: with another one their figures, and whatever was compared, mean nothing."""
    constants = {"BLOCK": 1024, "CONTEXT": 32, "BATCH": 16}
    assert {name: getattr(charlm, name) for name in constants} == constants
    assert {size: vars(value) for size, value in charlm.SIZES.items()} == {
        "tiny": {"text": 200000, "judged": 4096, "width": 16, "layers": 1},
        "std": {"text": 1300000, "judged": 16384, "width": 32, "layers": 2},
    }
    assert charlm.LRS == {
        "adamw": 0.01,
        "sgd": 0.5,
        "momentum": 0.2,
        "adagrad": 0.05,
        "rmsprop": 0.005,
        "adam": 0.01,
        "schedule-free sgd": 2.0,
        "schedule-free adamw": 0.02,
    }
    task = load_task("charlm")
    whole, quick = task.settings, task.quick
    assert (whole.updates, whole.folds, whole.seeds, whole.lrs, whole.evals) == (800, 5, 1, (0.5, 1.0, 2.0), 16)
    assert (quick.updates, quick.folds, quick.seeds) == (200, 5, 1)
