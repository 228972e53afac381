"""A notebook as people see it: run by a kernel, turned into a page, looked at in a browser, in light and in dark."""

import re

import nbformat
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter

TASK = """
import lrlab as lr
from pathlib import Path

class Weight:
    def __init__(self):
        self.w, self.param_groups = 3.0, [{"lr": 0.1}]
    def state_dict(self):
        return {"w": self.w}
    def load_state_dict(self, state):
        self.w = state["w"]

@lr.task(metric="val_loss", updates=20, folds=4, lrs=(0.5, 1.0), evals=2)
def train(run):
    model = Weight()
    run.track(model=model, opt=model)
    if Path("stop").exists() and run.fold == 2:
        Path("stop").unlink()
        raise KeyboardInterrupt
    for update, _ in run.steps([0]):
        model.w -= model.param_groups[0]["lr"] * model.w * (1 + 0.1 * run.fold)
        run.log(loss=model.w**2)
        if run.eval_now:
            run.report(val_loss=model.w**2 + 0.01 * run.fold)
"""
CELLS = {
    "task": TASK,
    "schedule": 'lr.warmup("5%") >> lr.cosine(to=0.1)',
    "curve": "lr.wsd().over(500)",
    "plan": 'lr.plan(lr=lr.cosine(), momentum=lr.linear(start=0.95, to=0.85), groups={"head*": {"lr": "linear()"}})',
    "interrupted": """Path("stop").touch()
study = lr.compare(train, {"a": "cosine()", "b": "constant()"}, store="runs")
study""",
    "stopped": "study.run()",
    "goes on": "study.run()",
    "frame": "study.to_dataframe()",
    "plot": "%matplotlib inline\nlr.cosine().plot();",
    "interactive": "lr.cosine().over(100).interactive()",
}


@pytest.fixture(scope="module")
def notebook(tmp_path_factory):
    """The cells with their outputs, by name."""
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS.values()])
    book.cells[list(CELLS).index("stopped")].metadata["tags"] = ["raises-exception"]
    folder = tmp_path_factory.mktemp("notebook")
    NotebookClient(book, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(folder)}}).execute()
    return book


def outputs(notebook, name):
    return notebook.cells[list(CELLS).index(name)].outputs


def bundle(notebook, name):
    """What the last output of a cell holds, by MIME type."""
    return next(output.data for output in reversed(outputs(notebook, name)) if "data" in output)


@pytest.mark.parametrize("name", ["schedule", "curve", "plan"])
def test_values_show_themselves(notebook, name):
    """As text, as a picture, as HTML; small, and without anything that runs or is fetched."""
    found = bundle(notebook, name)
    assert {"text/plain", "text/html", "image/svg+xml"} <= {*found}
    assert "⠒" in found["text/plain"]
    assert len(found["text/html"].encode()) < 200_000
    assert not re.search(r"<script|https?://(?!www\.w3\.org)|<iframe|\son\w+=", found["text/html"])


def test_a_study_shows_that_it_was_not_run(notebook):
    """To look at it trains nothing."""
    assert "not asked for yet" in bundle(notebook, "interrupted")["text/plain"]


def test_a_comparison_shows_how_far_it_is_stops_and_goes_on(notebook):
    """A bar below the cell; Ctrl-C names what is kept; the same cell again trains the rest, and shows the answer."""
    (error,) = [output for output in outputs(notebook, "stopped") if output.output_type == "error"]
    assert error.ename == "KeyboardInterrupt"
    (said,) = [output.text for output in outputs(notebook, "stopped") if output.output_type == "stream"]
    kept = int(re.search(r"(\d+) of 16 runs are kept in .*runs: the same call goes on", said)[1])
    assert 0 < kept < 16
    bar, answer = [output.data for output in outputs(notebook, "goes on")]  # and nothing that prints itself
    assert "16 of 16 runs" in bar["text/plain"]
    assert "<progress" in bar["text/html"]
    assert "is best on" in answer["text/plain"]
    assert "<table" in answer["text/html"]
    assert len(answer["text/html"].encode()) < 200_000


def test_runs_are_a_data_frame(notebook):
    """Of pandas, which shows itself."""
    assert "val_loss" in bundle(notebook, "frame")["text/plain"]


def test_matplotlib_draws_it(notebook):
    """Where people have it."""
    assert "image/png" in bundle(notebook, "plot")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_of_a_notebook_is_drawn_in_its_theme(notebook, theme, tmp_path, browse):
    """nbconvert's page in a browser: each picture once, that of the theme, and no text that stands in for it."""
    page, _ = HTMLExporter(theme=theme, embed_images=True).from_notebook_node(notebook)
    page = re.sub(r'<script src="https[^>]*></script>', "", page)  # nbconvert's own, which is not ours to fetch
    look = (
        "<script>addEventListener('load', () => { const shown = [...document.querySelectorAll('.lrlab img')].filter("
        "i => i.offsetHeight > 0 && i.naturalWidth > 0).map(i => i.className); document.body.dataset.shown = shown; "
        "document.body.dataset.texts = [...document.querySelectorAll('.lrlab pre')].filter(p => p.offsetHeight).length;"
        "});</script>"
    )
    (tmp_path / "page.html").write_text(page.replace("</body>", f"{look}</body>"), encoding="utf-8")
    seen = browse(tmp_path / "page.html").stdout
    pictures = re.search(r'data-shown="([^"]*)"', seen)[1].split(",")
    assert set(pictures) == {theme}
    assert len(pictures) >= 5
    assert 'data-texts="0"' in seen


def test_the_frame_may_do_nothing_but_draw(notebook):
    """Its own script, in a frame without an origin."""
    page = bundle(notebook, "interactive")["text/html"]
    assert re.search(r'sandbox="allow-scripts allow-downloads"', page)
    assert "Content-Security-Policy" in page
