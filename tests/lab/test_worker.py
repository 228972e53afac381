"""A worker at the other end of two pipes: one line in, one line out, until the input ends."""

import json
import subprocess
import sys

import lrlab as lr
from lrlab.lab.arms import Arm
from lrlab.lab.job import Job
from lrlab.record.run import from_json

JOB = Job(Arm("cosine", lr.cosine()), 1.0, 0, 0, 2, 20, 2)


def worker(text):
    command = [sys.executable, "-m", "lrlab.lab.worker", text]
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def ask(process, job):
    process.stdin.write(json.dumps(job.to_json()) + "\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())


def test_answers_are_runs_and_the_output_of_the_task_is_none(tmp_path):
    """What a training function prints is seen on standard error, and does not disturb the answers."""
    path = tmp_path / "loud.py"
    path.write_text(
        "import os\n"
        "class O: param_groups = [{'lr': 1.0}]\n"
        "def train(run):\n"
        "    print('hello'); os.write(1, b'raw\\n'); run.track(opt=O())\n"
        "    for i, _ in run.steps([0]):\n"
        "        if run.eval_now: run.report(val_loss=i)\n"
    )
    process = worker(f"{path}:train")
    with process:
        assert from_json(ask(process, JOB)["run"]).score == 19
        assert from_json(ask(process, JOB)["run"]).score == 19
        process.stdin.close()
        said = process.stderr.read()
    assert sorted(said.split()) == ["hello", "hello", "raw", "raw"]


def test_the_end_of_the_input_ends_it_at_once(quadratic):
    """Also in the middle of a job: that is how it follows its driver."""
    process = worker(quadratic.text)
    with process:
        process.stdin.write(json.dumps(Job(**{**vars(JOB), "config": {"slow": 60}}).to_json()) + "\n")
        process.stdin.close()
        assert process.wait(timeout=20) != 0


def test_a_task_that_cannot_be_loaded_is_an_answer(tmp_path):
    """Its file may have changed since the driver read it."""
    process = worker(str(tmp_path / "gone.py:train"))
    with process:
        assert "no such file" in ask(process, JOB)["misuse"]
        process.stdin.close()
