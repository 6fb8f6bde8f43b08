"""Whether a contact at the head of a lane can be called, or what it waits for; lanes, gates, holds, rooms."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from reconciler.core.agents import NO_AGENT, Agent
from reconciler.core.book import Tenancy, Terms, adhoc_terms
from reconciler.core.candidacy import (
    Dial,
    MoveLane,
    Unfit,
    Waiting,
    WaitOnCall,
    WaitSuppressed,
    home_lane,
    judge,
)
from reconciler.core.gates import call_target, hold_gate, period_gate, status_gate, zones_never_meet
from reconciler.core.holds import Blamed, Hold, HoldCause, HoldScope, covers
from reconciler.core.lanes import LaneClass, due_at, lane_class, lane_key, zones_of_lane
from reconciler.core.rooms import Rooms
from reconciler.core.settlement import ContactStatus, Progress
from reconciler.core.windows import CallingWindows
from reconciler.spec.dialing import DialingPolicy
from reconciler.spec.schedule import Schedule

ORG, CAMPAIGN, CONTACT = UUID(int=1), UUID(int=2), UUID(int=3)
NEW_YORK, SAN_FRANCISCO = "+12125550101", "+14155550102"
NOON = datetime(2026, 3, 2, 17, tzinfo=UTC)
HOUR = timedelta(hours=1)
WAITING = Waiting(
    CONTACT, ORG, Progress((NEW_YORK, SAN_FRANCISCO)), None, Agent("own"), has_inline_agent=False,
    scheduled_at=None,
)  # fmt: skip
HOME = home_lane(WAITING, CAMPAIGN, NEW_YORK)
TERMS = Terms(
    CAMPAIGN, ORG, "spring", "active", 1, Agent("of-campaign", 7, "+12125550123"), None, None,
    DialingPolicy(), CallingWindows(Schedule()), infer_timezone=False, default_timezone="America/New_York",
    revision="r1",
)  # fmt: skip


def judged(waiting=WAITING, lane=HOME, agent=Agent(), suppressed=(), busy=()):  # noqa: B008 - frozen
    return judge(waiting, lane, agent, {(ORG, n): until for n, until in suppressed}, {(ORG, n) for n in busy})


def test_whoever_has_a_free_number_and_an_agent_is_called():
    """R-CONTACT-2: at the first number; a busy second number does not matter."""
    assert judged() == Dial(NEW_YORK)
    assert judged(busy=[SAN_FRANCISCO]) == Dial(NEW_YORK)


def test_another_organizations_suppressions_and_calls_do_not_count():
    """R-SUP-1, R-CONTACT-4: both are of one organization."""
    other = UUID(int=9)
    assert judge(WAITING, HOME, Agent(), {(other, NEW_YORK): None}, {(other, NEW_YORK)}) == Dial(NEW_YORK)


def test_a_suppressed_number_is_skipped_into_the_lane_of_the_next():
    """R-SUP-1, R-TZ-1: the next number belongs to another zone, so the contact waits in another lane."""
    moved = judged(suppressed=[(NEW_YORK, None)])
    assert moved == MoveLane(home_lane(WAITING, CAMPAIGN, SAN_FRANCISCO))
    assert judged(lane=moved.lane, suppressed=[(NEW_YORK, None)]) == Dial(SAN_FRANCISCO)


@pytest.mark.parametrize(
    ("first", "second", "until"),
    [(None, None, None), (NOON, None, NOON), (NOON + HOUR, NOON, NOON)],
)
def test_all_suppressed_waits_until_the_earliest_expiry(first, second, until):
    """R-SUP-1: due at the earliest expiry if there is one."""
    assert judged(suppressed=[(NEW_YORK, first), (SAN_FRANCISCO, second)]) == WaitSuppressed(until)


def test_a_number_on_another_call_is_waited_for():
    """R-CONTACT-4: the contact waits for its number rather than going on to the next."""
    assert judged(busy=[NEW_YORK]) == WaitOnCall()


def test_without_an_agent_or_a_number_nobody_is_called():
    """R-AGENT-2, R-CONTACT-1: no agent at any level and none inline: error; no number left: exhausted."""
    silent = WAITING._replace(agent=Agent())
    assert judged(silent) == Unfit(ContactStatus.ERROR, NO_AGENT)
    inline = silent._replace(has_inline_agent=True)
    assert judged(inline, home_lane(inline, CAMPAIGN, NEW_YORK)) == Dial(NEW_YORK)
    led = judged(silent, home_lane(silent, CAMPAIGN, NEW_YORK), Agent("of-campaign"))
    assert led == Dial(NEW_YORK)
    spent = WAITING._replace(progress=Progress((NEW_YORK,), dropped=(NEW_YORK,)))
    assert judged(spent) == Unfit(ContactStatus.EXHAUSTED, "no number left")


def test_each_agent_field_is_filled_on_its_own():
    """R-AGENT-1: the first value set, from the contact down."""
    assert Agent("a", None, None).over(Agent("b", 2, None)).over(Agent("c", 3, "+1")) == Agent("a", 2, "+1")


def test_the_class_of_what_comes_next():
    """R-DIAL-2, R-WIN-5: a callback before all; a retry is a retry, also of a scheduled contact."""
    assert lane_class(attempts=1, callback="due", scheduled_at=NOON) is LaneClass.CALLBACK
    assert lane_class(attempts=1, callback="made", scheduled_at=NOON) is LaneClass.RETRY
    assert lane_class(attempts=0, callback=None, scheduled_at=NOON) is LaneClass.SCHEDULED
    assert lane_class(attempts=0, callback=None, scheduled_at=None) is LaneClass.FRESH


def test_the_due_time_is_the_latest():
    """R-DIAL-1: of creation, `scheduled_at` and retry time."""
    assert due_at(NOON, None, None) == NOON
    assert due_at(NOON, NOON + HOUR, NOON - HOUR) == NOON + HOUR
    assert due_at(NOON, NOON + HOUR, NOON + 2 * HOUR) == NOON + 2 * HOUR


@pytest.mark.parametrize(
    ("timezone", "number", "infer", "zones"),
    [
        ("Asia/Tokyo", NEW_YORK, True, (("Asia/Tokyo",), "contact")),
        (None, NEW_YORK, True, (("America/New_York",), "number")),
        (None, NEW_YORK, False, (("Europe/Paris",), "default")),
        (None, "+18005550123", True, (("Europe/Paris",), "default")),
    ],
)
def test_the_zone_is_the_contacts_the_numbers_or_the_default(timezone, number, infer, zones):
    """R-TZ-1: in this order; a toll-free number says nothing about where somebody is."""
    key = lane_key(
        CAMPAIGN, LaneClass.FRESH, number=number, timezone=timezone, agent_id=None, agent_number=None
    )
    assert zones_of_lane(key.zone_key, infer=infer, default_timezone="Europe/Paris") == zones


def hold(scope, value="", org_id=None, **fields):
    return Hold(
        CONTACT, 1, HoldScope(scope), value, HoldCause.PERSON, "complaints", "ana", NOON, org_id=org_id,
        **fields,
    )  # fmt: skip


LANE = HOME._replace(agent_key="own", caller_id_key="")


@pytest.mark.parametrize(
    ("scope", "value", "covered"),
    [
        ("all", "", True), ("org", "", True), ("campaign", str(CAMPAIGN), True),
        ("campaign", str(CONTACT), False), ("agent", "own", True), ("agent", "of-campaign", False),
        ("caller_id", "+12125550123", True), ("caller_id", NEW_YORK, False), ("gateway", "sim", True),
        ("gateway", "other", False), ("country", "US", True), ("country", "CA", False),
    ],
)  # fmt: skip
def test_a_hold_covers_its_scope_and_nothing_else(scope, value, covered):
    """R-HOLD-1: also within one organization only, where it names one."""
    target = call_target(TERMS, LANE, "sim")
    assert covers(hold(scope, value), target) is covered
    assert covers(hold(scope, value, org_id=ORG), target) is covered
    assert not covers(hold(scope, value, org_id=CONTACT), target)


@pytest.mark.parametrize(
    ("blamed", "covered"),
    [
        (Blamed("own", None, None), True), (Blamed("own", "7", None), True),
        (Blamed("own", "8", None), False),
        (Blamed("old", None, None), False), (Blamed(None, None, "+12125550123"), True),
        (Blamed(None, None, NEW_YORK), False),
    ],
)  # fmt: skip
def test_a_hold_for_a_config_error_covers_what_is_still_to_blame(blamed, covered):
    """R-RETRY-2: once the campaign uses another agent or caller ID, it covers nothing any more."""
    held = hold("campaign", str(CAMPAIGN), blamed=blamed)
    assert covers(held, call_target(TERMS, LANE, "sim")) is covered


def test_a_hold_says_who_and_why_and_ends_at_its_expiry():
    """R-HOLD-1: held by, since, because; half-open in time."""
    brief = hold("all", expires_at=NOON + HOUR)
    gate = hold_gate([brief], call_target(TERMS, LANE, "sim"), NOON)
    assert (gate.open, gate.changes_at) == (False, NOON + HOUR)
    assert gate.detail == "held by ana since 2026-03-02 17:00 UTC: complaints"
    assert hold_gate([brief], call_target(TERMS, LANE, "sim"), NOON + HOUR).open


def test_a_campaign_runs_from_start_at_until_before_end_at():
    """R-LIFE-7: half-open; and what comes next is known."""
    terms = replace(TERMS, start_at=NOON, end_at=NOON + HOUR)
    gates = [period_gate(terms, NOON + step * HOUR / 2) for step in (-1, 0, 1, 2)]
    assert [(gate.open, gate.changes_at) for gate in gates] == [
        (False, NOON), (True, NOON + HOUR), (True, NOON + HOUR), (False, None),
    ]  # fmt: skip


def test_only_active_campaigns_dial():
    """R-LIFE-1, R-LIFE-8, R-ADHOC-1: paused and closed ones do not; in no campaign there is no status."""
    assert [status_gate(replace(TERMS, status=s)).open for s in ("active", "paused", "closed")] == [
        True, False, False,
    ]  # fmt: skip
    adhoc = adhoc_terms(Tenancy(ORG, "default", 10, CONTACT, {}))
    assert (status_gate(adhoc).open, adhoc.priority, adhoc.policy.max_attempts) == (True, 1_000_000, 1)


def test_zones_never_meet_only_if_each_opens_and_they_never_do_together():
    """R-TZ-1: one zone, or windows that are empty anyway, is no error of the contact."""
    day = {"days": ["mon"], "start": "09:00", "end": "10:00"}
    schedule = Schedule.model_validate({
        "infer_timezone": True,
        "overrides": [{"timezones": ["America/New_York"], "windows": [day]}],
        "default_windows": [day | {"days": ["tue"]}],
    })  # fmt: skip
    terms = replace(TERMS, windows=CallingWindows(schedule), infer_timezone=True)
    apart = LANE._replace(zone_key="~America/Chicago+America/New_York")
    assert zones_never_meet(terms, apart, NOON)
    assert not zones_never_meet(terms, LANE._replace(zone_key="~America/New_York"), NOON)
    assert not zones_never_meet(replace(terms, windows=CallingWindows(Schedule())), apart, NOON)
    assert not zones_never_meet(replace(terms, windows=None), apart, NOON)


def test_a_place_is_taken_under_every_limit_at_once():
    """R-DIAL-3: a call counts against all of its limits; a limit that nobody set has room without end."""
    rooms = Rooms({"campaign": 2, "caller": 1})
    assert rooms.have_place(["campaign", "caller", "unlimited"])
    rooms.take(["campaign", "caller", "unlimited"])
    assert not rooms.have_place(["campaign", "caller"])
    assert rooms.have_place(["campaign", "unlimited"])
    assert not Rooms({"campaign": -1}).have_place(["campaign"])
