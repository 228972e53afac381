"""What both commands take: a source, and what is known of the run."""

import pytest

from lrlab.cli.source import in_options


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("try: Horizon(..., tokens_per_update=524288)", "try: --tokens-per-update 524288"),
        ("try: Horizon(..., samples_per_update=256) here", "try: --samples-per-update 256 here"),
        ("try: horizon=10_000, or .over(10_000)", "try: --steps 10000"),
        ("try: over(10_000)", "try: --steps 10000"),
        ("a cosine over(100)", "a cosine over(100)"),
    ],
)
def test_remedies_in_python_become_options(message, said):
    """What to type is what this command takes."""
    assert in_options(message) == said
