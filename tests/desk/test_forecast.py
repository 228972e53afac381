"""Forecasts as the desk gives them: from logs to a law, and from a law to a page."""

from pathlib import Path

import pytest

from lrlab.desk import forecast as desk
from lrlab.errors import LrlabError

DATA = Path(__file__).parents[1] / "data" / "multi-power-law"
LOGS = [DATA / "constant_24000.csv", DATA / "cosine_24000.csv"]


def test_a_report_holds_fit_predictions_and_parameters():
    """And one figure per logged run; a law that was saved says the same."""
    fitted = desk.fit(LOGS, warmup=2160, weight_decay=0.1)
    page = desk.report(fitted, ["wsd()"], None, 3e-4, "lrlab forecast report")
    titles = [getattr(section, "title", "") for section in page.sections]
    assert {"constant_24000", "cosine_24000", "Residuals", "Predicted loss"} <= set(titles)
    assert page.facts["command"] == "lrlab forecast report"


def test_updates_and_epochs_are_not_mixed(tmp_path):
    """A log that counts epochs beside one that counts updates: what to type is said."""
    epochs = tmp_path / "keras.csv"
    epochs.write_text("epoch,val_loss,learning_rate\n" + "".join(f"{k},{4 - k / 9},0.1\n" for k in range(9)))
    with pytest.raises(LrlabError, match=r"(?s)logs in updates and in epochs.*updates_per_epoch=391"):
        desk.fit([LOGS[0], epochs])
