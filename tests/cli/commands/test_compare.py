"""`lrlab compare` as a newcomer and as a program use it."""

import json
import re
from pathlib import Path

import pytest

QUADRATIC = Path(__file__).parents[2] / "lab" / "quadratic.py"


@pytest.fixture
def compare(lrlab):
    """Compare three strategies on a task that trains in a millisecond."""
    arms = ["--arm", "fixed=constant()", "--arm", "linear()", "--arm", 'wsd=wsd(decay="50%")']

    def run(cwd, *more):
        return lrlab("compare", f"{QUADRATIC}:train", "--folds", "5", "--workers", "1", *arms, *more, cwd=cwd)

    return run


def test_the_store_may_be_a_url(compare, lrlab, tmp_path):
    """It is filled, named, reused and listed under the URL as it was typed."""
    url = f"file://{tmp_path}/runs"
    first, again = (json.loads(compare(tmp_path, "--store", url, "--json").stdout) for _ in range(2))
    assert (first["store"], first["reused"], again["reused"]) == (url, 0, 30)
    assert f"30 runs in {url}" in lrlab("runs", "list", "--store", url).stdout
    assert len(list((tmp_path / "runs").glob("*.json"))) == 30


def test_compare_ranks_reports_and_reuses(compare, tmp_path):
    """The main job: a table, a page, a store; the second time nothing is trained."""
    first = compare(tmp_path)
    assert first.returncode == 0, first.stderr
    assert re.search(r"^ ?1 +\S.*best +×", first.stdout, re.MULTILINE)
    assert "30 runs, " in first.stdout
    (path,) = tmp_path.glob("lrlab-quadratic-train-fixed-linear-wsd-*.html")
    page = path.read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "wsd" in page
    again = compare(tmp_path, "--json")
    found = json.loads(again.stdout)
    assert (found["runs"], found["reused"], found["version"]) == (30, 30, 1)
    assert [arm["rank"] for arm in found["arms"]] == [1, 2, 3]
    assert {arm["name"] for arm in found["arms"]} == {"fixed", "linear()", "wsd"}
    assert found["arms"][0]["verdict"] == "best"
    assert all(len(arm["scores"]) == 5 for arm in found["arms"])


def test_compare_says_what_sharing_saved_and_what_the_audit_found(lrlab, tmp_path):
    """In text and in the document; and why nothing that is stored fits, after the code has changed."""
    task = tmp_path / "mine.py"
    task.write_text(QUADRATIC.read_text())
    arms = ["--arm", "fixed=constant()", "--arm", 'wsd=wsd(warmup=0, decay="50%")', "--workers", "0", "--audit", "1"]
    first = lrlab("compare", "mine.py:train", "--folds", "5", *arms, cwd=tmp_path)
    assert re.search(r"instead of 1200: \d\d% saved", first.stdout), first.stderr
    assert "1 run of 20 that came out of forks trained again alone: identical to the last bit" in first.stdout
    task.write_text(task.read_text() + "# another\n")
    again = lrlab("compare", "mine.py:train", "--folds", "5", *arms, "--json", cwd=tmp_path)
    assert "of another recipe: its code changed" in again.stderr
    found = json.loads(again.stdout)
    assert found["effort"]["trained"] < found["effort"]["naive"] == 1200
    assert found["audit"]["passed"] is True


def test_compare_takes_a_configuration_and_stops_when_it_is_settled(lrlab, tmp_path):
    """Arms that do the same are as equal after five folds as after fifteen."""
    log = tmp_path / "log"
    arms = ["--arm", "fixed=constant()", "--arm", 'the same=multistep(["50%"], gamma=1.0)', "--lrs", "1"]
    more = ["--until-settled", "--config", f"log={log}", "--workers", "0"]
    done = lrlab("compare", f"{QUADRATIC}:train", "--folds", "15", *arms, *more, cwd=tmp_path)
    assert "Settled after 5 of 15 folds" in done.stdout, done.stderr
    assert "\n10 runs" in done.stdout
    assert len(log.read_text().splitlines()) == 5 * 60


def test_compare_names_what_failed(compare, tmp_path):
    """Every run with its cause, and one traceback that is the task's own; exit code 1."""
    done = compare(tmp_path, "--config", "raise=true", "--lrs", "1")
    assert done.returncode == 1
    assert "runs failed; all alike, and none got anywhere" in done.stderr
    assert "arm wsd, lr 1, seed 0, fold 0: RuntimeError: out of cheese" in done.stderr
    assert done.stderr.count("Traceback") == 1
    assert done.stderr.startswith("failed: arm "), "one line as soon as it happens"


def test_compare_refuses_in_a_sentence(lrlab, tmp_path):
    """Nothing is trained where the question makes no sense."""
    for arguments, said in [
        (("compare", "nonsense"), "digits"),
        (("compare", "nowhere.py:train"), "nowhere.py"),
        (("compare", f"{QUADRATIC}:train", "--arm", "a=cosine(", "--arm", "b=linear()"), "never closed"),
        (("compare", f"{QUADRATIC}:train", "--arm", "linear()"), "cannot be compared"),
        (("compare", f"{QUADRATIC}:train", "--lrs", "a,b"), "list of numbers"),
        (("compare", f"{QUADRATIC}:train", "--lrs", "0,1"), "above 0"),
    ]:
        done = lrlab(*arguments, cwd=tmp_path)
        assert done.returncode in (1, 2), arguments
        assert said in done.stderr, (arguments, done.stderr)
        assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_what_a_task_prints_is_not_in_the_answer(lrlab, tmp_path):
    """When its file is loaded, and when it trains in the process of the command."""
    loud = tmp_path / "loud.py"
    printing = "    print('here')\n    model = Model()"
    loud.write_text(QUADRATIC.read_text().replace("    model = Model()", printing) + "\nprint('loaded')\n")
    arms = ["--arm", "constant()", "--arm", "linear()"]
    done = lrlab("compare", f"{loud}:train", "--folds", "2", "--workers", "0", *arms, "--json", cwd=tmp_path)
    assert json.loads(done.stdout)["runs"] == 8
    assert {"loaded", "here"} <= {*done.stderr.split()}


def test_forks_can_be_left_out(compare, tmp_path):
    """What `fork_every=0` is in Python, and what the sentences about loaders advise."""
    found = json.loads(compare(tmp_path, "--fork-every", "0", "--json").stdout)
    assert found["effort"]["trained"] == found["effort"]["naive"] == 30 * 60


def test_each_question_has_a_page_of_its_own(compare, lrlab, tmp_path):
    """Two about one task, one of them asked twice; names keep the letters of any writing."""
    task = tmp_path / "größe.py"
    task.write_text(QUADRATIC.read_text(), encoding="utf-8")
    arms = ["--arm", "fixed=constant()", "--arm", "学習=linear()", "--workers", "0", "--lrs", "1", "--json"]
    pages = [
        json.loads(lrlab("compare", "größe.py:train", *arms, "--folds", folds, cwd=tmp_path).stdout)["report"]
        for folds in ("5", "6", "5")
    ]
    assert len({*pages}) == 2
    assert pages[0] == pages[2]
    assert all(page.startswith("lrlab-größe-train-fixed-学習-") for page in pages)
    assert all((tmp_path / page).exists() for page in pages)


def test_the_answer_comes_before_the_page(lrlab, tmp_path):
    """A page that cannot be written is said before anything is trained; one that fails late takes nothing with it."""
    arms = ["--arm", "fixed=constant()", "--arm", "linear()", "--workers", "0", "--lrs", "1", "--folds", "5"]
    done = lrlab("compare", f"{QUADRATIC}:train", *arms, "--report", "no/page.html", cwd=tmp_path)
    assert (done.returncode, "there is no folder" in done.stderr) == (2, True)
    assert list(tmp_path.iterdir()) == []
    late = lrlab("compare", f"{QUADRATIC}:train", *arms, "--report", "/dev/full", cwd=tmp_path)
    assert late.returncode == 1
    assert re.search(r"^ ?1 +\S.*best", late.stdout, re.MULTILINE)
    assert "cannot be written" in late.stderr
    assert "Traceback" not in late.stderr
