"""Lines of text, in the words of many programs."""

import pytest

from lrlab.record.logs.formats.text_lines import claims, rows
from lrlab.record.logs.rows import Config
from lrlab.record.logs.text import UNENDED


def read(tmp_path, *text):
    (tmp_path / "log").write_text("\n".join(text) + "\n")
    return [row for row in rows(tmp_path / "log") if not isinstance(row, Config)]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("iter 10: loss 3.2100, time 12.31ms, mfu -100.00%", {"iter": "10", "loss": "3.2100"}),
        ("step:125/1390 val_loss:4.1 train_time:12000ms", {"step": "125", "val_loss": "4.1"}),
        (
            " [2026-01-01 00:00] iteration   10/   200 | learning rate: 1.5E-04 | lm loss: 6.1E+00 | loss scale: 1 |",
            {"iteration": "10", "learning rate": "1.5E-04", "lm loss": "6.1E+00"},
        ),
        ("Epoch [2/5], Step [100/600], Loss: 0.3", {"epoch": 2, "batch": 100, "Loss": "0.3"}),
        ("Epoch: [0][ 10/391]\tTime 0.1 (0.2)\tLoss 6.91 (7.01)", {"epoch": 0, "batch": 10, "Loss": "6.91"}),
        ("Train Epoch: 1 [640/1280 (50%)]\tLoss: 2.3", {"epoch": 0.5, "Loss": "2.3"}),
        ("{'loss': 2.6, 'learning_rate': '5e-05', 'epoch': 0.12}", {"loss": "2.6", "epoch": "0.12"}),
        ("INFO:trainer.py:77 - step=10 loss=2.5 lr=1e-3", {"step": "10", "loss": "2.5", "lr": "1e-3"}),
        ("[valid] step 20 | loss 2.5", {"step": "20", "val loss": "2.5"}),
        ("Validation step 20: loss 2.5", {"step": "20", "val loss": "2.5"}),
        ("step 20: train loss 2.5, val loss 2.6", {"step": "20", "train loss": "2.5", "val loss": "2.6"}),
        ("Step 1,200/10,000 - loss 2.5", {"Step": "1200", "loss": "2.5"}),
        ("step 1.5k loss 2.5", {"step": 1500.0, "loss": "2.5"}),
        ("\x1b[31mstep: 10 \x1b[32mloss: 2.5\x1b[0m", {"step": "10", "loss": "2.5"}),
        ("steps: 10%|█   | 100/1000 [00:30<01:00, 3.2it/s, avr_loss=0.1]", {"step": 100, "avr_loss": "0.1"}),
        ("Epoch 2:  30%|███  | 30/100 [00:01<00:03, v_num=0, train_loss=2.5]", {"epoch": 2, "batch": 30}),
        ("Epoch 2 | Train Loss: 2.5 | Val. Loss: 2.6", {"Epoch": "2", "Train Loss": "2.5", "Val. Loss": "2.6"}),
        ("validation loss at iteration 3 | lm loss value: 2.5", {"iteration": "3", "val lm loss value": "2.5"}),
        ('x | {"epoch": 1, "loss": "2.5", "num_updates": "100"}', {"loss": "2.5", "num_updates": "100"}),
        ("rank 0 global step 5 loss nan", {"global step": "5", "loss": "nan"}),
    ],
)  # fmt: skip
def test_names_with_numbers(tmp_path, line, found):
    """Whatever stands between them; a number with a unit is no plain number."""
    (row,) = read(tmp_path, line)
    assert {name: row[name] for name in found} == found
    assert "time" not in row


def test_a_line_that_counts_nothing_has_what_was_counted_last(tmp_path):
    """Test set: ... stands below its epoch."""
    found = read(tmp_path, "Epoch 3", "Test set: Average loss: 0.05, Accuracy: 98", "no numbers", "Epoch 4", "loss: 2")
    assert found == [{"Epoch": "3", "val Average loss": "0.05", "Accuracy": "98"}, {"Epoch": "4", "loss": "2"}]


def test_a_last_line_without_end_may_be_cut_off(tmp_path):
    """3.2 may have been 3.21."""
    (tmp_path / "log").write_text("step 1 loss 3.25\nstep 2 loss 3.2")
    *_, remark = rows(tmp_path / "log")
    assert remark == UNENDED


def test_lines_with_a_loss_are_counted(tmp_path):
    """Those of JSON are another format's."""
    (tmp_path / "log").write_text('step 1 loss 2\nlr 3\n{"step": 1, "loss": 2}\n  "loss": 2.5,\nepoch 1 acc 0.5\n')
    assert claims(tmp_path / "log") == 1


def test_lines_that_count_stand_above_those_that_they_count(tmp_path):
    """A block with a head, as Composer and OLMo print it; a bar is drawn over itself."""
    assert read(
        tmp_path, "[batch=10/500]:", " Train time/epoch: 0", " loss/train/total: 2.5", "[batch=20/500]:", " loss: 2"
    ) == [
        {"batch": "10", "time/epoch": "0", "loss/train/total": "2.5"},
        {"batch": "20", "time/epoch": "0", "loss": "2"},
    ]
    assert [row["loss"] for row in read(tmp_path, "step 1 loss 3\rstep 2 loss 2\rstep 3 loss 1")] == ["3", "2", "1"]


@pytest.mark.parametrize(
    "line",
    [
        "a " * 1000,
        "a" * 2000,
        "A" + " " * 1999,
        "epoch" + " " * 1990,
        "epoch 1 " + "-" * 1900,
        "1%|" * 600,
        "1,1" * 600,
    ],
)
def test_no_line_takes_long(tmp_path, line):
    """None of these has a number of a name; a search that gives back would not end with this test."""
    assert read(tmp_path, *[line] * 50, "step 1 loss 2") == [{"step": "1", "loss": "2"}]


def test_a_very_long_line_is_searched_at_its_beginning(tmp_path):
    """In a bounded time."""
    assert read(tmp_path, "step 1 loss 2 " + "a " * 400_000) == [{"step": "1", "loss": "2"}]


@pytest.mark.parametrize(
    ("unit", "value"), [("k", 1500.0), ("K", 1500.0), ("M", 1.5e6), ("B", 1.5e9), ("G", 1.5e9), ("x", None)]
)
def test_thousands_of_a_counter(tmp_path, unit, value):
    """Of a loss a unit says nothing that is known."""
    row, *_ = read(tmp_path, f"tokens 1.5{unit} loss 2.5 lr 1{unit}")
    assert row == {**({} if value is None else {"tokens": value}), "loss": "2.5"}


def test_two_thousand_characters_of_a_line_are_searched(tmp_path):
    """What is behind them is not."""
    pad = " " * (2000 - len("loss 2.5"))
    assert read(tmp_path, f"{pad}loss 2.5") == [{"loss": "2.5"}]
    assert read(tmp_path, f"{pad} loss 2.5") == [{"loss": "2."}]
    assert read(tmp_path, f"{pad}         loss 2.5") == []


def test_of_how_many_steps_an_epoch_is_told(tmp_path):
    """By what stands behind a step within an epoch; not by a share, and not by 0."""
    for line, said in (
        ("Epoch: [0][10/391] Loss 6.9", [391]),
        ("Epoch 2:  30%|███  | 30/100 [00:01<00:03, loss=2.5]", [100]),
        ("steps:  30%|███  | 30/100 [00:01<00:03, loss=2.5]", [100]),
        ("Epoch: [0][0/0] Loss 6.9", []),
        ("Train Epoch: 1 [0/0 (0%)] Loss: 2.3", []),
        ("Epoch: [0][1/1] Loss 6.9", [1]),
        ("steps:  30%|███  | 0/0 [00:01<00:03, loss=2.5]", []),
        ("steps:  30%|███  | 1/1 [00:01<00:03, loss=2.5]", [1]),
        ("Train Epoch: 1 [640/1280 (50%)] Loss: 2.3", []),
    ):
        (tmp_path / "log").write_text(line + "\n")
        told = [item.values for item in rows(tmp_path / "log") if isinstance(item, Config)]
        assert told == [{"steps_of": number} for number in said], line


def test_a_bar_of_nothing_counts_nothing(tmp_path):
    """0 of 0 is no step."""
    assert read(tmp_path, "steps: 0%|     | 0/0 [00:01<00:03, loss=2.5]") == [{"loss": "2.5"}]


def test_numbers_of_an_epoch_of_fifteen_digits(tmp_path):
    """And what is longer by its first fifteen."""
    (tmp_path / "log").write_text(f"Epoch: [{'1' * 16}][{'2' * 16}/{'3' * 16}] Loss 6.9\n")
    row, told = rows(tmp_path / "log")
    assert (row["epoch"], row["batch"], told.values) == (int("1" * 15), int("2" * 15), {"steps_of": int("3" * 15)})


def test_the_first_of_two_numbers_of_a_name_counts(tmp_path):
    """A line of validation whose losses are said to be so already keeps their names."""
    assert read(tmp_path, "step 1 loss 2.5 loss 3.5") == [{"step": "1", "loss": "2.5"}]
    assert read(tmp_path, "eval step 1 val_loss 2.5 loss 3.5") == [{"step": "1", "val_loss": "2.5", "loss": "3.5"}]
    assert read(tmp_path, "eval: step 1, train loss 2.5") == [{"step": "1", "train loss": "2.5"}]
    assert read(tmp_path, "learning rate 0.1") == [{"learning rate": "0.1"}]
