"""TensorBoard event files, against files written here byte by byte from the published formats."""

import struct

from lrlab.record.logs.tensorboard import scalars


def varint(value):
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def field(number, payload):
    """A length-delimited protocol-buffers field."""
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def event(step, tag, body):
    value = field(1, tag.encode()) + body
    message = struct.pack("<Bd", 1 << 3 | 1, 1.5e9) + varint(2 << 3) + varint(step) + field(5, field(1, value))
    return struct.pack("<QI", len(message), 0) + message + struct.pack("<I", 0)


def simple(value):
    return varint(2 << 3 | 5) + struct.pack("<f", value)


def tensor(value, kind=1, form="<f"):
    """A TensorProto with tensor_content, as TensorFlow 2 writes scalars."""
    return field(8, varint(1 << 3) + varint(kind) + field(4, struct.pack(form, value)))


def test_both_kinds_of_scalars_are_read(tmp_path):
    """simple_value (PyTorch) and tensor (TensorFlow 2), float32 and float64; large steps."""
    file = tmp_path / "events.out.tfevents.1.host"
    header = struct.pack("<QI", 11, 0) + varint(3 << 3 | 2) + varint(9) + b"brain.Eve" + struct.pack("<I", 0)
    file.write_bytes(
        header
        + event(300, "loss", simple(2.5))
        + event(70000, "lr", tensor(0.25))
        + event(1, "x", tensor(1e-9, 2, "<d"))
    )
    assert list(scalars(file)) == [(300, "loss", 2.5), (70000, "lr", 0.25), (1, "x", 1e-9)]


def test_a_directory_is_one_run_and_a_record_cut_off_ends_it(tmp_path):
    """A killed writer leaves half a record: what stands before it counts."""
    whole = event(1, "loss", simple(3.0))
    (tmp_path / "events.out.tfevents.1").write_bytes(whole + event(2, "loss", simple(2.0))[:-7])
    (tmp_path / "events.out.tfevents.2").write_bytes(event(3, "loss", simple(1.0)))
    assert [step for step, _, _ in scalars(tmp_path)] == [1, 3]
