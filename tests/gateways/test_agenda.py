"""The agenda of a simulated carrier: due things in order, and when the next one falls due."""

from __future__ import annotations

from datetime import timedelta

from gateways.conformance import START
from hypothesis import given
from hypothesis import strategies as st

from reconciler.gateways.agenda import Agenda
from reconciler.gateways.fate import Stage

entries = st.lists(st.tuples(st.integers(0, 60), st.sampled_from(Stage)), max_size=30)


@given(entries=entries, looks=st.lists(st.integers(0, 60), max_size=5).map(sorted))
def test_everything_comes_once_when_it_is_due_and_in_order(entries, looks):
    """Architecture 4: events come in the order in which they happened; equal times as added."""
    agenda: Agenda[int] = Agenda()
    for number, (seconds, stage) in enumerate(entries):
        agenda.add(START + timedelta(seconds=seconds), stage, number)
    taken = []
    for look in [*looks, 60]:
        fresh = agenda.take_due(START + timedelta(seconds=look))
        assert all(entries[number][0] <= look for _, number in fresh)
        order = [(entries[number][0], number) for _, number in fresh]
        assert order == sorted(order)
        taken += fresh
    assert sorted(taken, key=lambda entry: entry[1]) == [(stage, n) for n, (_, stage) in enumerate(entries)]


@given(entries=entries)
def test_the_next_wake_up_is_that_of_the_first_entry_left(entries):
    """Architecture 3: the next wake-up is that of the first entry that is not struck off."""
    agenda: Agenda[int] = Agenda()
    for number, (seconds, stage) in enumerate(entries):
        agenda.add(START + timedelta(seconds=seconds), stage, number)
    agenda.strike(lambda _, number: number % 2 == 1)
    left = [
        START + timedelta(seconds=seconds) for number, (seconds, _) in enumerate(entries) if number % 2 == 0
    ]
    assert agenda.next_due() == min(left, default=None)
