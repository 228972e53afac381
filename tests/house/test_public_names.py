"""The public names: frozen, listed, documented."""

import inspect
import pkgutil
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import lrlab as lr
from lrlab import dialects
from lrlab.core.text.parse import VOCABULARY

NAMES = {
    *("Controller", "Curve", "Finding", "Horizon", "LrlabError", "Pacer", "Schedule", "Span", "__version__"),
    *("by_name", "dumps", "loads", "parse"),
    *("plan", "Plan"),
    *("constant", "hold", "warmup", "linear_cosine", "linear", "cosine", "cosine_cycle", "polynomial"),
    *("one_minus_sqrt", "one_minus_power", "mirror_cosine", "geometric", "tanh", "rex", "k_decay", "hyperbolic"),
    *("step", "multistep", "piecewise_constant", "piecewise_linear", "exponential", "natural_exponential"),
    *("inverse_time", "inverse_sqrt", "inverse_power", "noam", "table", "function", "minimum", "maximum", "plateau"),
    *("wsd", "one_cycle", "warm_restarts", "triangular", "triangular2", "exp_range", "slanted_triangular"),
}


def test_no_public_name_is_lost():
    """What users' code calls stays: a name may be added, none may go."""
    assert set(dir(lr)) >= NAMES


def test_every_listed_name_resolves():
    """dir(lrlab), __all__ and getattr agree; an unknown name is an AttributeError."""
    assert lr.__all__ == dir(lr)
    for name in dir(lr):
        assert getattr(lr, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'cosin'"):
        lr.cosin  # noqa: B018


@pytest.mark.parametrize("package", [lr, dialects])
def test_no_name_that_is_loaded_late_is_a_module_too(package):
    """Once something has imported that module, the name would be the module."""
    modules = {module.name for module in pkgutil.iter_modules(package.__path__)}
    assert not modules & {*dir(package)}


def test_words_are_public_names():
    """Every word of the text form is a name of the package, and the same object."""
    for name, make in VOCABULARY.items():
        assert getattr(lr, name) is make


EXAMPLES_IN_THE_CLASS = ("LrlabError", "Schedule", "Controller", "Finding", "Pacer")


@pytest.mark.parametrize("name", sorted(set(dir(lr)) - {"__version__"}))
def test_public_names_are_documented(name):
    """A docstring whose first sentence ends, and an example that the doctests run."""
    doc = inspect.getdoc(getattr(lr, name))
    assert doc
    assert doc.split("\n\n")[0].rstrip().endswith((".", ":", "`."))
    assert ">>> " in doc or name in (*EXAMPLES_IN_THE_CLASS, "loads")


def test_version():
    """The version in the code is the version of the distribution."""
    from importlib.metadata import version

    assert lr.__version__ == version("lrlab")


def test_the_list_of_names_needs_no_source_tree(tmp_path):
    """It is read from the package's own file, also where that lies in a zip file."""
    zipped = shutil.make_archive(str(tmp_path / "lrlab"), "zip", Path(lr.__file__).parents[1], "lrlab")
    script = "import lrlab; print(lrlab.__file__, lrlab.parse('cosine()').over(9)(0), len(dir(lrlab)))"
    ran = subprocess.run(
        [sys.executable, "-S", "-c", script], env={"PYTHONPATH": zipped}, capture_output=True, text=True
    )
    assert ran.stdout.split() == [f"{zipped}/lrlab/__init__.py", "1.0", str(len(dir(lr)))], ran.stderr
