"""Values of arguments and options: a typing error is answered with what was meant, and shells complete them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from lrlab.errors import nearest

if TYPE_CHECKING:
    Text = click.ParamType[str]
else:
    Text = click.ParamType  # in click before 8.4 it takes no type


class OneOf(Text):
    """One of a few words. They are looked up only when needed, because importing them may take long; so is what a word
    is `elsewhere`.

    >>> OneOf("law", lambda: ("elr", "mpl")).convert("epl", None, None)
    Traceback (most recent call last):
    click.exceptions.BadParameter: 'epl' is not one of elr, mpl; did you mean 'mpl'?
    """

    def __init__(
        self, name: str, words: Callable[[], Iterable[str]], elsewhere: Callable[[], Mapping[str, str]] = dict
    ) -> None:
        self.name, self._words, self._elsewhere = name, words, elsewhere

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """What the help shows in the place of the value."""
        return f"[{'|'.join(self._words())}]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The word, or an error that names the nearest one."""
        if value in (known := tuple(self._words())):
            return value
        meant = nearest(str(value), known)
        said = f"{value!r} is not one of {', '.join(known)}"
        if (other := self._elsewhere().get(str(value))) is not None:
            return self.fail(f"{said}: that is {other}", param, ctx)
        return self.fail(said + (f"; did you mean {meant!r}?" if meant else ""), param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The words that begin so."""
        return _beginning(self._words(), incomplete)


class Whole(click.IntRange):
    """A whole number within bounds: N in the help."""

    name = "whole number"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """What the help shows in the place of the value."""
        return "N"


class Amount(Text):
    """A positive number, also as people write it: 7e6, 7M, 1.3B."""

    name = "number"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """What the help shows in the place of the value."""
        return "N"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number."""
        from lrlab.desk.transfer import amount

        found = amount(value)
        if found is None or not 0 < found < float("inf"):
            self.fail(f"{value!r} is not a positive number such as 32, 7e6 or 1.3B", param, ctx)
        return found


class Offered(Text):
    """Any text; a shell completes some, with `files` also file names. It is checked later."""

    def __init__(self, name: str, words: Callable[[], Iterable[str]], *, files: bool = False) -> None:
        self.name, self._words, self._files = name, words, files

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The text as it is."""
        return str(value)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The words that begin so, or else the files."""
        found = _beginning(self._words(), incomplete)
        return found or ([CompletionItem(incomplete, type="file")] if self._files else [])


class Strategy(Text):
    """The text of a strategy, which is read later; behind an @ a shell completes what may stand there."""

    name = "strategy"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The text as it is."""
        return str(value)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The text so far, with each average and each optimizer that begins so."""
        from lrlab.desk import offered

        before, sign, begun = incomplete.rpartition("@")
        found = _beginning(offered.besides(), begun.lstrip()) if sign else []
        return [CompletionItem(f"{before}@ {item.value}") for item in found]


def _beginning(words: Iterable[str], incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(word) for word in words if word.startswith(incomplete)]


def _tasks() -> Iterable[str]:
    from lrlab.desk import offered

    return offered.tasks()


def _sources() -> Iterable[str]:
    from lrlab.desk import offered

    return (*offered.words(), *(f"{library}:" for library in offered.libraries()))


TASK = Offered("task", _tasks, files=True)
SOURCE = Offered("source", _sources, files=True)
STRATEGY = Strategy()
EXECUTOR = Offered("where", lambda: ("local", "ray", "ray://", "dask://"))
