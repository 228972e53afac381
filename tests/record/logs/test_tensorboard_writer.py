"""Event files as TensorFlow itself reads them: checksums, messages, the plugin that draws a scalar."""

from __future__ import annotations

import struct
import subprocess
import sys

import pytest

from lrlab.record.logs.frames import frame
from lrlab.record.logs.tensorboard import scalars
from lrlab.record.logs.tensorboard_writer import append, event, new_file

ROWS = [(0, {"lr": 0.1, "val/loss": -2.5}), (300, {"lr": 1e-300}), (2**40, {"Verlust ä": float("inf")})]

# TFRecordDataset checks both checksums of each record; Event is TensorFlow's own message.
READER = """
import sys
import tensorflow as tf
for record in tf.data.TFRecordDataset(sys.argv[1]).as_numpy_iterator():
    event = tf.compat.v1.Event.FromString(record)
    assert event.wall_time > 1.5e9
    if event.file_version:
        print(event.file_version)
    for value in event.summary.value:
        array = tf.make_ndarray(value.tensor)
        print(event.step, value.tag, repr(float(array)), array.dtype, value.metadata.plugin_data.plugin_name)
"""


# TensorFlow 2.21: TFRecordWriter, Event(wall_time=1.5e9, step=70000, one Value: "val/lr", a float64 tensor of 3e-4,
# plugin "scalars").
GOLDEN = (
    "36000000000000004f578cef09000000c00b5ad64110f0a2042a270a250a0676616c2f6c72"
    "420e080212002208613255302aa9333f4a0b0a090a077363616c6172738a64327c"
)


def test_a_record_is_the_one_that_tensorflow_writes():
    """Byte for byte, checksums included."""
    assert frame(event(1.5e9, 70000, {"val/lr": 3e-4})).hex() == GOLDEN


def test_our_reader_reads_what_was_written(tmp_path):
    file = new_file(tmp_path / "run")
    append(file, ROWS)
    append(file, [(1, {"lr": 0.5})])
    assert list(scalars(tmp_path / "run")) == [
        *((step, tag, value) for step, values in ROWS for tag, value in values.items()),
        (1, "lr", 0.5),
    ]


def test_two_writers_in_one_second_have_two_files(tmp_path):
    assert len({new_file(tmp_path) for _ in range(3)}) == 3


@pytest.mark.exhaustive  # importing TensorFlow takes most of its time; the golden record above is the reduced twin
def test_tensorflow_reads_what_was_written(tmp_path):
    """Its reader checks every checksum; step, tag, value, type and plugin come out as they went in."""
    pytest.importorskip("tensorflow")
    file = new_file(tmp_path)
    append(file, ROWS)
    read = subprocess.run(
        [sys.executable, "-c", READER, str(file)], capture_output=True, text=True, check=True, timeout=120
    )
    assert read.stdout.splitlines() == [
        "brain.Event:2",
        *(f"{step} {tag} {value!r} float64 scalars" for step, values in ROWS for tag, value in values.items()),
    ]


@pytest.mark.parametrize("step", [0, 1, 127, 128, 129, 16383, 16384])
def test_a_number_takes_seven_bits_a_byte(step):
    """The shortest form, as protocol buffers write it."""
    written = event(1.5e9, step, {})
    expected = bytes([step]) if step < 128 else b""
    while not expected or expected[-1] >= 128:
        rest = step >> 7 * len(expected)
        expected += bytes([rest & 0x7F | (0x80 if rest > 0x7F else 0)])
    assert written == b"\x09" + struct.pack("<d", 1.5e9) + b"\x10" + expected + b"\x2a\x00"
