"""What a fitted law answers: shapes, intervals, order, doubts, and its JSON form."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

import lrlab as lr
from lrlab.analysis.forecast.law import Law, fit_law
from lrlab.errors import LrlabError
from lrlab.record.logs.log import LogRun
from lrlab.record.logs.readers import read_run
from lrlab.record.sealed import sealed

DATA = Path(__file__).parents[2] / "data" / "multi-power-law"
WSD = 'warmup(2160) >> constant() >> linear("20%", to=0.1)'


def real(name):
    return read_run(DATA / f"{name}.csv", warmup=2160, weight_decay=0.1)


@pytest.fixture(scope="module")
def law():
    return fit_law([real("cosine_24000"), real("constant_24000"), real("wsdcon_9")])


def test_a_schedule_its_text_and_its_lrs_are_the_same_question(law):
    """Three ways to ask, one answer, one value per update."""
    lrs = lr.parse(WSD).over(24000).lr(3e-4)
    answers = [
        law.predict(WSD, base_lr=3e-4, horizon=24000),
        law.predict(lr.parse(WSD), base_lr=3e-4, horizon=24000),
        law.predict(lrs),
    ]
    for answer in answers:
        assert answer.loss.shape == answer.low.shape == answer.high.shape == (24000,)
        assert answer.loss.tolist() == answers[0].loss.tolist()
        assert (answer.low < answer.loss).all()
        assert (answer.loss < answer.high).all()


def test_a_higher_level_is_wider_and_the_interval_covers(law):
    """Real curves that no fit has seen lie inside the 90 % band nearly everywhere."""
    run = real("wsdld_20000_24000")
    wide, narrow = (law.predict(run.lrs, level=level) for level in (0.9, 0.5))
    assert (wide.high - wide.low > narrow.high - narrow.low).all()
    at = run.updates - 1
    assert np.mean((wide.low[at] <= run.loss) & (run.loss <= wide.high[at])) > 0.85


def test_rank_is_by_the_final_loss(law):
    """Annealed schedules before the constant one."""
    ranked = law.rank(["constant()", WSD, "warmup(2160) >> cosine(to=0.1)"], base_lr=3e-4, horizon=24000)
    assert [p.schedule for p in ranked] == [WSD, "warmup(2160) >> cosine(to=0.1)", "constant()"]


def test_a_saved_law_is_the_same_law(law, tmp_path):
    """JSON there and back, doubts included."""
    law.save(tmp_path / "law.json")
    again = Law.load(tmp_path / "law.json")
    assert (
        again.predict(WSD, base_lr=9e-4, horizon=9000).high.tolist()
        == law.predict(WSD, base_lr=9e-4, horizon=9000).high.tolist()
    )
    assert again.known == law.known
    assert json.loads((tmp_path / "law.json").read_text())["version"] == 3


@pytest.mark.parametrize(
    "text", ["", "{}", "[1]", '{"version": 2}', '{"version": 1, "law": "elr"}', "[" * 100_000, '{"version": 99}']
)
def test_what_is_no_law_is_refused(tmp_path, text):
    """Any other file is named as such; a folder and a pipe are no files."""
    (tmp_path / "law.json").write_text(text)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "law.json", tmp_path, tmp_path / "pipe", tmp_path / "nowhere"):
        with pytest.raises(LrlabError, match="not a saved law"):
            Law.load(path)


def test_a_changed_law_is_not_believed(law, tmp_path):
    """A fit, a name; and a digest does not make a law of what has not its shape."""
    law.save(tmp_path / "law.json")
    document = json.loads((tmp_path / "law.json").read_text())
    first = {**document["fits"][0], "misfit": 0.5}
    changes = (("fits", [first]), ("law", "mpl"))
    for name, value in changes:
        (tmp_path / "changed.json").write_text(json.dumps({**document, name: value}))
        with pytest.raises(LrlabError, match=r"(?s)not a saved law.*its digest does not fit"):
            Law.load(tmp_path / "changed.json")
    wrong = {
        "fits": [],
        "law": "none",
        "apart": [{**first, "offsets": [0.1]}],
        "seen": {"peaks": [1]},
    }
    for name, value in wrong.items():
        (tmp_path / "changed.json").write_text(
            sealed({**{k: v for k, v in document.items() if k != "digest"}, name: value})
        )
        with pytest.raises(LrlabError, match="not a saved law"):
            Law.load(tmp_path / "changed.json")


def test_a_law_of_the_first_versions_is_held_to_its_shape(tmp_path):
    """Version 1 had no digest, and one fit."""
    document = json.loads((Path(__file__).parents[2] / "compat" / "law_1.json").read_text())
    for name, value in (("misfit", None), ("covariance", [[1]]), ("law", "none"), ("parameters", {}), ("more", 1)):
        (tmp_path / "first.json").write_text(json.dumps({**document, name: value}))
        with pytest.raises(LrlabError, match="not a saved law"):
            Law.load(tmp_path / "first.json")


def width(prediction):
    return prediction.high[-1] - prediction.low[-1]


def test_logs_without_an_anneal_say_so_and_are_wide(law):
    """What a decay gains cannot be learnt from a constant LR."""
    alone = fit_law(real("constant_24000")).predict(WSD, base_lr=3e-4, horizon=24000)
    assert any("no logged run lowers its LR" in text for text in alone.warnings)
    assert width(alone) > 5 * width(law.predict(WSD, base_lr=3e-4, horizon=24000))
    assert alone.low[-1] < law.predict(WSD, base_lr=3e-4, horizon=24000).loss[-1] < alone.high[-1]


@pytest.mark.parametrize(
    ("schedule", "base_lr", "horizon", "sentence"),
    [
        (WSD, 1.2e-3, 24000, "peak LR"),
        (WSD, 1e-4, 24000, "peak LR"),
        (WSD, 3e-4, 100_000, "as long as the longest"),
        ("warmup(2160) >> cosine(10000, to=0.1) >> linear(start=0.1, to=1)", 3e-4, 24000, "goes up again"),
    ],
)
def test_each_kind_of_extrapolation_is_said_and_widens(law, schedule, base_lr, horizon, sentence):
    """A sentence, and an interval wider than that of the plain question."""
    far = law.predict(schedule, base_lr=base_lr, horizon=horizon)
    near = law.predict(WSD, base_lr=3e-4, horizon=24000)
    assert any(sentence in text for text in far.warnings)
    assert width(far) > width(near)
    assert not near.warnings


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ({"schedule": WSD, "base_lr": 0.1, "horizon": 24000}, "peak LR too far"),
        ({"schedule": WSD, "base_lr": 3e-4, "horizon": 1_000_000}, "horizon too far"),
        ({"schedule": WSD, "base_lr": 3e-4}, "how long"),
        ({"schedule": WSD, "base_lr": 3e-4, "horizon": 24000, "level": 1.0}, "level"),
        ({"schedule": ["a", "b"]}, "not numbers"),
        ({"schedule": [1e-4, np.nan]}, "finite"),
        ({"schedule": [0.0, 0.0]}, "not all 0"),
    ],
)
def test_what_cannot_be_answered_is_refused(law, question, sentence):
    """A guess is worse than a sentence."""
    with pytest.raises(LrlabError, match=sentence):
        law.predict(**question)


def test_overfitting_and_batch_changes_are_said():
    """Both are outside of every law."""
    at = np.arange(100, 5001, 100)
    loss = 3 + 2 * at**-0.2
    loss[30:] += np.linspace(0, 0.5, 20)
    lrs = lr.parse("warmup(100) >> cosine()").over(5000).lr(1e-3)
    turned = fit_law(LogRun.from_arrays(at, loss, lrs, 0.1)).predict(lrs)
    assert any("turns up" in text for text in turned.warnings)
    changed = fit_law(LogRun.from_arrays(at, 3 + 2 * at**-0.2, lrs, 0.1, batch_changes=True)).predict(lrs)
    assert any("batch size changes" in text for text in changed.warnings)


def test_runs_of_different_weight_decay_are_not_one_law():
    """Nor are losses that are not positive."""
    lrs = np.full(100, 1e-3)
    a, b = (LogRun.from_arrays([50, 100], [3.0, 2.0], lrs, decay) for decay in (0.1, 0.2))
    with pytest.raises(LrlabError, match="weight decay"):
        fit_law([a, b])
    with pytest.raises(LrlabError, match="positive"):
        fit_law(LogRun.from_arrays([50, 100], [3.0, -2.0], lrs))


def test_an_array_is_absolute_whatever_the_base_lr():
    """So that schedules and arrays can be ranked together."""
    law = Law.from_parameters(
        "momentum",
        {"alpha": 0.5, "log_memory": 6.2, "floor": 2.5, "progress": 0.5, "noise": 0.4},
        peak=1e-3,
        horizon=500,
    )
    lrs = lr.parse("cosine()").over(500).lr(1e-3)
    first, second = law.rank(["cosine()", lrs], base_lr=1e-3, horizon=500)
    assert np.array_equal(first.loss, second.loss)
