"""The average of the weights as code for a framework: the same decay after every update as in the lab.

The lab's moving average follows quickly at first (see `lrlab.lab.training.averaging`), which no framework's own does:
where theirs take a function of the update it is given to them, else the average is written out.
"""

from __future__ import annotations

from lrlab.errors import LrlabError, worded
from lrlab.lab.arms.average import Average, average_of

_NEWER = """from torch.optim.swa_utils import AveragedModel


def newer(average, weight, n):
    \"""The average after update n.\"""
    if not average.is_floating_point():
        return weight
    n = int(n)
    return average + ({share}) * (weight - average)
"""
_TORCH = f"""# {{said}}
{_NEWER}

averaged = AveragedModel(model, avg_fn=newer, use_buffers=True)
averaged.update_parameters(model)  # here, and again after every optimizer.step()
# Evaluate and keep averaged.module. Where the training computed the statistics of BatchNorm again for it
# (run.averaged), so does torch.optim.swa_utils.update_bn(batches, averaged.module).
"""
_TRAINER = f"""# {{said}}
{_NEWER.replace("import AveragedModel", "import AveragedModel" + chr(10) + "from transformers import TrainerCallback")}

class Averaging(TrainerCallback):
    def on_train_begin(self, args, state, control, model=None, **given):
        self.averaged = AveragedModel(model, avg_fn=newer, use_buffers=True)
        self.averaged.update_parameters(model)

    def on_step_end(self, args, state, control, model=None, **given):
        self.averaged.update_parameters(model)

    def on_train_end(self, args, state, control, model=None, **given):
        model.load_state_dict(self.averaged.module.state_dict())


# Trainer(..., callbacks=[Averaging()]). Checkpoints do not hold the average: a resumed run begins it anew.
"""
_KERAS = """# {said}
# Not use_ema of the optimizer, whose average does not follow as quickly at first.
import keras
import numpy as np


class Averaging(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        self.n, self.average = 0, self.model.get_weights()

    def on_train_batch_end(self, batch, logs=None):  # after every update: with steps_per_execution=1
        self.n += 1
        n = self.n
        self.average = [
            a + ({share}) * (w - a) if np.issubdtype(w.dtype, np.floating) else w
            for a, w in zip(self.average, self.model.get_weights())
        ]

    def on_train_end(self, logs=None):
        self.model.set_weights(self.average)


# model.fit(..., callbacks=[Averaging()])
"""
_OPTAX = """# {said}
import jax.numpy as jnp
import optax


def newer(average, params, n):
    \"""The average after update n = 1, 2, ...; before the first it is the initial params.\"""
    return optax.incremental_update(params, average, {share})


# average = newer(average, params, n) after every optax.apply_updates; evaluate and keep average
"""
_CODE = {"torch": _TORCH, "keras": _KERAS, "optax": _OPTAX, "transformers": _TRAINER}


def averaged(averaging: float | str, framework: str, updates: int | None) -> str:
    """Code that averages weights as the lab does in a run of so many updates.

    Raises `LrlabError` where the length of the run is not known.

    >>> print(averaged("lawa 5", "torch", 100))
    # Weights averaged over the latest 5 of 20 states (lawa 5): of this average no code is written.
    <BLANKLINE>
    """
    average = average_of(averaging)
    said = f"{str(average)[0].upper()}{str(average)[1:]}"
    if updates is None:
        raise LrlabError(worded(f"{average}, whose length is not known", hint="horizon=1000, or --steps 1000"))
    if average.name in ("lawa", "merge"):
        return f"# {said}: of this average no code is written.\n"
    if average.is_one_state(updates):
        of = "1 update" if updates == 1 else f"{updates} updates"
        return f"# {said}: of {of} that is the latest weights alone, so there is nothing to average.\n"
    return _CODE[framework].format(said=f"{said}.", share=_share(average, updates, framework))


def _share(average: Average, updates: int, framework: str) -> str:
    """How much the state after update n counts, as an expression."""
    least, most = ("jnp.minimum", "jnp.maximum") if framework == "optax" else ("min", "max")
    window = average.amount * updates
    if average.name == "swa":
        return f"1 / {most}(1, n - {updates - max(1, round(window))})"
    return f"1 - {least}({1 - 1 / max(1.0, window)!r}, n / (n + 9))"
