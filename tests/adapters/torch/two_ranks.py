"""One of two processes of torch.distributed: run by tests/adapters/torch/test_ranks.py, says in JSON what it saw.

python two_ranks.py RANK FOLDER
"""

import datetime
import json
import sys

import torch

import lrlab as lr
from lrlab.adapters.torch.rescue import Rescue
from lrlab.adapters.torch.scheduler import Scheduler
from lrlab.errors import LrlabError
from lrlab.record.process.orders import give

RANK, FOLDER = (int(sys.argv[1]), sys.argv[2]) if __name__ == "__main__" else (0, "")  # doctest imports it, too
FALLING = [2.0 - 0.1 * k for k in range(12)]
FLAT = [2.0] * 12


def scheduler(schedule, **arguments):
    """A scheduler on an optimizer with one parameter."""
    parameter = torch.nn.Parameter(torch.zeros(1))
    parameter.grad = torch.ones(1)
    return Scheduler(torch.optim.SGD([parameter], lr=0.1), schedule, 100, **arguments)


def trained(running, metrics, name=None):
    """The LR of every update, one observation after each."""
    lrs = []
    for metric in metrics:
        lrs.append(running.optimizer.param_groups[0]["lr"])
        running.optimizer.step()
        running.step()
        running.observe(metric) if name is None else running.observe(**{name: metric})
    return [*lrs, running.optimizer.param_groups[0]["lr"]]


def refused(act):
    """The first line of the error, and how often it could be done before."""
    for k in range(3):
        try:
            act()
        except LrlabError as error:
            return k, str(error)
    return 3, ""


def own(rank_0, rank_1):
    """What this rank has."""
    return rank_1 if RANK else rank_0


def main():
    """Every case, in one order on both ranks."""
    plateau = lr.plateau(patience=2, factor=0.5)
    said = {}
    said["alone"] = trained(scheduler(lr.cosine() * plateau), own(FALLING, FLAT))
    said["mean"] = trained(scheduler(lr.cosine() * plateau, ranks="mean"), own(FALLING, FLAT))
    said["first"] = trained(scheduler(lr.cosine() * plateau, ranks="first"), own(FLAT, FALLING))
    said["nan"] = trained(scheduler(lr.cosine() * plateau, ranks="mean"), own([2.0] * 4, [2.0, float("nan"), 2.0, 2.0]))

    live = scheduler(lr.constant() * lr.manual(), live=f"{FOLDER}/live", ranks="mean")
    said["live"] = trained(live, [1.0] * 3)
    if RANK == 0:
        give(f"{FOLDER}/live", 0.25)
    said["live"] += trained(live, [1.0] * 3)
    said["live log"] = [(d.update, d.event) for d in live.decisions]

    guarded = scheduler(lr.constant() * lr.guard(after=2, patience=1), ranks="mean")
    rescue = Rescue(guarded, every=2, settle=1)
    said["rescued"] = []
    for loss in own([1.0, 1.1, 1.0, 1.1, 1.0], [1.0, 1.1, 1.0, float("nan"), 1.0]):
        guarded.optimizer.step()
        guarded.step()
        guarded.observe(loss)
        said["rescued"].append((rescue.step(), guarded.update, guarded.get_last_lr()[0]))

    apart = scheduler(lr.cosine(), ranks="mean")
    apart.optimizer.step()
    apart.step()
    if RANK:
        apart.base_lrs = [0.2]

    def step():
        apart.optimizer.step()
        apart.step()

    said["apart"] = refused(step)
    names = scheduler(lr.cosine() * lr.plateau(metric="loss") * lr.plateau(metric="acc", mode="max"), ranks="mean")
    said["names"] = refused(lambda: names.observe(**own({"loss": 1.0}, {"acc": 1.0, "loss": 1.0})))
    said["no ranks"] = refused(lambda: scheduler(lr.cosine(), live=f"{FOLDER}/other"))
    print(json.dumps(said))


if __name__ == "__main__":
    torch.distributed.init_process_group(
        "gloo",
        init_method=f"file://{FOLDER}/meeting",
        rank=RANK,
        world_size=2,
        timeout=datetime.timedelta(seconds=60),
    )
    main()
    torch.distributed.destroy_process_group()
