"""The frames of event files: what was written is found, and what is not is said with its place."""

import pytest

from lrlab.record.logs.frames import LARGEST, fits, frame, frames, masked_crc
from lrlab.record.logs.rows import Unreadable


def test_checksums():
    """The check value of CRC-32C, and those of RFC 3720, B.4; masked as TensorFlow does."""

    def unmasked(crc):
        rotated = (crc - 0xA282EAD8) & 0xFFFFFFFF
        return (rotated >> 17 | rotated << 15) & 0xFFFFFFFF

    assert unmasked(masked_crc(b"123456789")) == 0xE3069283
    assert unmasked(masked_crc(bytes(32))) == 0x8A9136AA
    assert unmasked(masked_crc(b"\xff" * 32)) == 0x62A8AB43
    assert unmasked(masked_crc(bytes(range(32)))) == 0x46DD794E


def found(path, content):
    path.write_bytes(content)
    with open(path, "rb") as stream:
        return list(frames(stream, "log"))


def test_frames_are_found_again(tmp_path):
    """One after the other, with their checksums; one too large for scalars is passed over."""
    contents = [b"", b"abc", bytes(1000)]
    whole = b"".join(map(frame, [*contents, bytes(LARGEST + 1), b"last"]))
    assert [content for content, _ in found(tmp_path / "log", whole)] == [*contents, b"last"]
    assert all(fits(*each) for each in found(tmp_path / "log", whole))


def test_what_is_cut_off_is_said(tmp_path):
    """At every byte: the frames before it are whole."""
    first, second = frame(b"abc"), frame(b"defg")
    for length in range(1, len(second)):
        (content, _), cut = found(tmp_path / "log", first + second[:length])
        assert content == b"abc"
        assert cut == Unreadable(f"log, byte {len(first)}", "it is cut off")


@pytest.mark.parametrize("at", range(12))
def test_a_length_that_is_not_what_was_written_ends_the_reading(tmp_path, at):
    """Nothing behind it can be found; a length of terabytes is asked for by nobody."""
    broken = bytearray(frame(b"abc"))
    broken[at] ^= 0x80
    (only,) = found(tmp_path / "log", bytes(broken) + frame(b"defg"))
    assert "what follows cannot be found" in only.why


def test_a_content_that_is_not_what_was_written_is_noticed(tmp_path):
    """Any byte of it, or of its checksum."""
    whole = frame(b"abc")
    for at in range(12, len(whole)):
        broken = bytearray(whole)
        broken[at] ^= 1
        ((content, checksum),) = found(tmp_path / "log", bytes(broken))
        assert not fits(content, checksum)


def test_the_largest_frame_is_read(tmp_path):
    """Four million bytes; what is larger is passed over."""
    assert LARGEST == 4_000_000
    whole = frame(bytes(LARGEST)) + frame(b"last")
    assert [len(content) for content, _ in found(tmp_path / "log", whole)] == [LARGEST, 4]
