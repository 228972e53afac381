"""The help: commands in groups, and examples that run."""

import dataclasses
import json
import shlex

import click
import jsonschema
import pytest
from click.testing import CliRunner

from lrlab.cli.main import main
from lrlab.cli.verb import Section, Verb, Verbs
from lrlab.desk import experiment
from lrlab.desk.schemas import of_command
from lrlab.errors import LrlabError
from lrlab.lab.task.declaration import Settings
from lrlab.lab.tasks import digits

SMALL = Settings(updates=16, folds=8, lrs=(1.0,), evals=2)


def verbs(command=main, path=()):
    """Every command, with the words that call it."""
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            yield from verbs(command.get_command(click.Context(command), name), (*path, name))
    else:
        yield path, command


ALL = dict(verbs())
SERVES = {("studio",)}  # what serves until it is stopped; see tests/cli/commands/test_studio.py
ANSWERS = {path: verb for path, verb in ALL.items() if path not in SERVES}


def test_the_commands_stand_in_groups_by_what_one_wants_to_do():
    """Each once, below the heading that it names itself."""
    said = CliRunner().invoke(main, ["--help"]).output
    heads = [said.index(f"{section.value}:") for section in Section if f"{section.value}:" in said]
    assert heads == sorted(heads)
    assert len(heads) >= 3
    for name in main.list_commands(click.Context(main)):
        line = next(line for line in said.splitlines() if line.startswith(f"  {name} "))
        found = main.get_command(click.Context(main), name)
        assert said.rindex(f"{found.section.value}:", 0, said.index(line)) == max(
            head for head in heads if head < said.index(line)
        )


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_help_has_examples_of_that_command(path):
    """As one would type them, on lines that fit."""
    said = CliRunner().invoke(main, [*path, "--help"]).output
    assert isinstance(ALL[path], Verb)
    assert ALL[path].examples
    for line in ALL[path].examples:
        assert f"\n  {line}\n" in f"{said}\n"
        assert line.startswith(" ".join(("lrlab", *path)))
        assert len(line) <= 118


def groups():
    return [main, *(c for name in main.list_commands(None) if isinstance(c := main.get_command(None, name), Verbs))]


LINES = {line: None for found in (*groups(), *ANSWERS.values()) for line in found.examples}


@pytest.fixture(scope="module")
def folder(furnished, one_core):
    """What the examples name is there; runs and laws stay from one to the next."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(furnished)
        declared = dataclasses.replace(
            digits.train.lrlab_task, settings=SMALL, quick=dataclasses.replace(SMALL, folds=2)
        )
        patch.setattr(digits.train, "lrlab_task", declared)
        for line in (
            "lrlab forecast fit run1.csv run2.csv -o law.json",
            "lrlab compare mine.py:train --arms strategies",
        ):
            done = typed(line)
            assert done.exit_code == 0, done.output
        yield furnished


def typed(line):
    """A line of a shell, and what came of it."""
    return CliRunner().invoke(
        main, shlex.split(line.partition(" #")[0].partition(" > ")[0])[1:], catch_exceptions=False
    )


@pytest.mark.parametrize("line", LINES)
def test_the_examples_run(folder, line):
    """Exit code 0, and an answer; KEY and OTHER stand for keys of runs."""
    stored = [path.stem for path in sorted((folder / "lrlab-runs").glob("*.json"))]
    done = typed(line.replace("KEY", stored[0]).replace("OTHER", stored[1]))
    assert done.exit_code == 0, done.output
    assert done.stdout
    if "--json" in line:
        json.loads(done.stdout)


def valid(document, path):
    """The document, held against the schema of its command as it is today: every field declared, and no other."""
    schema = of_command(" ".join(path), ALL[path].document, closed=True)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(document, schema, cls=jsonschema.Draft202012Validator)
    return document


@pytest.mark.parametrize("path", ANSWERS, ids=" ".join)
def test_every_document_is_valid_for_its_schema(folder, path):
    """With --json standard output is that document alone."""
    stored = [path.stem for path in sorted((folder / "lrlab-runs").glob("*.json"))]
    line = (
        ALL[path]
        .examples[0]
        .partition(" #")[0]
        .partition(" > ")[0]
        .replace("KEY", stored[0])
        .replace("OTHER", stored[1])
    )
    done = typed(line if "--json" in line else f"{line} --json")
    assert set(valid(json.loads(done.stdout), path)) != {"version", "error"}, done.output


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_a_slip_is_a_document_too(folder, path):
    """Exit code 2, and the sentence in the place of the answer."""
    done = typed(" ".join(("lrlab", *path, "--jsonn", "--json")))
    assert "error" in valid(json.loads(done.stdout), path)
    assert done.exit_code == 2


@pytest.mark.parametrize(
    ("line", "path", "code"),
    [
        ("lrlab compare nonsense", ("compare",), 1),
        ("lrlab compare mine.py:train --config raise=true --workers 0", ("compare",), 1),
        ("lrlab compare --file nowhere.toml", ("compare",), 1),
        ("lrlab tune nonsense --budget 60", ("tune",), 1),
        ("lrlab check mine.py", ("check",), 1),
        ("lrlab show 'cosin()'", ("show",), 1),
        ("lrlab schema nonsense", ("schema",), 1),
        ("lrlab completion powershell", ("completion",), 2),
        ("lrlab runs show nothing", ("runs", "show"), 1),
    ],
)
def test_what_cannot_be_done_is_a_document_too(folder, line, path, code):
    """An unknown task, a failing one, a file that is none."""
    done = typed(f"{line} --json")
    assert set(valid(json.loads(done.stdout), path)) == {"version", "error"}
    assert done.exit_code == code


def test_what_diverged_is_valid_too(folder):
    """Infinite scores are texts where runs are listed, and nothing where they are judged."""
    line = "lrlab compare mine.py:train --arm 'a=constant()' --arm 'b=linear()' --lrs 1000000 --store gone --workers 0"
    done = typed(f"{line} --json")
    found = valid(json.loads(done.stdout), ("compare",))
    assert (done.exit_code, found["best"]) == (1, None)
    assert {arm["verdict"] for arm in found["arms"]} == {"diverged"}
    (runs,) = [valid(json.loads(typed("lrlab runs list --store gone --json").stdout), ("runs", "list"))["runs"]]
    assert {run["score"] for run in runs} == {"inf"}
    one = typed(f"lrlab runs show {runs[0]['key']} --store gone --json")
    assert valid(json.loads(one.stdout), ("runs", "show"))["run"]["outcome"] == "diverged"


def test_ctrl_c_is_a_document_too(folder, monkeypatch):
    """While a comparison trains; exit code 130."""
    monkeypatch.setattr(experiment, "run", interrupted)
    done = typed("lrlab compare mine.py:train --json")
    assert "goes on" in valid(json.loads(done.stdout), ("compare",))["error"]
    assert done.exit_code == 130


def interrupted(*given, **more):
    raise KeyboardInterrupt


def broken(*given, **more):
    raise RuntimeError("out of cheese")


def refused(*given, **more):
    raise LrlabError("no cheese here")


ENDS = {interrupted: (130, "stopped"), broken: (1, "RuntimeError: out of cheese"), refused: (1, "no cheese here")}


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_however_a_command_ends_it_is_a_document(folder, path, end, monkeypatch):
    """Ctrl-C, an error that nobody foresaw, and one in words: of every command that there is."""
    monkeypatch.setattr(ALL[path], "callback", end)
    stored = [place.stem for place in sorted((folder / "lrlab-runs").glob("*.json"))]
    line = ALL[path].examples[0].partition(" #")[0].partition(" > ")[0]
    done = typed(f"{line.replace('KEY', stored[0]).replace('OTHER', stored[1])} --json")
    code, sentence = ENDS[end]
    assert (done.exit_code, sentence in valid(json.loads(done.stdout), path)["error"]) == (code, True), done.output


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        (("forecast", "fit", "a.csv", "b.csv", "-o", "a.csv"), "a.csv"),
        (("forecast", "fit", "a.csv", "./b.csv", "-o", "b.csv"), "b.csv"),
        (("forecast", "report", "a.csv", "-o", "a.csv"), "a.csv"),
        (("replay", "a.csv", "--out", "a.csv"), "a.csv"),
        (("replay", "run", "--out", "run/journal.jsonl"), "run/journal.jsonl"),
        (("compare", "mine.py:train", "--report", "mine.py"), "mine.py"),
        (("merge", "a.safetensors", "b.safetensors", "--out", "b.safetensors"), "b.safetensors"),
        (("show", "train.py:get_lr", "--svg", "train.py"), "train.py"),
    ],
)
def test_what_is_read_is_not_written_over(tmp_path, monkeypatch, words, kept):
    """A journal, a log or a training that took days is worth more than a slip."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run").mkdir()
    for name in ("a.csv", "b.csv", "a.safetensors", "b.safetensors", "mine.py", "train.py", "run/journal.jsonl"):
        (tmp_path / name).write_text("all of it", encoding="utf-8")
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 2, done.output
    assert f"'{kept}' is read here, and would be lost" in done.output
    assert (tmp_path / kept).read_text(encoding="utf-8") == "all of it"


@pytest.mark.parametrize(
    "words",
    [("compare", "--file", "own.toml", "--report", "own.toml"), ("show", "--file", "own.toml", "--svg", "own.toml")],
)
def test_the_file_of_the_options_is_not_written_over(tmp_path, monkeypatch, words):
    """It is no argument, and read before all others."""
    monkeypatch.chdir(tmp_path)
    text = '[compare]\ntask = "digits"\n\n[plan]\nlr = "cosine()"\n'
    (tmp_path / "own.toml").write_text(text, encoding="utf-8")
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 2, done.output
    assert "'own.toml' is read here, and would be lost" in done.output
    assert (tmp_path / "own.toml").read_text(encoding="utf-8") == text


def test_what_was_written_before_is_written_again(tmp_path, monkeypatch):
    """Only what is read is safe from it."""
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        assert CliRunner().invoke(main, ["show", "cosine()", "--svg", "curve.svg"]).exit_code == 0
