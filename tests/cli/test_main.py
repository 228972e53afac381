"""The command line as a whole."""

from click.testing import CliRunner

from lrlab.cli.main import main
from lrlab.desk import schedules


def test_an_unknown_command_is_answered_with_the_known_ones(lrlab):
    """A slip of the finger costs no search."""
    done = lrlab("shw", "cosine()")
    assert done.returncode == 2
    assert "show" in done.stderr


def test_whatever_is_interrupted_says_so_in_a_sentence(monkeypatch):
    """Ctrl-C before a command has begun to train, too: exit code 130, and that nothing is lost."""

    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr(schedules, "words", interrupted)
    done = CliRunner().invoke(main, ["list"])
    assert done.exit_code == 130
    assert "stopped" in done.output
    assert "goes on" in done.output
