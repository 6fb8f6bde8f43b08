"""Start, pause and close by hand: conditional updates, holds, the serial, the log."""

from __future__ import annotations

from datetime import timedelta

import pytest
from call_centre import CallCentre
from declared import campaign, configuration, contact, state
from installation import ANA

from reconciler.core.holds import Hold, HoldCause, HoldScope
from reconciler.errors import TransitionRefused
from reconciler.store import tables
from reconciler.store.book import standing_holds
from reconciler.store.holds import place_hold
from reconciler.store.operations.lifecycle import close, pause, start, still_held
from reconciler.store.operations.stopping import StopOrder, stop

ACTIONS = {"start": start, "pause": pause, "close": close}
SPRING = state(configuration(), campaign(), contacts=[contact("ada"), contact("bob")])


@pytest.fixture
def centre():
    return CallCentre(SPRING)


def holds(centre):
    with centre.database.read() as connection:
        return standing_holds(connection)


def act(centre, action, **options):
    place = centre.place()
    with centre.person() as operation:
        return ACTIONS[action](operation, place, **options)


def everything(centre):
    return [
        centre.rows(table)
        for table in (tables.installation, tables.campaign, tables.hold, tables.event, tables.contact)
    ]


@pytest.mark.parametrize(
    ("before", "action", "after"),
    [
        ("active", "start", "active"), ("active", "pause", "paused"), ("active", "close", "closed"),
        ("paused", "start", "active"), ("paused", "pause", None), ("paused", "close", "closed"),
        ("closed", "start", None), ("closed", "pause", None), ("closed", "close", None),
    ],
)  # fmt: skip
def test_transitions(centre, before, action, after):
    """R-LIFE-2: start unless closed, pause only if active, close unless closed; else nothing is changed."""
    centre.edit_campaign(status=before)
    known = everything(centre)
    if after is None:
        with pytest.raises(TransitionRefused, match=f"cannot {action} campaign spring: it is {before}"):
            act(centre, action)
        assert everything(centre) == known
    else:
        moved = act(centre, action)
        assert (moved.before, moved.after, centre.campaign().status) == (before, after, after)


@pytest.mark.parametrize("action", ACTIONS)
def test_a_transition_raises_the_serial_and_is_logged(centre, action):
    """R-PLAN-7: a lifecycle write by hand raises the serial, on its row too; the log says who and why."""
    serial = centre.serial()
    act(centre, action, reason="Ms +12125550142 complained")
    assert centre.serial() == centre.campaign().serial == serial + 1
    (logged,) = centre.rows(tables.event, tables.event.c.action == action)
    assert (logged.actor, logged.reason) == ("ana", "Ms +1********42 complained")
    assert (logged.kind, logged.name, logged.object_id) == ("Campaign", "spring", centre.campaign().id)
    status = {"start": "active", "pause": "paused", "close": "closed"}[action]
    assert logged.fields == [{"path": "spec.status", "before": "active", "after": status}]


def test_a_pause_leaves_a_hold_that_no_apply_lifts(centre):
    """R-HOLD-2: after a person's pause an apply leaves the campaign paused, says why, and is in sync."""
    act(centre, "pause", reason="complaints")
    (hold,) = holds(centre)
    assert (hold.scope, hold.value, hold.cause) == ("campaign", str(centre.campaign().id), HoldCause.PERSON)
    made = centre.apply(SPRING)
    assert made.in_sync
    assert ["complaints" in notice.detail for notice in made.notices if notice.notice == "held"] == [True]
    assert centre.campaign().status == "paused"


def test_a_start_against_the_manifest_is_drift(centre):
    """R-HOLD-2: where the manifest says paused, a start is drift, and the next apply pauses again."""
    paused = state(configuration(), campaign(status="paused"), contacts=SPRING.contacts)
    centre.apply(paused)
    act(centre, "start")
    assert centre.campaign().status == "active"
    (change,) = centre.apply(paused).objects
    assert (change.cause, change.transition, change.changed_by.actor) == ("drift", "pause", "ana")
    assert centre.campaign().status == "paused"


def test_a_start_lifts_the_holds_on_the_campaign_but_a_breakers(centre):
    """R-HOLD-2, R-HOLD-4: a start lifts what people and refused settings hold, not what a breaker holds."""
    act(centre, "pause")
    where = centre.place()
    for cause in (HoldCause.CONFIG_ERROR, HoldCause.BREAKER):
        now = centre.clock.now()
        held = Hold(
            centre.ids(now), 0, HoldScope.CAMPAIGN, str(where.key), cause, cause.value, "x", now,
            org_id=where.org.id,
        )  # fmt: skip
        with centre.database.write() as connection:
            place_hold(connection, held, ANA)
    moved = act(centre, "start")
    assert {hold.cause for hold in moved.lifted} == {HoldCause.PERSON, HoldCause.CONFIG_ERROR}
    assert [hold.cause for hold in holds(centre)] == [HoldCause.BREAKER]


def test_what_still_holds_a_started_campaign_is_told(centre):
    """R-HOLD-1: a start lifts no wider hold; those that still cover the campaign are known, others not."""
    with centre.person() as operation:
        for scope, value in ((HoldScope.ALL, ""), (HoldScope.AGENT, "agent-a"), (HoldScope.AGENT, "other")):
            stop(operation, StopOrder(scope, value, None, "storm"))
    act(centre, "start")
    where = centre.place()
    with centre.database.read() as connection:
        left = still_held(connection, where, centre.clock.now())
    assert [(hold.scope, hold.value) for hold in left] == [("all", ""), ("agent", "agent-a")]


def test_contacts_are_untouched(centre):
    """R-LIFE-4, R-LIFE-8: no transition touches contacts; those of a closed campaign keep their status."""
    before = centre.rows(tables.contact)
    for action in ("pause", "start", "close"):
        act(centre, action)
    assert centre.rows(tables.contact) == before


def test_a_closed_campaign_has_no_lanes(centre):
    """R-LIFE-8: closing drops the campaign's lanes, as an apply does, and leaves others alone."""
    centre.apply(state(configuration(), campaign(), campaign("other"), contacts=[
        *SPRING.contacts, contact("eve", campaign="other"),
    ]))  # fmt: skip
    act(centre, "close")
    assert {row.campaign_key for row in centre.rows(tables.lane)} == {centre.place("other").key}


@pytest.mark.parametrize("hang_up", ["unanswered", "all"])
def test_closing_carries_the_wish_to_end_calls_for_a_while(centre, hang_up):
    """R-LIFE-4: close --hang-up leaves a hold that tells the dialers, and that runs out by itself."""
    act(centre, "close", hang_up=hang_up)
    (hold,) = holds(centre)
    assert (hold.hang_up, hold.expires_at) == (hang_up, centre.clock.now() + timedelta(minutes=10))


def test_closing_alone_holds_nothing(centre):
    """R-LIFE-4: calls in progress go on by default; a closed campaign needs no hold."""
    assert act(centre, "close").stopped is None
    assert holds(centre) == []


@pytest.mark.parametrize("action", ACTIONS)
def test_the_sentinel_has_no_status(centre, action):
    """R-ID-3: `default` stands for contacts in no campaign; it cannot be started, paused or closed."""
    nowhere = centre.place("default")
    before = everything(centre)
    with pytest.raises(TransitionRefused, match="has no status") as refusal, centre.person() as operation:
        ACTIONS[action](operation, nowhere)
    assert "dialctl stop" in refusal.value.hint
    assert everything(centre) == before
