"""Calls that a stopping dialer gives to others: none is lost and none rings twice, whoever dies meanwhile."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from threading import Barrier, BrokenBarrierError
from unittest.mock import patch

import pytest
from databases import shared_url
from sqlalchemy import update
from support.bench import MINUTE, SECOND, Bench, campaign, configuration, contact, crowd
from support.carrier import ScriptedCarrier, SharedCarrier

from reconciler.controller.dialer import LEASE
from reconciler.controller.handing_over import ANSWERS_WITHIN, HandOver
from reconciler.store import leases, open_attempts, tables
from reconciler.store.engine import open_database
from reconciler.store.open_attempts import HANDED_OVER
from reconciler.store.reads.installations import abandoned_calls, dialer_records

LATER = LEASE / 12
"""Before anybody's next heartbeat."""

WORLD = (configuration(dialing="{ring_timeout: 30s, max_call_duration: 10m}"), campaign(), crowd(6))


@pytest.fixture
def bench(tmp_path):
    bench = Bench(*WORLD, url=shared_url(tmp_path))
    bench.carrier = SharedCarrier(bench.clock)
    return bench


@pytest.fixture
def join(bench):
    """Join as another process does, with its own connections and its own line to the carrier."""
    database = open_database(bench.url)
    yield lambda carrier=None, **options: bench.join(
        carrier or SharedCarrier(bench.clock, bench.carrier), database=database, **options
    )
    database.close()


@pytest.fixture
def giver(bench):
    """A dialer that has six calls answered, and is told to stop."""
    dialer = bench.join(bench.carrier)
    assert dialer.step().started == 6
    for n in range(6):
        bench.carrier.progress(f"c{n}")
    dialer.step()
    dialer.drain()
    return dialer


def rest(*dialers):
    """Let dialers step until none has anything to do at once."""
    for _ in range(3):
        for dialer in dialers:
            dialer.step()


def hand_over(giver, *heirs):
    """Knock, have these answer, and give."""
    assert giver.hand_over() == HandOver(pending=True)
    rest(*heirs)
    return giver.hand_over()


def owners(bench):
    """Count the open calls of each dialer."""
    held = [row.dialer_id for row in bench.open()]
    return {id_: held.count(id_) for id_ in held}


def end_all(bench, outcome="completed"):
    for n in range(6):
        bench.carrier.end(f"c{n}", outcome)


def all_completed(bench):
    return set(bench.statuses().values()) == {"completed"}


def test_calls_go_to_another_dialer_at_once_and_end_there(bench, giver, join):
    """R-CRASH-2: asked about, found, gone on with: long before any heartbeat; each phone rings once."""
    told = []
    heir = join(tell=lambda happening, /, **values: told.append((happening, values)))
    heir.step()
    bench.clock.advance(LATER)
    assert hand_over(giver, heir) == HandOver(calls=6, dialers=1)
    assert giver.running_calls() == 0
    rest(heir)
    assert told == [("taking over", {"calls": 6})]
    assert owners(bench) == {heir.lease.dialer_id: 6}
    assert {row.epoch for row in bench.open()} == {heir.lease.epoch}
    assert [row.stopped_at is None for row in bench.rows(tables.dialer)] == [False, True]
    end_all(bench)
    rest(heir)
    assert all_completed(bench)
    assert set(bench.carrier.rings.values()) == {1}
    bench.assert_sound()


def test_an_end_that_nobody_heard_is_found_by_asking(bench, giver, join):
    """R-CRASH-4: it came when the giver listened no more, and the heir had not asked yet."""
    heir = join()
    heir.step()
    hand_over(giver, heir)
    end_all(bench)
    rest(heir)
    assert all_completed(bench)
    bench.assert_sound()


def test_several_heirs_share(bench, giver, join):
    """Many dialers: each gets its part, and takes up no other's."""
    heirs = [join() for _ in range(2)]
    rest(*heirs)
    assert hand_over(giver, *heirs) == HandOver(calls=6, dialers=2)
    rest(*heirs)
    assert owners(bench) == {heir.lease.dialer_id: 3 for heir in heirs}
    end_all(bench)
    rest(*heirs)
    assert all_completed(bench)
    bench.assert_sound()


def test_a_dialer_that_was_killed_gets_nothing(bench, giver, join):
    """R-CRASH-2: its lease is still valid, but it does not answer; a dialer that does gets all."""
    join()
    assert giver.hand_over() == HandOver(pending=True)
    bench.clock.advance(ANSWERS_WITHIN)
    assert giver.hand_over() == HandOver()
    assert owners(bench) == {giver.lease.dialer_id: 6}
    late = join()
    assert giver.hand_over() == HandOver(calls=6, dialers=1)
    rest(late)
    assert owners(bench) == {late.lease.dialer_id: 6}


def test_an_heir_that_dies_before_it_asked_leaves_the_calls_to_whoever_comes(bench, giver, join):
    """R-CRASH-2: they are recovered as its own ones would be."""
    heir, other = join(), join()
    rest(heir, other)
    hand_over(giver, heir, other)
    bench.clock.advance(LEASE / 2)
    rest(other)
    assert owners(bench) == {heir.lease.dialer_id: 3, other.lease.dialer_id: 3}
    bench.clock.advance(LEASE / 2)
    rest(other)
    assert owners(bench) == {other.lease.dialer_id: 6}
    end_all(bench)
    rest(other)
    assert all_completed(bench)
    assert set(bench.carrier.rings.values()) == {1}


def test_an_heir_of_the_previous_release_finds_them_by_lease_and_epoch(bench, giver, join):
    """Upgrading: an epoch that no lease has: what old dialers take over with every heartbeat."""
    heir = join()
    heir.step()
    hand_over(giver, heir)
    [epoch] = {row.epoch for row in bench.open()}
    assert epoch == HANDED_OVER != heir.lease.epoch
    with bench.database.read() as connection:
        left = open_attempts.orphaned(connection, bench.clock.now(), heir.lease.dialer_id)
    assert len(left) == 6


def test_an_heir_that_answers_with_its_heartbeat_is_none_too_late(bench, giver, join):
    """Upgrading: the previous release does not hear the knock; its next heartbeat is its answer."""
    heir = join()
    heir.step()
    assert giver.hand_over() == HandOver(pending=True)
    bench.clock.advance(LEASE / 6)
    assert giver.hand_over() == HandOver()
    heir._answer_a_knock = lambda: None
    rest(heir)
    assert giver.hand_over() == HandOver(calls=6, dialers=1)


def test_dialers_that_are_stopped_together_hand_over_until_the_last_one(bench, giver, join):
    """Many dialers: the last one has all calls, and drains."""
    other = join()
    other.step()
    other.drain()
    assert hand_over(giver, other) == HandOver(calls=6, dialers=1)
    rest(other)
    assert (other.hand_over(), other.hand_over()) == (HandOver(), HandOver())
    assert other.running_calls() == 6
    end_all(bench)
    rest(other)
    assert all_completed(bench)


def test_an_heir_that_is_stopped_before_it_asked_passes_them_on(bench, giver, join):
    """R-CRASH-4: what was given to it counts as running there."""
    first, last = join(), join()
    first.step()
    giver.hand_over()
    rest(first)
    bench.clock.advance(ANSWERS_WITHIN)
    assert giver.hand_over() == HandOver(calls=6, dialers=1)
    first.drain()
    assert hand_over(first, last) == HandOver(calls=6, dialers=1)
    rest(last)
    assert owners(bench) == {last.lease.dialer_id: 6}


def test_a_knock_that_was_never_written_down_is_no_knock(bench, giver, join, monkeypatch):
    """R-CRASH-2: the lease of a dead dialer must not look as if it had been renewed since."""
    join()
    monkeypatch.setattr("reconciler.controller.dialer.writing", failing_at_the_end)
    with pytest.raises(ZeroDivisionError):
        giver.hand_over()
    monkeypatch.undo()
    assert giver.hand_over() == HandOver(pending=True)
    bench.clock.advance(ANSWERS_WITHIN)
    assert giver.hand_over() == HandOver()


@contextmanager
def failing_at_the_end(database):
    """Stand for a transaction that cannot be committed."""
    with database.write() as connection:
        yield connection
        raise ZeroDivisionError


def test_dialers_of_another_gateway_are_no_heirs(bench, giver, join):
    """R-CRASH-2: only who speaks to the carrier can ask it."""
    other = join(ScriptedCarrier(bench.clock, "foreign"))
    other.step()
    assert giver.hand_over() == HandOver()


def test_a_gateway_that_does_not_say_so_hands_nothing_over(bench, join):
    """Architecture 4: gateways from before this property keep their calls, and are drained."""
    carrier = ScriptedCarrier(bench.clock)
    dialer, other = bench.join(carrier), join(ScriptedCarrier(bench.clock))
    dialer.step()
    rest(other)
    dialer.drain()
    assert dialer.hand_over() == HandOver()
    assert dialer.running_calls() == 6


def test_orders_on_their_way_get_a_moment(bench, join):
    """R-CRASH-2: what was just sent is better answered here than asked about there; but not for ever."""
    dialer, heir = bench.join(bench.carrier), join()
    dialer.step()
    dialer.drain()
    assert hand_over(dialer, heir) == HandOver(pending=True)
    bench.carrier.progress("c0")
    dialer.step()
    assert dialer.hand_over() == HandOver(pending=True)
    bench.clock.advance(ANSWERS_WITHIN)
    assert dialer.hand_over() == HandOver(calls=6, dialers=1)
    rest(heir)
    assert owners(bench) == {heir.lease.dialer_id: 6}


def test_an_order_that_never_arrived_is_fenced_and_called_again(bench, join):
    """R-CRASH-2: the heir asks, and the carrier's word is what counts."""
    bench.carrier.deaf = True
    dialer = bench.join(bench.carrier)
    dialer.step()
    dialer.drain()
    heir = join()
    heir.step()
    dialer.hand_over()
    heir._gateway._gateway.answer = "fenced"
    rest(heir)
    bench.clock.advance(ANSWERS_WITHIN)
    dialer.hand_over()
    rest(heir)
    assert sorted(bench.carrier.rings.values()) == [1] * 6
    assert {row.used for row in bench.attempts() if row.state == "ended"} == {False}
    bench.assert_sound()


def test_intents_of_a_failed_step_are_released_not_handed_over(bench, join, monkeypatch):
    """R-CRASH-2: nothing was sent of them; whoever comes calls these contacts anew."""
    dialer, heir = bench.join(bench.carrier), join()
    heir.drain()
    heir.step()
    monkeypatch.setattr("reconciler.controller.dialer.admit", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        dialer.step()
    monkeypatch.undo()
    assert set(bench.statuses().values()) == {"locked"}
    dialer.drain()
    dialer.step()
    assert set(bench.statuses().values()) == {"pending"}
    assert dialer.hand_over() == HandOver(pending=True)
    rest(heir)
    assert dialer.hand_over() == HandOver()


def test_a_dialer_that_lost_its_calls_meanwhile_has_none_to_give(bench, giver, join):
    """R-CRASH-2: it slept past its lease; what another one has taken over stays where it is."""
    bench.clock.advance(LEASE)
    other = join()
    rest(other)
    assert giver.running_calls() == 0
    assert hand_over(giver, other) == HandOver()
    assert owners(bench) == {other.lease.dialer_id: 6}


@pytest.mark.parametrize("hang_up", ["all", "unanswered"])
def test_a_hold_that_ends_calls_ends_those_that_were_handed_over(bench, giver, join, hang_up):
    """R-LIFE-4, R-HOLD-3: the giver has obeyed, but its order to hang up may have died with it."""
    heir = join()
    heir.step()
    bench.hold("all", hang_up=hang_up)
    rest(heir, giver)
    hand_over(giver, heir)
    rest(heir)
    ended = heir._gateway._gateway.hung_up
    assert sorted(ended) == (sorted(row.id for row in bench.open()) if hang_up == "all" else [])


def test_a_lease_that_is_given_up_is_noticed_at_once(bench, join):
    """R-CRASH-2: also where nothing is handed over, running dialers need no heartbeat to take over."""
    dialer = bench.join(bench.carrier)
    dialer.step()
    other = join()
    other.step()
    bench.clock.advance(LATER)
    dialer.resign()
    other.step()
    other.step()
    assert owners(bench) == {other.lease.dialer_id: 6}


def test_dialers_that_leave_at_the_same_moment_do_not_wait_for_each_other_in_a_circle(bench, join):
    """R-CRASH-2: each gives its own lease up and knocks at the other; both come to an end."""
    both_have_begun = Barrier(2)

    def resign_together(*given):
        resign(*given)
        with suppress(BrokenBarrierError):  # where one has to wait for the other first, it never comes
            both_have_begun.wait(timeout=0.2)

    dialers, resign = [join(), join()], leases.resign
    with patch.object(leases, "resign", resign_together), ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda dialer: dialer.resign(), dialers))
    assert [row.stopped_at for row in bench.rows(tables.dialer)] == [bench.clock.now()] * 2


def test_a_knock_changes_nothing_but_when_the_lease_is_renewed(bench, join):
    """R-CRASH-3: the lease goes on under its epoch, and one knock is answered once."""
    heir = join()
    heir.step()
    before = heir.lease
    bench.clock.advance(SECOND)
    bench.join(bench.carrier).resign()
    woken = heir.step()
    assert woken.next_wake == bench.clock.now()
    renewed = heir.step()
    assert (heir.lease.epoch, heir.lease.until) == (before.epoch, before.until + SECOND)
    assert renewed.next_wake > bench.clock.now()


def test_nobody_tells_of_dialers_that_died(bench, giver, join):
    """Status: calls on their way to an heir are its open calls, and those of nobody else."""
    heir = join()
    heir.step()
    hand_over(giver, heir)
    with bench.database.read() as connection:
        assert abandoned_calls(connection, bench.clock.now()) == 0
        [record] = dialer_records(connection, bench.clock.now())
    assert (record["id"], record["open_calls"]) == (heir.lease.dialer_id, 6)


def test_calls_of_unknown_fate_stay_where_they_are(bench, giver, join):
    """R-CRASH-2: nobody can be asked about them."""
    first = bench.open()[0].id
    with bench.database.write() as connection:
        free_at = bench.clock.now() + MINUTE
        lost = update(tables.open_attempt).where(tables.open_attempt.c.id == first)
        connection.execute(lost.values(state="unknown", used=True, attempt=1, free_at=free_at))
        contact_id = bench.open()[0].contact_id
        is_its_contact = tables.contact.c.id == contact_id
        connection.execute(update(tables.contact).where(is_its_contact).values(status="unknown"))
    heir = join()
    heir.step()
    assert hand_over(giver, heir).calls == 5
    assert owners(bench) == {heir.lease.dialer_id: 5, giver.lease.dialer_id: 1}


def test_a_contact_that_is_due_is_called_by_the_heir(bench, giver, join):
    """Many dialers: the work goes on without the one that stops."""
    heir = join()
    heir.step()
    bench.apply(*WORLD, contact("late", "+12125550199"))
    rest(heir)
    hand_over(giver, heir)
    rest(heir)
    assert bench.statuses()["late"] == "in_progress"
    assert owners(bench) == {heir.lease.dialer_id: 7}
