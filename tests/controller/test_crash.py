"""Dialers that die, sleep and wake up, between any two of claim, admission, submit and events."""

from __future__ import annotations

from datetime import timedelta

import pytest
from databases import shared_url
from support.bench import DAY, HOUR, MINUTE, SECOND, Bench, campaign, configuration, contact, crowd
from support.carrier import ScriptedCarrier

from reconciler.clock import VirtualClock
from reconciler.controller.dialer import LEASE
from reconciler.core.outcomes import Outcome
from reconciler.ports import Accepted, Answered, Ended
from reconciler.store import tables
from reconciler.store.engine import open_database

WORLD = (configuration(dialing="{ring_timeout: 30s, max_call_duration: 10m}"), campaign(), contact("c1"))
LONGEST_CALL = timedelta(minutes=10, seconds=30)


class Killed(BaseException):
    """Stands for kill -9: nothing after it runs."""


@pytest.fixture
def bench(tmp_path):
    return Bench(*WORLD, url=shared_url(tmp_path))


@pytest.fixture
def second(bench):
    """A second process: its own connections to the same file."""
    database = open_database(bench.url)
    yield lambda **options: bench.join(database=database, **options)
    database.close()


def kill_at(bench, dialer, point):
    """Let a dialer step until it is killed at a point."""

    def killed(*_args):
        raise Killed

    def killed_after_submit(calls, submit=bench.carrier.submit):
        submit(calls)
        raise Killed

    carrier, real = bench.carrier, bench.carrier.submit
    match point:
        case "claimed":
            dialer._admit = killed
        case "placing":
            carrier.submit = killed
        case "sent":
            carrier.submit = killed_after_submit
    with pytest.raises(Killed):
        dialer.step()
    carrier.submit = real


def rings(bench):
    return sum(bench.carrier.rings.values())


def test_what_was_only_claimed_is_released_and_called_by_another(bench, second):
    """R-CRASH-2: an attempt that never left `intent` is released unused; nobody needs to be asked."""
    kill_at(bench, bench.join(), "claimed")
    assert bench.statuses() == {"c1": "locked"}
    bench.clock.advance(LEASE)
    second().step()
    first, again = bench.attempts()
    assert (first.state, first.outcome, first.used, first.attempt) == ("ended", "released", False, None)
    assert (again.state, bench.statuses()) == ("placing", {"c1": "in_progress"})
    assert (rings(bench), bench.carrier.asked) == (1, [])
    bench.assert_sound()


def test_before_the_lease_expires_nobody_takes_over(bench, second):
    """R-CRASH-2: a microsecond before, the attempt may still be its dialer's."""
    kill_at(bench, bench.join(), "claimed")
    bench.clock.advance(LEASE - timedelta.resolution)
    second().step()
    assert [row.state for row in bench.attempts()] == ["intent"]


@pytest.mark.parametrize("answer", ["fenced", "cannot_tell"])
def test_what_was_placing_and_never_sent_is_asked_about(bench, second, answer):
    """R-CRASH-2: fenced: released and called again; cannot_tell: unknown, and never redialled."""
    bench.carrier.answer = answer
    kill_at(bench, bench.join(), "placing")
    bench.clock.advance(LEASE)
    other = second()
    other.step()
    other.step()
    assert [inquiry.number for inquiry in bench.carrier.asked] == [bench.contact("c1").phone_numbers[0]]
    if answer == "fenced":
        assert [(row.state, row.used) for row in bench.attempts()] == [("ended", False), ("placing", None)]
        assert rings(bench) == 1
    else:
        [attempt] = bench.attempts()
        assert (attempt.state, attempt.used, attempt.attempt) == ("unknown", True, 1)
        assert (bench.statuses(), rings(bench)) == ({"c1": "unknown"}, 0)
    bench.assert_sound()


def test_a_call_that_is_found_is_adopted_and_settled(bench, second):
    """R-CRASH-2: the call goes on under the other dialer; its end is settled as if nothing had happened."""
    kill_at(bench, bench.join(), "sent")
    bench.clock.advance(LEASE)
    other = second()
    other.step()
    other.step()
    [attempt] = bench.attempts()
    assert (attempt.state, bench.open()[0].dialer_id) == ("placed", other.lease.dialer_id)
    bench.carrier.end("c1", "completed")
    other.step()
    assert (bench.statuses(), rings(bench)) == ({"c1": "completed"}, 1)
    bench.assert_sound()


def test_a_call_that_nobody_can_tell_of_is_unknown_until_the_proof(bench, second):
    """R-CRASH-2, R-CONTACT-1: unknown, used, never redialled; a later end settles it after all."""
    bench.carrier.answer = "cannot_tell"
    kill_at(bench, bench.join(), "sent")
    bench.clock.advance(LEASE)
    other = second()
    for _ in range(3):
        other.step()
    bench.clock.advance(2 * DAY)
    other.step()
    assert (bench.statuses(), rings(bench), bench.open()) == ({"c1": "unknown"}, 1, [])
    bench.carrier.end("c1", "no_answer")
    other.step()
    assert (bench.contact("c1").status, bench.contact("c1").attempts) == ("pending", 1)
    assert [(row.outcome, row.attempt) for row in bench.attempts()] == [("no_answer", 1)]
    bench.assert_sound()


def test_a_proof_that_it_never_rang_takes_the_attempt_back(bench, second):
    """R-CRASH-2, R-RETRY-1: unknown and then provably silent: unused, and due again."""
    bench.carrier.answer = "cannot_tell"
    kill_at(bench, bench.join(), "sent")
    bench.clock.advance(LEASE)
    other = second()
    other.step()
    other.step()
    other.drain()
    bench.carrier.end("c1", "provider_fault", rang=False)
    other.step()
    assert (bench.contact("c1").status, bench.contact("c1").attempts) == ("pending", 0)
    assert [(row.used, row.attempt) for row in bench.attempts()] == [(False, None)]
    bench.assert_sound()


@pytest.mark.parametrize("event", [Accepted, Answered])
def test_signs_of_life_leave_an_unknown_call_unknown(bench, event):
    """R-CRASH-2: states only move forward; the attempt stays used and keeps its number."""
    bench.carrier.answer = "cannot_tell"
    bench.step()
    bench.step(LONGEST_CALL + MINUTE)
    bench.step()
    id_ = bench.attempt("c1").id
    bench.carrier.tell(event(*([id_, bench.clock.now(), "late"][: 3 if event is Accepted else 2])))
    bench.step(SECOND)
    attempt = bench.attempt("c1")
    assert (attempt.state, attempt.used, attempt.attempt) == ("unknown", True, 1)
    bench.assert_sound()


def test_a_dialer_that_slept_before_admission_wakes_up_and_rings_nobody(bench, second):
    """R-CRASH-3: its lease expired between claim and admission; the other one made the call."""
    sleeper, other = bench.join(), second()

    def sleep():
        bench.clock.advance(LEASE)
        other.step()

    bench.meanwhile(sleep, sleeper)
    assert sleeper.step().started == 0
    assert rings(bench) == 1
    bench.assert_sound()


def test_a_dialer_whose_clock_is_behind_rings_nobody_twice(bench, second):
    """R-CRASH-1: its lease still looks good to itself, but its intent was recovered: the state decides."""
    ahead = VirtualClock(bench.clock.now() + LEASE + SECOND)
    sleeper = bench.join()
    bench.meanwhile(lambda: second(clock=ahead).step(), sleeper)
    assert sleeper.step().started == 0
    assert rings(bench) == 1
    assert [row.state for row in bench.attempts()] == ["ended", "placing"]
    bench.assert_sound()


@pytest.mark.parametrize("answer", ["fenced", "cannot_tell"])
def test_a_dialer_that_slept_before_the_submit_wakes_up_and_rings_nobody(bench, second, answer):
    """R-CRASH-3: every call carries `not_after`, before the lease can expire; a late submit is dropped."""
    bench.carrier.answer = answer
    sleeper = bench.join()
    other = second()
    submit = bench.carrier.submit

    def sleep_and_submit(calls):
        bench.carrier.submit = submit
        bench.clock.advance(LEASE)
        other.step()
        other.step()
        submit(calls)

    bench.carrier.submit = sleep_and_submit
    sleeper.step()
    late = bench.carrier.submitted[-1]
    assert late.not_after < late.placing_at + LEASE
    assert bench.carrier.rings[late.attempt_id] == 0
    assert bench.statuses() == {"c1": "in_progress" if answer == "fenced" else "unknown"}
    sleeper.step()  # the carrier's word that it dropped the late call is the proof that was missing
    assert (bench.statuses(), rings(bench)) == ({"c1": "in_progress"}, 1)
    bench.assert_sound()


def test_a_lease_that_expired_comes_back_under_a_new_epoch(bench):
    """R-CRASH-2: what a sleeper still held counts as nobody's: its own calls are asked about, too."""
    bench.step()
    before = bench.dialer.lease
    bench.step(LEASE + SECOND)
    after = bench.dialer.lease
    assert (after.dialer_id, after.epoch) == (before.dialer_id, before.epoch + 1)
    assert [inquiry.attempt_id for inquiry in bench.carrier.asked] == [bench.attempt("c1").id]
    assert bench.open()[0].epoch == after.epoch


def test_a_clock_that_is_set_back_leaves_no_lease_for_hours(bench, second):
    """R-CRASH-2: else nobody could take over, for as long as it had been ahead, what is left by then."""
    bench.step()
    bench.clock._now -= HOUR
    bench.step()
    [row] = bench.rows(tables.dialer)
    assert row.lease_until == bench.clock.now() + LEASE


def test_a_dialer_that_resigns_is_recovered_at_once(bench, second):
    """R-CRASH-2: giving the lease up means that nobody has to wait for it to expire."""
    dialer = bench.join()
    dialer.step()
    dialer.resign()
    other = second()
    other.step()
    assert bench.open()[0].dialer_id == other.lease.dialer_id


def test_a_call_of_another_gateway_is_left_to_a_dialer_that_speaks_to_it(bench, second):
    """R-CRASH-2: nobody else can ask; when its time is over and nobody came, nobody can tell."""
    foreign = ScriptedCarrier(bench.clock, "foreign")
    dead = second(carrier=foreign)
    dead.step()
    bench.clock.advance(LEASE)
    bench.step()
    assert (bench.attempt("c1").state, bench.carrier.asked) == ("placing", [])
    bench.step(LONGEST_CALL)
    assert (bench.attempt("c1").state, bench.statuses()) == ("unknown", {"c1": "unknown"})
    bench.assert_sound()


def test_another_dialer_of_the_same_gateway_adopts_its_call(bench, second):
    """R-CRASH-2: the gateway of the attempt is asked, not that of whoever comes first."""
    foreign = ScriptedCarrier(bench.clock, "foreign")
    second(carrier=foreign).step()
    bench.clock.advance(LEASE)
    bench.step()
    heir = bench.join(carrier=foreign)
    heir.step()
    assert (len(foreign.asked), bench.carrier.asked) == (1, [])
    assert bench.open()[0].dialer_id == heir.lease.dialer_id


def test_a_lost_end_is_chased_until_the_gateway_tells(bench):
    """R-CRASH-4: a call that must be over is asked about, every minute, by a dialer that never died."""
    dialer = bench.join(lease=DAY)
    asked = []
    for after in (0, LONGEST_CALL, 10 * SECOND, 30 * SECOND, 30 * SECOND):
        bench.clock.advance(after or timedelta(0))
        dialer.step()
        asked.append(len(bench.carrier.asked))
    assert asked == [0, 0, 1, 1, 2]
    bench.carrier.end("c1", "completed")
    dialer.step()
    assert bench.statuses() == {"c1": "completed"}


def test_an_unknown_call_counts_as_active_until_its_time_is_over_and_no_longer(bench):
    """R-DIAL-3: ring timeout and maximum duration after it was placed, or at once if that has passed."""
    bench.carrier.answer = "cannot_tell"
    dialer = bench.join(lease=DAY)
    dialer.step()
    bench.clock.advance(LONGEST_CALL + 10 * SECOND)
    assert dialer.step().open_calls == 1
    assert dialer.step().open_calls == 0
    assert bench.open() == []


def test_an_unknown_call_keeps_its_place_while_it_may_talk(bench, second):
    """R-DIAL-3, R-CONTACT-4: until then it takes a slot, and its number is on a call."""
    bench.carrier.answer = "cannot_tell"
    kill_at(bench, bench.join(), "sent")
    bench.apply(*WORLD, contact("twin", bench.contact("c1").phone_numbers[0]))
    bench.clock.advance(LEASE)
    other = second()
    other.step()
    assert other.step().open_calls == 1
    assert bench.contact("twin").reason == "the number is on another call"
    bench.clock.advance(LONGEST_CALL - LEASE - timedelta.resolution)
    assert other.step().open_calls == 1
    bench.clock.advance(timedelta.resolution)
    assert other.step().started == 1
    assert bench.statuses() == {"c1": "unknown", "twin": "in_progress"}
    bench.assert_sound()


POINTS = ["recover", "settle_events", "tidy", "claim", "admit"]
HALFWAY = {
    "controller.claiming.write_intents": 1,
    "controller.admitting._mark_placing": 1,
    "controller.settling.settle_contacts": 2,
    "controller.settling.draw_consequences": 2,
    "store.open_attempts.intend": 1,
    "store.attempts.end": 2,
    "store.attempts.close": 2,
    "store.leases.renew": 1,
    "store.waiting_room.change_status": 1,
}


@pytest.mark.parametrize("after", [True, False])
@pytest.mark.parametrize(
    ("place", "step"),
    [*((f"controller.dialer.{name}", 1) for name in POINTS), *HALFWAY.items()],
)
def test_a_step_that_fails_leaves_nothing_half_written(monkeypatch, place, step, after):
    """R-CRASH-4: whatever fails in whichever transaction, the next step goes on; each phone rings once."""
    bench = Bench(configuration(), campaign(), crowd(3))
    module, _, name = f"reconciler.{place}".rpartition(".")
    if step == 2:
        bench.step()
        for contact_name in ("c0", "c1", "c2"):
            bench.carrier.progress(contact_name)
            bench.carrier.end(contact_name, "completed")
    real = getattr(__import__(module, fromlist=[name]), name)

    def fails(*args, **options):
        monkeypatch.setattr(f"{module}.{name}", real)
        if after:
            real(*args, **options)
        raise RuntimeError("out of luck")

    dialer = bench.dialer
    monkeypatch.setattr(f"{module}.{name}", fails)
    with pytest.raises(RuntimeError, match="out of luck"):
        dialer.step()
    bench.assert_sound()
    bench.step(SECOND)
    bench.assert_sound()
    assert set(bench.statuses().values()) == {"in_progress" if step == 1 else "completed"}
    assert sorted(bench.carrier.rings.values()) == [1, 1, 1]


@pytest.mark.parametrize("method", ["submit", "hang_up"])
def test_a_gateway_that_raises_loses_no_contact(bench, monkeypatch, method):
    """R-CRASH-4: a gateway that raises breaks its promise; what it was given is asked about later."""
    real = getattr(bench.carrier, method)

    def raises(*_args):
        setattr(bench.carrier, method, real)
        raise ConnectionError

    setattr(bench.carrier, method, raises)
    if method == "submit":
        bench.step()
        bench.carrier.answer = "fenced"
        bench.step(LONGEST_CALL + 10 * SECOND)
        bench.step()
    else:
        bench.step()
        bench.hold("all", hang_up="all")
        bench.step(SECOND)
        bench.carrier.end("c1", "cancelled")
        bench.step(SECOND)
        assert bench.statuses() == {"c1": "pending"}
        return
    assert (bench.statuses(), rings(bench)) == ({"c1": "in_progress"}, 1)
    bench.assert_sound()


def test_events_of_a_failed_step_are_not_lost(bench, monkeypatch):
    """R-CRASH-4: a gateway tells an event once; it stays in hand until it is committed."""
    bench.step()
    bench.carrier.end("c1", "completed")
    monkeypatch.setattr("reconciler.controller.dialer.tidy", lambda _cycle: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        bench.step(SECOND)
    monkeypatch.undo()
    bench.step(SECOND)
    assert bench.statuses() == {"c1": "completed"}


def test_events_may_be_settled_by_any_dialer(bench, second):
    """R-CRASH-2: only submit needs a lease: a dialer that lost its own still settles what it hears."""
    bench.step()
    id_ = bench.attempt("c1").id
    carrier = ScriptedCarrier(bench.clock)
    other = second(carrier=carrier)
    carrier.tell(Ended(id_, bench.clock.now(), Outcome.COMPLETED))
    other.drain()
    other.step()
    assert bench.statuses() == {"c1": "completed"}
    assert bench.rows(tables.conversation)[0].attempt_id == id_


def test_an_attempt_nobody_knows_changes_nothing(bench):
    """R-CRASH-4: events of another database's calls are ignored."""
    bench.carrier.tell(Ended(bench.ids(bench.clock.now()), bench.clock.now(), Outcome.COMPLETED))
    bench.step()
    assert bench.statuses() == {"c1": "in_progress"}


def test_not_after_ends_before_the_window_shuts_and_the_contact_expires(bench):
    """R-CRASH-3: the earliest of lease, window, end_at and expiry."""
    soon = bench.clock.now() + 20 * SECOND
    bench.edit_contact("c1", expires_at=soon)
    bench.step()
    assert bench.carrier.submitted[0].not_after == soon == bench.attempt("c1").not_after
    assert bench.clock.now() + HOUR > soon
