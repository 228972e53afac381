"""A training that takes as long as is asked for, for the tests of comparisons in processes of their own."""

import time

_TASK = """
import lrlab as lr, time

class Weight:
    def __init__(self):
        self.w, self.param_groups = 3.0, [{"lr": 0.1}]
    def state_dict(self):
        return {"w": self.w}
    def load_state_dict(self, state):
        self.w = state["w"]

@lr.task(metric="val_loss", updates=UPDATES, folds=4, lrs=(0.5, 1.0), evals=2)
def train(run):
    model = Weight()
    run.track(model=model, opt=model)
    for update, _ in run.steps([0]):
        time.sleep(SLEEP)
        model.w -= model.param_groups[0]["lr"] * model.w * (1 + 0.1 * run.fold)
        run.log(loss=model.w**2)
        if run.eval_now:
            run.report(val_loss=model.w**2 + 0.01 * run.fold)
"""


def training(updates, seconds):
    """The text of a file whose `train` makes so many updates of one weight, in so many seconds at least."""
    return _TASK.replace("UPDATES", str(updates)).replace("SLEEP", str(seconds / updates))


def until(condition, patience=240):
    """Wait for what another process does."""
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)
