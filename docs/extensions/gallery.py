"""The gallery: a page for every word of the vocabulary, made of its docstring, its picture and its code.

Nothing here is written by hand. A word without a picture, an example or a source stops the build.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from pages import markdown, sweep, write
from pictures import draw, line
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

import lrlab as lr
from lrlab.core.expression.vocabulary import VOCABULARY, formula, sentence, signature
from lrlab.core.feedback.base import Controller
from lrlab.core.run.pacer import Pacer
from lrlab.dialects import to_code
from lrlab.views.model import Figure, Line

UPDATES = 1000
FEW = 12  # updates, where an example is a short list
CARD = (360, 200)
BASE_LR = 0.1
# The headings, by the module that a word is in; a word of another module stops the build.
FAMILIES = {
    "core.shapes.base": "Levels, warmups",
    "core.shapes.presets": "By the names people know",
    "core.shapes.transitions": "From here to there",
    "core.shapes.cosines": "Cosines",
    "core.shapes.piecewise": "By boundaries",
    "core.shapes.timescales": "With a time scale of their own",
    "core.shapes.logarithms": "On logarithmic axes",
    "core.feedback.plateau": "Feedback",
    "core.feedback.greedy": "Feedback",
    "core.feedback.guard": "Feedback",
    "core.feedback.manual": "Feedback",
    "core.expression.extremes": "The least, the greatest",
    "core.shapes.tables": "Values from outside",
}
TARGETS = {"torch": "PyTorch", "keras": "Keras", "optax": "Optax", "transformers": "Transformers", "python": "Python"}
OPTIMIZER = "optimizer = torch.optim.SGD(torch.nn.Linear(10, 1).parameters(), lr=0.1)"


@dataclass(frozen=True)
class Entry:
    """A word as it is shown: the schedule of its picture, how that is written, and over how many updates."""

    name: str
    schedule: lr.Schedule
    text: str  # in Python, with what goes before it
    updates: int
    source: str

    @property
    def home(self) -> str:
        return VOCABULARY[self.name].__module__.removeprefix("lrlab.")

    @property
    def feedback(self) -> bool:
        made = VOCABULARY[self.name]
        return isinstance(made, type) and issubclass(made, Controller)


def entries() -> list[Entry]:
    """Every word of the vocabulary. Raises where one lacks what its page is made of."""
    found = [_entry(name) for name in sorted(VOCABULARY)]
    if unknown := sorted({e.home for e in found} - set(FAMILIES)):
        raise ExtensionError(f"gallery: no heading in FAMILIES for the words of {', '.join(unknown)}")
    order = list(FAMILIES)
    return sorted(found, key=lambda e: (order.index(e.home), e.name))


def _entry(name: str) -> Entry:
    docstring = inspect.cleandoc(VOCABULARY[name].__doc__ or "")
    source = [p for p in docstring.split("\n\n") if re.search(r"arXiv|^Sources?:|\b(19|20)\d\d[,.]", p)]
    if not source:
        raise ExtensionError(f"gallery: the docstring of {name} names no paper and no source")
    made = VOCABULARY[name]
    if isinstance(made, type) and issubclass(made, Controller):
        schedule, text, updates = lr.constant() * made(), f"constant() * {name}()", UPDATES
    else:
        schedule, text, updates = _plain(name) or _from_example(name, docstring)
    return Entry(name, schedule, text, updates, " ".join(source[-1].split("\n")))


def _plain(name: str) -> tuple[lr.Schedule, str, int] | None:
    """The word with nothing but its defaults, where that says something."""
    try:
        schedule = lr.parse(f"{name}()")
        values = schedule.over(UPDATES).values()
    except lr.LrlabError:
        return None
    level = values.min() == values.max() and name != "constant"
    return None if level else (schedule, f"{name}()", UPDATES)


def _from_example(name: str, docstring: str) -> tuple[lr.Schedule, str, int]:
    """What the docstring's example calls `.over(n)` of, with the functions that it defines."""
    lines = re.findall(r"^>>> (.*)$", docstring, re.MULTILINE)
    for text in lines:
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "over":
                before = "\n".join(row for row in lines if row.startswith("def "))
                space = dict(VOCABULARY)
                exec(before, space)
                source = ast.get_source_segment(text, node.func.value) or ""
                made = eval(source, space)
                long = len(set(made.over(UPDATES).values().tolist())) > UPDATES / 4
                updates = UPDATES if long else FEW
                return made, f"{before}\n{source}".strip(), updates
    raise ExtensionError(f"gallery: the docstring of {name} has no example that ends in .over(...)")


# -- pictures -------------------------------------------------------------------------------------------------------


def figure(entry: Entry) -> Figure:
    """The picture of a word."""
    if not entry.feedback:
        drawn = (line(entry.name, entry.schedule, entry.updates),)
        return Figure(_title(entry), "update", "multiple of the base LR", drawn)
    losses, factors = heard(entry)
    updates = range(entry.updates)
    lines = (Line("multiple of the base LR", updates, factors), Line("what it hears", updates, losses))
    return Figure(_title(entry), "update", "multiple of the base LR, and what is observed", lines)


def heard(entry: Entry) -> tuple[list[float], list[float]]:
    """What a controller makes of a loss that falls, stalls and blows up once, or of what a person sets."""
    pacer = Pacer(entry.schedule.over(entry.updates))
    (controller,) = pacer.controllers.values()
    losses: list[float] = []
    factors: list[float] = []
    for update in range(entry.updates):
        if controller.metric == "live":
            losses.append((1.0, 0.5, 0.75, 0.25)[4 * update // entry.updates])
        else:
            losses.append(2.0 if 700 <= update < 730 else 1 - 0.7 * min(update, 400) / 400)
        factors.append(pacer.value)
        pacer.advance()
        if update % 10 == 0:
            if controller.metric:
                pacer.observe(**{controller.metric: losses[-1]})
            else:
                pacer.observe(losses[-1])
    return losses, factors


def _title(entry: Entry) -> str:
    return entry.text.splitlines()[-1]


# -- code -----------------------------------------------------------------------------------------------------------


def blocks(entry: Entry) -> dict[str, str]:
    """How each framework is given this schedule; every block runs alone."""
    *before, text = entry.text.splitlines()
    if before:
        made = f"lr.{text}"
        head = "\n\n".join(before).replace(": return", ":\n    return")
        head = f"import lrlab as lr\n{{}}\n\n\n{head}\n\n\n"
    else:
        made, head = repr(text) if '"' in text else f'"{text}"', "{}\n\n"
    arguments = f"{made}, horizon={entry.updates}"
    absolute = f"{made}, base_lr={BASE_LR}, horizon={entry.updates}"

    def block(imports: str, code: str) -> str:
        return head.format(imports).removeprefix("\n") + code

    torch = f"{OPTIMIZER}\nscheduler = Scheduler(optimizer, {arguments})"
    keras = f"rate = LearningRateSchedule({absolute})\noptimizer = keras.optimizers.SGD(rate)"
    keras_import = "import keras\nfrom lrlab.adapters.keras import LearningRateSchedule"
    jax = f"optimizer = optax.sgd(schedule({absolute}))"
    jax_import = "import optax\nfrom lrlab.adapters.optax import schedule"
    if entry.feedback or before:  # what a model of Keras does not save
        heard = arguments  # Keras' logs have names
        if entry.feedback and not entry.schedule.parts()[1].metric:
            heard = f"'{text.removesuffix(')')}metric=\"val_loss\")', horizon={entry.updates}"
        keras = f"callback = SchedulerCallback({heard})  # for model.fit(callbacks=[callback])"
        keras_import = "from lrlab.adapters.keras import SchedulerCallback"
    if entry.feedback:
        metric = entry.schedule.parts()[1].metric
        torch += f"\nscheduler.observe({f'{metric}=1.0' if metric else '1.0'})  # whenever there is news"
        jax = f"scheduler = Scheduler({absolute})\ntransform = scheduler.scale_by_learning_rate()"
        jax_import = "from lrlab.adapters.optax import Scheduler"
    return {
        "PyTorch": block("import torch\nfrom lrlab.adapters.torch import Scheduler", torch),
        "Keras": block(keras_import, keras),
        "JAX": block(jax_import, jax),
    }


def native(entry: Entry) -> tuple[dict[str, str], dict[str, str]]:
    """The same curve without lrlab: code by framework, and the reason where one cannot say it."""
    said, refused = {}, {}
    for target, label in TARGETS.items():
        try:
            code = to_code(entry.schedule, target, horizon=entry.updates, base_lr=BASE_LR)
        except lr.LrlabError as error:
            refused[label] = str(error).splitlines()[0]
            continue
        if target in ("torch", "transformers"):
            code = f"import torch\n{_after_imports(code)}"
        said[label] = code.strip()
    return said, refused


def _after_imports(code: str) -> str:
    """Code that needs an optimizer, with one."""
    lines = code.splitlines()
    last = max(i for i, row in enumerate(lines) if row.startswith(("import ", "from ")))
    return "\n".join([*lines[: last + 1], "", OPTIMIZER, *lines[last + 1 :]])


# -- pages ----------------------------------------------------------------------------------------------------------


def page(entry: Entry, paths: list[str]) -> str:
    """The page of a word."""
    name, words = entry.name, entry.schedule.describe(entry.updates).replace("\n", " ")
    said, refused = native(entry)
    own = [f"**{label}**\n\n```python\n{code}\n```" for label, code in blocks(entry).items()]
    parts = [
        f"# {name}",
        sentence(name),
        _pictures(paths, words, up=1),
        f"```text\n{_wrapped(f'lr.{signature(name)}')}\n```",
        *([f"```{{formula}}\n{formula(name)}\n```"] if formula(name) else []),
        _rest(name),
        "## In your framework",
        *own,
        "## Without lrlab",
        "The same curve as code that does not need lrlab, as `lrlab convert` writes it."
        if said
        else f"There is none: {refused['Python']}.",
        *(f"**{label}**\n\n```python\n{code}\n```" for label, code in said.items()),
    ]
    if said and refused:
        rows = [f"| {label} | {_cell(reason)} |" for label, reason in refused.items()]
        parts += ["What cannot say it exactly:", "\n".join(["| | why |", "|---|---|", *rows])]
    return "\n\n".join(parts) + "\n"


def _wrapped(call: str) -> str:
    """A signature in lines that fit."""
    head, _, rest = call.partition("(")
    indent = " " * (len(head) + 1)
    arguments = re.sub(r", (?=\w+=|\*)", ",\n", f"{rest}").replace(" ", "\0").replace("\n", " ")
    lines = textwrap.wrap(arguments, 86 - len(indent), break_long_words=False, break_on_hyphens=False)
    return f"{head}(" + f"\n{indent}".join(lines).replace("\0", " ")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def _rest(name: str) -> str:
    """The docstring without its first sentence and its formula, which stand above."""
    paragraphs = inspect.cleandoc(VOCABULARY[name].__doc__ or "").split("\n\n")[1:]
    return markdown("\n\n".join(p for p in paragraphs if not p.startswith("value = ")))


def _pictures(paths: list[str], words: str, up: int) -> str:
    """The picture of both themes: the page shows the one of its own."""
    images = [
        f"```{{image}} {'../' * up}{path}\n:class: only-{theme}\n:alt: {words}\n```"
        for path, theme in zip(paths, ("light", "dark"), strict=True)
    ]
    return "\n\n".join(images)


def index(found: list[Entry], pictures: dict[str, list[str]]) -> str:
    """The page of all words: a card for each, by families."""
    parts = [
        "# Gallery",
        f"All {len(found)} words of the text form, as they come without arguments over a run of {UPDATES} updates. "
        "Each picture leads to its formula, its source and its code in PyTorch, Keras and JAX. They combine by `>>`, "
        "`*`, `+` and more: [why](../why.md).",
    ]
    for title in dict.fromkeys(FAMILIES.values()):
        parts += [f"## {title}", '<div class="cards">']
        for entry in found:
            if FAMILIES[entry.home] == title:
                label = sentence(entry.name).replace("[", "").replace("]", "")
                light, dark = (f"![](../{path})" for path in pictures[entry.name])
                parts += [
                    '<div class="card">',
                    f"{{.only-light}}\n{light}",
                    f"{{.only-dark}}\n{dark}",
                    f"[{entry.name}]({entry.name}.md)",
                    label,
                    "</div>",
                ]
        parts.append("</div>")
    names = "\n".join(entry.name for entry in found)
    parts.append(f"```{{toctree}}\n:hidden:\n\n{names}\n```")
    return "\n\n".join(parts) + "\n"


def generate(app: Sphinx) -> None:
    """Write all pages, before the sources are read."""
    source = Path(app.srcdir)
    found = entries()
    cards = {}
    for entry in found:
        drawn = figure(entry)
        paths = draw(drawn, entry.name, source)
        cards[entry.name] = draw(_small(drawn), f"{entry.name}-card", source, *CARD)
        write(source / "gallery" / f"{entry.name}.md", page(entry, paths))
    write(source / "gallery" / "index.md", index(found, cards))
    sweep(source / "gallery", {"index.md", *(f"{entry.name}.md" for entry in found)})


def _small(drawn: Figure) -> Figure:
    return Figure(drawn.title, drawn.x_label, drawn.y_label, drawn.lines[:1])


def setup(app: Sphinx) -> dict[str, bool]:
    import_module("lrlab.core.text.parse")  # fills the vocabulary
    app.connect("builder-inited", generate)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
