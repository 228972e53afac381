"""The options that set up a comparison, for every command that is about one."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import click

from lrlab.cli.output import READ
from lrlab.cli.values import EXECUTOR, STRATEGY, TASK, Offered, OneOf, Whole


def _arm_sets() -> tuple[str, ...]:
    from lrlab.desk import offered

    return offered.arm_sets()


def _variants() -> tuple[str, ...]:
    from lrlab.desk import offered

    return offered.variants()


def strategies(ctx: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    """Texts by name, from NAME=EXPR or EXPR; two of one name are refused."""
    from lrlab.desk.typed import named

    found: dict[str, str] = {}
    for name, text in map(named, given):
        if name in found:
            raise click.BadParameter(f"two strategies are called {name}")
        found[name] = text
    return found


def settings(ctx: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> dict[str, Any]:
    """Values by name, from NAME=VALUE; a value that is not JSON is a text."""
    found: dict[str, Any] = {}
    for text in given:
        name, sign, value = text.partition("=")
        if not sign or not name:
            raise click.BadParameter(f"{text!r} is not of the form NAME=VALUE")
        try:
            found[name] = json.loads(value)
        except ValueError:
            found[name] = value
    return found


def multiples_or_auto(
    ctx: click.Context, parameter: click.Parameter, given: str | None
) -> tuple[float, ...] | str | None:
    """Numbers from a text such as 0.5,1,2; or the word auto."""
    return given if given == "auto" else multiples(ctx, parameter, given)


def multiples(ctx: click.Context, parameter: click.Parameter, given: str | None) -> tuple[float, ...] | None:
    """Numbers from a text such as 0.5,1,2."""
    try:
        return None if given is None else tuple(float(part) for part in given.split(","))
    except ValueError:
        raise click.BadParameter(f"{given!r} is not a list of numbers such as 0.5,1,2") from None


def file_option(kind: str) -> Callable[[Any], Any]:
    """The option --file: what is not typed stands in the table of this kind."""

    def read(ctx: click.Context, parameter: click.Parameter, path: str | None) -> None:
        if path is not None:
            from lrlab.desk import study_file

            ctx.default_map = study_file.options(study_file.table_of(path, kind))
            ctx.meta[READ] = path

    return click.option(
        "--file",
        type=click.Path(),
        metavar="TOML",
        is_eager=True,
        expose_value=False,
        callback=read,
        help=f"Take from its table [{kind}] what is not typed here, TASK too; see `lrlab check`.",
    )


store_option = click.option(
    "--store",
    default="lrlab-runs",
    show_default=True,
    metavar="PLACE",
    type=click.Path(file_okay=False),
    help="Where runs are kept: a folder, or a URL such as s3://bucket/runs.",
)
workers_option = click.option(
    "--workers", type=Whole(min=0), help="Processes that train; 0: in this one.  [default: one per core]"
)
executor_option = click.option(
    "--executor",
    default="local",
    show_default=True,
    metavar="WHERE",
    type=EXECUTOR,
    help="Where to train: local, ray (the cluster at hand), ray://HOST:PORT or dask://HOST:PORT.",
)
vectorise_option = click.option(
    "--vectorise",
    type=Whole(min=0),
    default=0,
    metavar="N",
    help="Train N runs at once by one vectorised step, in a task of pure functions; 0: by its loop.",
)
config_option = click.option(
    "--config",
    multiple=True,
    metavar="NAME=VALUE",
    callback=settings,
    help="What the task finds in run.config, such as size=tiny.",
)
lrs_option = click.option(
    "--lrs",
    metavar="LIST",
    callback=multiples,
    help="Multiples of the task's own LR, such as 0.5,1,2; more where a strategy ends best at the first or the last.",
)

_OPTIONS = (
    click.option("--quick", is_flag=True, help="All strategies, but fewer updates and folds."),
    click.option(
        "--arm",
        "schedules",
        multiple=True,
        metavar="NAME=EXPR",
        type=STRATEGY,
        callback=strategies,
        help="A strategy to compare, instead of the default ones; give several. Behind @ stand its optimizer, such as "
        "adamw, and the average of its weights: ema 10%, swa 25%, lawa 5, merge linear().",
    ),
    click.option(
        "--arms",
        type=OneOf("set", _arm_sets),
        help="A whole set, strategies being the default one; --arm adds to it.",
    ),
    config_option,
    click.option(
        "--variant",
        type=Offered("variant", _variants),
        help="Another form of a built-in task, so that nothing is tuned to the task alone: batch, noisy, wide, less.",
    ),
    click.option("--updates", type=Whole(min=1), help="Updates of each run."),
    click.option("--folds", type=Whole(min=1), help="Folds of the cross-validation."),
    click.option("--seeds", type=Whole(min=1), help="Seeds."),
    click.option(
        "--first-seed", type=Whole(min=0), default=0, show_default=True, help="The first seed: others confirm."
    ),
    click.option(
        "--lrs",
        metavar="LIST",
        callback=multiples_or_auto,
        help="Multiples of the task's own LR, such as 0.5,1,2; auto: wider for a strategy until its best is inside.  "
        "[default: auto; 0.5,1,2 of most built-in tasks]",
    ),
    store_option,
)


def experiment_options(command: Any) -> Any:
    """A command with the argument TASK and the options of a comparison."""
    for option in reversed(_OPTIONS):
        command = option(command)
    command = file_option("compare")(command)
    return click.argument("task", type=TASK)(command)
