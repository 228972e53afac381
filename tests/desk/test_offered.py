"""What a shell offers."""

from lrlab.desk import offered


def test_what_there_is_is_offered():
    """Words, tasks, sets of arms, libraries: by their registries."""
    assert {"cosine", "warmup", "wsd", "plateau"} <= {*offered.words()}
    assert {"digits", "charlm"} <= {*offered.tasks()}
    assert offered.arm_sets() == ("strategies", "optimizers", "averages")
    assert {"torch", "transformers", "optax"} <= {*offered.libraries()}
