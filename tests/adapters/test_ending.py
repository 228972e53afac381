"""What is said when a training ends."""

import pytest

from lrlab.adapters.ending import ending, ending_of


@pytest.mark.parametrize(
    ("update", "end", "rate", "since", "said"),
    [
        (0, 8, 0.1, 0, ""),  # nothing was trained
        (7, 8, 0.1, 0, "at update 7 of 8"),
        (8, 8, 0.0, 0, ""),
        (9, 8, 0.0, 0, "the last 1 updates"),
        (9, 8, 0.0, 8, "all 1 updates of this training"),
        (9, 8, 1e-9, 0, ""),  # a floor: it still trains
        (9, None, 0.0, 0, ""),
        (9, 20, 0.1, 9, ""),
    ],
)
def test_each_end(update, end, rate, since, said):
    found = ending(update, end, rate, since)
    assert said in found
    assert bool(found) == bool(said)


def test_of_a_scheduler_in_pytorch():
    """Under a schedule in tokens the count of updates is no end."""
    torch = pytest.importorskip("torch")
    import lrlab as lr
    from lrlab.adapters.torch.scheduler import Scheduler
    from lrlab.adapters.torch_plan import PlanScheduler

    def made(schedule, horizon, kind=Scheduler):
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1)
        scheduler = kind(optimizer, schedule, horizon)
        scheduler.consume(tokens=10)
        optimizer.step(), scheduler.step()
        return ending_of(scheduler)

    assert "at update 1 of 4" in made("linear()", 4)
    assert "at update 1 of 4" in made(lr.plan(lr=lr.linear()), 4, PlanScheduler)
    assert made("linear()", lr.Horizon(tokens=40)) == ""
