"""`model.fit` of Keras as people write it: callbacks, data, optimizers and steps of their own."""

import tempfile
import time

import keras
import numpy as np
from common import XS, YS, task

import lrlab as lr

STEPS = 4  # batches of 16 in an epoch


def compiled(optimizer=None, model=None, loss="mse", **options):
    model = model or keras.Sequential([keras.layers.Dense(8, "tanh"), keras.layers.Dropout(0.2), keras.layers.Dense(1)])
    model.compile(optimizer=optimizer or keras.optimizers.Adam(0.02), loss=loss, **options)
    return model


def fit(run, model, *callbacks, x=XS, y=YS, **options):
    given = {"batch_size": 16, "epochs": 99, "verbose": 0, "validation_data": (XS, YS)}
    model.fit(x, y, callbacks=[*callbacks, lr.keras_callback(run)], **{**given, **options})


@task("equal")
def plain_fit(run):
    fit(run, compiled())


@task("equal")
def stops_early_if_it_must(run):
    fit(run, compiled(), keras.callbacks.EarlyStopping(patience=4, restore_best_weights=True))


@task("refused", "stopped early")
def stops_early(run):
    fit(run, compiled(keras.optimizers.SGD(0.0001)), keras.callbacks.EarlyStopping(patience=1, min_delta=10.0))


class Anneal(keras.callbacks.Callback):
    """KL annealing and the like, by the number of the epoch."""

    def on_epoch_begin(self, epoch, logs=None):
        self.model.layers[1].rate = 0.5 / (1 + epoch)


@task("equal")
def anneals_by_the_epoch(run):
    fit(run, compiled(), Anneal())


class Beta(keras.Model):
    def __init__(self):
        super().__init__()
        self.one, self.two = keras.layers.Dense(8, "tanh"), keras.layers.Dense(1)
        self.beta = self.add_weight(shape=(), initializer="zeros", trainable=False, name="beta")

    def call(self, x):
        return self.two(self.one(x)) * (1 - 0.1 * self.beta)


class Warm(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.model.beta.assign(min(1.0, epoch / 5))


@task("equal")
def a_weight_by_the_epoch(run):
    fit(run, compiled(model=Beta()), Warm())


class Counting(keras.callbacks.Callback):
    """A state of its own: after two bad epochs the noise grows."""

    def __init__(self):
        super().__init__()
        self.best, self.bad = np.inf, 0

    def on_epoch_end(self, epoch, logs=None):
        self.bad = 0 if logs["val_loss"] < self.best else self.bad + 1
        self.best = min(self.best, logs["val_loss"])
        self.model.layers[1].rate = 0.1 + 0.1 * (self.bad % 3)


@task("equal")
def a_callback_with_a_state(run):
    fit(run, compiled(keras.optimizers.Adam(0.3)), Counting())


class Metric(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        logs["val_loss"] = logs["val_loss"] ** 0.5


@task("equal")
def a_metric_that_a_callback_adds(run):
    fit(run, compiled(), Metric())


@task("equal")
def averaged_weights_are_swapped_in(run):
    fit(run, compiled(keras.optimizers.Adam(0.02, use_ema=True)), keras.callbacks.SwapEMAWeights(swap_on_epoch=True))


@task("refused", "sets the LR")
def a_scheduler_as_a_callback(run):
    fit(run, compiled(), keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.9))


@task("refused", "sets the LR")
def reduces_on_a_plateau(run):
    fit(run, compiled(), keras.callbacks.ReduceLROnPlateau(patience=1))


class Own(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        self.model.optimizer.learning_rate = 0.5 * self.model.optimizer.learning_rate


@task("refused", "something other than the lab has set the LR")
def sets_the_rate_by_itself(run):
    fit(run, compiled(), Own())


@task("alone", "steps_per_epoch")
def part_of_the_arrays_in_an_epoch(run):
    fit(run, compiled(), steps_per_epoch=3)


def rows():
    while True:
        for k in range(3):
            yield XS[16 * k : 16 * k + 16], YS[16 * k : 16 * k + 16]


@task("alone", "generator")
def from_a_generator(run):
    fit(run, compiled(), x=rows(), y=None, batch_size=None, steps_per_epoch=2)


class Sequence(keras.utils.PyDataset):
    def __init__(self, own):
        super().__init__()
        self.order = np.arange(64)
        self.own = own and np.random.default_rng(0)

    def __len__(self):
        return STEPS

    def __getitem__(self, k):
        rows = self.order[16 * k : 16 * k + 16]
        return XS[rows], YS[rows]

    def on_epoch_end(self):
        if self.own:
            self.own.shuffle(self.order)


@task("equal")
def from_a_dataset(run):
    fit(run, compiled(), x=Sequence(False), y=None, batch_size=None, shuffle=False)


@task("alone", "the batches")
def from_a_dataset_with_an_order_of_its_own(run):
    fit(run, compiled(), x=Sequence(True), y=None, batch_size=None, shuffle=False)


class Stepping(keras.Model):
    """A step of one's own, with a second optimizer, a counter and a metric that is never reset."""

    def __init__(self, forgets=False, second=False):
        super().__init__()
        self.one, self.two = keras.layers.Dense(8, "tanh"), keras.layers.Dense(1)
        self.mean = keras.metrics.Mean()
        self.seen, self.forgets = 0, forgets
        self.other = keras.optimizers.SGD(0.05) if second else None

    def call(self, x):
        return self.two(self.one(x))

    @property
    def metrics(self):
        return []

    def train_step(self, data):
        import torch

        x, y = data
        self.seen += 1
        x = torch.as_tensor(x) / (1 + 0.01 * self.seen)
        loss = ((self(x, training=True) - torch.as_tensor(y)) ** 2).mean()
        self.zero_grad()
        loss.backward()
        self.mean.update_state(loss.detach())
        weights = [*self.one.trainable_weights, *self.two.trainable_weights]
        first = weights[:2] if self.other else weights
        with torch.no_grad():
            if not self.forgets:
                self.optimizer.apply([w.value.grad for w in first], first)
            if self.other:
                self.other.apply([w.value.grad for w in weights[2:]], weights[2:])
        return {"loss": self.mean.result()}

    def test_step(self, data):
        return {"loss": self.mean.result()}


@task("equal")
def a_step_of_ones_own(run):
    fit(run, compiled(model=Stepping()))


@task("equal")
def a_second_optimizer(run):
    fit(run, compiled(keras.optimizers.SGD(0.05), Stepping(second=True)))


@task("refused", "updates were made")
def a_step_that_forgets_the_optimizer(run):
    fit(run, compiled(model=Stepping(forgets=True)))


class Noisy(keras.layers.Layer):
    def call(self, x, training=False):
        return x + 0.1 * keras.random.normal(x.shape) if training else x


@task("equal")
def noise_without_a_generator_of_its_own(run):
    """From the generator that Keras keeps for whoever names none."""
    fit(run, compiled(model=keras.Sequential([Noisy(), keras.layers.Dense(1)])))


@task("equal")
def through_a_loader_of_pytorch(run):
    import torch

    data = torch.utils.data.TensorDataset(torch.tensor(XS), torch.tensor(YS))
    fit(run, compiled(), x=torch.utils.data.DataLoader(data, 16, shuffle=True), y=None, batch_size=None)


@task("refused", "goes on from the files")
def backs_up_and_restores(run):
    fit(run, compiled(), keras.callbacks.BackupAndRestore("backup"))


class Network(keras.Model):
    """Two layers; training, its output is scaled by what `seen` makes of one more pass."""

    def __init__(self):
        super().__init__()
        self.one, self.two = keras.layers.Dense(8, "tanh"), keras.layers.Dense(1)

    def call(self, x, training=False):
        return self.two(self.one(x)) / (1 + 0.02 * self.seen(training))


class Private(Network):
    def __init__(self):
        super().__init__()
        self._count = 0

    def seen(self, training):
        self._count += training
        return self._count


@task("alone", "._count")
def a_private_counter(run):
    fit(run, compiled(model=Private()))


class Listing(Network):
    def __init__(self):
        super().__init__()
        self.passes, self.counts = [], {"n": 0}

    def seen(self, training):
        if training:
            self.passes.append(1)
            self.counts["n"] += 1
        return len(self.passes) + self.counts["n"]


@task("alone", ".passes")
def a_list_and_a_dictionary_of_a_model(run):
    fit(run, compiled(model=Listing()))


class Counter:
    """Something with a state that can be called."""

    def __init__(self):
        self.n = 0

    def __call__(self, training):
        self.n += training
        return self.n


class Calling(Network):
    def __init__(self):
        super().__init__()
        self.seen = Counter()


@task("alone", ".seen.n")
def a_counter_that_is_called(run):
    fit(run, compiled(model=Calling()))


class Fading(keras.losses.Loss):
    def __init__(self):
        super().__init__()
        self.n = 0

    def call(self, y, out):
        self.n += 1
        return keras.ops.mean((y - out) ** 2, axis=-1) / (1 + 0.05 * self.n)


@task("alone", ".n")
def a_loss_that_counts(run):
    fit(run, compiled(loss=Fading()))


def fading():
    n = [0]

    def loss(y, out):
        n[0] += 1
        return keras.ops.mean((y - out) ** 2, axis=-1) / (1 + 0.05 * n[0])

    return loss


@task("alone", "loss:n")
def a_loss_in_a_closure(run):
    fit(run, compiled(loss=fading()))


class Total(keras.metrics.Metric):
    """In Python, and never reset."""

    def __init__(self):
        super().__init__(name="total")
        self.sum = 0.0

    def update_state(self, y, out, sample_weight=None):
        self.sum += float(keras.ops.convert_to_numpy(keras.ops.mean((y - out) ** 2)))

    def result(self):
        return self.sum

    def reset_state(self):
        pass


@task("alone", ".sum")
def a_metric_in_python(run):
    fit(run, compiled(metrics=[Total()]))


class Slowing(keras.optimizers.SGD):
    def __init__(self, rate):
        super().__init__(rate)
        self.n = 0

    def update_step(self, gradient, variable, rate):
        self.n += 1
        super().update_step(gradient / (1 + 0.05 * self.n), variable, rate)


@task("alone", ".n")
def an_optimizer_that_counts(run):
    fit(run, compiled(Slowing(0.1)))


def annealing(model):
    n = [0]

    def end(batch, logs):
        n[0] += 1
        model.layers[1].rate = 0.5 / n[0]

    return keras.callbacks.LambdaCallback(on_train_batch_end=end)


@task("alone", "on_train_batch_end:n")
def a_callback_in_a_closure(run):
    model = compiled()
    fit(run, model, annealing(model))


@task("equal")
def norms_noise_and_clipping(run):
    scale = keras.layers.Normalization()
    scale.adapt(XS)
    layers = [scale, keras.layers.Dense(8), keras.layers.BatchNormalization(), keras.layers.GaussianNoise(0.1)]
    optimizer = keras.optimizers.AdamW(0.02, weight_decay=0.1, clipnorm=1.0, use_ema=True)
    fit(run, compiled(optimizer, keras.Sequential([*layers, keras.layers.Dense(1)])))


@task("equal")
def saves_the_best(run):
    """Into a folder that is another one in each call."""
    with tempfile.TemporaryDirectory() as folder:
        fit(run, compiled(), keras.callbacks.ModelCheckpoint(f"{folder}/best.keras", save_best_only=True))


class Times(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.began = time.time()

    def on_epoch_end(self, epoch, logs=None):
        self.took = time.time() - self.began


@task("alone", "began")
def takes_the_time(run):
    fit(run, compiled(), Times())
