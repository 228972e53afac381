"""What is wrong is a sentence, and the server lives on."""

import pytest

from lrlab.studio import app
from lrlab.studio.asked import Asked

RUN = {"updates": 1000}
OVER = "cosine(9).repeat(3)"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("(" * 5000 + "cosine()" + ")" * 5000, "nested too deeply"),
        ("-" * 9000 + "1", "nested too deeply"),
        ("9**9**9**9 * cosine()", "not allowed"),
        ("1e400 * cosine()", "finite"),
        ("constant(level=1e308) * constant(level=1e308)", "not a finite number"),
        ("10**9 * cosine()", "not allowed"),
        ("__import__('os').system('true')", "not known"),
        ("cosine.__class__()", "without its brackets"),
        ("cosine().__class__.__bases__", "not allowed"),
        ("cosine().replace(to=0.1)", "not known"),
        ("().__class__", "not allowed"),
        ("lambda: cosine()", "not allowed|not an expression"),
        ("[cosine() for _ in range(9)]", "not allowed"),
        ("open('/etc/passwd')", "not known"),
        ('function("os:system", "0123456789abcdef")', "known by name and hash only"),
        ("eval('1')", "not known"),
        ("exec", "not known"),
        ("cosine(to=float('nan'))", "not known"),
        ("cosine()\x00", "no text has"),
        ("cosine(" + "9" * 5000 + ")", "longer than any run|too long|digits"),
        (f"{OVER}{'.repeat(2)' * 12}", "work of thousands|does not know|add up|levels"),
        ("x" * 20_001, "characters"),
        ("", "empty"),
        ("/etc/passwd", "not an expression|not a schedule|not allowed"),
        ("config.json", "not"),
    ],
)
def test_a_hostile_text_is_answered_with_a_sentence(studio, text, said):
    """And neither opens a file nor names code."""
    reply = studio.post("/api/compose", {"text": text, "horizon": RUN})
    assert reply.refused, reply.body[:300]
    assert any(part in reply.sentence for part in said.split("|")), reply.sentence
    assert studio.post("/api/compose", {"text": "cosine()", "horizon": RUN}).status == 200


@pytest.mark.parametrize(
    "body",
    [
        b"", b"nonsense", b"[]", b"1", b'"cosine()"', b"\xff\xfe", b"{" * 100_000, b"[" * 100_000,
        b'{"text": "cosine()", "horizon": {"updates": NaN}}', b'{"text": "cosine()", "horizon": {"updates": Infinity}}',
        b'{"text": "cosine()", "horizon": {"updates": 1e999}}', b'{"text": "cosine()", "horizon": {"updates": -5}}',
        b'{"text": "cosine()", "horizon": {"updates": 0}}', b'{"text": "cosine()", "horizon": {"updates": 1e15}}',
        b'{"text": "cosine()", "horizon": {"updates": "9"}}', b'{"text": "cosine()", "horizon": {"updates": true}}',
        b'{"text": "cosine()", "horizon": {}}', b'{"text": "cosine()"}', b'{"text": 5, "horizon": {"updates": 9}}',
        b'{"text": "cosine()", "horizon": {"updates": 9}, "lr": -1}',
        b'{"text": "cosine()", "horizon": {"updates": 9}, "lr": 1e999}',
        b'{"text": "cosine()", "horizon": {"updates": 9}, "quick": "yes"}',
        b'{"text": "cosine()", "horizon": {"epochs": 9, "updates_per_epoch": 1e18}}',
        b'{"text": "cosine()", "horizon": {"updates": 1' + b"0" * 5000 + b"}}",
    ],
)  # fmt: skip
def test_a_request_that_is_none_is_answered_with_a_sentence(studio, body):
    reply = studio.post("/api/compose", body)
    assert reply.refused, reply.body[:300]
    assert reply.sentence


def test_what_nobody_has_thought_of_is_a_sentence_too(monkeypatch, capsys):
    """With its place on standard error."""

    def broken(asked: Asked):
        raise KeyError("cheese")

    reply = app._answer(broken, b"{}")
    assert reply.status_code == 500
    assert b"KeyError: 'cheese'" in reply.body
    assert "Traceback" in capsys.readouterr().err


def test_no_depth_ends_the_server():
    def deep(asked: Asked):
        return deep(asked)

    assert b"too deep" in app._answer(deep, b"{}").body
