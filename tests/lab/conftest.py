"""What the tests of the lab share: a task that trains in a millisecond, and one with all that a state can hide in."""

import contextlib
import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import lrlab as lr
from lrlab.lab.arms.arms import Arm
from lrlab.lab.arms.controls import ControlTrace
from lrlab.lab.arms.tree import tree
from lrlab.lab.stages.engine import Effort, run_jobs
from lrlab.lab.stages.executor import Here
from lrlab.lab.stages.job import jobs_of
from lrlab.lab.stages.stage import train
from lrlab.lab.task.declaration import Task, load_task
from lrlab.lab.training.process import _forget_seeds
from lrlab.record.runs.store import Store

QUADRATIC = Path(__file__).with_name("quadratic.py")
NETWORK = Path(__file__).with_name("network.py")
ARMS = (
    Arm("fixed", lr.constant()),
    Arm("late", lr.wsd(warmup=0, decay="20%")),
    Arm("early", lr.wsd(warmup=0, decay="60%")),
    Arm("steps", lr.multistep(["30%", "70%"], gamma=0.3)),
)


@pytest.fixture(autouse=True)
def _seeds_of_keras():
    """No test hands the random numbers that it took of Keras to the next: what is then held of them is read."""
    yield
    if "keras" in sys.modules:
        _forget_seeds()


@pytest.fixture
def quadratic() -> Task:
    return load_task(f"{QUADRATIC}:train")


@pytest.fixture
def network() -> Task:
    pytest.importorskip("torch")
    return load_task(f"{NETWORK}:train")


def soon(condition, seconds=180):
    """Whether the condition comes true in time."""
    end = time.monotonic() + seconds
    while not (true := condition()) and time.monotonic() < end:
        time.sleep(0.01)
    return true


# The first process of a `Room`: loopback up, a private /mnt for whatever servers write, and then the others are buried
# as they end, until the input closes.
_FIRST = """
import fcntl, signal, socket, struct, subprocess, sys
SIOCSIFFLAGS, IFF_UP = 0x8914, 1
fcntl.ioctl(socket.socket(), SIOCSIFFLAGS, struct.pack("16sH22x", b"lo", IFF_UP))
subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/mnt"], check=True)
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
print("ready", flush=True)
sys.stdin.read()
"""

# Trains jobs at an executor: task, file of jobs, store, executor. Says what it took.
_DRIVER = """
import json, signal, sys
from pathlib import Path
from lrlab.errors import LrlabError
from lrlab.lab.executors.named import opened
from lrlab.lab.stages.engine import run_jobs
from lrlab.lab.stages.job import Job
from lrlab.lab.stages.resources import Resources
from lrlab.lab.task.declaration import load_task
from lrlab.record.runs.store import Store
signal.signal(signal.SIGINT, signal.default_int_handler)  # also where these tests run in the background
text, jobs, store, where = sys.argv[1:]
jobs = [Job.from_json(job) for job in json.loads(Path(jobs).read_text())]
try:
    task, job = load_task(text), jobs[0]
    with opened(Resources(executor=where, threads=job.threads, device=job.device), task) as executor:
        _, effort = run_jobs(task, jobs, Store(store), executor)
except LrlabError as error:
    print(json.dumps({"error": str(error)}))
else:
    print(json.dumps(vars(effort)))
"""
_IS_DRIVER = "lrlab.lab.executors.named import opened"  # in its command line


class Room:
    """A network of its own that has nothing but loopback, and processes of its own in it.

    All of it is the kernel's to end: with its first process, which ends with this object, or with this process.
    """

    def __init__(self):
        isolated = ["unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
        self._holder = subprocess.Popen(
            [*isolated, sys.executable, "-c", _FIRST],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        if self._holder.stdout.readline() != "ready\n":
            _, said = self._holder.communicate()
            pytest.skip(f"no network namespace can be made here: {said.strip().splitlines()[-1]}")
        children = Path(f"/proc/{self._holder.pid}/task/{self._holder.pid}/children").read_text()
        self._first = children.split()[0]
        self._started = []

    def popen(self, *command, **variables):
        """Start a command in here; it shares the files, but not /mnt."""
        enter = ["nsenter", "--target", self._first, "--net", "--pid", "--mount", "--"]
        own = {"HOME": "/mnt", "RAY_AUTH_MODE": "disabled", "RAY_USAGE_STATS_ENABLED": "0"}
        environment = {**os.environ, **own, **variables}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "stdin": subprocess.DEVNULL}
        process = subprocess.Popen([*enter, *map(str, command)], env=environment, text=True, **pipes)
        self._started.append(process)
        return process

    def run(self, *command, **variables):
        """Run a command in here to its end, and give what it wrote."""
        process = self.popen(*command, **variables)
        said, _ = process.communicate(timeout=180)
        assert process.returncode == 0, said
        return said

    def processes(self, word):
        """The processes in here whose command line has this word, the oldest first; as this side numbers them."""
        inside, found = os.readlink(f"/proc/{self._first}/ns/pid"), []
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if os.readlink(folder / "ns/pid") == inside and word in (folder / "cmdline").read_text():
                    found.append(int(folder.name))
        return sorted(found)

    def kill(self, word, number=signal.SIGKILL):
        """Kill the oldest such process, as soon as there is one; whether there was."""
        return soon(lambda: self._kill(word, number))

    def _kill(self, word, number):
        for pid in self.processes(word):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
                return True
        return False

    def close(self):
        """End all that is in here."""
        self._holder.communicate()
        for process in self._started:
            process.wait()
            process.stdout.close()


@pytest.fixture(scope="module")
def room():
    """A network of its own, for servers of clusters."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("a network of its own needs Linux, root and unshare")
    room = Room()
    yield room
    room.close()


class Trial:
    """Jobs that drivers in a room train, and what they should become."""

    def __init__(self, room, task, folder, jobs, scheme):
        self.room, self.task, self.folder, self.jobs = room, task, folder, jobs
        self.store = f"{scheme}{folder}"
        (folder / "jobs").write_text(json.dumps([job.to_json() for job in jobs]))

    def driver(self, where, **variables):
        """A driver, started."""
        given = (self.task.text, self.folder / "jobs", self.store, where)
        return self.room.popen(sys.executable, "-c", _DRIVER, *given, **variables)

    def trained(self, where, **variables):
        """What a driver says at its end: its effort, or an error."""
        said, _ = self.driver(where, **variables).communicate(timeout=180)
        assert said.rstrip().endswith("}"), said
        return json.loads(said.splitlines()[-1])

    def killed(self, where, *before):
        """Kill a driver, before it others, each after two more stored states; whether that could be done."""
        driver = self.driver(where)
        done = all(self.progress(2) and self.room.kill(word) for word in (*before, _IS_DRIVER))
        driver.wait()
        return done

    def interrupted(self, where):
        """Press Ctrl-C as soon as something trains: whether that was so, nothing does afterwards, the store is tidy."""
        driver = self.driver(where)
        trains = self.room.kill("lrlab.lab.executors.worker", 0)
        pressed = self.room.kill(_IS_DRIVER, signal.SIGINT)
        driver.wait()
        return {"trains": trains, "pressed": pressed, "quiet": self.quiet(), "tidy": self.tidy}

    @contextlib.contextmanager
    def killing(self, *words):
        """Kill one process after the other beside what follows; all of them, or it fails.

        Each after two more states are stored, so that chance does not lose one stage as often as a stage may be lost.
        """
        killed = []

        def kill():
            for word in words:
                killed.append(self.progress(2) and self.room.kill(word))

        killer = threading.Thread(target=kill)
        killer.start()
        yield
        killer.join()
        assert killed == [True] * len(words)

    def progress(self, states):
        """Wait for so many more stored states; whether they came."""
        before = self.stored
        return soon(lambda: self.stored >= before + states)

    def quiet(self):
        """Wait until nothing trains in the room; whether it came."""
        return soon(lambda: not self.room.processes("lrlab.lab.executors.worker"))

    @property
    def stages(self):
        """How many stages there are to train."""
        cells = {}
        for job in self.jobs:
            cells.setdefault((job.seed, job.fold), []).append(ControlTrace(job.regime, job.updates))
        return sum(len(tree(each, self.jobs[0].updates)) for each in cells.values())

    @property
    def stored(self):
        """How many states are stored."""
        return len([*self.folder.glob("states/*/[0-9]*")])

    @property
    def tidy(self):
        """Whether no driver has left anything of its own behind."""
        return not list(self.folder.glob(".driver-*"))

    def as_here(self):
        """Whether every run is stored, and is what this process trains: final weights, losses, decisions."""
        runs, effort = run_jobs(self.task, self.jobs, Store(self.store), Here(self.task))
        alone = [train(self.task, job) for job in self.jobs]
        return effort == Effort() and alone == [
            dataclasses.replace(run, seconds=other.seconds) for run, other in zip(runs, alone, strict=True)
        ]


# Tasks of tests/lab/sharing, of each outcome and each framework.
SHARED = (
    *("torch_tasks:plain", "torch_tasks:a_batch_is_fetched_ahead", "torch_tasks:the_step_is_forgotten"),
    *(
        "practice_tasks:q_learning_with_all_tracked",
        "hiding_tasks:a_hook_of_a_weight",
        "hiding_tasks:a_meter_of_the_module",
    ),
    *("jax_tasks:pure", "jax_tasks:a_generator_that_remembers"),
    *("keras_tasks:plain_fit", "keras_tasks:a_private_counter", "keras_tasks:sets_the_rate_by_itself"),
)


@pytest.fixture
def sharing(room):
    """Trains some tasks shared by an executor, and each arm alone; what each came to otherwise than it must."""
    for library in ("torch", "jax", "keras"):
        pytest.importorskip(library)

    def otherwise(where):
        script = Path(__file__).parent / "sharing" / "comparing_in.py"
        # The back end is the driver's: nodes take it over.
        driver = room.popen(sys.executable, script, where, *SHARED, KERAS_BACKEND="torch")
        said, _ = driver.communicate(timeout=1200)
        found = [json.loads(line) for line in said.splitlines() if line.startswith('["')]
        assert [name for name, *_ in found] == [name.partition(":")[2] for name in SHARED], said
        return [each for each in found if each[3] != each[1] or each[2] not in each[4]]

    return otherwise


@pytest.fixture
def arms() -> tuple[Arm, ...]:
    """Four that share their beginnings."""
    return ARMS


@pytest.fixture
def trial(room, quadratic, tmp_path):
    """Makes a trial of some jobs; slow enough that something can happen on the way."""

    def make(arms=ARMS, task=quadratic, threads=1, device="cpu", seeds=1, scheme="", **config):
        (tmp_path / "store").mkdir()
        settings = dataclasses.replace(task.settings, seeds=seeds)
        jobs = jobs_of(arms, settings, config=config, threads=threads, device=device)
        return Trial(room, task, tmp_path / "store", jobs, scheme)

    return make


@pytest.fixture
def fatal(tmp_path) -> Task:
    """A task that kills the cluster's own worker each time."""
    path = tmp_path / "kills.py"
    path.write_text("import os, signal\ndef train(run):\n    os.kill(os.getppid(), signal.SIGKILL)\n")
    task = load_task(f"{path}:train")
    return dataclasses.replace(task, settings=dataclasses.replace(task.settings, folds=1, lrs=(1.0,)))
