"""A worker at the other end of two pipes: one line in, one line out, until the input ends."""

import json
import subprocess
import sys

import lrlab as lr
from lrlab.lab.arms.arms import Arm
from lrlab.lab.stages.job import Job
from lrlab.lab.stages.recipe import cell_of
from lrlab.lab.stages.stage import Stage, StageResult
from lrlab.lab.task.declaration import load_task
from lrlab.record.runs.states import States

JOB = Job(Arm("cosine", lr.cosine()), 1.0, 0, 0, 2, 20, 2)


def worker():
    command = [sys.executable, "-m", "lrlab.lab.executors.worker"]
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def stage(text, identity, folder, **config):
    job = Job(**{**vars(JOB), "config": config})
    return json.dumps(Stage(text, identity, str(folder), job, None, 20).to_json()) + "\n"


def ask(process, line):
    process.stdin.write(line)
    process.stdin.flush()
    return json.loads(process.stdout.readline())


def test_answers_are_runs_and_the_output_of_the_task_is_none(tmp_path):
    """What a training function prints is seen on standard error, and does not disturb the answers."""
    path = tmp_path / "loud.py"
    path.write_text(
        "import os\n"
        "class O:\n"
        "    param_groups = [{'lr': 1.0}]\n"
        "    def state_dict(self): return {}\n"
        "    def load_state_dict(self, state): pass\n"
        "def train(run):\n"
        "    print('hello'); os.write(1, b'raw\\n'); run.track(opt=O())\n"
        "    for i, _ in run.steps([0]):\n"
        "        if run.eval_now: run.report(val_loss=i)\n"
    )
    task = load_task(f"{path}:train")
    process = worker()
    with process:
        for _ in range(2):
            reached = StageResult.from_json(ask(process, stage(task.text, task.identity, tmp_path))["reached"])
            record = States(tmp_path).get(cell_of(task, JOB), reached.place).record
            assert list(record["ledger"]["reports"][-1]) == [20, {"val_loss": 19}]
        process.stdin.close()
        said = process.stderr.read()
    assert sorted(said.split()) == ["hello", "hello", "raw", "raw"]


def test_the_end_of_the_input_ends_it_at_once(quadratic, tmp_path):
    """Also in the middle of a stage: that is how it follows its driver."""
    process = worker()
    with process:
        process.stdin.write(stage(quadratic.text, quadratic.identity, tmp_path, slow=60))
        process.stdin.close()
        assert process.wait(timeout=20) != 0


def test_a_task_that_cannot_be_loaded_is_an_answer(tmp_path):
    """Its file may have changed since the driver read it."""
    process = worker()
    with process:
        assert "no such file" in ask(process, stage(str(tmp_path / "gone.py:train"), "", tmp_path))["misuse"]
        process.stdin.close()


def test_a_source_that_has_changed_is_an_answer(quadratic, tmp_path):
    """Half of the runs by one text and half by another would be no comparison."""
    process = worker()
    with process:
        assert "changed while it was trained" in ask(process, stage(quadratic.text, "another", tmp_path))["misuse"]
        process.stdin.close()


def test_an_exception_of_the_training_function_is_an_answer(quadratic, tmp_path):
    """Its cause in the first line; the worker stays."""
    process = worker()
    with process:
        for _ in range(2):
            line = stage(quadratic.text, quadratic.identity, tmp_path, **{"raise": True})
            assert ask(process, line)["failed"].startswith("RuntimeError: out of cheese\n\nTraceback")
        process.stdin.close()
