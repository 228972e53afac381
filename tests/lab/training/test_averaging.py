"""Weight averaging: the formula, what it averages, and that it never disturbs the training."""

import math

import numpy as np
import pytest

from lrlab.errors import LrlabError
from lrlab.lab.arms.average import Average
from lrlab.lab.training.averaging import WeightAverage, is_floating, same


def ema(model, window):
    """The moving average with this memory."""
    return WeightAverage(model, Average("ema", 1.0), window)


class Model:
    """State of every kind that a framework may have."""

    def __init__(self):
        self.state = {"w": np.zeros(3, np.float32), "bias": 0.0, "seen": np.array(0), "name": "net"}

    def state_dict(self):
        return self.state

    def load_state_dict(self, state):
        self.state = dict(state)


def test_formula_is_that_of_the_docstring():
    """Ten updates against the recursion written out in NumPy, warm start and window included."""
    model, average, expected = Model(), None, np.zeros(3)
    average = ema(model, 4)
    for n in range(1, 11):
        model.state["w"] = np.full(3, n, np.float32) * [1, 10, 100]
        average.update()
        d = min(1 - 1 / 4, n / (n + 9))
        expected = d * expected + (1 - d) * model.state["w"]
    average.swap_in()
    np.testing.assert_allclose(model.state["w"], expected, rtol=1e-6)


class Typed(Model):
    """Weights that name their type, as those of any library do."""

    def __init__(self, dtype):
        super().__init__()
        self.state["w"] = np.zeros(3, dtype)


@pytest.mark.parametrize(("name", "amount"), [("ema", 0.1), ("swa", 0.25), ("merge", 1.0)])
def test_an_average_that_would_stand_still_is_refused(name, amount):
    """Of ones with a step of 1e-3 each, the moving average of 16 bits stays behind for good."""
    kind = Average(name, amount, "linear()" if name == "merge" else "")
    with pytest.raises(LrlabError, match=r"so few bits[\s\S]*w: float16[\s\S]*autocast"):
        WeightAverage(Typed(np.float16), kind, 2000)
    with pytest.raises(LrlabError, match=r"complex weights are not averaged[\s\S]*w: complex64"):
        WeightAverage(Typed(np.complex64), kind, 2000)
    for dtype in (np.float32, np.float64, np.int16, np.uint8):
        assert WeightAverage(Typed(dtype), kind, 2000).state_dict()["average"]["w"].dtype == dtype


def test_a_mean_of_whole_states_has_any_number_of_bits():
    """LAWA: five of them, and no sum of small steps."""
    model = Typed(np.float16)
    average = WeightAverage(model, Average("lawa", 5.0), 100)
    for n in range(100):
        model.state["w"] = np.full(3, 1 + n / 100, np.float16)
        average.update()
    average.swap_in()
    assert model.state["w"] == pytest.approx(np.mean([1.79, 1.84, 1.89, 1.94, 1.99]), rel=2e-3)


@pytest.mark.parametrize("name", ["bfloat16", "float8_e4m3fn", "float16", "complex64"])
def test_types_of_pytorch_are_known_by_their_names(name):
    torch = pytest.importorskip("torch")
    model = torch.nn.ParameterList([torch.nn.Parameter(torch.zeros(3).to(getattr(torch, name)))])
    with pytest.raises(LrlabError, match=rf"0: torch\.{name}"):
        ema(model, 4)


def test_other_entries_are_taken_as_they_are():
    """Counters and words are no averages: they are those of the latest update."""
    model = Model()
    average = ema(model, 10)
    model.state.update(seen=np.array(7), name="later")
    average.update()
    average.swap_in()
    assert model.state["seen"] == 7
    assert model.state["name"] == "later"


def test_swap_out_restores_the_trained_weights_bit_for_bit():
    """In, in again, out, out again: the training goes on as if nothing had been evaluated."""
    model = Model()
    average = ema(model, 10)
    model.state["w"] = np.array([0.1, np.nan, 1e-40], np.float32)
    average.update()
    before = model.state["w"].tobytes()
    average.swap_in()
    average.swap_in()
    assert model.state["w"].tobytes() != before
    average.swap_out()
    average.swap_out()
    assert model.state["w"].tobytes() == before


def test_training_while_the_average_is_in_is_refused():
    """That update would be lost in silence: the message says in which order to write it."""
    model = Model()
    average = ema(model, 10)
    average.update()
    average.swap_in()
    model.state["bias"] = 5.0
    with pytest.raises(LrlabError, match=r"(?s)bias.*opt.step\(\) first"):
        average.swap_out()


def test_tensors_are_averaged_without_being_aliased():
    """A PyTorch state shares its memory with the live weights: the average must not move with them."""
    torch = pytest.importorskip("torch")
    net = torch.nn.BatchNorm1d(2)
    average = ema(net, 10)
    with torch.no_grad():
        net.weight.fill_(3.0)
    average.update()
    with torch.no_grad():
        net.weight.fill_(99.0)
    average.swap_in()
    assert net.weight.tolist() == pytest.approx([1 + 0.9 * 2] * 2)
    average.swap_out()
    assert net.weight.tolist() == [99.0, 99.0]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1.0, True),
        (np.float32(1), True),
        (np.ones(2, np.float16), True),
        (1, False),
        (np.ones(2, int), False),
        ("w", False),
    ],
)
def test_is_floating(value, expected):
    """Floats and arrays of floats of any width, and nothing else."""
    assert is_floating(value) is expected


def test_same_takes_nan_for_equal():
    """A NaN in the weights is no sign that somebody trained."""
    assert same(np.array([1.0, np.nan]), np.array([1.0, np.nan]))
    assert not same(np.array([1.0, np.nan]), np.array([2.0, np.nan]))


@pytest.mark.parametrize(("window", "longest"), [(2, 0.5), (1, 0.0), (0.2, 0.0), (100, 0.99)])
def test_the_memory_is_the_window_at_last(window, longest):
    """Of one update or less there is none: the average is the weights."""
    model = Model()
    average = ema(model, window)
    average.load_state_dict({"updates": 2000, "average": {**model.state, "w": np.zeros(3), "bias": 0.0}})
    model.state["bias"] = 1.0
    average.update()
    average.swap_in()
    assert model.state["bias"] == pytest.approx(1 - longest)
    assert average.state_dict()["updates"] == 2001


def states(model, average, updates, since=0):
    """Train up to so many updates; the weights that are evaluated after each."""
    seen = []
    for n in range(since + 1, updates + 1):
        model.state.update(w=np.full(3, n, np.float32) * [1, 10, 100], seen=np.array(n))
        average.update()
        average.swap_in()
        seen.append((float(model.state["w"][0]), int(model.state["seen"])))
        average.swap_out()
    return seen


def test_swa_is_the_mean_over_the_last_part():
    """Of every state in it; before it the state itself. Counters are the latest."""
    model = Model()
    seen = states(model, WeightAverage(model, Average("swa", 0.25), 40), 40)
    for n, (weight, count) in enumerate(seen, 1):
        assert weight == pytest.approx(np.mean(range(31, n + 1)) if n > 30 else n)
        assert count == n


def test_a_last_part_of_less_than_an_update_is_the_last_one():
    """Half an update, of which there is one."""
    model = Model()
    assert states(model, WeightAverage(model, Average("swa", 0.05), 10), 10)[-1] == (10, 10)


@pytest.mark.parametrize("kind", [Average("swa", 0.5), Average("lawa", 3)])
def test_the_state_itself_is_free_of_what_was_there_before(kind):
    """To the last bit, though the first weights were not even numbers."""
    model = Model()
    model.state["bias"] = math.nan
    average = WeightAverage(model, kind, 40)
    model.state["bias"] = 0.1
    average.update()
    average.swap_in()
    assert model.state["bias"] == 0.1


@pytest.mark.parametrize(("updates", "every"), [(40, 2), (8, 1)])
def test_lawa_is_the_mean_of_the_latest_states(updates, every):
    """Of those after every 5 % of the run, at most so many; before the first of them the state itself."""
    model = Model()
    seen = states(model, WeightAverage(model, Average("lawa", 3), updates), updates)
    for n, (weight, _) in enumerate(seen, 1):
        taken = [k for k in range(1, n + 1) if k % every == 0][-3:]
        assert weight == pytest.approx(np.mean(taken) if taken else n)


@pytest.mark.parametrize("kind", [Average("ema", 0.2), Average("swa", 0.5), Average("lawa", 3)])
def test_every_average_goes_on_where_it_was(kind):
    """Taken up after any update it is the average of all of them, from the next one on."""
    whole = Model()
    expected = states(whole, WeightAverage(whole, kind, 20), 20)
    for at in range(1, 20):
        first, second = Model(), Model()
        half, rest = WeightAverage(first, kind, 20), WeightAverage(second, kind, 20)
        states(first, half, at)
        rest.load_state_dict(half.state_dict())
        assert states(second, rest, 20, since=at) == expected[at:]


def test_a_merge_makes_the_steps_of_the_decay():
    """The state as it is before the decay; then each step by its multiple, from the state where the decay began."""
    updates = 20
    model = Model()
    average = WeightAverage(model, Average("merge", 1.0, 'wsd(warmup=0, decay="50%", shape="linear")'), updates)
    rng = np.random.default_rng(0)
    expected = np.zeros(3)
    factors = [1.0] * 10 + [1 - k / 10 for k in range(10)]
    for n, factor in enumerate(factors):
        step = rng.normal(size=3)
        model.state["w"] = (model.state["w"] + step).astype(np.float32)
        expected = expected + factor * step
        average.update()
        if n == 14:  # a fork goes on alike
            kept, average = average.state_dict(), WeightAverage(model, average._kind, updates)
            average.load_state_dict(kept)
    average.swap_in()
    np.testing.assert_allclose(model.state["w"], expected, rtol=1e-4, atol=1e-5)


def test_running_statistics_may_be_recomputed():
    """Of the average, by PyTorch's own function; the training gets its own back."""
    torch = pytest.importorskip("torch")
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2))
    average = ema(model, 4)
    model(torch.randn(8, 2))
    average.update()
    trained = model[1].running_mean.clone()
    average.swap_in()
    assert average.inside
    torch.optim.swa_utils.update_bn([torch.randn(8, 2) + 5], model)
    average.swap_out()
    assert model[1].running_mean.tolist() == trained.tolist()
    average.swap_in()
    with torch.no_grad():
        model[0].weight += 1
    with pytest.raises(LrlabError, match="the model changed"):
        average.swap_out()
