"""The position of a training function: the frames between `run.steps` and it, and which of their variables are live.

Each stage calls the training function from its beginning, so a fork begins with the initial variables. A variable is
live if the rest of the function reads it before writing it: there the function may remember what it has done. This
follows from the bytecode by the usual analysis of live variables. A list to which the code only appends does not count
as read. Nor does a progress bar, except for the attributes that the code reads from it.

Training cannot fork if Python keeps state where it cannot be seen: the progress of a `for` loop around the position,
the count of an `enumerate`, `zip` or `islice` around `run.steps`, or the intermediate result of a C function that
iterates over the steps, such as `functools.reduce`.
"""

from __future__ import annotations

import dis
import functools
import gc
import inspect
import itertools
from collections import deque
from collections.abc import Iterator
from itertools import pairwise
from types import CodeType, FrameType, GeneratorType
from typing import Any

_LAST: tuple[str, ...] = (
    *("RETURN_VALUE", "RETURN_CONST", "RAISE_VARARGS", "RERAISE", "JUMP_FORWARD", "JUMP_BACKWARD"),
    *("JUMP_BACKWARD_NO_INTERRUPT", "INTERPRETER_EXIT"),
)
_APPENDS = ("append", "extend", "add")
_GROWS = (list, set, deque)  # appending to one of these changes nothing else
_NEXT = ("next", "__next__", "send")
_GATHER = ("list", "tuple", "set", "deque", "sum", "max", "min", "any", "all")
APPENDED = "?"  # marks a name that is read only to append to its value
_COUNTERS = {enumerate, zip, map, filter} | {
    kind for kind in vars(itertools).values() if isinstance(kind, type) and kind.__module__ == "itertools"
}

_Line = tuple[frozenset[str], frozenset[str], tuple[int, ...]]  # names read, names written, possible next offsets


def frames_between(inner: FrameType | None, outer: CodeType | None) -> Iterator[FrameType]:
    """The frames from `inner` outwards up to the last one with the code `outer`; all frames if there is no such one."""
    found = []
    while inner is not None:
        found.append(inner)
        inner = inner.f_back
    outermost = [k for k, frame in enumerate(found) if frame.f_code is outer]
    yield from found[: outermost[-1] + 1] if outermost else found


def live(frame: FrameType) -> dict[str, Any]:
    """The live variables of a frame by name: those that may be read after its position before they are written.

    A live variable that is not assigned yet is left out.

    >>> def body(items):
    ...     total, last = 0, 0
    ...     for item in items:
    ...         total += item
    ...         last = item
    ...         yield
    ...     return total, last
    >>> steps = body([3, 4]); next(steps); sorted(live(steps.gi_frame).items())
    [('last', 3), ('total', 3)]
    """
    local = frame.f_locals
    names = _live(frame.f_code, frame.f_lasti)
    appended = {name.removeprefix(APPENDED) for name in names if name.startswith(APPENDED)}
    read = names | {name for name in appended if name in local and not only_grows(local[name])}
    return {name: local[name] for name in sorted(read) if name in local}


def only_grows(value: Any) -> bool:
    """Whether appending to a value changes only that value; a user-defined value may do anything.

    >>> only_grows([]), only_grows(object())
    (True, False)
    """
    return type(value) in _GROWS


def appends(each: dis.Instruction, after: dis.Instruction | None) -> bool:
    """Whether an instruction reads a variable only to append to it."""
    if after is None or after.opname not in ("LOAD_METHOD", "LOAD_ATTR"):
        return False
    return after.argval in _APPENDS and each.opname.startswith("LOAD")


def within_a_loop(frame: FrameType) -> bool:
    """Whether the position lies in the body of a `for` loop; the progress of such a loop cannot be seen.

    >>> def body():
    ...     for _ in range(3):
    ...         yield
    >>> steps = body(); next(steps); within_a_loop(steps.gi_frame)
    True
    """
    return _within(frame.f_code, _instruction(frame.f_code, frame.f_lasti))


def asked_of(code: CodeType, name: str) -> frozenset[str]:
    """The attributes of a variable that the code reads.

    >>> sorted(asked_of((lambda bar: (bar.n, bar.total)).__code__, "bar"))
    ['n', 'total']
    """
    pairs = pairwise(dis.get_instructions(code))
    loads = (after for each, after in pairs if each.argval == name and each.opname.startswith("LOAD"))
    return frozenset(after.argval for after in loads if after.opname == "LOAD_ATTR")


def gathering(frames: list[FrameType]) -> list[str]:
    """The names of what iterates over the steps, or a generator around them, and hides its intermediate result.

    `frames` begin at the generator of the steps and go outwards. What is found is a comprehension or a C function such
    as `functools.reduce`, but not `next`, and not a `list(...)` with an unused result.
    """
    found = []
    for inner, outer in pairwise(frames):
        if inner.f_code.co_flags & inspect.CO_GENERATOR:
            found.append(_gathers(outer.f_code, _instruction(outer.f_code, outer.f_lasti)))
    return [name for name in found if name]


def position(frame: FrameType) -> str:
    """The position in a frame, as a text that is the same in every process.

    It names the place in the source, because the instructions of a call change while Python warms up.
    """
    place = [*frame.f_code.co_positions()][frame.f_lasti // 2]  # there is one for every two bytes
    return f"{frame.f_code.co_qualname} {'-'.join(map(str, place))}"


def counters_around(frames: list[FrameType], steps: Any) -> list[str]:
    """The kinds of built-in iterators around `steps` or a generator of these frames; their counts cannot be seen.

    >>> numbers = enumerate(steps := (k for k in range(3)))
    >>> counters_around([], steps)
    ['enumerate']
    """
    held = {id(frame) for frame in frames}
    looked_at = _COUNTERS | {GeneratorType}
    iterators = [each for each in gc.get_objects() if type(each) in looked_at]  # of a million objects or more
    inner = [steps, *(each for each in iterators if type(each) is GeneratorType and id(each.gi_frame) in held)]
    wanted = {id(each) for each in inner}
    counters = [each for each in iterators if type(each) is not GeneratorType]
    return sorted({type(each).__name__ for each in counters if any(id(inner) in wanted for inner in _within_it(each))})


def _within_it(iterator: Any) -> Iterator[Any]:
    """The iterators that an iterator draws from; `zip` keeps them in a tuple."""
    for each in gc.get_referents(iterator):
        yield from each if type(each) is tuple else (each,)


@functools.lru_cache(maxsize=512)
def _instruction(code: CodeType, at: int) -> int:
    """The instruction at a position: in warm code, Python 3.12 reports a position in the cache after it."""
    return max((each.offset for each in dis.get_instructions(code) if each.offset <= at), default=at)


@functools.lru_cache(maxsize=512)
def _live(code: CodeType, at: int) -> frozenset[str]:
    lines = _lines(code)
    held: dict[int, frozenset[str]] = dict.fromkeys(lines, frozenset[str]())
    changed = True
    while changed:
        changed = False
        for offset in reversed(lines):
            read, written, following = lines[offset]
            after = frozenset[str]().union(*(held[each] for each in following if each in held))
            before = read | (after - written)
            if before != held[offset]:
                held[offset], changed = before, True
    names = {each.offset: each.opname for each in dis.get_instructions(code)}
    call = names.get(at) == "PRECALL"  # Python 3.11 splits a call; which part it is at depends on the warm-up
    later = [offset for offset in lines if offset > at and not (call and names[offset] == "CALL" and offset - at < 8)]
    return held[later[0]] if later else frozenset()


@functools.lru_cache(maxsize=512)
def _gathers(code: CodeType, at: int) -> str:
    """The name of what iterates at a position and gathers the items; empty if nothing does."""
    instructions = [*dis.get_instructions(code)]
    here = next(each for each in instructions if each.offset == at)
    if here.opname == "FOR_ITER":
        body = [each for each in instructions if at < each.offset < here.argval]
        nested = [(each.offset, each.argval) for each in body if each.opname == "FOR_ITER"]
        gathered = [each for each in body if each.opname in ("LIST_APPEND", "SET_ADD", "MAP_ADD")]
        mine = [each for each in gathered if not any(begin < each.offset < end for begin, end in nested)]
        return "a comprehension" if mine else ""
    if "CALL" not in here.opname:
        return ""
    before = [each for each in instructions if each.offset < at and each.opname.startswith("LOAD_")]
    names = [each.argval for each in before if _begin(each) == _begin(here) and isinstance(each.argval, str)]
    name = names[-1] if names else "a function"
    after = [each.opname for each in instructions if each.offset > at and each.opname != "CALL"]
    return "" if name in _NEXT or (name in _GATHER and after[:1] == ["POP_TOP"]) else name


def _begin(each: dis.Instruction) -> tuple[int | None, int | None] | None:
    """The place in the source at which what an instruction does begins."""
    return (each.positions.lineno, each.positions.col_offset) if each.positions else None


@functools.lru_cache(maxsize=512)
def _within(code: CodeType, at: int) -> bool:
    loops = [each for each in dis.get_instructions(code) if each.opname == "FOR_ITER"]
    return any(each.offset < at < each.argval for each in loops)


def _lines(code: CodeType) -> dict[int, _Line]:
    """What each instruction reads and writes, and which may follow it, including those that handle an exception."""
    instructions = list(dis.get_instructions(code))
    # An exception in the body of a `with` is assumed to leave it, so variables set in the body are set after it.
    leaving = {each.offset for each, after in pairwise(instructions) if after.opname == "WITH_EXCEPT_START"}
    handlers = [each for each in getattr(dis.Bytecode(code), "exception_entries", ()) if each.target not in leaving]
    around = frozenset((*code.co_cellvars, *code.co_freevars))
    lines: dict[int, _Line] = {}
    for k, each in enumerate(instructions):
        after = instructions[k + 1] if k + 1 < len(instructions) else None
        read, written = _names(each, after)
        if each.opname.startswith("CALL") and "INTRINSIC" not in each.opname:  # it may read the variables around it
            read |= around
        following = [handler.target for handler in handlers if handler.start <= each.offset < handler.end]
        if after is not None and each.opname not in _LAST:
            following.append(after.offset)
        if each.opcode in dis.hasjrel or each.opcode in dis.hasjabs:
            following.append(each.argval)
        lines[each.offset] = read, written, tuple(following)
    return lines


def _names(each: dis.Instruction, after: dis.Instruction | None) -> tuple[frozenset[str], frozenset[str]]:
    """The variables that an instruction reads and writes; since Python 3.13, some do two operations in order."""
    if "FAST" not in each.opname and "DEREF" not in each.opname and each.opname != "LOAD_CLOSURE":
        return frozenset(), frozenset()
    names = each.argval if isinstance(each.argval, tuple) else (each.argval,)
    if each.opname.startswith("LOAD"):
        return frozenset((*names[:-1], APPENDED + names[-1]) if appends(each, after) else names), frozenset()
    if each.opname == "STORE_FAST_LOAD_FAST":
        return frozenset(names[1:]) - frozenset(names[:1]), _written(names[:1])
    return frozenset(), _written(names)


def _written(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset((*names, *(APPENDED + name for name in names)))
