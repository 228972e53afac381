"""Two Ray nodes in a network of their own: what they train is what this process trains, whoever dies."""

import dataclasses
import importlib.util
import sys

import pytest

from lrlab.lab.executors.ray import Ray
from lrlab.lab.task.declaration import load_task
from lrlab.record.runs.store import Store

if importlib.util.find_spec("ray") is None:
    pytest.skip("Ray is not installed", allow_module_level=True)

START = (sys.executable, "-m", "ray.scripts.scripts", "start", "--disable-usage-stats")
NODE = ("--num-cpus", "1", "--object-store-memory", "80000000", "--include-log-monitor", "false")
SECOND_NODE = (*START, *NODE, "--address", "127.0.0.1:6379", "--num-gpus", "2")


@pytest.fixture(scope="module")
def cluster(room):
    """A head with one core, and a second node with one core and two GPUs, which are none."""
    start(room)
    return room


def start(room):
    at = ("--node-ip-address", "127.0.0.1", "--port", "6379", "--temp-dir", "/mnt")
    room.run(*START, *NODE, "--head", *at, "--include-dashboard", "false")
    room.run(*SECOND_NODE)


@pytest.mark.parametrize("scheme", ["", pytest.param("file://", marks=pytest.mark.exhaustive)])
def test_two_nodes_give_what_one_machine_gives_though_a_worker_is_killed(cluster, trial, scheme):
    """Bit by bit, also where the store is a URL; the stage in hand is trained again, and nothing else."""
    study = trial(slow=0.005, scheme=scheme)
    with study.killing("ray::fulfil"):
        effort = study.trained("ray")
    assert effort["stages"] == study.stages
    assert study.as_here()
    assert study.tidy


@pytest.mark.exhaustive
def test_every_stage_gets_a_gpu_of_its_own(cluster, trial, tmp_path, arms):
    """The training sees one; here they are numbers in the environment."""
    path = tmp_path / "sees.py"
    path.write_text(
        "import os\n"
        "class SGD:\n"
        "    param_groups = [{'lr': 1.0}]\n"
        "    def state_dict(self): return {}\n"
        "    def load_state_dict(self, state): pass\n"
        "def train(run):\n"
        "    run.track(opt=SGD())\n"
        "    for _ in run.steps([0]):\n"
        "        if run.eval_now: run.report(val_loss=int(os.environ['CUDA_VISIBLE_DEVICES']))\n"
    )
    task = load_task(f"{path}:train")
    task = dataclasses.replace(task, settings=dataclasses.replace(task.settings, updates=2, folds=3, lrs=(1.0,)))
    study = trial(arms[:1], task=task, device="cuda")
    effort = study.trained("ray")
    assert effort["stages"] == 3
    assert {run.score for run in Store(study.folder).listing().runs} <= {0.0, 1.0}


def test_without_a_cluster_none_is_started(room, trial):
    """What to type is said."""
    study = trial()
    said = study.trained("ray", RAY_ADDRESS="local")["error"]
    assert "no Ray cluster can be reached" in said
    assert "ray start --head" in said


@pytest.mark.exhaustive
def test_an_interruption_ends_what_trains(cluster, trial):
    """Ctrl-C in the middle of stages that would take an hour."""
    done = trial(slow=100).interrupted("ray")
    assert all(done.values()), done


@pytest.mark.exhaustive
def test_no_cluster_at_the_address(cluster, trial):
    """Nobody is there: at the address of a client, of a node."""
    study = trial()
    for where, variable in (("ray://127.0.0.1:7", ""), ("ray", "127.0.0.1:7777")):
        assert "no Ray cluster can be reached" in study.trained(where, RAY_ADDRESS=variable)["error"]


@pytest.mark.exhaustive
@pytest.mark.skipif(importlib.util.find_spec("grpc") is None, reason="Ray Client needs gRPC: ray[client]")
def test_from_outside_of_the_cluster(cluster, trial):
    """By Ray Client, which has another process as its driver there."""
    study = trial()
    assert study.trained("ray://127.0.0.1:10001")["stages"] == study.stages
    assert study.as_here()


@pytest.mark.exhaustive
def test_sharing_is_alone_or_is_refused(cluster, sharing):
    """By every framework, also where the nodes were started for another back end of Keras."""
    assert sharing("ray") == []


@pytest.mark.exhaustive
def test_drivers_and_workers_are_killed(cluster, trial):
    """Three drivers and six workers: no finished stage is trained again, and the bits are the same."""
    study = trial(seeds=2, slow=0.02)
    for _ in range(3):  # two workers with each: no stage can be lost as often as a stage may be
        assert study.killed("ray", *["ray::fulfil"] * 2)
        assert study.quiet()
    done = study.stored
    effort = study.trained("ray")
    assert effort.get("stages") == study.stages - done, effort
    assert study.as_here()


@pytest.mark.exhaustive
def test_a_node_is_killed(cluster, trial):
    """What it had in hand is trained on the other one."""
    study = trial(slow=0.02)
    with study.killing("GPU,2"):
        effort = study.trained("ray")
    assert not cluster.processes("GPU,2")
    cluster.run(*SECOND_NODE)
    assert effort["stages"] == study.stages
    assert study.as_here()


@pytest.mark.exhaustive
def test_a_stage_that_takes_every_worker_along_has_failed(cluster, trial, arms, fatal):
    """Here by killing the cluster's own worker each time; the driver does not wait forever, and says it."""
    error = trial(arms[:1], task=fatal).trained("ray")["error"]
    assert "1 of 1 runs failed" in error
    assert "3 Ray workers were lost" in error


@pytest.mark.exhaustive
def test_a_cluster_that_dies_is_named_and_the_same_line_goes_on_with_another(cluster, trial):
    """The head is killed, and started again."""
    study = trial(slow=0.02)
    with study.killing("gcs_server"):
        said, _ = study.driver("ray").communicate(timeout=300)
    assert "Failed to connect to GCS" in said  # Ray itself ends the driver, after a minute
    assert "no Ray cluster can be reached" in study.trained("ray")["error"]
    start(cluster)
    effort = study.trained("ray")
    assert 0 < effort["stages"] < study.stages
    assert study.as_here()


class Fake:
    """What an executor asks of Ray, without a cluster."""

    def __init__(self):
        self.ended, self.cancelled = 0, []

    def cancel(self, reference, *, force):
        self.cancelled.append((reference, force))

    def shutdown(self):
        self.ended += 1


@pytest.mark.parametrize("connected", [True, False])
def test_closing_ends_what_this_process_began(connected):
    """The stages in hand, by force, and the connection, if it was made here; closing twice does no harm."""
    executor, ray = Ray("host:1", workers=3), Fake()
    executor._ray, executor._connected = ray, connected
    executor._tags["a reference"] = (1, None)
    assert executor.slots == 3
    for _ in range(2):
        executor.close()
        assert (ray.ended, ray.cancelled) == (int(connected), [("a reference", True)])


@pytest.mark.parametrize(
    ("threads", "device", "there", "slots"),
    [
        (1, "cpu", {"CPU": 8.0}, 8),
        (3, "cpu", {"CPU": 8.0}, 2),
        (16, "cpu", {"CPU": 8.0}, 1),
        (2, "cuda", {"CPU": 8.0, "GPU": 4.0}, 4),
        (1, "cuda", {"CPU": 8.0}, 1),
        (1, "cpu", {}, 1),
    ],
)
def test_slots_are_what_there_is_room_for(threads, device, there, slots):
    """CPUs by the threads of a stage, or GPUs; at least one, which waits for a node."""
    executor, ray = Ray(threads=threads, device=device), Fake()
    ray.cluster_resources = lambda: there
    executor._ray = ray
    assert executor.slots == slots
