"""Code for averaged weights: executed beside the lab's own average, it comes to the same weights."""

import copy

import numpy as np
import pytest

from lrlab.analysis.advice.rules import rules
from lrlab.core.text.parse import parse
from lrlab.desk.averaged import averaged
from lrlab.desk.coded import FRAMEWORKS, code
from lrlab.errors import LrlabError
from lrlab.lab.arms.average import average_of
from lrlab.lab.training.averaging import WeightAverage

UPDATES = 60  # long enough for the window of a tenth to be what counts, at the end
MOVING, LAST = 0.1, "swa 25%"


def made(averaging, framework, **names):
    """What the code leaves behind."""
    found = dict(names)
    exec(compile(averaged(averaging, framework, UPDATES), "code", "exec"), found)
    return found


class Weights:
    """A list of arrays, as the lab averages it."""

    def __init__(self, weights):
        self.weights = weights

    def state_dict(self):
        return {f"{k}": each for k, each in enumerate(self.weights)}

    def load_state_dict(self, state):
        self.weights = [*state.values()]


def ours(weights, averaging):
    """The lab's average of a run that had these weights at its beginning and after every update."""
    model = Weights(weights[0])
    average = WeightAverage(model, average_of(averaging), len(weights) - 1)
    for each in weights[1:]:
        model.weights = each
        average.update()
    average.swap_in()
    return model.weights


@pytest.mark.parametrize("averaging", [MOVING, LAST])
def test_torch(averaging):
    """After every update, with the statistics and the counter of BatchNorm."""
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.BatchNorm1d(8), torch.nn.Linear(8, 1))
    theirs = made(averaging, "torch", model=model)["averaged"]
    average = WeightAverage(model, average_of(averaging), UPDATES)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(UPDATES):
        optimizer.zero_grad()
        model(torch.randn(16, 4)).square().mean().backward()
        optimizer.step()
        theirs.update_parameters(model)
        average.update()
        average.swap_in()
        own = copy.deepcopy(model.state_dict())
        average.swap_out()
        for name, value in theirs.module.state_dict().items():
            torch.testing.assert_close(value, own[name], rtol=1e-6, atol=1e-7)


def test_transformers(tmp_path):
    """The model that its Trainer leaves behind."""
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    pytest.importorskip("accelerate")
    torch.manual_seed(0)

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.line, self.norm = torch.nn.Linear(4, 3), torch.nn.BatchNorm1d(3)

        def forward(self, x, labels):
            found = self.norm(self.line(x))
            return {"loss": torch.nn.functional.mse_loss(found, labels), "logits": found}

    class Watching(transformers.TrainerCallback):
        def on_train_begin(self, args, state, control, model=None, **given):
            self.average = WeightAverage(model, average_of(MOVING), UPDATES)

        def on_step_end(self, args, state, control, model=None, **given):
            self.average.update()

    data = [{"x": torch.randn(4), "labels": torch.randn(3)} for _ in range(64)]
    watching = Watching()
    trainer = transformers.Trainer(
        model=Net(),
        args=transformers.TrainingArguments(
            str(tmp_path),
            max_steps=UPDATES,
            per_device_train_batch_size=8,
            gradient_accumulation_steps=2,
            learning_rate=0.1,
            report_to=[],
            use_cpu=True,
            save_strategy="no",
            disable_tqdm=True,
        ),
        train_dataset=data,
        callbacks=[watching, made(MOVING, "transformers")["Averaging"]()],
    )
    trainer.train()
    found = copy.deepcopy(trainer.model.state_dict())
    watching.average.swap_in()
    for name, value in trainer.model.state_dict().items():
        torch.testing.assert_close(found[name], value, rtol=1e-6, atol=1e-7)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras with a newer NumPy
@pytest.mark.parametrize("averaging", [MOVING, LAST])
def test_keras(averaging):
    """The model that `fit` leaves behind; its seed generators hold whole numbers, which are no averages."""
    keras = pytest.importorskip("keras")
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(8), keras.layers.BatchNormalization(), keras.layers.Dense(1)]
    )
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse")
    seen = [model.get_weights()]

    class Watching(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append(self.model.get_weights())

    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(80, 4)), rng.normal(size=(80, 1))
    averaging_too = made(averaging, "keras")["Averaging"]()
    model.fit(x, y, batch_size=8, epochs=6, verbose=0, callbacks=[Watching(), averaging_too])
    assert len(seen) == UPDATES + 1
    for found, expected in zip(model.get_weights(), ours(seen, averaging), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("averaging", [MOVING, LAST])
def test_optax(averaging):
    """Traced or not."""
    jax = pytest.importorskip("jax")
    pytest.importorskip("optax")
    rng = np.random.default_rng(0)
    seen = [[rng.normal(size=(3, 2)).astype(np.float32)] for _ in range(UPDATES + 1)]
    newer = made(averaging, "optax")["newer"]
    for function in (newer, jax.jit(newer)):
        average = jax.numpy.asarray(seen[0][0])
        for n, (params,) in enumerate(seen[1:], 1):
            average = function(average, params, n)
        (expected,) = ours(seen, averaging)
        np.testing.assert_allclose(average, expected, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_it_stands_behind_the_schedule(framework):
    """And every average that is advised has code."""
    pytest.importorskip("jax" if framework == "optax" else framework)
    advised = [each for each in rules().strategy.values() if each.averaging is not None]
    assert advised
    for each in advised:
        assert each.beside == str(average_of(each.averaging))
        written = code(parse(each.text), framework, horizon=100, base_lr=0.1, averaging=each.averaging)
        compile(written, "code", "exec")
        assert written.startswith(code(parse(each.text), framework, horizon=100, base_lr=0.1))
        assert "def " in written.removeprefix(code(parse(each.text), framework, horizon=100, base_lr=0.1))


@pytest.mark.parametrize("averaging", ["lawa 5", "merge linear()"])
def test_an_average_without_code_says_so(averaging):
    """In a comment."""
    written = averaged(averaging, "torch", 100)
    assert "no code is written" in written
    assert all(line.startswith("#") for line in written.splitlines())


@pytest.mark.parametrize(
    ("averaging", "updates", "averages"),
    [(MOVING, 10, False), (MOVING, 11, True), (LAST, 5, False), (LAST, 6, True), (1.0, 1, False)],
)
def test_a_run_too_short_to_average_says_so(averaging, updates, averages):
    """Where the lab's own average is the last state, to the bit."""
    weights = [[np.array([float(n) ** 2])] for n in range(updates + 1)]
    assert bool(ours(weights, averaging)[0] != weights[-1][0]) == averages
    written = averaged(averaging, "torch", updates)
    assert ("nothing to average" in written) != averages
    assert averages or all(line.startswith("#") for line in written.splitlines())


def test_the_length_is_asked_for():
    """The window is a share of it."""
    with pytest.raises(LrlabError, match="length is not known"):
        code(parse("constant()"), "torch", averaging=MOVING)
