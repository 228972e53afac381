"""One concept per file, and a test for each."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "lrlab"
FILES = [path for path in sorted(SOURCE.rglob("*.py")) if path.name != "__init__.py"]

# Files without a test of their own name, and where they are tested.
ELSEWHERE = {
    "errors.py": "every refusal in tests/core",
    "cli/output.py": "tests/cli/test_main.py",
    "desk/live.py": "tests/cli/test_live.py",
    "__main__.py": "tests/cli/test_main.py",
    "adapters/lightning.py": "tests/trainers/test_lightning.py",
    "adapters/transformers.py": "tests/trainers/test_transformers.py",
    "testing/strategies.py": "tests/core/test_laws.py",
    "testing/stage_sets.py": "tests/lab/test_tree.py",
    "lab/stretch.py": "tests/lab/test_live.py",
    "dialects/building.py": "every importer in tests/dialects",
    "dialects/cycles.py": "every importer in tests/dialects",
    "dialects/calls.py": "tests/dialects/test_optax.py",
    "dialects/torch_joined.py": "tests/dialects/test_torch.py",
    "dialects/torch_rules.py": "tests/dialects/test_torch.py",
    "dialects/export_pieces.py": "tests/dialects/test_export.py",
    "dialects/export_python.py": "tests/dialects/test_export.py",
    "dialects/export_torch.py": "tests/dialects/test_export.py",
    "dialects/export_keras.py": "tests/dialects/test_export.py",
    "dialects/export_optax.py": "tests/dialects/test_export.py",
    "dialects/export_transformers.py": "tests/dialects/test_export.py",
}
LONGEST = 400  # lines: beyond, a file holds two ideas


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_every_file_has_a_test(path):
    """tests/<room>/test_<file>.py mirrors src/lrlab/<room>/<file>.py."""
    place = path.relative_to(SOURCE)
    if str(place) in ELSEWHERE:
        return
    assert (ROOT / "tests" / place.parent / f"test_{place.name}").exists()


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_file_is_read_in_one_sitting(path):
    """A module says what it is for and stays within the limit."""
    text = path.read_text()
    assert text.startswith('"""')
    assert len(text.splitlines()) <= LONGEST


def test_the_list_of_exceptions_is_true():
    """No exception outlives its file."""
    assert {str(path.relative_to(SOURCE)) for path in FILES} >= set(ELSEWHERE)
