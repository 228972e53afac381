"""One concept per file, and a test for each."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "lrlab"
FILES = [path for path in sorted(SOURCE.rglob("*.py")) if path.name != "__init__.py"]

# Files without a test of their own name, and where they are tested.
ELSEWHERE = {
    "version.py": "tests/house/test_public_names.py",
    "analysis/comparison/document.py": "tests/analysis/comparison/test_evidence.py",
    "analysis/comparison/standing.py": "tests/analysis/comparison/test_statistics.py",
    "lab/tasks/common/problem.py": "tests/lab/tasks/common/test_fitting.py",
    "lab/training/held_keras.py": "tests/lab/sharing",
    "core/time/layout.py": "tests/core/run/test_curve.py",
    "cli/output.py": "tests/cli/test_main.py",
    "record/logs/rows.py": "tests/record/logs/formats/test_registry.py",
    "desk/live.py": "tests/cli/commands/test_live.py",
    "desk/check.py": "tests/cli/commands/test_check.py",
    "desk/demo.py": "tests/cli/commands/test_demo.py",
    "lab/tasks/common/valley.py": "tests/cli/commands/test_demo.py",
    "__main__.py": "tests/cli/test_main.py",
    "studio/serve.py": "tests/cli/commands/test_studio.py",
    "adapters/lightning.py": "tests/trainers/test_lightning.py",
    "adapters/transformers.py": "tests/trainers/test_transformers.py",
    "testing/strategies.py": "tests/core/test_laws.py",
    "testing/stage_sets.py": "tests/lab/arms/test_tree.py",
    "lab/training/bounds.py": "tests/lab/training/test_run.py",
    "lab/stages/ready.py": "tests/lab/training/test_traced.py",
    "dialects/parts/phases.py": "every importer in tests/dialects",
    "dialects/parts/fractional.py": "every importer in tests/dialects",
    "dialects/source/call_syntax.py": "tests/dialects/source/test_folding.py",
    "dialects/parts/library.py": "tests/dialects/test_libraries.py",
    "dialects/parts/timm_recipes.py": "tests/dialects/test_golden.py",
    "dialects/parts/torch_joined.py": "tests/dialects/read/test_torch.py",
    "dialects/parts/torch_rules.py": "tests/dialects/read/test_torch.py",
    "dialects/parts/transformers_words.py": "tests/dialects/read/test_transformers.py",
    "dialects/write/pieces.py": "tests/dialects/write/test_targets.py",
    "dialects/write/python.py": "tests/dialects/write/test_targets.py",
    "dialects/write/torch.py": "tests/dialects/write/test_targets.py",
    "dialects/write/keras.py": "tests/dialects/write/test_targets.py",
    "dialects/write/optax.py": "tests/dialects/write/test_targets.py",
    "dialects/write/transformers.py": "tests/dialects/write/test_targets.py",
}
# Former places of public names, kept for one release: no code of their own.
FORMER = {
    *("core/controllers.py", "core/vocabulary.py", "core/change.py", "core/checkpoint.py"),
    *("record/sinks.py", "record/rate_log.py", "record/live.py", "adapters/torch_plan.py", "adapters/torch_guard.py"),
}
LONGEST = 400  # lines: beyond, a file holds two ideas


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_every_file_has_a_test(path):
    """tests/<room>/test_<file>.py mirrors src/lrlab/<room>/<file>.py."""
    place = path.relative_to(SOURCE)
    if str(place) in ELSEWHERE or str(place) in FORMER:
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
