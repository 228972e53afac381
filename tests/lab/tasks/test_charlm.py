"""The language model: folds share no text, no stretch crosses a block, and it cannot look ahead."""

import pytest

import lrlab as lr
from lrlab.errors import LrlabError
from lrlab.lab.task.declaration import load_task
from lrlab.lab.tasks import charlm
from lrlab.lab.tasks.common.data import parts
from lrlab.lab.training.run import TrainingRun

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


def weights(model):
    return sum(weight.numel() for weight in model.parameters())


@pytest.mark.parametrize(("width", "layers"), [(16, 1), (32, 2)])
def test_the_network_is_a_transformer(width, layers):
    """12 w^2 + 13 w weights in each layer, as in GPT-2; 97 characters; embeddings of spread 0.1."""
    model = charlm.network(width, layers)
    inside = layers * (12 * width**2 + 13 * width) + 2 * width
    assert weights(model) == inside + (97 + 32 + 97) * width + 97
    for embedded in (model.symbol, model.place):
        assert float(embedded.weight.detach().std()) == pytest.approx(0.1, rel=0.15)


def test_it_is_judged_in_bits():
    """Of the held-out stretches: the cross-entropy in nats over ln 2. AdamW decays the weights by 0.1."""
    run = TrainingRun(lr.constant(), 4, folds=5, config={"size": "tiny"})
    made = charlm.train.__wrapped__(run, charlm.SIZES["tiny"])
    text = charlm.characters(200_000)
    judged = torch.cat(list(charlm.stretches(text, parts(len(text) // 1024, 0, 5)[1], 4096)))
    nats = torch.nn.functional.cross_entropy(made.model(judged[:, :-1]).transpose(1, 2), judged[:, 1:])
    assert float(made.judged()["bits_per_char"].detach()) == pytest.approx(float(nats.detach()) / 0.69314718, rel=1e-5)
    assert float(made.loss_of(judged).detach()) == pytest.approx(float(nats.detach()), rel=1e-5)
    assert (made.weight_decay, made.l2) == (0.1, 0.0)


def test_every_character_but_the_first_of_a_block_may_be_asked_for():
    """Stretches begin anywhere within their block, and end in it; sixteen at a time."""
    position = torch.arange(3 * 1024)
    endless = charlm.windows(position, torch.tensor([1]))
    read = torch.stack([next(endless)[0] for _ in range(1500)])
    assert read.shape[1:] == (16, 33)
    assert (int(read.min()), int(read.max())) == (1024, 2047)


@pytest.mark.parametrize(("blocks", "count", "found"), [(4, 128, 128), (4, 127, 96), (4, 129, 128), (3, 1000, 704)])
def test_stretches_are_spread_evenly(blocks, count, found):
    """As many in each block, no more than asked for in all."""
    text = torch.arange(1024 * blocks)
    cut = list(charlm.stretches(text, torch.arange(blocks).numpy(), count))
    assert len({len(each) for each in cut}) == 1
    assert sum(each[:, 1:].numel() for each in cut) == found
