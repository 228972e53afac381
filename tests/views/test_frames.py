"""Columns as data frames."""

import subprocess
import sys

import pytest

import lrlab as lr
from lrlab.errors import LrlabError, MissingExtra
from lrlab.views import frames


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_each_library_has_the_columns(library):
    """The same in both, as numbers."""
    found = lr.linear().over(4).to_dataframe(library)
    assert type(found).__module__.partition(".")[0] == library
    assert list(found.columns) == ["update", "multiplier"]
    assert found["update"].to_list() == [0, 1, 2, 3]
    assert found["multiplier"].to_list() == [1.0, 0.75, 0.5, 0.25]


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_the_library_in_use_is_taken(library):
    """Without being asked for."""
    program = f"import {library}, lrlab as lr; print(type(lr.cosine().to_dataframe()).__module__)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(library)


def test_what_is_missing_is_named(monkeypatch):
    """With what to type; another library is refused."""
    monkeypatch.setattr(frames, "import_module", _missing)
    with pytest.raises(MissingExtra, match="pip install polars"):
        lr.cosine().to_dataframe("polars")
    with pytest.raises(MissingExtra, match="pandas or polars"):
        lr.cosine().to_dataframe()
    with pytest.raises(LrlabError, match="pandas, polars"):
        lr.cosine().to_dataframe("dask")


def _missing(name):
    raise ModuleNotFoundError(name=name)
