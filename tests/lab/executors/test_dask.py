"""A Dask scheduler and two workers in a network of their own: what they train is what this process trains."""

import importlib.util
import sys
from types import SimpleNamespace

import pytest

from lrlab.lab.executors.dask import Dask, _answer

if importlib.util.find_spec("distributed") is None:
    pytest.skip("Dask is not installed", allow_module_level=True)

HERE = "127.0.0.1:8786"
DASK = f"dask://{HERE}"
SCHEDULER = (sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "8786")
WORKER = (
    sys.executable,
    "-m",
    "distributed.cli.dask_worker",
    f"tcp://{HERE}",
    "--nthreads",
    "1",
    "--host",
    "127.0.0.1",
)
BOTH_THERE = f"import distributed; distributed.Client('tcp://{HERE}').wait_for_workers(2, 60)"


@pytest.fixture(scope="module")
def cluster(room):
    """The scheduler and two workers of one thread each, one of which has a GPU, which is none."""
    start(room)
    return room


def start(room):
    room.popen(*SCHEDULER, "--no-dashboard")
    room.popen(*WORKER, "--no-dashboard", "--local-directory", "/mnt")
    room.popen(*WORKER, "--no-dashboard", "--local-directory", "/mnt", "--resources", "GPU=1", CUDA_VISIBLE_DEVICES="3")
    room.run(sys.executable, "-c", BOTH_THERE)


@pytest.mark.parametrize("scheme", ["", pytest.param("file://", marks=pytest.mark.exhaustive)])
def test_two_workers_give_what_one_machine_gives_though_one_is_killed(cluster, trial, scheme):
    """Bit by bit, also where the store is a URL; the stage in hand is trained again, and no process of ours is left."""
    study = trial(slow=0.005, scheme=scheme)
    with study.killing("spawn_main"):
        effort = study.trained(DASK)
    assert effort.get("stages") == study.stages, effort
    assert study.quiet()
    assert study.as_here()
    assert study.tidy


def test_a_stage_that_needs_a_gpu_goes_where_one_is(cluster, trial, arms):
    """To the worker that says so; its processes see that one."""
    study = trial(arms[:1], device="cuda")
    effort = study.trained(DASK)
    assert effort.get("stages") == study.stages, effort


def test_no_scheduler_at_the_address(room, trial):
    """What to type is said."""
    assert "no Dask scheduler can be reached" in trial().trained("dask://127.0.0.1:7")["error"]


def test_an_interruption_ends_what_trains(cluster, trial):
    """Ctrl-C in the middle of stages that would take an hour."""
    done = trial(slow=100).interrupted(DASK)
    assert all(done.values()), done


@pytest.mark.exhaustive
def test_a_network_is_the_same_with_two_threads(cluster, trial, network, arms):
    """In the processes beside the workers, whatever those have."""
    study = trial(arms[1:3], task=network, threads=2, loader="batches")
    assert study.trained(DASK)["stages"] == study.stages
    assert study.as_here()


@pytest.mark.exhaustive
def test_sharing_is_alone_or_is_refused(cluster, sharing):
    """By every framework, also where the nodes were started for another back end of Keras."""
    assert sharing(DASK) == []


@pytest.mark.exhaustive
def test_drivers_and_workers_are_killed(cluster, trial):
    """Three drivers, three workers: the bits are the same."""
    study = trial(seeds=2, slow=0.02)
    for _ in range(3):
        assert study.killed(DASK)
    done = study.stored
    with study.killing(*["spawn_main"] * 3):
        effort = study.trained(DASK)
    assert effort["stages"] <= study.stages - done
    assert study.as_here()


class Lost:
    """A future whose workers were lost, one after the other."""

    def result(self):
        from distributed import KilledWorker

        raise KilledWorker("a stage", SimpleNamespace(address="tcp://127.0.0.1:1"), 3)


def test_a_stage_whose_workers_were_lost_has_failed_and_took_no_time_that_is_known():
    """Its whole place in the tree is said to have failed, with the cause."""
    stage = SimpleNamespace(every=20)
    tag, result = _answer(Lost(), 7, stage)
    assert (tag, result.place, result.every, result.seconds) == (7, None, 20, 0.0)
    assert result.failed.startswith("Dask workers were lost")
    assert "a stage" in result.failed


@pytest.mark.exhaustive
def test_a_stage_that_takes_every_worker_along_has_failed(cluster, trial, arms, fatal):
    """Here by killing the cluster's own worker each time; the driver does not wait forever, and says it."""
    error = trial(arms[:1], task=fatal).trained(DASK)["error"]
    assert "1 of 1 runs failed" in error
    assert "Dask workers were lost" in error


@pytest.mark.exhaustive
def test_a_scheduler_that_dies_is_named_and_the_same_line_goes_on_with_another(cluster, trial):
    """Nothing that was finished is trained again."""
    study = trial(slow=0.02)
    with study.killing("dask_scheduler"):
        said = study.trained(DASK)["error"]
    assert "the same line goes on" in said
    start(cluster)
    effort = study.trained(DASK)
    assert 0 < effort["stages"] < study.stages
    assert study.as_here()


def test_a_client_of_the_users_own_stays_the_one_that_dask_takes():
    """A study on another cluster must not send the user's next computation there."""
    import distributed

    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=3, processes=False, protocol="tcp", host="127.0.0.1", dashboard_address=None
    ) as cluster:
        there = Dask(cluster.scheduler_address.removeprefix("tcp://"))
        assert there.slots == 3
        with pytest.raises(ValueError, match="No client"):
            distributed.default_client()
        there.close()
