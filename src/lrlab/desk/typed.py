"""A strategy as it is typed: NAME=TEXT, or its text alone, which then is its name, too."""

from __future__ import annotations


def named(given: str) -> tuple[str, str]:
    """Its name and its text.

    >>> named("late=wsd()"), named("cosine(to=0.1)")
    (('late', 'wsd()'), ('cosine(to=0.1)', 'cosine(to=0.1)'))
    """
    name, sign, text = given.partition("=")
    return (name.strip(), text) if sign and name.strip() and "(" not in name else (given.strip(), given)


def typed(name: str, text: str) -> str:
    """What reads back as both; the text alone, where the name cannot stand before a sign.

    >>> typed("late", "wsd()"), typed("late (a=1)", "wsd()")
    ('late=wsd()', 'wsd()')
    """
    given = f"{name}={text}"
    return given if named(given) == (name, text) else text
