"""The file that a study is kept in: its tables are the options of the commands."""

import dataclasses

import click
import pytest

import lrlab as lr
from lrlab.cli.main import main
from lrlab.desk.check import check
from lrlab.desk.study_file import CompareTable, TuneTable, options, read_file
from lrlab.errors import LrlabError


@pytest.fixture
def written(tmp_path):
    def write(text):
        (tmp_path / "study.toml").write_text(text, encoding="utf-8")
        return tmp_path / "study.toml"

    return write


@pytest.mark.parametrize(("name", "table"), [("compare", CompareTable), ("tune", TuneTable)])
def test_its_keys_are_the_options_of_the_command(name, table):
    """All of them, by their long names, but what is about the answer."""
    command = main.get_command(click.Context(main), name)
    long = {max(param.opts, key=len).lstrip("-").replace("-", "_") for param in command.params}
    assert {field.name for field in dataclasses.fields(table)} == long - {"json", "file"}


def test_what_is_not_said_is_left_to_the_command(written):
    """And what is said becomes what one would type."""
    text = '[compare]\ntask = "digits"\nlrs = [0.5, 1]\nquick = true\n'
    text += '[compare.arm]\na = "wsd()"\n[compare.config]\nsize = "tiny"'
    assert options(read_file(written(text)).compare) == {
        "task": "digits",
        "quick": True,
        "schedules": ["a=wsd()"],
        "config": ['size="tiny"'],
        "lrs": "0.5,1.0",
    }


def test_there_may_be_several_tasks(written):
    """And a variant of them; what does not fit together is said without training."""
    place = written(
        "[compare]\ntask = 'series'\nmore = ['tabular']\nvariant = 'wide'\nfolds = 5\nlrs = [1.0]\n"
        "[compare.arm]\n'warmup + linear' = 'linear()'\nb = 'constant()'\n"
    )
    given = options(read_file(place).compare)
    assert (given["task"], given["more"], given["variant"]) == ("series", ("tabular",), "wide")
    found = check(place).record["compare"]
    assert (found["task"], found["runs"]) == ("series, tabular", 2 * 5 * 2)
    with pytest.raises(LrlabError, match="named twice"):
        check(written(place.read_text(encoding="utf-8").replace("tabular", "series")))


def test_lrs_may_be_auto(written):
    """The word is typed as it is; another word is refused."""
    text = '[compare]\ntask = "digits"\nlrs = "auto"\nmatters = "1%"\noverlapping = true\n'
    given = {"task": "digits", "lrs": "auto", "matters": "1%", "overlapping": True}
    assert options(read_file(written(text)).compare) == given
    with pytest.raises(LrlabError, match="lrs"):
        read_file(written('[compare]\ntask = "digits"\nlrs = "wide"\n'))


def test_a_plan_is_the_one_that_python_makes(written):
    """With groups, betas and layers."""
    text = """[plan]
lr = 'warmup("2%") >> cosine()'
betas = [0.9, "linear(start=0.9, to=0.99)"]
layer_decay = 0.75
layers = ["embed*", "head*"]
[plan.groups."head*"]
lr = "linear()"
"""
    betas = (0.9, lr.linear(start=0.9, to=0.99))
    schedule, groups = lr.warmup("2%") >> lr.cosine(), {"head*": {"lr": lr.linear()}}
    made = lr.plan(lr=schedule, betas=betas, layer_decay=0.75, layers=["embed*", "head*"], groups=groups)
    assert lr.read_plan(written(text)) == made


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[compare]\ntask = "digits"\n[compare.arm]\n"a=b" = "wsd()"', "no ="),
        ('[compare]\ntask = "digits"\n[compare.config]\nday = 2020-01-01', "not a plain value"),
    ],
)
def test_what_no_option_can_say_is_refused(written, text, said):
    """In words."""
    with pytest.raises(LrlabError, match=said):
        options(read_file(written(text)).compare)


def test_a_file_that_is_none_is_said(tmp_path):
    """A folder, nothing at all, bytes."""
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    for place in (tmp_path, tmp_path / "none.toml", tmp_path / "bytes.toml"):
        with pytest.raises(LrlabError, match=r"cannot be read|not TOML"):
            read_file(place)
    with pytest.raises(LrlabError, match=r"no \[plan\]"):
        lr.read_plan(_file(tmp_path))


def _file(folder):
    (folder / "a.toml").write_text('[compare]\ntask = "digits"\n')
    return folder / "a.toml"
