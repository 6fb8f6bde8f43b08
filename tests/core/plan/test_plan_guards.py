"""Guards: each trips where its rule says, and passes one step before."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from declared import ALL_DAY, campaign, configuration, contact, contact_list, dialer, state, suppression_list

from reconciler.core.canonical import content_hash
from reconciler.core.desired import DesiredState, ObjectKey
from reconciler.core.plan.guards import GUARDS
from reconciler.core.plan.observed import ObservedContact, ObservedObject, ObservedState, empty_state
from reconciler.core.plan.plan import PlanOptions
from reconciler.core.plan.planner import plan
from reconciler.core.plan.suppressions import remembered

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
CRM = contact_list()
BASE = (configuration(), campaign(), CRM)
SPRING = campaign().key


def live(item, source="main"):
    applied = remembered(item.key.kind, item.spec)
    number = int(content_hash([item.key.kind, item.key.name])[:8], 16)
    return ObservedObject(
        item.key, item.spec, UUID(int=number), source, applied, item.document, item.text_hash
    )


def rows(count, list_=CRM, **columns):
    made = [contact(f"c{number:06}", "+12125550142", list_=list_) for number in range(count)]
    return [
        ObservedContact(
            UUID(int=number), one.org, one.campaign, one.external_id, one.fields, "main", list_.key,
            one.source_hash, content_hash(one.fields), **columns,
        )
        for number, one in enumerate(made)
    ], made  # fmt: skip


def observed(*items, contacts=(), left=0):
    objects = {item.key: live(item) for item in items}
    return ObservedState(3, b"key", objects, contacts, left_to_call={SPRING: left})


def trips(desired, state_before, *, prune=False, allowed=()):
    made = plan(desired, state_before, PlanOptions(NOW, prune=prune, allowed=frozenset(allowed)))
    return [guard.guard for guard in made.guards]


@pytest.mark.parametrize(("gone", "guards"), [(2, []), (3, ["withdraw"])])
def test_withdrawing_a_fifth_of_a_list(gone, guards):
    """R-PLAN-6: more than 20 % of a list trips, however small the list is."""
    contacts, declared = rows(10)
    assert trips(state(*BASE, contacts=declared[gone:]), observed(*BASE, contacts=contacts)) == guards


@pytest.mark.parametrize(("gone", "guards"), [(1_000, []), (1_001, ["withdraw"])])
def test_withdrawing_a_thousand_contacts(gone, guards):
    """R-PLAN-6: more than 1,000 contacts trip, however large the list is."""
    contacts, declared = rows(10_000)
    assert trips(state(*BASE, contacts=declared[gone:]), observed(*BASE, contacts=contacts)) == guards


def test_a_guard_is_passed_by_name():
    """R-PLAN-6: `--allow` names guards one by one."""
    contacts, _ = rows(1)
    assert trips(state(*BASE), observed(*BASE, contacts=contacts), allowed=["withdraw"]) == []
    assert trips(state(*BASE), observed(*BASE, contacts=contacts), allowed=["close"]) == ["withdraw"]


@pytest.mark.parametrize(("left", "guards"), [(0, []), (1, ["close"])])
def test_closing_with_contacts_left(left, guards):
    """R-PLAN-6: closing any campaign that has contacts left to call."""
    closed = state(configuration(), campaign(status="closed"), CRM)
    assert trips(closed, observed(*BASE, left=left)) == guards


@pytest.mark.parametrize(("left", "guards"), [(500, []), (501, ["start"])])
def test_starting_a_large_campaign(left, guards):
    """R-PLAN-6: starting a paused campaign with more than 500 callable; creating one is not starting it."""
    before = observed(configuration(), campaign(status="paused"), CRM, left=left)
    assert trips(state(*BASE), before) == guards
    many = [contact(f"n{number}", "+12125550142", list_=CRM) for number in range(600)]
    assert trips(state(*BASE, contacts=many), observed()) == []


@pytest.mark.parametrize(("count", "guards"), [(10_000, []), (10_001, ["callable"])])
def test_many_newly_callable(count, guards):
    """R-PLAN-6, R-SUP-1: more than 10,000 newly callable, be it only when a suppression runs out."""
    many = [contact(f"n{number}", "+12125550142", list_=CRM) for number in range(count)]
    assert trips(state(*BASE, contacts=many), observed(*BASE)) == guards
    for until, tripped in (("2026-09-01", guards), (None, [])):
        dnc = suppression_list(("+12125550142", until))
        assert trips(state(*BASE, dnc, contacts=many), observed(*BASE, dnc)) == tripped


@pytest.mark.parametrize(
    ("before", "after", "guards"),
    [
        ({"end_at": "2026-03-01T00:00:00Z"}, {"end_at": "2026-04-01T00:00:00Z"}, ["callable"]),
        ({"end_at": "2026-03-01T00:00:00Z"}, {}, ["callable"]),
        ({"start_at": "2026-09-01T00:00:00Z"}, {"start_at": "2026-03-03T00:00:00Z"}, ["callable"]),
        ({"start_at": "2026-09-01T00:00:00Z"}, {}, ["callable"]),
        ({"end_at": "2026-03-01T00:00:00Z"}, {"end_at": "2026-03-02T00:00:00Z"}, []),
        ({"end_at": "2026-03-05T00:00:00Z"}, {"end_at": "2026-04-01T00:00:00Z"}, []),
        ({"start_at": "2026-02-01T00:00:00Z"}, {}, []),
        ({}, {"start_at": "2026-09-01T00:00:00Z"}, []),
    ],
)
def test_a_campaign_that_may_dial_again_or_sooner(before, after, guards):
    """R-PLAN-6, R-LIFE-7: an end that is put off, or a start brought forward, makes all contacts callable."""
    state_before = observed(configuration(), campaign(**before), CRM, left=10_001)
    assert trips(state(configuration(), campaign(**after), CRM), state_before) == guards
    paused = observed(configuration(), campaign(status="paused", **before), CRM, left=10_001)
    assert trips(state(configuration(), campaign(status="paused", **after), CRM), paused) == []


def test_windows_that_widen_or_leave_the_legal_hours():
    """R-PLAN-6: windows of an active campaign widen; any window beyond 08:00 to 21:00."""

    def hours(start, end):
        return configuration(schedule={"default_windows": [{**ALL_DAY[0], "start": start, "end": end}]})

    def moved(start, end, status="active"):
        before = observed(configuration(), campaign(status=status), CRM)
        return trips(state(hours(start, end), campaign(status=status), CRM), before)

    assert moved("10:00", "16:00") == []
    assert moved("09:00", "18:00") == ["windows-widened"]
    assert moved("09:00", "18:00", status="paused") == []
    assert moved("07:00", "17:00") == ["windows-widened", "windows-legal"]
    assert trips(state(hours("07:00", "17:00")), observed()) == ["windows-legal"]


def test_a_zone_that_joins_an_override_beyond_the_legal_hours():
    """R-PLAN-6: the same window for one more zone trips; zones that change places do not."""

    def early(*zones):
        windows = [{**ALL_DAY[0], "start": "07:00"}]
        return configuration(schedule={"overrides": [{"timezones": list(zones), "windows": windows}]})

    before = observed(early("America/Denver", "America/Boise"))
    assert trips(state(early("America/Denver", "America/Phoenix")), before) == ["windows-legal"]
    assert trips(state(early("America/Boise", "America/Denver")), before) == []


def test_switching_the_configuration_is_judged_by_its_windows():
    """R-PLAN-6: it does not matter by which document an active campaign comes to call at other hours."""
    wide = configuration("wide", schedule={"default_windows": [{**ALL_DAY[0], "end": "20:00"}]})
    before = observed(configuration(), wide, campaign(), CRM)
    assert trips(state(configuration(), wide, campaign(configuration="wide"), CRM), before) == [
        "windows-widened"
    ]


@pytest.mark.parametrize(
    ("spec", "guard"),
    [
        ({"dialing": {"max_attempts": 4}}, "attempts-raised"),
        ({"dialing": {"outcomes": {"busy": {"delay": "30m"}}}}, "attempts-raised"),
        ({"dialing": {"outcomes": {"rejected": {"max_attempts": 3}}}}, "attempts-raised"),
        ({"agent_id": "agent-b"}, "agent-changed"),
        ({"agent_version": 8}, "agent-changed"),
        ({"agent_number": "+12125550123"}, "caller-id-changed"),
    ],
)
def test_what_callers_would_notice(spec, guard):
    """R-PLAN-6: attempts, agent and caller ID of an active campaign with contacts left to call."""
    after = state(configuration(**spec), campaign(), CRM)
    assert trips(after, observed(*BASE, left=1)) == [guard]
    assert trips(after, observed(*BASE, left=0)) == []
    paused = campaign(status="paused")
    assert (
        trips(state(configuration(**spec), paused, CRM), observed(configuration(), paused, CRM, left=1)) == []
    )


def test_shortening_a_suppression_list():
    """R-PLAN-6: an entry that is removed or expires earlier trips; a new or a longer one does not."""
    before = observed(suppression_list("+12125550198", ("+12125550199", "2026-09-01")))
    longer = suppression_list("+12125550197", "+12125550198", ("+12125550199", "2026-10-01"))
    assert trips(state(longer), before) == []
    earlier = suppression_list("+12125550198", ("+12125550199", "2026-08-01"))
    assert trips(state(earlier), before) == ["suppression-shortened"]
    assert trips(state(suppression_list("+12125550198")), before) == ["suppression-shortened"]


def test_an_empty_source_is_refused_even_where_nothing_is_pruned():
    """R-PLAN-6: nothing declared any more is never taken for a wish; a source that owns nothing is fine."""
    assert trips(DesiredState(), observed(*BASE)) == ["source-empty"]
    assert trips(DesiredState(), observed(*BASE), prune=True) == ["source-empty", "prune"]
    assert trips(DesiredState(), ObservedState(0, b"key", {})) == []
    assert trips(DesiredState(), observed(campaign(status="closed"))) == []


@pytest.mark.parametrize(("kept", "guards"), [(4, []), (3, ["prune"])])
def test_pruning_a_fifth_of_the_objects(kept, guards):
    """R-PLAN-6: more than 20 % of the source's objects."""
    items = [configuration(f"hours-{number}") for number in range(5)]
    assert trips(state(*items[:kept], dialer()), observed(*items), prune=True) == guards


def test_every_guard_of_the_rules_exists():
    """R-PLAN-6: the names are promises, since scripts pass them to `--allow`."""
    assert list(GUARDS) == [
        "withdraw", "close", "start", "callable", "recontact", "windows-widened", "windows-legal",
        "attempts-raised", "agent-changed", "caller-id-changed", "suppression-shortened", "source-empty",
        "prune",
    ]  # fmt: skip


def test_the_plan_of_an_empty_database_knows_what_always_exists():
    """R-ID-1: organization default and the dialer exist in any database, also in one not made yet."""
    made = plan(state(dialer(), *BASE), empty_state(b""), PlanOptions(NOW))
    assert [(change.action.value, change.key.kind) for change in made.objects] == [
        ("adopt", "Dialer"), ("create", "Configuration"), ("create", "Campaign"), ("create", "ContactList"),
    ]  # fmt: skip
    assert ObjectKey("Organization", "", None, "default") in empty_state(b"").objects
