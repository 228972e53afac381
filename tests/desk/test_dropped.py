"""What somebody has pasted or dropped is read, and opens no file."""

import json

import pytest

import lrlab as lr
from lrlab.desk.compose import figure, state_of
from lrlab.desk.dropped import dropped, pasted
from lrlab.errors import LrlabError
from lrlab.views.figure import svg
from lrlab.views.inside import in_svg

RUN = lr.Horizon(updates=1000)
DEEPSPEED = {
    "scheduler": {"type": "WarmupLR", "params": {"warmup_min_lr": 0, "warmup_max_lr": 1e-3, "warmup_num_steps": 100}}
}


@pytest.mark.parametrize(
    ("text", "to", "updates", "lr_"),
    [
        ("wsd(decay=100)", 'warmup("5%") >> constant() >> one_minus_sqrt(100)', None, None),
        ("scheduler = StepLR(optimizer, step_size=30)", "step(30)", None, None),
        (
            "transformers:linear num_warmup_steps=10 num_training_steps=100",
            "linear(10, start=0, to=1) >> linear(90)",
            100,
            None,
        ),
        ("optax.linear_schedule(1e-3, 0, 500)", "linear(500)", 500, 1e-3),
        (json.dumps(DEEPSPEED), None, None, 1e-3),
        (json.dumps(DEEPSPEED, indent=2), None, None, 1e-3),
        ("python train.py --lr 1e-4 --lr-decay-style cosine --train-iters 1000 --lr-warmup-iters 10", None, 1000, 1e-4),
    ],
)
def test_anybodys_words_are_read(text, to, updates, lr_):
    found = pasted(text, RUN)
    assert to is None or str(found.schedule) == to
    assert updates is None or found.updates == updates
    assert found.base_lr == lr_
    assert found.schedule.over(RUN)


def test_a_file_is_read_by_what_is_in_it():
    assert dropped("ds_config.json", json.dumps(DEEPSPEED).encode(), RUN).base_lr == 1e-3
    script = b"import torch\nscheduler = torch.optim.lr_scheduler.StepLR(optimizer, 30)\n"
    assert str(dropped("../../train.py", script, RUN).schedule) == "step(30)"
    assert str(dropped("notes", b"cosine(to=0.1)", RUN).schedule) == "cosine(to=0.1)"


def test_a_picture_is_the_schedule_again():
    state = state_of(lr.parse('warmup("5%") >> cosine()'), RUN, 3e-4)
    drawn = svg(figure(state, 3e-4))
    held = {"schedule": str(state.schedule), "horizon": {"updates": 1000}, "base_lr": 3e-4}
    found = dropped("picture.svg", in_svg(drawn, held).encode(), lr.Horizon(updates=7))
    assert (found.schedule, found.updates, found.base_lr) == (state.schedule, 1000, 3e-4)


@pytest.mark.parametrize(
    "text", ["FILE", "FILE warmup=3", "deepspeed:FILE", "SCRIPT", "SCRIPT:sched", "torch:SCRIPT", "timm: FILE"]
)
def test_no_file_is_opened_by_a_name_that_is_typed(text, tmp_path):
    """Whatever is in it: the answer is the same whether it is there."""
    said = []
    for there in (True, False):
        place = tmp_path / str(there)
        place.mkdir()
        if there:
            (place / "c.json").write_text(json.dumps(DEEPSPEED))
            (place / "c.py").write_text("scheduler = StepLR(optimizer, 30)")
        typed = text.replace("FILE", str(place / "c.json")).replace("SCRIPT", str(place / "c.py"))
        with pytest.raises(LrlabError, match="no file is opened") as refused:
            pasted(typed, RUN)
        said.append(str(refused.value).replace(str(place), ""))
    assert said[0] == said[1]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("model.bin", b"\xff\xd8\x00"),
        ("a.json", b"{"),
        ("a.toml", b"="),
        ("a.yaml", b"a: [\n"),
        ("a.py", b"import os"),
        ("a.txt", b"\xff"),
    ],
)
def test_what_cannot_be_read_is_said_by_its_own_name(name, content):
    with pytest.raises(LrlabError) as refused:
        dropped(name, content, RUN)
    assert "/tmp" not in str(refused.value)


def test_no_code_is_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    script = "import pathlib\npathlib.Path('made').touch()\nscheduler = StepLR(optimizer, 30)\n"
    for source in (script, f"lambda step: {script!r}", "StepLR(optimizer, __import__('os').system('touch made'))"):
        for name in ("a.py", "a.txt"):
            try:
                dropped(name, source.encode(), RUN)
            except LrlabError:
                continue
    assert not (tmp_path / "made").exists()
