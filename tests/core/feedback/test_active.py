"""When a controller acts, and under which name."""

import pytest

import lrlab as lr


def test_a_controller_acts_in_its_phase():
    """From its first update to its last; one in the last phase, or around the whole, forever."""
    curve = (lr.constant(10) * lr.plateau() >> lr.linear(5) >> lr.constant() * lr.greedy()).over(20)
    first, last = curve.controllers
    assert (first.name, first.start, first.stop) == ("plateau1", 0, 10)
    assert (last.name, last.start, last.stop) == ("greedy1", 15, None)
    assert [first.acts(k) for k in (0, 9, 10)] == [True, True, False]
    assert last.acts(10**9)


def test_names_are_kind_and_ordinal():
    """Where they are not given."""
    curve = (lr.constant(5) * lr.plateau() >> lr.constant() * lr.plateau(name="x") * lr.plateau()).over(9)
    assert [placed.name for placed in curve.controllers] == ["plateau1", "plateau2", "x"]


def test_two_controllers_of_one_name():
    """Refused where they are not equal, or where both act at one update; else it is one state, which goes on."""
    a, b = lr.plateau(name="a"), lr.plateau(name="a", patience=3)
    with pytest.raises(lr.LrlabError, match="two controllers have one name"):
        (lr.constant(5) * a >> lr.constant() * b).over(9)
    with pytest.raises(lr.LrlabError, match="two controllers have one name"):
        (lr.constant() * a * a).over(9)
    once, again = (lr.constant(5) * a >> lr.constant() * a).over(9).controllers
    assert once.name == again.name
    assert not once.meets(again)


def test_places_are_values():
    """Equal, and of one hash, where controller, name and updates are."""
    one, other = (lr.constant(5) * lr.plateau() >> lr.constant()), (lr.linear(5) * lr.plateau() >> lr.cosine())
    assert one.over(9).controllers == other.over(9).controllers
    assert len({*one.over(9).controllers, *other.over(9).controllers}) == 1
    assert one.over(9).controllers != (lr.linear(6) * lr.plateau() >> lr.cosine()).over(9).controllers
