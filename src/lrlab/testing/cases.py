"""The laws of shapes and controllers, as classes to inherit: name what is yours, and it is held against them.

A law that is broken raises AssertionError, with a sentence that says which and where.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from lrlab.core.expression.node import Schedule
from lrlab.core.feedback.base import Controller
from lrlab.core.run.pacer import Pacer
from lrlab.core.shapes.base import constant
from lrlab.core.text.document import dumps, loads
from lrlab.core.text.parse import parse
from lrlab.errors import LrlabError, Stopped


def must(holds: bool, law: str) -> None:
    """Raise AssertionError where a law does not hold."""
    if not holds:
        raise AssertionError(law)


class ShapeCase:
    """The laws of a shape. Say in `schedules()` which ones, over how many `updates` they are looked at.

    >>> import lrlab as lr
    >>> class TestCosine(ShapeCase):
    ...     def schedules(self): return [lr.cosine(), lr.cosine(to=0.1)]
    >>> TestCosine().test_text_and_json_read_back()
    """

    updates = 1000

    def schedules(self) -> Iterable[Schedule]:
        """Hook: schedules of the shape, that fit into `updates` updates, with as many of its arguments as matter."""
        raise NotImplementedError("say which schedules: def schedules(self): return [mine(), mine(to=0.1)]")

    def test_text_and_json_read_back(self) -> None:
        """The text and the JSON of a schedule are read back as the same schedule."""
        for s in self.schedules():
            must(parse(str(s)) == s, f"the text {s} reads back as another schedule")
            must(loads(dumps(s)) == s, f"the JSON of {s} reads back as another schedule")
            must(parse(str(s)).fingerprint() == s.fingerprint(), f"{s}: equal schedules, two fingerprints")

    def test_values_are_finite_also_after_the_end(self) -> None:
        """Nothing raises on the LR path, and no value is infinite or not a number."""
        for s in self.schedules():
            values = s.over(self.updates).between(0, 2 * self.updates)
            must(all(math.isfinite(v) for v in values.tolist()), f"{s} has a value that is not finite")

    def test_any_update_in_any_order(self) -> None:
        """One update by itself is what it is among all: to 4 units in the last place of the peak."""
        for s in self.schedules():
            curve = s.over(self.updates)
            values = curve.values().tolist()
            close = 4 * math.ulp(max(map(abs, values)))
            for update in random.Random(0).sample(range(self.updates), min(100, self.updates)):
                alone = curve(update)
                must(abs(alone - values[update]) <= close, f"{s} at {update}: alone {alone}, else {values[update]}")

    def test_a_phase_does_not_know_where_it_stands(self) -> None:
        """After another phase it begins at its own u = 0: the same values, so many updates later."""
        for s in self.schedules():
            first = min(7, self.updates - 1)
            alone = s.over(self.updates - first).values()
            later = (constant(first, level=0.5) >> s).over(self.updates).values()[first:]
            close = 1e-12 * max(map(abs, alone.tolist()))
            must(bool((abs(alone - later) <= close).all()), f"{s} has other values after {first} updates of a phase")

    def test_a_product_has_no_order(self) -> None:
        """a * b and b * a are equal, and have the same bits."""
        for s in self.schedules():
            one, other = s * constant(level=0.3), constant(level=0.3) * s
            must(one == other, f"{s}: a product depends on its order")
            same = one.over(self.updates).values().tobytes() == other.over(self.updates).values().tobytes()
            must(same, f"{s}: a product depends on its order")

    def test_resume_anywhere(self) -> None:
        """A pacer that is restored, through JSON, has the values of one that was never stopped, bit for bit."""
        for s in self.schedules():
            curve = s.over(self.updates)
            for update in (0, 1, self.updates // 2, self.updates - 1):
                whole, again = Pacer(curve), Pacer(curve)
                whole.advance(update)
                again.restore(json.loads(json.dumps(whole.state())))
                must(again.value == whole.value, f"{s}: another value after a resume at update {update}")

    def test_it_says_what_it_does(self) -> None:
        """In words that follow 'it', for descriptions."""
        for s in self.schedules():
            must(bool(s.words().strip()), f"{s} has no words()")


class ControllerCase:
    """The laws of a controller. Say in `controllers()` which ones.

    >>> import lrlab as lr
    >>> class TestMine(ControllerCase):
    ...     def controllers(self): return [lr.plateau(patience=1)]
    >>> TestMine().test_a_change_has_a_cause()
    """

    def controllers(self) -> Iterable[Controller]:
        """Hook: controllers, with as many of their arguments as matter."""
        raise NotImplementedError("say which controllers: def controllers(self): return [mine(patience=2)]")

    def metrics(self) -> Iterable[Sequence[float]]:
        """Hook: series to observe. These improve, stall and worsen, are equal, negative, huge or not finite."""
        rng = random.Random(0)
        yield [1.0] * 20
        yield [-float(k) for k in range(20)]
        yield [1.0, math.nan, math.nan, 1.0, math.inf, -math.inf, 0.0, -1.0, 1e300, 1.0] * 3
        for _ in range(3):
            yield [round(rng.uniform(0.0, 2.0), 1) if rng.random() > 0.05 else math.nan for _ in range(60)]

    def test_text_and_json_read_back(self) -> None:
        """As every schedule; and its open-loop value is 1."""
        for c in self.controllers():
            must(parse(str(c)) == c == loads(dumps(c)), f"{c} reads back as another controller")
            must(c.over(10).values().tolist() == [1.0] * 10, f"{c}: its value before any observation is not 1")
            must(c.factor(c.init()) == 1, f"{c}: its first factor is not 1")

    def test_the_state_is_plain_json(self) -> None:
        """After every observation the record is strict JSON, and the state that is restored from it is the state."""
        for c, series in self._cases():
            for state in self._states(c, series):
                text = json.dumps(state._asdict(), allow_nan=False)
                must(c.restore(json.loads(text)) == state, f"{c}: restored from {text} it is another state")

    def test_resume_anywhere(self) -> None:
        """Restored after any observation it goes on as if it had never stopped."""
        for c, series in self._cases():
            whole = self._states(c, series)
            for k in range(len(series)):
                state = c.restore(json.loads(json.dumps(whole[k]._asdict())))
                rest = self._states(c, series[k:], state, k)
                must(rest == whole[k:], f"{c}: after a resume at observation {k} it decides otherwise")

    def test_a_state_is_a_value(self) -> None:
        """An observation leaves the state before as it was, and gives the same again."""
        for c, series in self._cases():
            for before, metric in zip(self._states(c, series), series, strict=False):
                record = dict(before._asdict())
                first, second = self._observed(c, before, metric, 0), self._observed(c, before, metric, 0)
                must(first == second, f"{c}: two answers to one observation of {metric}")
                must(before._asdict() == record, f"{c}: an observation changed the state that it was given")

    def test_observations_are_counted(self) -> None:
        """By `observed`, each once."""
        for c, series in self._cases():
            counts = [state.observed for state in self._states(c, series)]
            must(counts == list(range(len(series) + 1)), f"{c} has counted {counts}")

    def test_a_change_has_a_cause(self) -> None:
        """Where the factor changes, an event and its cause say so; the factor is never negative or infinite."""
        for c, series in self._cases():
            states = self._states(c, series)
            for before, after in pairwise(states):
                old, new = c.factor(before), c.factor(after)
                must(math.isfinite(new) and new >= 0, f"{c}: a factor of {new}")
                must(old == new or bool(after.event and after.cause), f"{c}: from {old} to {new} without a cause")

    def test_not_a_number_is_an_event(self) -> None:
        """An observation that is not finite is said, whatever is made of it."""
        for c, series in self._cases():
            for state in self._states(c, series):
                after = self._observed(c, state, math.nan, 0)
                must(bool(after.event), f"{c}: NaN passed without an event")

    def test_it_hears_its_own_name_alone(self) -> None:
        """Another metric's name changes nothing."""
        for c in self.controllers():
            state = self._observed(c, c.init(), 1.0, 0)
            after: Any = c.observe(state, {"a metric of somebody else": 5.0}, 1)
            must(c.factor(after) == c.factor(state), f"{c}: it took another's metric for its own")

    def test_a_foreign_state_is_refused(self) -> None:
        """A record that is not its own raises `LrlabError`."""
        for c in self.controllers():
            for foreign in ({}, {"somebody": 1.0}, {**c.init()._asdict(), "more": 1}):
                try:
                    c.restore(foreign)
                except LrlabError:
                    continue
                must(False, f"{c}: it restored itself from {foreign}")

    def test_the_decisions_rebuild_the_trace(self) -> None:
        """From the log alone, the factor after every observation."""
        for c, series in self._cases():
            pacer = Pacer((constant() * c).over(len(series) + 1))
            found, told = [], 1.0
            for metric in series:
                pacer.advance()
                before = len(pacer.decisions)
                try:
                    pacer.observe(**{c.metric: metric}) if c.metric else pacer.observe(metric)
                except Stopped:
                    break
                told = pacer.decisions[-1].new if len(pacer.decisions) > before else told
                found.append((pacer.value, told))
            must(all(value == said for value, said in found), f"{c}: the log of decisions tells of other factors")

    # -- how they are driven ------------------------------------------------------------------------------------

    def _cases(self) -> Iterable[tuple[Controller, Sequence[float]]]:
        for controller in self.controllers():
            for series in self.metrics():
                yield controller, series

    def _observed(self, controller: Controller, state: Any, metric: float, update: int) -> Any:
        heard = {controller.metric: metric} if controller.metric else metric
        return controller.observe(state, heard, update)

    def _states(self, controller: Controller, series: Sequence[float], state: Any = None, first: int = 0) -> list[Any]:
        """The state before the first observation and after each."""
        states = [controller.init() if state is None else state]
        for update, metric in enumerate(series, first):
            states.append(self._observed(controller, states[-1], metric, update))
        return states
