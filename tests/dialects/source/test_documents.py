"""Saved configurations, and the words of the LR among those of a run."""

import pytest

import lrlab as lr
from lrlab.dialects.source.documents import filled, loaded, words_of
from lrlab.errors import LrlabError

KNOWN = ("lr", "lr_warmup_iters", "train_iters")


def test_a_schedule_alone_is_read_strictly():
    """Any word that is not known is refused, with the one that may be meant."""
    assert words_of("some", {"--lr": 1, "train-iters": 10}, KNOWN) == {"lr": 1, "train_iters": 10}
    with pytest.raises(lr.LrlabError, match="'anything' is not known"):
        words_of("some", {"lr": 1, "anything": 1}, KNOWN)


@pytest.mark.parametrize("word", ["lr_warmup_itres", "train_itres", "lr_other", "warmup_steps"])
def test_a_run_may_hold_other_words_but_none_of_the_lr(word):
    """Beside words of a run others may stand; what speaks of the LR or is nearly known is refused there too."""
    run = {"lr": 1, "seed": 1, "hidden_size": 9, "anything": 1}
    assert words_of("some", run, KNOWN) == {"lr": 1}
    with pytest.raises(lr.LrlabError, match=rf"'{word}' is not known"):
        words_of("some", {**run, word: 3}, KNOWN)
    assert words_of("some", {**run, word: 3}, KNOWN, others=[word]) == {"lr": 1}
    assert words_of("some", {**run, word: None}, KNOWN) == {"lr": 1}, "what is not set says nothing"


def test_words_beside_a_file_fill_in_what_it_leaves_open():
    """ "auto" and nothing are filled in, what the file says is not overruled, what is known of the run comes last."""
    saved = {"warmup": "auto", "total": None, "low": 0.1}
    assert filled("some", saved, {"warmup": 3}, {"total": 9, "low": 0.2}) == {"warmup": 3, "total": 9, "low": 0.1}
    with pytest.raises(lr.LrlabError, match=r"the file says low=0\.1"):
        filled("some", saved, {"low": 0.3}, {})


@pytest.mark.parametrize("ending", ["json", "yaml", "toml"])
def test_an_empty_file_is_called_empty(ending, tmp_path):
    """As whoever wrote into it found nothing to write: not as a slip of its language."""
    file = tmp_path / f"config.{ending}"
    file.write_text("\n")
    with pytest.raises(LrlabError, match="this file is empty"):
        loaded(file)
