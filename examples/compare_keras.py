"""Four strategies on model.fit of Keras: one callback sets the LR, and forks where an epoch ends.

KERAS_BACKEND=torch python examples/compare_keras.py
"""

import keras
import numpy as np

import lrlab as lr

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(480, 10)).astype("float32")
Y = np.sin(X.sum(1, keepdims=True))
BATCH, EPOCHS = 32, 12
UPDATES = EPOCHS * (320 // BATCH)  # two of three folds are trained on


@lr.task(metric="val_loss", updates=UPDATES, folds=3, lrs=(1.0,))
def train(run):
    """The fit of always; the order of the data, dropout and the optimizer fork with the model."""
    held_out = np.arange(480) % run.folds == run.fold
    layers = keras.layers
    model = keras.Sequential([layers.Dense(32, activation="tanh"), layers.Dropout(0.1), layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.Adam(1e-2), loss="mse")
    model.fit(
        X[~held_out],
        Y[~held_out],
        batch_size=BATCH,
        epochs=EPOCHS,
        validation_data=(X[held_out], Y[held_out]),
        callbacks=[lr.keras_callback(run)],
        verbose=0,
    )


if __name__ == "__main__":
    schedules = {f"decay over {share}": lr.wsd(warmup=0, decay=share) for share in ("25%", "50%", "75%")}
    study = lr.compare(train, {"constant": lr.constant(), **schedules}, store="runs", workers=1)
    print(study.run(quiet=True))
    print(f"{len(study.runs)} runs of {study.experiment.settings.updates} updates are in runs")
