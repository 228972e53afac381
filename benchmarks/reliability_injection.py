"""Can a name command the terminal, or a page? Evil names go through everything that is printed and drawn.

    python benchmarks/reliability_injection.py [COUNT]

Names of tasks, arms, columns, files, folders, metrics, controllers' causes, live orders and messages of errors hold
escape codes, what turns writing round, line ends, markup, tags and formulas. Nothing of them may reach a terminal as it
is, a page must have the elements that it has with harmless names, a picture must be well-formed XML with the same.
"""

from __future__ import annotations

import io
import json
import logging
import random
import re
import sys
import tempfile
import unicodedata
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from click.testing import CliRunner

import lrlab as lr
from lrlab.cli.main import main
from lrlab.core.resume.checkpoint import Checkpoint
from lrlab.core.run.pacer import Decision
from lrlab.record.process.journal import Journal
from lrlab.record.process.lines import append
from lrlab.record.process.orders import ManualOrders
from lrlab.record.process.seen import FILE
from lrlab.record.runs.run import Series, StoredRun
from lrlab.record.runs.store import Store
from lrlab.views.figure import svg
from lrlab.views.model import Figure, Interval, Line, Mark, Report, Table, Text
from lrlab.views.page import html
from lrlab.views.progress import progress
from lrlab.views.terminal import draw, table
from reliability_outcome import Tally, outcome, told

EVIL = [
    "\x1b[31mred", "\x1b]0;title\x07", "\x1b[2J\x1b[H", "\x9b31m", "a\rb", "a\bb", "\x7f", "\x00", "a\nb", "\x85",
    "\u202eabc", "\u2066\u2069", "\ufeff", "\u2028", "\u200e", "\U000e0041", "\udcff", "\x1bP1q\x1b\\", "[red]", "[/]",
    "[/red]", "[link=http://x]", ":smile:", "%s{0}{x}", "</script><script>alert(1)</script>", "</title><b>", "&lt;",
    "<img src=x onerror=alert(1)>", "' onload='x", '" onload="x', "]]>", "<!--", "javascript:alert(1)", "=HYPERLINK(1)",
    "+1", "@x", "\\", "${x}", "`x`",
]  # fmt: skip


def evil(draw: random.Random) -> str:
    """A name of one to three such parts, and something harmless."""
    parts = [draw.choice(EVIL) for _ in range(draw.choice((1, 1, 2, 3)))]
    parts.insert(draw.randrange(len(parts) + 1), f"name{draw.randrange(10**6)}")
    return "".join(parts)


def commands(text: str) -> list[str]:
    """The characters that a terminal would obey, or that hide themselves."""
    bad = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    return [c for c in text if unicodedata.category(c) in bad and c not in "\n\t\u200c\u200d"]


# -- what is printed -----------------------------------------------------------------------------------------------


def run_of(draw: random.Random, key: str) -> StoredRun:
    """A stored run in which every text is evil."""
    metric = evil(draw)
    decisions = (Decision(2, evil(draw), evil(draw), 1.0, 0.5, evil(draw)),)
    return StoredRun(
        key * 64, evil(draw), evil(draw), "constant()", 1.0, 0, 0, 4, metric, 0.5, "finished", 1.0,
        Series((0, 1), (1.0, 0.5)), {metric: Series((4,), (0.5,))}, decisions, {evil(draw): evil(draw)}, evil(draw),
    )  # fmt: skip


def typed(*words: object) -> str:
    """All that a command prints, on both streams, and what it ends with."""
    found = CliRunner().invoke(main, [str(word) for word in words])
    error = found.exception
    if error is not None and not isinstance(error, SystemExit):
        raise error
    return found.output


def stored_runs(draw: random.Random, place: Path) -> str:
    """`lrlab runs` of a store with evil names; a file that is none."""
    for key in "ab":
        Store(place).put(run_of(draw, key))
    (place / f"{name_of_file(draw)}.json").write_text('{"version": "' + "\\u001b[31m" + '"}')
    words = draw.choice((["list"], ["list", "--each"], ["show", "a"], ["show", evil(draw)], ["prune", "--dry-run"]))
    return typed("runs", *words, "--store", place)


def live_orders(draw: random.Random, place: Path) -> str:
    """`lrlab live` of a folder where others have written."""
    ManualOrders(place)
    append(place / FILE, {"factor": 0.5, "at": evil(draw)})
    append(place / FILE, {"factor": 0.25, "at": evil(draw), "more": evil(draw)})
    return typed("live", place)


def replayed(draw: random.Random, place: Path) -> str:
    """`lrlab replay` of a journal with evil causes and metrics; of one that is none."""
    journal = Journal(place)
    pacer = lr.Pacer((lr.constant() * lr.plateau()).over(10))
    journal.began(draw.choice(("start", evil(draw))), Checkpoint.of(pacer, [0.1]).record())
    cut = Decision(3, evil(draw), evil(draw), 1.0, 0.5, evil(draw))
    journal.observed(3, 1.0, {evil(draw): 1.0}, [cut], [0.1])
    journal.began(evil(draw), Checkpoint.of(pacer, [0.1]).record())
    if draw.random() < 0.3:
        append(place / "journal.jsonl", {evil(draw): evil(draw)})
    return typed("replay", place)


def logs(draw: random.Random, place: Path) -> str:
    """`lrlab forecast fit` of a log with evil columns and an evil name."""
    path = place / f"{name_of_file(draw)}.jsonl"
    names = ["step", *(evil(draw) for _ in range(3)), *draw.choice(([], ["val_loss"], ["val_loss", "lr"]))]
    rows = [{name: draw.choice((1.0 / k, evil(draw))) for name in names} | {"step": 10 * k} for k in (1, 2, 3)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return typed("forecast", "fit", path, *draw.choice(([], ["--loss", evil(draw)], ["--step", evil(draw)])))


def tables(draw: random.Random, place: Path) -> str:
    """The same of a CSV file."""
    path = place / f"{name_of_file(draw)}.csv"
    path.write_bytes(f"step,{evil(draw)},{evil(draw)}\n1,2,{evil(draw)}\n".encode("utf-8", "replace"))
    return typed("forecast", "fit", path)


def words(draw: random.Random, place: Path) -> str:
    """Schedules, tasks, files and options that are evil, or are none."""
    del place
    name = evil(draw).replace("\0", "")
    lines: list[list[object]] = [
        [name], ["show", name], ["show", f'constant() * plateau(metric="{name}")'], ["show", "cosine()", name],
        ["show", "cosine()", "--steps", name], ["convert", name], ["compare", name],
        ["compare", "digits", "--config", name],
        ["compare", "digits", "--arm", f"{name}=cosin()"], ["compare", "digits", "--arm", f"{name}=cosine("],
        ["runs", name], ["forecast", "rank", name, "cosine()", "--steps", "10"], ["tune", name, "--budget", "3"],
        ["replay", name], ["live", name],
    ]  # fmt: skip
    return typed(*draw.choice(lines))


def drawn(draw: random.Random, place: Path) -> str:
    """Figures and tables in the terminal, and in ASCII."""
    del place
    how: dict[str, Any] = {"colour": False, "ascii_only": draw.random() < 0.3}
    return draw_figure(figure_of(draw), **how) + table(table_of(draw), 70, **how)


def draw_figure(figure: Figure, **how: Any) -> str:
    """A figure in the terminal."""
    return draw(figure, 70, 14, **how)


def watched(draw: random.Random, place: Path) -> str:
    """The progress of a comparison, on a terminal and elsewhere; runs that fail."""
    del place
    stream = Terminal() if draw.random() < 0.5 else io.StringIO()
    with progress(evil(draw), 4, stream) as watch:
        watch.failed(evil(draw), evil(draw))
        watch.failed(evil(draw), evil(draw))
    shown = stream.getvalue()
    # The bar moves the cursor itself; with what it does so is nothing that a name holds.
    return re.sub(r"\x1b\[[\d;]*[AKm]|\x1b\[\?25[hl]|\r", "", shown) if stream.isatty() else shown


class Terminal(io.StringIO):
    """A stream that says that it is one."""

    def isatty(self) -> bool:
        return True


def messages(draw: random.Random, place: Path) -> str:
    """What is raised, and what is logged."""
    shown = io.StringIO()
    handler = logging.StreamHandler(shown)
    logger = logging.getLogger("lrlab")
    logger.addHandler(handler)
    try:
        folder = place / name_of_file(draw)
        live = ManualOrders(folder)
        with open(folder / FILE, "ab") as file:
            file.write(evil(draw).encode("utf-8", "replace") + b"\n")
        live.due(1)
    finally:
        logger.removeHandler(handler)
    return shown.getvalue() + str(lr.LrlabError(evil(draw)))


def name_of_file(draw: random.Random) -> str:
    """A name that a file can have."""
    return evil(draw).replace("/", "").replace("\0", "")[:60]


PRINTED: tuple[Callable[[random.Random, Path], str], ...] = (
    stored_runs, live_orders, replayed, logs, tables, words, words, drawn, watched, messages,
)  # fmt: skip


# -- what is drawn -------------------------------------------------------------------------------------------------


def figure_of(draw: random.Random, name: Callable[[random.Random], str] = evil) -> Figure:
    """A figure in which every text is evil, or what `name` gives."""
    lines = tuple(Line(f"{name(draw)}{k}", [0, 1, 2], [1.0, k, 0.5]) for k in range(draw.choice((1, 2, 9))))
    return Figure(name(draw), name(draw), name(draw), lines, note=name(draw))


def table_of(draw: random.Random, name: Callable[[random.Random], str] = evil) -> Table:
    """A table, likewise."""
    rows = tuple((name(draw), Mark(name(draw), "good"), Interval(-1, 0, 1), 3.5) for _ in range(3))
    return Table(tuple(name(draw) for _ in range(4)), rows, name(draw), name(draw))


def page_of(draw: random.Random, name: Callable[[random.Random], str]) -> str:
    """A page, likewise."""
    sections = (figure_of(draw, name), table_of(draw, name), Text(name(draw), name(draw)))
    return html(Report(name(draw), name(draw), sections, {name(draw): name(draw)}))


class Elements(HTMLParser):
    """The elements of a page with the names of their attributes, and the text of its scripts."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Any] = []
        self.data = ""
        self._last = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple(name for name, _ in attrs if name != "class")))  # it says how long a text is
        self._last = str(dict(attrs).get("id")) if tag == "script" else ""

    def handle_endtag(self, tag: str) -> None:
        self.found.append(f"/{tag}")
        self._last = ""

    def handle_comment(self, data: str) -> None:
        self.found.append("comment")

    def handle_data(self, data: str) -> None:
        self.data += data if self._last == "data" else ""


def elements(page: str) -> list[Any]:
    """Of a page whose data are JSON."""
    parser = Elements()
    parser.feed(page)
    parser.close()
    json.loads(parser.data)
    return parser.found


def picture_of(draw: random.Random, name: Callable[[random.Random], str]) -> list[Any]:
    """The elements of a picture."""
    root = ElementTree.fromstring(svg(figure_of(draw, name)).encode())
    return [(each.tag, tuple(each.attrib)) for each in root.iter()]


def harmless(draw: random.Random) -> str:
    """A name that takes as many draws as an evil one."""
    evil(draw)
    return "name"


# -- figures -------------------------------------------------------------------------------------------------------


def figures(count: int, seed: int = 0) -> dict[str, Any]:
    """So many texts: how many were printed harmless, how many were a sentence, and (none) otherwise."""
    tally = Tally("injected")
    for k in range(count):
        key = f"{seed}/{k}"
        kind = random.Random(key).choice([*PRINTED, "page", "picture"])
        if kind == "page":
            found, like = (outcome(page_of, random.Random(key), name) for name in (evil, harmless))
            same = found.kind == "answer" and elements(found.value) == elements(like.value)
            tally.judge(f"case {k} (page)", found, lambda page, same=same: same and not commands(page))
        elif kind == "picture":
            found, like = (outcome(picture_of, random.Random(key), name) for name in (evil, harmless))
            tally.judge(f"case {k} (picture)", found, lambda got, like=like: got == like.value)
        else:
            with tempfile.TemporaryDirectory() as place:
                found = outcome(kind, random.Random(key), Path(place))
            tally.judge(f"case {k} ({kind.__name__})", found, lambda text: not commands(text))
            if found.kind == "sentence":
                said = found._replace(kind="answer")
                tally.judge(f"case {k} ({kind.__name__}, message)", said, lambda text: not commands(text))
    return {"texts": count, **tally.figures("asked")}


if __name__ == "__main__":
    print(told(figures(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)))
