"""Worker processes: answers, deaths, errors, and that nothing is ever left over."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import lrlab as lr
from lrlab.errors import LrlabError
from lrlab.lab.arms import Arm
from lrlab.lab.job import Job, train
from lrlab.lab.pool import ATTEMPTS, Pool, TaskError
from lrlab.lab.task import load_task


def jobs(count, **config):
    arm = Arm("cosine", lr.cosine())
    return [Job(arm, 1.0, seed, 0, 2, 60, 6, config) for seed in range(count)]


def alive(folder):
    """Which of the processes that left their number in the folder still live."""
    return [int(path.name) for path in folder.iterdir() if _lives(path.name)]


def _lives(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def soon(condition, seconds=20.0):
    """Whether the condition comes true in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def test_workers_train_what_this_process_would(quadratic):
    """Every job once, the same bits, whoever trains it."""
    with Pool(quadratic, 2) as pool:
        found = dict(pool.train(jobs(5)))
    assert sorted(found) == [0, 1, 2, 3, 4]
    for index, job in enumerate(jobs(5)):
        here = train(quadratic, job)
        assert (found[index].key, found[index].loss, found[index].score) == (here.key, here.loss, here.score)


def test_a_dead_worker_loses_only_the_job_in_hand(quadratic, tmp_path):
    """It is replaced, and the job is trained by the next one."""
    with Pool(quadratic, 2) as pool:
        found = dict(pool.train(jobs(6, die=str(tmp_path / "died"))))
    assert (tmp_path / "died").exists()
    assert sorted(found) == [0, 1, 2, 3, 4, 5]


def test_a_job_that_kills_every_worker_is_named(quadratic):
    """After a few attempts it is the job's fault."""
    with (
        pytest.raises(LrlabError, match=rf"(?s){ATTEMPTS} worker processes died.*arm cosine.*exit code 9"),
        Pool(quadratic, 1) as pool,
    ):
        list(pool.train(jobs(1, **{"always die": True})))


def test_an_exception_comes_with_its_traceback(quadratic):
    """The line of the user's file, what was raised, and which run it was."""
    with (
        pytest.raises(
            TaskError, match=r"(?s)quadratic:train \(arm cosine, lr 1, seed 0, fold 0\).*quadratic.py.*out of cheese"
        ),
        Pool(quadratic, 1) as pool,
    ):
        list(pool.train(jobs(1, **{"raise": True})))


def test_misuse_comes_as_it_is(tmp_path):
    """A sentence, not a traceback, with the run it happened in; what the task prints disturbs nobody."""
    path = tmp_path / "mine.py"
    path.write_text("def train(run):\n    print('hello')\n    run.steps([]).__next__()\n")
    with (
        pytest.raises(LrlabError, match=r"(?s)without an optimizer.*in the task mine:train: arm cosine") as caught,
        Pool(load_task(f"{path}:train"), 1) as pool,
    ):
        list(pool.train(jobs(1)))
    assert not isinstance(caught.value, TaskError)
    assert "Traceback" not in str(caught.value)


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="looks into /proc")
def test_leaving_ends_the_workers_in_the_middle_of_a_job(quadratic, tmp_path):
    """However it is left: here by Ctrl-C in the loop over the results."""
    work = jobs(1) + jobs(2, slow=60, pids=str(tmp_path))

    def interrupted():
        with Pool(quadratic, 3) as pool:
            for _ in pool.train(work):
                assert soon(lambda: len(alive(tmp_path)) == 2)
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert alive(tmp_path) == []


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="looks into /proc")
def test_a_plain_data_loader_with_processes_of_its_own_works_and_leaves_none(tmp_path):
    """Workers may fork: they get their batches, and end with the pool in the middle of an epoch."""
    pytest.importorskip("torch")
    path = tmp_path / "loads.py"
    path.write_text(
        "import os, pathlib, sys, time, torch\n"
        "PIDS = pathlib.Path(__file__).with_name('pids'); PIDS.mkdir(exist_ok=True)\n"
        "class Data(torch.utils.data.Dataset):\n"
        "    def __len__(self): return 40\n"
        "    def __getitem__(self, i):\n"
        "        (PIDS / str(os.getpid())).touch()\n"
        "        return float(i)\n"
        "def train(run):\n"
        "    (PIDS / str(os.getpid())).touch()\n"
        "    model = torch.nn.Linear(1, 1); opt = torch.optim.SGD(model.parameters(), lr=0.1)\n"
        "    run.track(model=model, opt=opt); total = 0.0\n"
        "    data = torch.utils.data.DataLoader(Data(), batch_size=4, shuffle=True, num_workers=2)\n"
        "    for update, batch in run.steps(data):\n"
        "        total += float(batch.sum())\n"
        "        time.sleep(run.config['slow'])\n"
        "        if run.eval_now: run.report(val_loss=total)\n"
    )
    task, folder = load_task(f"{path}:train"), tmp_path / "pids"
    arm = Arm("fixed", lr.constant())
    work = [Job(arm, 1.0, 0, 0, 2, 10, 1, {"slow": slow}) for slow in (0, 5)]
    with Pool(task, 1) as pool:
        results = pool.train(work)
        _, run = next(results)
        assert run.score == sum(range(40))
        assert soon(lambda: len(alive(folder)) == 3)
    assert soon(lambda: alive(folder) == [])


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="looks into /proc")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_worker_outlives_the_driver(quadratic, tmp_path, number):
    """Killed, asked to end, or interrupted, in the middle of a job."""
    code = (
        "import sys, lrlab as lr; from lrlab.lab.pool import Pool; from lrlab.lab.task import load_task;"
        "from lrlab.lab.job import Job; from lrlab.lab.arms import Arm;"
        "jobs = [Job(Arm('a', lr.cosine()), 1.0, s, 0, 2, 60, 6, {'slow': 60, 'pids': sys.argv[2]}) for s in (0, 1)]\n"
        "with Pool(load_task(sys.argv[1]), 2) as pool: list(pool.train(jobs))"
    )
    driver = subprocess.Popen([sys.executable, "-c", code, quadratic.text, str(tmp_path)], stderr=subprocess.DEVNULL)
    try:
        assert soon(lambda: len(alive(tmp_path)) == 2)
        driver.send_signal(number)
        driver.wait(timeout=20)
        assert soon(lambda: alive(tmp_path) == [])
    finally:
        driver.kill()
        driver.wait()
