"""The dial loop, on a clock that moves only while the loop waits: idle, pace, draining, bad databases."""

from __future__ import annotations

import threading
from datetime import timedelta
from itertools import pairwise

import pytest
from databases import ON_SQLITE
from support.bench import HOUR, MINUTE, SECOND, Bench, campaign, configuration, contact, crowd
from support.carrier import SharedCarrier

from reconciler.controller.dial_loop import POLL, TRIES, DialLoop
from reconciler.controller.handing_over import ANSWERS_WITHIN
from reconciler.errors import DatabaseUnusable, SomebodyElseIsApplying
from reconciler.store import tables

pytestmark = ON_SQLITE

BASE = (configuration(), campaign())


class Waiting:
    """An event whose waits move the clock instead of lasting; `happens` is done at the n-th wait."""

    def __init__(self, clock, happens=(), most=2000):
        self.clock = clock
        self.event = threading.Event()
        self.happens = dict(happens)
        self.waits = []
        self.most = most
        self.set, self.is_set = self.event.set, self.event.is_set

    def wait(self, seconds):
        assert len(self.waits) < self.most, "the loop does not end"
        self.waits.append(seconds)
        self.clock.advance(timedelta(seconds=seconds))
        if action := self.happens.get(len(self.waits)):
            action()
        return self.is_set()


class Loop:
    """A loop over a bench, what it was told to be, and what it told."""

    def __init__(self, *manifests, dialer=None, watch=None, **options):
        self.bench = Bench(*(manifests or (*BASE, contact("ada"))))
        self.told = []
        self.steps = []
        self.stop, self.give_up = Waiting(self.bench.clock), Waiting(self.bench.clock)
        self.loop = DialLoop(
            dialer(self.bench) if dialer else self.bench.dialer,
            self.bench.carrier,
            self.bench.clock,
            watch=watch or self.steps.append,
            tell=lambda happening, /, **values: self.told.append((happening, values)),
            **options,
        )

    def run(self, drain=30 * SECOND):
        self.loop.run(self.stop, drain, self.give_up)

    def hang_up(self, outcome="completed"):
        for call in self.bench.carrier.submitted:
            self.bench.carrier.end(call.contact, outcome)

    @property
    def lease(self):
        [row] = self.bench.rows(tables.dialer)
        return row


def test_until_idle_waits_for_the_open_call():
    """`--until-idle`: as long as a call is open there is something to do, however long it takes."""
    here = Loop(idle_after=5 * SECOND)
    here.stop.happens[30] = here.hang_up
    here.run()
    assert len(here.stop.waits) == 30
    assert here.bench.statuses() == {"ada": "completed"}


@pytest.mark.parametrize(("idle_after", "calls"), [(5 * SECOND, 1), (2 * HOUR, 3)])
def test_idle_after_says_how_soon_is_soon(idle_after, calls):
    """`--idle-after`: a retry due in an hour is something to do for a loop that waits for two."""
    here = Loop(idle_after=idle_after)
    here.stop.most = 30_000
    loop_step = here.bench.dialer.step

    def step():
        here.hang_up("busy")
        return loop_step()

    here.bench.dialer.step = step
    here.run()
    assert len(here.bench.carrier.submitted) == calls


def test_until_idle_waits_for_the_first_look_at_the_manifests():
    """A loop that reconciles is not idle before its manifests have been looked at once."""
    looked = threading.Event()
    here = Loop(*BASE, idle_after=5 * SECOND, ready=looked.is_set)
    here.stop.happens[7] = looked.set
    here.run()
    assert len(here.stop.waits) == 7


def test_a_paced_campaign_is_not_idle_between_its_calls():
    """R-DIAL-5: the next call that only the pace holds back is something to do; starts keep the pace."""
    here = Loop(
        configuration(dialing="{calls_per_second: 0.1}"), campaign(), crowd(3), idle_after=15 * SECOND
    )
    loop_step = here.bench.dialer.step

    def step():
        here.hang_up()
        return loop_step()

    here.bench.dialer.step = step
    here.run()
    starts = [row.placing_at for row in here.bench.attempts()]
    assert [b - a for a, b in pairwise(starts)] == [10 * SECOND, 10 * SECOND]


def test_a_loop_whose_claim_was_released_is_not_idle():
    """`--until-idle`: another dialer used the pace between claim and place; the contact is due at once."""
    here = Loop(
        configuration(dialing="{calls_per_second: 1}"), campaign(), contact("ada"), idle_after=5 * SECOND
    )
    bench = here.bench
    bench.meanwhile(lambda: bench.edit_campaign(next_start_at=bench.clock.now() + SECOND / 2))
    here.stop.happens[10] = here.hang_up
    here.run()
    assert [row.outcome for row in bench.attempts()] == ["released", "completed"]


def test_the_database_is_looked_at_twice_a_second():
    """R-LIFE-4: whatever happens, no wait is longer than half a second, so that a pause is seen in time."""
    here = Loop(*BASE)
    here.stop.happens[20] = here.stop.set
    here.run()
    assert max(here.stop.waits) <= POLL.total_seconds()


def test_stopping_starts_no_call_and_waits_for_those_that_run():
    """SIGTERM: no new call, the running one is settled, the lease is given up, and each is said."""
    here = Loop()
    here.stop.happens[1] = lambda: (here.bench.apply(*BASE, contact("ada"), contact("bob")), here.stop.set())
    here.give_up.happens[5] = here.hang_up
    here.run()
    assert here.bench.statuses() == {"ada": "completed", "bob": "pending"}
    assert [name for name, _ in here.told] == ["stopping", "draining", "stopped"]
    assert here.told[-1] == ("stopped", {"left_to_recovery": 0})
    assert here.lease.stopped_at is not None


def test_a_call_that_outlasts_the_drain_is_left_to_recovery():
    """R-CRASH-2: after the drain the lease is given up, with the call still open."""
    here = Loop()
    here.stop.happens[1] = here.stop.set
    here.run(drain=3 * SECOND)
    assert here.told[-1] == ("stopped", {"left_to_recovery": 1})
    assert sum(here.give_up.waits) == pytest.approx(3)
    assert len(here.bench.open()) == 1
    assert here.lease.lease_until == here.lease.stopped_at == here.bench.clock.now()


def test_being_told_twice_cuts_the_drain_short():
    """A second signal leaves running calls to the next start at once."""
    here = Loop()
    here.stop.happens[1] = here.stop.set
    here.give_up.happens[2] = here.give_up.set
    here.run(drain=10 * MINUTE)
    assert len(here.give_up.waits) == 2
    assert here.told[-1] == ("stopped", {"left_to_recovery": 1})


def shared(bench):
    """Give a dialer whose calls can be handed over."""
    bench.carrier = SharedCarrier(bench.clock)
    return bench.join(bench.carrier)


def another(here):
    """Let another dialer join, on the same carrier."""
    return here.bench.join(SharedCarrier(here.bench.clock, here.bench.carrier))


def answer_and_stop(here, dialer=None):
    """Have the call answered, and the loop told to stop."""
    here.bench.carrier.progress("ada")
    if dialer is not None:
        dialer.step()
    here.stop.set()


def stepping(dialer, until=50):
    """Step a dialer with each wait of the loop."""
    return dict.fromkeys(range(1, until), dialer.step)


def test_stopping_hands_running_calls_over_to_a_dialer_that_is_there():
    """Stop: nothing is waited for but the other one's answer; it goes on with the call."""
    here = Loop(dialer=shared)
    heir = another(here)
    here.stop.happens[1] = lambda: answer_and_stop(here, heir)
    here.give_up.happens = stepping(heir)
    here.run()
    assert here.told == [
        ("stopping", {"detail": "no new calls; press Ctrl-C again to leave running ones to the next start"}),
        ("handed over", {"calls": 1, "dialers": 1}),
        ("stopped", {"left_to_recovery": 0}),
    ]
    assert sum(here.give_up.waits) < ANSWERS_WITHIN.total_seconds()
    heir.step()
    heir.step()
    here.hang_up()
    heir.step()
    assert here.bench.statuses() == {"ada": "completed"}


def test_stopping_beside_a_dialer_that_does_not_answer_drains():
    """R-CRASH-2: it was killed a moment ago; its lease says nothing."""
    here = Loop(dialer=shared)
    heir = another(here)
    here.stop.happens[1] = lambda: answer_and_stop(here, heir)
    here.give_up.happens[30] = here.hang_up
    here.run()
    assert [name for name, _ in here.told] == ["stopping", "draining", "stopped"]
    assert here.bench.statuses() == {"ada": "completed"}


def test_a_dialer_that_joins_during_the_drain_gets_the_calls():
    """Many dialers: whoever drains alone need not do so to the end."""
    here = Loop(dialer=shared)
    here.stop.happens[1] = lambda: answer_and_stop(here)
    here.give_up.happens[10] = lambda: another(here)
    here.run()
    assert [name for name, _ in here.told] == ["stopping", "draining", "handed over", "stopped"]
    assert len(here.give_up.waits) == 10
    assert len(here.bench.open()) == 1


def test_being_told_twice_waits_for_no_heir():
    """A second signal ends at once, and running dialers look after what is left at once, too."""
    here = Loop(dialer=shared)
    heir = another(here)
    here.stop.happens[1] = lambda: answer_and_stop(here, heir)
    here.give_up.happens[2] = here.give_up.set
    here.run()
    assert here.told[-1] == ("stopped", {"left_to_recovery": 1})
    heir.step()
    heir.step()
    assert [row.dialer_id for row in here.bench.open()] == [heir.lease.dialer_id]


def test_a_loop_that_waits_until_idle_goes_on_with_calls_that_were_handed_over():
    """`--until-idle`: a call that another dialer has open is something to wait for, and then its own."""
    here = Loop(dialer=shared, idle_after=5 * SECOND)
    giver = another(here)
    giver.step()

    def give():
        here.bench.carrier.progress("ada")
        giver.step()
        giver.drain()
        assert giver.hand_over().pending

    def ends():
        owners.extend(row.dialer_id for row in here.bench.open())
        here.hang_up()

    owners = []
    here.stop.happens = {3: give, 6: giver.hand_over, 60: ends}
    here.run()
    assert len(here.stop.waits) == 60
    assert owners == [here.loop._dialer.lease.dialer_id]
    assert here.bench.statuses() == {"ada": "completed"}


def test_a_busy_database_does_not_keep_calls_from_being_handed_over_later():
    """A locked database costs a look, never the stop."""
    here = Loop(dialer=lambda bench: Hindered(shared(bench)))
    heir = another(here)
    here.stop.happens[1] = lambda: answer_and_stop(here, heir)
    here.give_up.happens = stepping(heir)
    here.run()
    assert [name for name, _ in here.told] == ["stopping", "busy", "draining", "handed over", "stopped"]


class Hindered:
    """A dialer whose first hand-over finds the database locked."""

    def __init__(self, dialer):
        self._dialer = dialer
        self._errors = [SomebodyElseIsApplying("locked")]

    def __getattr__(self, name):
        return getattr(self._dialer, name)

    def hand_over(self):
        if self._errors:
            raise self._errors.pop()
        return self._dialer.hand_over()


class Failing:
    """A dialer whose first steps fail."""

    def __init__(self, dialer, *errors):
        self._dialer = dialer
        self._errors = list(errors)

    def __getattr__(self, name):
        return getattr(self._dialer, name)

    def step(self):
        if self._errors:
            raise self._errors.pop(0)
        return self._dialer.step()


def test_a_step_that_the_database_fails_is_tried_again():
    """A locked or failing database costs a step, never the loop: it says so, waits, and goes on."""
    errors = (SomebodyElseIsApplying("locked"), DatabaseUnusable("disk I/O error"))
    here = Loop(dialer=lambda bench: Failing(bench.dialer, *errors), idle_after=5 * SECOND)
    here.stop.happens[4] = here.hang_up
    here.run()
    assert [name for name, _ in here.told] == ["busy", "database unusable"]
    assert here.told[1][1]["error"] == "disk I/O error"
    assert here.stop.waits[:2] == [0.5, 2]
    assert here.bench.statuses() == {"ada": "completed"}


def test_a_database_that_stays_locked_is_told_of_once():
    """Operators read the log: a step is tried twice a second for as long as somebody applies."""
    locked = [SomebodyElseIsApplying("locked")] * 3
    here = Loop(dialer=lambda bench: Failing(bench.dialer, *locked), idle_after=5 * SECOND)
    here.stop.happens[5] = here.hang_up
    here.run()
    assert [name for name, _ in here.told] == ["busy"]


def test_what_cannot_be_shown_ends_no_call():
    """Calls go on, whatever keeps their progress from being drawn; it is told, and shown again later."""
    shown = []
    fates = iter([DatabaseUnusable("restarting"), ZeroDivisionError(), None, ZeroDivisionError()])

    def watch(result):
        if error := next(fates, None):
            raise error
        shown.append(result)

    here = Loop(idle_after=5 * SECOND, watch=watch)
    here.stop.happens[5] = here.hang_up
    here.run()
    assert [name for name, _ in here.told] == ["progress not shown"] * 2
    assert here.told[0][1]["error"] == "DatabaseUnusable: restarting"
    assert len(shown) >= 2
    assert here.bench.statuses() == {"ada": "completed"}


def _full(times):
    return [DatabaseUnusable("database or disk is full") for _ in range(times)]


def test_until_idle_gives_an_unusable_database_up():
    """`--until-idle`: whoever waits for the end learns the reason, and no full disk keeps it for ever."""
    here = Loop(dialer=lambda bench: Failing(bench.dialer, *_full(TRIES)), idle_after=5 * SECOND)
    with pytest.raises(DatabaseUnusable, match="disk is full"):
        here.run()
    assert [name for name, _ in here.told] == ["database unusable"] * (TRIES - 1) + ["giving up"]
    assert here.lease.stopped_at is not None


def test_only_failures_in_a_row_count():
    """`--until-idle`: a database that comes back in time is not given up, however often it fails."""
    here = Loop(idle_after=5 * SECOND)
    step, fates = here.bench.dialer.step, iter([*_full(TRIES - 1), None, *_full(TRIES - 1)])

    def failing():
        if error := next(fates, None):
            raise error
        return step()

    here.bench.dialer.step = failing
    here.stop.happens[2 * TRIES] = here.hang_up
    here.run()
    assert here.bench.statuses() == {"ada": "completed"}


def test_a_service_waits_for_its_database():
    """Without `--until-idle` a step that fails is tried again for as long as it takes."""
    here = Loop(dialer=lambda bench: Failing(bench.dialer, *_full(4 * TRIES)))
    here.stop.happens[4 * TRIES + 1] = here.stop.set
    here.give_up.happens[1] = here.hang_up
    here.run()
    assert here.bench.statuses() == {"ada": "completed"}


def test_a_fault_of_ours_gives_the_lease_up():
    """R-CRASH-2: whatever ends the loop, the next start need not wait for the lease to run out."""
    here = Loop(dialer=lambda bench: Failing(bench.dialer, ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        here.run()
    assert here.lease.stopped_at is not None
