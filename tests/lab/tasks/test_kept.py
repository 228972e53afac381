"""Built-in tasks stay what they were: with other data, weights or batches no kept run means what it did."""

import importlib

import pytest

import lrlab as lr
from lrlab.lab.task.declaration import load_task
from lrlab.lab.training.run import TrainingRun

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")

# Four losses and the score of the tiny size in fold 1 of 5, under a constant LR. The text of charlm is Python's own.
KEPT = {
    "control": ([0.7036341, 0.5694119, 0.7286546, 0.8164399], 0.6886699),
    "digits": ([2.30807, 2.322352, 2.289721, 2.263756], 2.285532),
    "finetune": ([7.690833, 5.032041, 4.634104, 3.3581], 3.023633),
    "series": ([0.9419233, 0.8398064, 0.5413158, 0.4917635], -0.5051368),
    "signals": ([2.32588, 2.331724, 2.101321, 1.922451], 2.223588),
    "tabular": ([1.241284, 0.8741831, 1.056493, 1.208664], -0.09235152),
    "teacher": ([1.128823, 1.099983, 0.8836133, 0.868329], -0.3165862),
}


@pytest.mark.parametrize("name", KEPT)
def test_a_task_is_what_it_was(name):
    """As far as machines agree in single precision."""
    task = load_task(name)
    for library in task.needs:
        importlib.import_module(library)
    run = TrainingRun(lr.constant(), 4, fold=1, folds=5, config={"size": "tiny"}, evals=2, metric=task.metric)
    torch.manual_seed(1)
    task.function(run)
    losses, score = KEPT[name]
    assert run.loss.values == pytest.approx(losses, rel=2e-3)
    assert run.score == pytest.approx(score, rel=1e-2)
