"""The words that a shell completes: of the text form, tasks, and libraries."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lrlab.analysis.advice.questions import Question


def words() -> tuple[str, ...]:
    """The words of the text form.

    >>> "cosine" in words()
    True
    """
    import lrlab.core.text.parse  # noqa: F401  (fills the vocabulary)
    from lrlab.core.expression.vocabulary import VOCABULARY

    return tuple(sorted(VOCABULARY))


def tasks() -> tuple[str, ...]:
    """The tasks that come with lrlab."""
    from lrlab.lab.task.declaration import built_in_tasks

    return built_in_tasks()


def arm_sets() -> tuple[str, ...]:
    """The sets of strategies that have a name."""
    from lrlab.lab.arms.arms import ARM_SETS

    return ARM_SETS


def besides() -> tuple[str, ...]:
    """What may stand behind an @ of a strategy: an example of each average, and the optimizers of built-in tasks.

    >>> besides()[:2]
    ('ema 10%', 'swa 25%')
    """
    from lrlab.lab.arms.arms import OPTIMIZER_ARMS
    from lrlab.lab.arms.average import TYPED

    return (*TYPED.values(), *(name for _, name in OPTIMIZER_ARMS.values()))


def libraries() -> tuple[str, ...]:
    """The libraries whose schedules are read."""
    from lrlab.dialects.libraries import names

    return names()


def variants() -> tuple[str, ...]:
    """The variants of built-in tasks; not every task has each."""
    from lrlab.lab.tasks.common.variants import VARIANTS

    return VARIANTS


def questions() -> tuple[Question, ...]:
    """The questions before advice, with the answers that each can have."""
    from lrlab.analysis.advice.questions import QUESTIONS

    return QUESTIONS


def answers(name: str) -> tuple[str, ...]:
    """The answers that one of these questions can have.

    >>> answers("data")
    ('small', 'medium', 'large')
    """
    return next(tuple(question.answers) for question in questions() if question.name == name)


def family(optimizer: str) -> str:
    """The kind of an optimizer. Raises `LrlabError` for one that is not known.

    >>> family("AdamW")
    'adam'
    """
    from lrlab.analysis.advice.questions import family as of

    return of(optimizer)


def frameworks() -> tuple[str, ...]:
    """The frameworks that advice is written for as code."""
    from lrlab.desk.coded import FRAMEWORKS

    return FRAMEWORKS
