"""Pictures of the handbook: every one is drawn by lrlab itself, once for light pages and once for dark ones.

    ```{schedule} warmup("5%") >> cosine()
    :updates: 1000
    ```

draws a schedule over a run. Several lines draw several schedules, each as NAME = TEXT.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from pages import write
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import lrlab as lr
from lrlab.views.figure import svg
from lrlab.views.model import Figure, Line

AXES = {"en": ("update", "multiple of the base LR"), "zh": ("更新步", "优化器学习率的倍数")}
FOLDER = "pictures"  # under the folder of the sources, made anew by every build


def line(name: str, schedule: lr.Schedule, updates: int) -> Line:
    """A schedule over a run, as a line."""
    times, values = schedule.over(updates).some()
    return Line(name, times.tolist(), values.tolist())


def draw(figure: Figure, name: str, source: Path, width: int = 720, height: int = 300) -> list[str]:
    """Write a figure for both themes; return their paths from the folder of the sources."""
    found = []
    for theme in ("light", "dark"):
        found.append(f"{FOLDER}/{name}-{theme}.svg")
        write(source / found[-1], svg(figure, width, height, theme))
    return found


def images(paths: list[str], words: str) -> list[nodes.Node]:
    """The two pictures, of which the page shows the one of its theme."""
    return [
        nodes.image(uri=f"/{path}", alt=words, classes=[f"only-{theme}"])
        for path, theme in zip(paths, ("light", "dark"), strict=True)
    ]


class SchedulePicture(SphinxDirective):
    """`{schedule} TEXT`: the picture of a schedule, or of several."""

    has_content = True
    required_arguments = 0
    optional_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar = {
        "updates": directives.positive_int,
        "title": directives.unchanged,
        "alt": directives.unchanged,
    }

    def run(self) -> list[nodes.Node]:
        updates = self.options.get("updates", 1000)
        texts = [self.arguments[0]] if self.arguments else []
        rows = [row.partition(" = ") for row in self.content if row.strip()]
        named = [(text, text) for text in texts] + [(name.strip(), text.strip()) for name, _, text in rows]
        lines = tuple(line(name, lr.parse(text), updates) for name, text in named)
        title = self.options.get("title", named[0][1])
        place = f"{self.env.docname.replace('/', '-')}-{self.lineno}"
        chinese = self.env.docname.startswith("zh/")
        figure = Figure(title, *AXES["zh" if chinese else "en"], lines)
        words = (
            self.options.get("alt")
            or (title if chinese else "")
            or "; ".join(lr.parse(text).describe(updates) for _, text in named)
        )
        shown = images(draw(figure, place, Path(self.env.srcdir)), words)
        return [nodes.paragraph("", "", *shown, classes=["picture"])]


MARK = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" role="img" aria-label="lrlab">
<rect width="64" height="64" rx="14" fill="{ground}"/>
<path d="{path}" fill="none" stroke="{ink}" stroke-width="5" stroke-linecap="round" stroke-linejoin="round"/>
</svg>
"""


def mark(source: Path) -> None:
    """The sign of the project: warmup, then half a cosine, as lrlab computes it."""
    values = (lr.warmup("22%") >> lr.cosine()).over(45).values()
    points = [f"{10 + i} {52 - 38 * value:.1f}" for i, value in enumerate(values)]
    text = MARK.format(ground="#0969da", ink="#ffffff", path="M" + "L".join(points))
    write(source / "mark.svg", text)


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("schedule", SchedulePicture)
    app.connect("config-inited", lambda app, _: mark(Path(app.srcdir)))
    return {"parallel_read_safe": False, "parallel_write_safe": True}
