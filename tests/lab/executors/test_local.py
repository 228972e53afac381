"""Worker processes: answers, deaths, errors, and that nothing is ever left over."""

import contextlib
import dataclasses
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import lrlab as lr
from lrlab.errors import LrlabError
from lrlab.lab.arms.arms import Arm
from lrlab.lab.executors.local import Local
from lrlab.lab.stages.engine import run_jobs
from lrlab.lab.stages.executor import ATTEMPTS
from lrlab.lab.stages.job import Job
from lrlab.lab.stages.recipe import cell_of
from lrlab.lab.stages.stage import Stage, run_of, train
from lrlab.lab.task.declaration import load_task
from lrlab.record.runs.states import States
from lrlab.record.runs.store import Store


def jobs(count, **config):
    arm = Arm("cosine", lr.cosine())
    return [Job(arm, 1.0, seed, 0, 2, 60, 6, config) for seed in range(count)]


@contextlib.contextmanager
def pool(workers, **options):
    local = Local(workers, **options)
    try:
        yield local
    finally:
        local.close()


def submit(local, task, work, folder):
    for tag, job in enumerate(work):
        local.submit(tag, Stage(task.text, task.identity, str(folder), job, None, job.updates))


def answers(local, count):
    for _ in range(count):
        yield from local.wait()


def results(local, task, work, folder):
    """The runs of whole jobs, by index, as their workers stored them."""
    submit(local, task, work, folder)
    states = States(folder)
    for tag, reached in answers(local, len(work)):
        yield tag, run_of(task, work[tag], states.get(cell_of(task, work[tag]), reached.place).record)


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


def test_workers_train_what_this_process_would(quadratic, tmp_path):
    """Every job once, the same bits, whoever trains it."""
    with pool(2) as local:
        found = dict(results(local, quadratic, jobs(5), tmp_path))
    assert sorted(found) == [0, 1, 2, 3, 4]
    for index, job in enumerate(jobs(5)):
        here = train(quadratic, job)
        assert (found[index].key, found[index].loss, found[index].score) == (here.key, here.loss, here.score)


def test_a_dead_worker_loses_only_the_stage_in_hand(quadratic, tmp_path):
    """It is replaced, and the stage is trained by the next one."""
    with pool(2) as local:
        found = dict(results(local, quadratic, jobs(6, die=str(tmp_path / "died")), tmp_path))
    assert (tmp_path / "died").exists()
    assert sorted(found) == [0, 1, 2, 3, 4, 5]


def failure(task, folder, **config):
    """What a stage that fails answers, where another that does not comes after it."""
    work = jobs(1, **config) + jobs(1)
    with pool(1) as local:
        submit(local, task, work, folder)
        (_, failed), (_, reached) = answers(local, 2)
    assert (failed.place, reached.failed, reached.place.at) == (None, "", 60)
    return failed.failed


def test_a_stage_that_kills_every_worker_has_failed(quadratic, tmp_path):
    """After a few attempts it is the stage's fault; the next one is trained."""
    assert f"{ATTEMPTS} worker processes died of it, exit code 9" in failure(
        quadratic, tmp_path, **{"always die": True}
    )


def test_an_exception_comes_with_its_traceback(quadratic, tmp_path):
    """The cause in one line; then the line of the user's file, what was raised, and which run it was."""
    cause, _, whole = failure(quadratic, tmp_path, **{"raise": True}).partition("\n")
    assert cause == "RuntimeError: out of cheese"
    assert re.search(r"(?s)quadratic.py.*out of cheese.*arm cosine, lr 1, seed 0, fold 0", whole)


def test_misuse_comes_as_it_is(tmp_path):
    """A sentence, not a traceback, with the run it happened in; what the task prints disturbs nobody."""
    path = tmp_path / "mine.py"
    path.write_text("def train(run):\n    print('hello')\n    list(run.steps([0]))\n")
    with (
        pytest.raises(LrlabError, match=r"(?s)without an optimizer.*in the task mine:train: arm cosine") as caught,
        pool(1) as local,
    ):
        list(results(local, load_task(f"{path}:train"), jobs(1), tmp_path))
    assert "Traceback" not in str(caught.value)


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="looks into /proc")
def test_leaving_ends_the_workers_in_the_middle_of_a_job(quadratic, tmp_path):
    """However it is left: here by Ctrl-C in the loop over the results."""
    pids = tmp_path / "pids"
    pids.mkdir()
    work = jobs(1) + jobs(2, slow=60, pids=str(pids))

    def interrupted():
        with pool(3) as local:
            for _ in results(local, quadratic, work, tmp_path):
                assert soon(lambda: len(alive(pids)) == 2)
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert alive(pids) == []


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="looks into /proc")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
@pytest.mark.parametrize("leaves", [False, True])
def test_a_worker_that_dies_is_noticed_though_a_process_that_it_forked_lives_on(tmp_path, leaves):
    """One in its group, which is ended with it, and one that has left its group, which holds no pipe."""
    path = tmp_path / "forks.py"
    path.write_text(
        "import os, pathlib, time\n"
        "def train(run):\n"
        "    if os.fork() == 0:\n"
        "        if run.config['leaves']: os.setsid()\n"
        "        pathlib.Path(__file__).with_name(str(os.getpid()) + '.pid').touch()\n"
        "        time.sleep(300); os._exit(0)\n"
        "    while not any(pathlib.Path(__file__).parent.glob('*.pid')): time.sleep(0.01)\n"
        "    os._exit(9)\n"
    )
    work = [Job(Arm("fixed", lr.constant()), 1.0, 0, 0, 2, 10, 1, {"leaves": leaves})]
    try:
        with pool(1) as local:
            task = load_task(f"{path}:train")
            local.submit(0, Stage(task.text, task.identity, str(tmp_path), work[0], None, 10))
            ((_, reached),) = local.wait()
        assert "3 worker processes died of it, exit code 9" in reached.failed
    finally:
        left = [int(pid.stem) for pid in tmp_path.glob("*.pid")]
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


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
        "        total += float(batch.sum()); opt.step()\n"
        "        time.sleep(run.config['slow'])\n"
        "        if run.eval_now: run.report(val_loss=total)\n"
    )
    task, folder = load_task(f"{path}:train"), tmp_path / "pids"
    arm = Arm("fixed", lr.constant())
    work = [Job(arm, 1.0, 0, 0, 2, 10, 1, {"slow": slow}) for slow in (0, 5)]
    with pool(1) as local:
        _, run = next(results(local, task, work, tmp_path))
        assert run.score == sum(range(40))
        assert soon(lambda: len(alive(folder)) == 3)
    assert soon(lambda: alive(folder) == [])


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="looks into /proc")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_worker_outlives_the_driver(quadratic, tmp_path, number):
    """Killed, asked to end, or interrupted, in the middle of a stage."""
    pids = tmp_path / "pids"
    pids.mkdir()
    code = (
        "import signal, sys, lrlab as lr; from lrlab.lab.stages.engine import run_jobs\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job does not hear it\n"
        "from lrlab.lab.task import load_task;"
        "from lrlab.lab.stages.job import Job; from lrlab.lab.arms import Arm\n"
        "from lrlab.lab.executors.named import opened; from lrlab.lab.stages.resources import Resources\n"
        "from lrlab.record.runs.store import Store\n"
        "jobs = [Job(Arm('a', lr.cosine()), 1.0, s, 0, 2, 60, 6, {'slow': 60, 'pids': sys.argv[3]}) for s in (0, 1)]\n"
        "task = load_task(sys.argv[1])\n"
        "with opened(Resources(2), task) as executor: run_jobs(task, jobs, Store(sys.argv[2]), executor)"
    )
    command = [sys.executable, "-c", code, quadratic.text, str(tmp_path), str(pids)]
    driver = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        assert soon(lambda: len(alive(pids)) == 2)
        driver.send_signal(number)
        driver.wait(timeout=20)
        assert soon(lambda: alive(pids) == [], seconds=2.0)
    finally:
        driver.kill()
        driver.wait()


def test_threads_are_pinned_before_any_library_is_loaded(tmp_path):
    """In the environment of the worker, and in PyTorch."""
    pytest.importorskip("torch")
    path = tmp_path / "threads.py"
    path.write_text(
        "import os, torch\n"
        "def train(run):\n"
        "    model = torch.nn.Linear(1, 1); run.track(opt=(opt := torch.optim.SGD(model.parameters(), lr=1.0)))\n"
        "    for _ in run.steps([0]):\n"
        "        opt.step()\n"
        "        if run.eval_now:\n"
        "            run.report(val_loss=torch.get_num_threads() + 10 * int(os.environ['OMP_NUM_THREADS']))\n"
    )
    task = load_task(f"{path}:train")
    work = [dataclasses.replace(job, threads=2) for job in jobs(1)]
    with pool(1, threads=2) as local:
        ((_, run),) = results(local, task, work, tmp_path)
    assert run.score == 22


def test_a_number_of_workers_that_is_none_is_refused():
    """Rather than waiting forever."""
    with pytest.raises(LrlabError, match=r"(?s)workers.*-1"):
        Local(-1)


def test_each_worker_sees_one_gpu(monkeypatch):
    """In turn, of those that this process may use."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,5")
    seen = [environment["CUDA_VISIBLE_DEVICES"] for environment in Local(3, device="cuda")._environments]
    assert seen == ["3", "5", "3"]


def test_what_was_in_hand_when_a_study_was_refused_is_nobodys(tmp_path, quadratic):
    """Its answers would be taken for those of the next study that the same workers train."""
    misuse = tmp_path / "misuse.py"
    misuse.write_text("import time\ndef train(run):\n    time.sleep(0.1 * run.seed)\n    run.track(1)\n")
    refused = load_task(f"{misuse}:train")
    with pool(2) as workers:
        for count in (3, 4):
            with pytest.raises(LrlabError, match=r"run\.track"):
                run_jobs(refused, jobs(count), Store(tmp_path / "refused"), workers)
            runs, _ = run_jobs(quadratic, jobs(count), Store(tmp_path / "runs"), workers)
            assert [run.task for run in runs] == [quadratic.name] * count
