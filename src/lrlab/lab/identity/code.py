"""A code object as bytes: what it does and with which names, but neither line numbers nor comments."""

from __future__ import annotations

import dis
import functools
from collections.abc import Iterator
from types import CodeType

from lrlab.lab.identity.plain import digest_of_plain

_ORDERED_BY_HASH = {"set", "frozenset", "hash"}
_RUN, _READ = {"run_path", "exec_module"}, {"open", "read", "read_text", "read_bytes", "get_data"}


@functools.lru_cache(maxsize=4096)
def digest_of_code(code: CodeType) -> bytes:
    """The SHA-256 of a code with all codes in it.

    >>> one, two, three = (compile(text, "<cell>", "exec") for text in ("x = 1  # one", "x = 1", "x = 1.0"))
    >>> digest_of_code(one) == digest_of_code(two) != digest_of_code(three)
    True
    """
    constants = [digest_of_code(item) if isinstance(item, CodeType) else item for item in code.co_consts]
    counts = code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags
    names = code.co_name, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars
    steps = code.co_code, code.co_exceptiontable, len(code.co_consts)
    found = digest_of_plain((counts, names, steps, *constants))
    assert found is not None  # what a compiler makes is plain
    return found


def codes_in(code: CodeType) -> Iterator[CodeType]:
    """A code, and every code within it."""
    yield code
    for item in code.co_consts:
        if isinstance(item, CodeType):
            yield from codes_in(item)


@functools.lru_cache(maxsize=4096)
def texts_in(code: CodeType) -> frozenset[str]:
    """The texts that a code, or one within it, holds."""
    return frozenset(text for each in codes_in(code) for text in _texts(each))


def _texts(code: CodeType) -> Iterator[str]:
    for item in code.co_consts:
        yield from (each for each in (item if isinstance(item, tuple) else (item,)) if isinstance(each, str))


@functools.lru_cache(maxsize=4096)
def calls(code: CodeType) -> frozenset[str]:
    """The global names that a code, or one within it, spells: of functions of Python, as `eval`, and others.

    >>> sorted(calls(compile("lambda net: (net.eval(), vars(mine))", "<cell>", "eval")))
    ['mine', 'vars']
    """
    steps = (step for each in codes_in(code) for step in dis.get_instructions(each))
    return frozenset(str(step.argval) for step in steps if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"))


@functools.lru_cache(maxsize=4096)
def runs_files(code: CodeType) -> bool:
    """Whether a code, or one within it, reads files and runs what is in them: no import names them.

    >>> [runs_files(compile(text, "<cell>", "eval")) for text in ("exec(open(path).read())", "open(path).read()")]
    [True, False]
    """
    names = {name for each in codes_in(code) for name in each.co_names}
    return bool(names & _RUN) or (bool(calls(code) & {"exec", "eval"}) and bool(names & _READ))


@functools.lru_cache(maxsize=4096)
def makes_sets(code: CodeType) -> bool:
    """Whether a code makes sets or asks for hashes, whose order may depend on PYTHONHASHSEED.

    >>> [makes_sets(compile(text, "<cell>", "eval")) for text in ("list(set(words))", "word in {'a', 'b'}")]
    [True, False]
    """
    return any(
        bool(_ORDERED_BY_HASH & {*each.co_names})
        or any(step.opname in ("BUILD_SET", "SET_ADD", "SET_UPDATE") for step in dis.get_instructions(each))
        for each in codes_in(code)
    )
