"""The versions in the key: of all that is loaded, and what these need."""

import sys

import pytest

from lrlab.lab.identity import libraries
from lrlab.lab.identity.libraries import versions


def test_what_a_task_names_and_what_that_needs():
    """Optax computes by JAX and chex; the extras of a distribution are no need."""
    found = versions(["optax"])
    assert {"optax", "jax", "absl-py", "numpy"} <= found.keys()
    assert "pytest" not in found
    assert "optax" not in versions()


def test_a_package_of_another_name():
    """sklearn is of scikit-learn."""
    pytest.importorskip("sklearn")
    assert {"scikit-learn", "scipy", "joblib"} <= versions(["sklearn"]).keys()


def test_another_version_is_another_key(monkeypatch):
    """Of what the task names."""
    before = versions(["optax"])
    libraries._installed.cache_clear()
    real = libraries._distribution
    monkeypatch.setattr(libraries, "_distribution", lambda name: ("0.0", ()) if name == "optax" else real(name))
    assert versions(["optax"]) != before
    libraries._installed.cache_clear()


WRITTEN_BY_KERAS = (
    '{"floatx": "float32", "epsilon": 1e-07, "backend": "tensorflow", "image_data_format": "channels_last"}'
)


@pytest.mark.parametrize("said", ['{"backend": "jax", "floatx": "float16"}', WRITTEN_BY_KERAS, "[1]", "{", ""])
def test_what_keras_reads_from_its_file(tmp_path, monkeypatch, said):
    """What it will compute by, where no variable says it. Keras' own file says nothing, nor does a broken one."""
    (tmp_path / "keras.json").write_text(said)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    found = {name: value for name, value in versions().items() if name.startswith("keras.json")}
    whole = {"keras.json backend": "jax", "keras.json floatx": "float16"} if "jax" in said else {}
    assert found == whole
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    found = {name: value for name, value in versions().items() if name.startswith(("keras.json", "KERAS"))}
    assert found == {name: value for name, value in whole.items() if "floatx" in name} | {"KERAS_BACKEND": "torch"}


def test_how_runs_are_identified_is_a_part_of_the_key():
    """Another number finds none of the runs that are kept."""
    found = versions()
    assert found["key"] == str(libraries.KEY) == "2"
    assert found["python"] == f"{sys.version_info[0]}.{sys.version_info[1]}"


def test_what_is_always_there_counts_without_what_it_needs(monkeypatch):
    """Unless the task names it."""
    monkeypatch.setattr(
        libraries, "_distribution", lambda name: ("1", ("deep",)) if name in ("torch", "mine") else ("", ())
    )
    monkeypatch.setattr(libraries, "_distributions", lambda name: (name,))
    whole = {each: dict(libraries._installed.__wrapped__(frozenset(each))) for each in ((), ("torch",), ("mine",))}
    assert [found.keys() & {"torch", "mine"} for found in whole.values()] == [{"torch"}, {"torch"}, {"torch", "mine"}]
    monkeypatch.setattr(
        libraries, "_distribution", lambda name: {"torch": ("1", ("deep",)), "deep": ("3", ())}.get(name, ("", ()))
    )
    assert "deep" not in libraries._installed.__wrapped__(frozenset())
    assert libraries._installed.__wrapped__(frozenset({"torch"}))["deep"] == "3"


def test_a_package_is_of_the_distribution_of_its_name(monkeypatch):
    """Whatever that needs, or does not; else of those that say so."""
    monkeypatch.setattr(libraries, "_distribution", lambda name: ("1", ()) if name == "bare" else ("", ()))
    monkeypatch.setattr(libraries, "_packages", lambda: {"inner": ["outer-1", "outer-2"]})
    assert [libraries._distributions(name) for name in ("bare", "inner", "none")] == [
        ("bare",),
        ("outer-1", "outer-2"),
        (),
    ]
