"""Progress: tallies that say what counting would, and what stands between a campaign and its manifest."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from declared import campaign, configuration, contact, dialer, organization, state
from installation import Installation
from sqlalchemy import delete
from support.history import every_attempt

from reconciler.controller.dialer import Dialer, Identity
from reconciler.gateways.simulator import SimulatedCarrier
from reconciler.ids import Uuid7
from reconciler.store import tables
from reconciler.store.book import BookReader
from reconciler.store.reads.overview import read_overview
from reconciler.store.reads.progress import BUCKETS, campaigns_progress


def progress(installation):
    with installation.database.read() as connection:
        book, _ = BookReader().read(connection)
        return {one.campaign: one for one in campaigns_progress(connection, book, installation.clock.now())}


def overview(installation):
    with installation.database.read() as connection:
        book, _ = BookReader().read(connection)
        return read_overview(connection, book, installation.clock.now())


@pytest.fixture
def small():
    installation = Installation()
    installation.apply(
        state(configuration(), campaign(), campaign("autumn"), contacts=[contact("ada"), contact("bob")])
    )
    return installation


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_tallies_are_what_counting_says(seed):
    """R-CONTACT-1: after hours of dialing, buckets add up to the rows, attempts to those that count."""
    installation = Installation(seed=seed)
    people = [contact(f"p{n}") for n in range(40)] + [contact(f"q{n}", campaign="autumn") for n in range(15)]
    installation.apply(
        state(dialer(20), organization("default", concurrency_limit=20), configuration(),
              campaign(), campaign("autumn", priority=9), contacts=people)
    )  # fmt: skip
    carrier = SimulatedCarrier(installation.clock, seed, quiet_progress=True)
    machine = Dialer(
        installation.database, carrier, installation.clock, Uuid7(Random(seed)), Identity("here", 1)
    )
    for _ in range(60):
        result = machine.step()
        wake = min(at for at in (result.next_wake, carrier.next_event_at()) if at)
        installation.clock.move_to(max(installation.clock.now(), wake))
    rows = installation.rows(tables.contact)
    with installation.database.read() as connection:
        used = [row for row in every_attempt(connection) if row.used]
    still_open = installation.rows(tables.open_attempt)
    assert used
    for one in progress(installation).values():
        own = [row.status.replace("locked", "in_progress") for row in rows if row.campaign_key == one.key]
        assert dict(one.contacts) == {bucket: own.count(bucket) for bucket in BUCKETS}
        assert one.total == len(own) == sum(one.contacts.values())
        assert one.attempts == sum(row.campaign_key == one.key for row in used)
        assert one.active_calls == sum(row.campaign_key == one.key for row in still_open)


def test_the_shape_of_status_is_the_promised_one(small):
    """R-MAN-3: `status --format json` has the fields of interface.md, and no others."""
    record = progress(small)["spring"].record()
    assert record == {
        "org": "default",
        "campaign": "spring",
        "status": "active",
        "sync": "in_sync",
        "priority": 1,
        "contacts": {
            "total": 2, "pending": 2, "in_progress": 0, "completed": 0, "exhausted": 0, "expired": 0,
            "error": 0, "withdrawn": 0, "unknown": 0,
        },
        "attempts": {"total": 0, "average_per_contact": 0.0},
        "active_calls": 0,
        "concurrency_limit": 10,
    }  # fmt: skip


def test_sync_tells_drift_holds_and_ownership(small):
    """R-PLAN-3, R-PLAN-5, R-HOLD-1: drift is out_of_sync, a hold says held, no owner is unmanaged."""
    small.edit_campaign("autumn", priority=7)
    assert progress(small)["autumn"].sync == "out_of_sync"
    small.pause("autumn")
    assert progress(small)["autumn"].sync == "held"
    assert progress(small)["spring"].sync == "in_sync"
    with small.database.write() as connection:
        connection.execute(delete(tables.inventory).where(tables.inventory.c.name == "spring"))
    assert progress(small)["spring"].sync == "unmanaged"


def test_a_campaign_is_complete_once_nobody_is_left(small):
    """R-LIFE-7: Complete says that every contact is in a final status; who was withdrawn is in it no more."""
    small.edit_contact("ada", status="completed")
    assert not progress(small)["spring"].complete
    small.edit_contact("bob", status="withdrawn")
    assert progress(small)["spring"].complete
    assert not progress(small)["autumn"].complete


@pytest.mark.parametrize(("own", "at_most"), [(None, 10), (3, 3), (40, 10)])
def test_a_campaign_shows_the_narrower_one_of_two_limits(small, own, at_most):
    """Its own or its organization's: whichever keeps its calls from being made first."""
    assert replace(progress(small)["spring"], own_limit=own).calls_at_most == at_most


def test_contacts_in_no_campaign_are_shown_where_there_are_any(small):
    """R-ADHOC-1: they have no campaign name, and the highest priority; where there are none, no line."""
    assert set(progress(small)) == {"spring", "autumn"}
    small.apply(state(contacts=[contact("walk-in", campaign=None, agent_id="a")]), source="desk")
    adhoc = progress(small)[None]
    assert (adhoc.total, adhoc.priority, adhoc.sync) == (1, 1_000_000, "unmanaged")


def test_a_dialer_that_was_stopped_amid_calls_did_not_die(small):
    """R-CRASH-2: calls that a person left to the next start are counted with the dialer that made them."""
    carrier = SimulatedCarrier(small.clock, 1)
    machine = Dialer(small.database, carrier, small.clock, Uuid7(Random(1)), Identity("box", 42))
    machine.step()
    machine.resign()
    seen = overview(small)
    assert (seen.dialers[0]["state"], seen.dialers[0]["left_calls"], seen.abandoned) == ("stopped", 2, 0)


def test_dialers_show_while_they_run_or_have_left_calls_behind(small):
    """R-CRASH-2, R-HOLD-3: a lease that ran out shows with its calls; the newest hold is confirmed or not."""
    carrier = SimulatedCarrier(small.clock, 1)
    machine = Dialer(small.database, carrier, small.clock, Uuid7(Random(1)), Identity("box", 42))
    machine.step()
    [dialing] = overview(small).dialers
    assert (dialing["state"], dialing["host"], dialing["open_calls"]) == ("running", "box", 2)
    assert dialing["obeys_all_holds"]
    small.pause("autumn")
    assert not overview(small).dialers[0]["obeys_all_holds"]
    small.clock.advance(timedelta(minutes=5))
    seen = overview(small)
    assert (seen.dialers[0]["state"], seen.abandoned) == ("expired", 2)
    assert seen.holds == [("campaign autumn in organization default",
                           "held by ana since 2026-03-02 15:01 UTC: complaints")]  # fmt: skip
