"""Which batches are taken: each once, none after a newer one, none that is still being written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.feeds import QUIET, Arrival, Batch, BatchState, History, choose

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
APPLIED, QUARANTINED, PASSED_OVER = BatchState


def ago(minutes):
    return NOW - timedelta(minutes=minutes)


def arrival(name, minutes, version=None):
    return Arrival(name, ago(minutes), version or f"v-{name}", settles=True)


def batch(number, name, minutes, state=APPLIED, *, version=None, contract="c"):
    return Batch(number, name, ago(minutes), state, version or f"v-{name}", f"digest-{name}", contract)


def known_of(*batches):
    """What a database knows of these batches, in the order of their numbers."""
    applied = [one for one in batches if one.state is APPLIED]
    return History(
        {one.name: one for one in batches},
        max(applied, key=lambda one: (one.arrived_at, one.name), default=None),
        len(batches) + 1,
    )


def chosen(arrivals, *batches, contract="c", mirror=True):
    choice = choose(arrivals, known_of(*batches), contract, NOW, mirror=mirror)
    return [[one.name for one in part] for part in (choice.take, choice.late, choice.wait)]


def test_a_mirror_takes_the_newest_first_and_an_append_takes_all_in_order():
    """R-MAN-4: the newest list replaces the others; what only adds is added in the order of arrival."""
    arrivals = [arrival("b", 20), arrival("c", 10), arrival("a", 30)]
    assert chosen(arrivals) == [["c", "b", "a"], [], []]
    assert chosen(arrivals, mirror=False) == [["a", "b", "c"], [], []]


def test_a_batch_is_taken_once():
    """The same version under the same name was decided about, whatever became of it."""
    known = [batch(1, "a", 30), batch(2, "b", 20, QUARANTINED)]
    assert chosen([arrival("a", 30), arrival("b", 20)], *known) == [[], [], []]


def test_what_is_older_than_what_was_applied_is_passed_over():
    """A newer batch was applied: an older one says what is known better by now."""
    assert chosen([arrival("late", 40), arrival("new", 10)], batch(1, "a", 30)) == [["new"], ["late"], []]
    known = batch(2, "late", 40, PASSED_OVER)
    assert chosen([arrival("late", 40)], batch(1, "a", 30), known) == [[], [], []]


def test_a_changed_contract_judges_what_is_in_quarantine_again():
    """Somebody mends the contract in git, and the batch that it kept out comes in; an applied one stays."""
    known = [batch(1, "a", 30), batch(2, "b", 20, QUARANTINED)]
    arrivals = [arrival("a", 30), arrival("b", 20)]
    assert chosen(arrivals, *known, contract="mended") == [["b"], [], []]
    assert chosen(arrivals, *known, batch(3, "c", 10), contract="mended") == [[], [], []]


def test_what_is_being_written_is_waited_for():
    """A truncated upload is no batch: a file is taken once nobody has written to it for a while."""
    writing = Arrival("a", NOW - QUIET / 2, "v", settles=True)
    assert chosen([writing, arrival("b", 20)]) == [["b"], [], ["a"]]
    assert chosen([Arrival("a", NOW - QUIET, "v", settles=True)]) == [["a"], [], []]
    assert chosen([Arrival("a", NOW + timedelta(minutes=9), "v", settles=True)]) == [[], [], ["a"]]
    assert chosen([Arrival("a", NOW, "v")]) == [["a"], [], []]


def test_the_quarantine_that_is_told_is_the_last_that_nothing_has_replaced():
    """A batch that came again under its name, or after which a newer one was applied, waits for nobody."""
    batches = [batch(1, "a", 30), batch(2, "b", 20, QUARANTINED), batch(3, "c", 25, QUARANTINED)]
    assert known_of(*batches).quarantined.number == 2
    batches.append(batch(4, "b", 15, QUARANTINED, version="v2"))
    assert known_of(*batches).quarantined.number == 4
    assert known_of(*batches, batch(5, "d", 10)).quarantined is None
    assert History().quarantined is None


names = st.sampled_from("abcdef")
times = st.integers(0, 60)
known_batches = st.lists(st.tuples(names, times, st.sampled_from(BatchState)), max_size=8)


@given(st.dictionaries(names, times), known_batches, st.booleans())
def test_every_arrival_has_one_fate_and_nothing_older_is_taken(arrivals, batches, mirror):
    """Whatever arrived and was decided: taken, late, waited for or known, one of them; never an older one."""
    history = known_of(*(batch(n, *one) for n, one in enumerate(batches, 1)))
    choice = choose([arrival(name, at) for name, at in arrivals.items()], history, "c", NOW, mirror=mirror)
    fates = [one.name for part in (choice.take, choice.late, choice.wait) for one in part]
    assert len(fates) == len(set(fates))
    assert {*arrivals} - {*fates} <= {*history.latest}
    if history.applied is not None:
        newest = (history.applied.arrived_at, history.applied.name)
        assert all((one.arrived_at, one.name) >= newest for one in choice.take)
