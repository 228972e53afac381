"""Pictures of the kept comparisons: ```{measured} digits-momentum``` draws the metric of each strategy over the LR."""

from __future__ import annotations

import sys
from pathlib import Path

from docutils import nodes
from pictures import draw, images
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))

from evidence_study import study
from lrlab.views.model import Figure, Line


class MeasuredPicture(SphinxDirective):
    """`{measured} NAME`: the profiles of one comparison, the best strategies first."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        found = study(self.arguments[0])
        lines = []
        for standing in found.compared().standings:
            points = [(point.lr, point.mean) for point in standing.profile if point.mean is not None]
            if len(points) > 1:
                lines.append(Line(standing.arm, [lr for lr, _ in points], [mean for _, mean in points]))
        title = f"{found.metric} over the LR"
        figure = Figure(title, "LR multiple", found.metric, tuple(lines), log_x=True)
        words = f"{title} on {found.task}, in numbers in the table below."
        return images(draw(figure, f"measured-{found.name}", Path(self.env.srcdir)), words)


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("measured", MeasuredPicture)
    return {"parallel_read_safe": False, "parallel_write_safe": True}
