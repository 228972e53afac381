"""Train tasks of this folder shared by an executor and alone by another: `comparing_in.py WHERE FILE:TASK ...`.

One line of JSON for each: its name, what it must come to, the words that must be said; what it has come to, and said.
"""

import json
import sys
import tempfile
from contextlib import closing

from comparing import came_to, tasks_of

from lrlab.lab.executors.local import Local
from lrlab.lab.executors.named import opened
from lrlab.lab.stages.resources import Resources
from lrlab.lab.task.declaration import load_task


def main(where, *names):
    """Tell what each has come to."""
    with opened(Resources(executor=where), load_task("digits")) as shares, closing(Local(1)) as alone:
        for file, name in (each.split(":") for each in names):
            must = next(outcome for outcome in tasks_of(file) if outcome[0] == name)
            with tempfile.TemporaryDirectory() as folder:
                print(json.dumps([*must, *came_to(file, name, folder, shares, alone)]), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
