"""What is asked before a schedule is advised: every question may stay open.

Answers.of(data="small", task="classification")
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace

from lrlab.errors import LrlabError, nearest, worded


@dataclass(frozen=True)
class Question:
    """A question, and what can be answered: the answers by their words, each with what it means."""

    name: str
    asks: str
    answers: Mapping[str, str]


QUESTIONS: tuple[Question, ...] = (
    Question(
        "data",
        "How much data, and how long a training?",
        {"small": "little data, or few epochs", "medium": "in between", "large": "much data, a long training"},
    ),
    Question(
        "model",
        "What is trained?",
        {
            "simple": "a shallow or simple model",
            "deep": "a deep network from scratch",
            "pretrained": "a pretrained model, to be fine-tuned",
            "lora": "low-rank adapters of a pretrained model",
        },
    ),
    Question(
        "task",
        "What is the task?",
        {
            "classification": "classes",
            "regression": "numbers",
            "series": "the future of a series",
            "language": "the next token",
        },
    ),
    Question(
        "sensitivity",
        "Does the result depend much on the LR?",
        {"sensitive": "it depends much on it", "insensitive": "it hardly depends on it"},
    ),
    Question(
        "validation",
        "How does the validation loss behave?",
        {"fluctuating": "it goes up and down", "smooth": "it falls smoothly"},
    ),
    Question(
        "afterwards",
        "Will the model be fine-tuned afterwards?",
        {"finetune": "it will be fine-tuned", "final": "it is used as it is"},
    ),
    Question(
        "length",
        "Is the number of updates known beforehand?",
        {"known": "the number of updates is known", "unknown": "it is not known when the training ends"},
    ),
    Question(
        "checkpoints",
        "Are checkpoints kept on the way?",
        {"kept": "checkpoints are kept on the way", "last": "only the last state is kept"},
    ),
    Question(
        "batch",
        "Is the batch that which the LR was tuned for?",
        {"same": "the LR was tuned for this batch", "changed": "the LR is from another batch"},
    ),
    Question(
        "tuning",
        "How many runs can be spent on tuning?",
        {"none": "no run for tuning", "few": "up to ten runs", "many": "more than ten runs"},
    ),
)

# Optimizers by family, as people write them; capitals, blanks, "-" and "_" do not count.
OPTIMIZERS: Mapping[str, tuple[str, ...]] = {
    "sgd": ("sgd", "momentum", "nesterov", "lars"),
    "adam": ("adam", "adamw", "nadam", "nadamw", "radam", "adamax"),
    "adaptive": ("rmsprop", "adagrad", "adadelta"),
    "other": ("lion", "lamb", "adafactor", "adan", "sophia", "muon", "shampoo", "soap"),
    "schedule-free": ("schedulefree", "schedule-free sgd", "schedule-free adamw", "schedule-free radam"),
    "lr-free": ("prodigy", "dadaptation", "dadaptadam", "dadaptsgd", "dog", "dowg", "mechanic", "adamg"),
}


@dataclass(frozen=True)
class Answers:
    """The answers by question, None where it stayed open; `optimizer` is a family of `OPTIMIZERS`."""

    data: str | None = None
    model: str | None = None
    task: str | None = None
    sensitivity: str | None = None
    validation: str | None = None
    afterwards: str | None = None
    length: str | None = None
    checkpoints: str | None = None
    batch: str | None = None
    tuning: str | None = None
    optimizer: str | None = None

    def __post_init__(self) -> None:
        for question in QUESTIONS:
            given = getattr(self, question.name)
            if given is not None and given not in question.answers:
                raise refused(question.name, given, question.answers)
        if self.optimizer is not None and self.optimizer not in OPTIMIZERS:
            raise refused("optimizer", self.optimizer, OPTIMIZERS)

    @classmethod
    def of(cls, optimizer: str | None = None, **given: str | None) -> Answers:
        """The answers, with the optimizer by its own name. Raises `LrlabError` for a word that is not known.

        >>> Answers.of(optimizer="AdamW", data="small").given()
        {'data': 'small', 'optimizer': 'adam'}
        """
        return cls(optimizer=None if optimizer is None else family(optimizer), **given)

    def given(self) -> dict[str, str]:
        """What was answered."""
        return {each.name: told for each in fields(self) if (told := getattr(self, each.name)) is not None}

    def others(self) -> Iterator[tuple[str, str, Answers]]:
        """Question, answer and answers, for each single answer that would be another one."""
        for question in QUESTIONS:
            for word in question.answers:
                if word != getattr(self, question.name):
                    yield question.name, word, replace(self, **{question.name: word})
        for word in OPTIMIZERS:
            if word != self.optimizer:
                yield "optimizer", word, replace(self, optimizer=word)

    def fit(self, when: Mapping[str, tuple[str, ...]]) -> bool:
        """Whether every condition is met: the answer to each of its questions is one of its words."""
        return all(getattr(self, name) in words for name, words in when.items())


def family(optimizer: str, asks: str = "advise") -> str:
    """The family of an optimizer. Raises `LrlabError` with the nearest name for one that is not known; `asks` is who.

    >>> family("torch.optim.AdamW"), family("Schedule-Free SGD")
    ('adam', 'schedule-free')
    """
    known = {_bare(name): kind for kind, names in OPTIMIZERS.items() for name in (kind, *names)}
    bare = _bare(optimizer.rpartition(".")[2])
    if bare not in known:
        names = [name for names in OPTIMIZERS.values() for name in names]
        said = f"{asks}: there is no such optimizer"
        raise LrlabError(worded(said, optimizer, ", ".join(names), nearest(bare, known)))
    return known[bare]


def refused(question: str, given: object, allowed: Mapping[str, object] | list[str], meant: str = "") -> LrlabError:
    """The error for an answer that is none of those allowed, with the nearest of them."""
    meant = meant or (nearest(given, allowed) if isinstance(given, str) else "")
    said = f"advise: {question} has no such answer"
    return LrlabError(worded(said, given, ", ".join(allowed), meant))


def _bare(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())
