"""TensorBoard event files, against files written here byte by byte from the published formats."""

import struct

import pytest

from lrlab.record.logs.frames import frame
from lrlab.record.logs.rows import Unreadable
from lrlab.record.logs.tensorboard import events, scalars


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
    return frame(struct.pack("<Bd", 1 << 3 | 1, 1.5e9) + varint(2 << 3) + varint(step) + field(5, field(1, value)))


def simple(value):
    return varint(2 << 3 | 5) + struct.pack("<f", value)


def tensor(value, kind=1, form="<f"):
    """A TensorProto with tensor_content, as TensorFlow 2 writes scalars."""
    return field(8, varint(1 << 3) + varint(kind) + field(4, struct.pack(form, value)))


def test_both_kinds_of_scalars_are_read(tmp_path):
    """simple_value (PyTorch) and tensor (TensorFlow 2), float32 and float64; large steps."""
    file = tmp_path / "events.out.tfevents.1.host"
    header = frame(varint(3 << 3 | 2) + varint(9) + b"brain.Eve")
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


def test_a_value_whose_checksum_does_not_fit_is_not_believed(tmp_path):
    """15.1 for 3.78: it is left out, and said; what stands before and behind it is read."""
    broken = bytearray(event(2, "loss", simple(3.78)))
    broken[-6] ^= 0x01
    (tmp_path / "tfevents").write_bytes(event(1, "loss", simple(4.0)) + broken + event(3, "loss", simple(3.5)))
    first, odd, last = events(tmp_path / "tfevents")
    assert (first["loss"], last["loss"]) == (4.0, 3.5)
    assert odd == Unreadable(f"tfevents, byte {len(event(1, 'loss', simple(4.0)))}", "its checksum does not fit")


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (field(5, field(1, field(1, b"loss") + field(2, b"ab"))), "a value of 2 bytes"),
        (varint(2 << 3) + b"\xff" * 3000 + b"\x01", "integer without end"),
        (b"\xff" * 12, "integer without end"),
        (varint(2 << 3) + b"\x80" * 10 + b"\0", "integer without end"),  # 0, in eleven bytes
        (varint(2 << 3) + b"\x80" * 9 + b"\2", "integer without end"),  # 2**64
        (varint(5 << 3 | 2) + varint(10**6) + b"abc", "ends behind its message"),
        (varint(5 << 3 | 5) + b"ab", "ends behind its message"),
        (varint(5 << 3 | 3), "a field of kind 3"),
        (varint(5 << 3 | 7), "a field of kind 7"),
    ],
)
def test_a_message_that_is_none_is_said(tmp_path, message, said):
    """Whatever stands in a frame that is whole."""
    (tmp_path / "tfevents").write_bytes(frame(message) + event(3, "loss", simple(3.5)))
    odd, last = events(tmp_path / "tfevents")
    assert said in odd.why
    assert last == {"step": 3, "loss": 3.5}


def test_a_step_below_zero_is_one(tmp_path):
    """Protocol buffers write it as an unsigned number of ten bytes."""
    (tmp_path / "tfevents").write_bytes(event(2**64 - 5, "loss", simple(3.5)))
    assert list(scalars(tmp_path / "tfevents")) == [(-5, "loss", 3.5)]


def test_a_picture_is_passed_over(tmp_path):
    """Its checksum is not computed: it holds no scalar."""
    picture = bytearray(frame(field(5, field(1, field(1, b"image") + field(4, bytes(100_000))))))
    picture[-1] ^= 1
    (tmp_path / "tfevents").write_bytes(picture + event(3, "loss", simple(3.5)))
    assert list(events(tmp_path / "tfevents")) == [{"step": 3, "loss": 3.5}]


@pytest.mark.parametrize(("number", "kind", "form"), [(4, 1, "<f"), (5, 1, "<f"), (4, 2, "<d"), (6, 2, "<d")])
def test_a_scalar_tensor_in_each_of_its_forms(tmp_path, number, kind, form):
    """Its bytes (tensor_content = 4), or packed float_val (5) and double_val (6) of TensorFlow's tensor.proto."""
    body = field(8, varint(1 << 3) + varint(kind) + field(number, struct.pack(form, 0.375)))
    file = tmp_path / "events.out.tfevents.1.host"
    file.write_bytes(event(7, "loss", body))
    assert list(scalars(file)) == [(7, "loss", 0.375)]


def test_the_greatest_and_the_least_step(tmp_path):
    """A signed number of 64 bits."""
    for written, step in ((2**63 - 1, 2**63 - 1), (2**63, -(2**63)), (2**64 - 1, -1)):
        (tmp_path / "tfevents").write_bytes(event(written, "loss", simple(3.5)))
        assert list(scalars(tmp_path / "tfevents")) == [(step, "loss", 3.5)]


@pytest.mark.parametrize(("size", "said"), [(65_536, True), (65_537, False)])
def test_how_much_is_checked_that_holds_no_scalar(tmp_path, size, said):
    """Up to 64 KiB."""
    content = field(7, b"")
    content = field(7, bytes(size - len(content) - 2))
    broken = bytearray(frame(content))
    assert len(content) == size
    broken[-1] ^= 1
    (tmp_path / "tfevents").write_bytes(broken + event(3, "loss", simple(3.5)))
    found = list(events(tmp_path / "tfevents"))
    assert [isinstance(each, Unreadable) for each in found] == ([True, False] if said else [False])


def number(place, value):
    """A field that holds an integer."""
    return varint(place << 3) + varint(value)


def test_fields_of_another_number_or_kind_are_passed_over(tmp_path):
    """In an event, its summary, a value and a tensor: each is found by both."""
    tensor = number(1, 2) + number(3, 1) + field(1, b"\1") + field(4, struct.pack("<d", 0.375)) + field(2, b"shape")
    value = field(1, b"loss") + number(1, 9) + field(9, b"plugin") + field(8, tensor + number(4, 7))
    summary = number(1, 5) + field(1, value) + field(3, b"\xff")
    whole = number(2, 70) + field(2, b"step") + number(9, 77) + number(5, 3) + field(5, summary) + field(3, b"\xff")
    (tmp_path / "tfevents").write_bytes(frame(whole))
    assert list(events(tmp_path / "tfevents")) == [{"step": 70, "loss": 0.375}]


def test_a_tensor_that_names_no_type_is_one_of_float32(tmp_path):
    """Its number is as long as one."""
    (tmp_path / "tfevents").write_bytes(event(7, "loss", field(8, field(4, struct.pack("<f", 0.375)))))
    assert list(scalars(tmp_path / "tfevents")) == [(7, "loss", 0.375)]
