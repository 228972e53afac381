"""A module that counts, for a task that imports it when it runs."""

COUNT = TICKS = 0


def tick():
    """One more."""
    global TICKS
    TICKS += 1
    return TICKS
