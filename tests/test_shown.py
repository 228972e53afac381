"""Values show themselves, and importing them meets nothing of the views."""

import subprocess
import sys

import lrlab as lr
from lrlab.desk.compare import Study
from lrlab.desk.result import Result
from lrlab.shown import Shown


def test_what_shows_itself():
    """Whatever a newcomer holds in a cell."""
    for kind in (lr.Schedule, lr.Curve, lr.Plan, lr.Run, lr.Law, Study, Result):
        assert issubclass(kind, Shown)


def test_views_are_met_when_something_is_shown():
    """Not before; and never matplotlib, pandas or IPython by themselves."""
    program = (
        "import sys, lrlab as lr; s = lr.plan(lr=lr.cosine()); assert 'lrlab.views' not in sys.modules; "
        "s._repr_mimebundle_(); print(*{m.partition('.')[0] for m in sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not {"matplotlib", "pandas", "polars", "IPython", "scipy"} & {*done.stdout.split()}
