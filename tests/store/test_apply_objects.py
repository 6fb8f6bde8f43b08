"""Applying objects: written once, remembered, and in sync afterwards."""

from __future__ import annotations

import pytest
from declared import (
    campaign,
    configuration,
    contact,
    contact_list,
    dialer,
    edited,
    organization,
    state,
    suppression_list,
)
from installation import ANA, Installation

from reconciler.core.desired import ObjectKey
from reconciler.core.plan.change import Action, Cause, Transition
from reconciler.errors import GuardRefused, PlanRefused, SomebodyElseIsApplying
from reconciler.store import tables
from reconciler.store.ledger import suppress

SPRING = ObjectKey("Campaign", "default", None, "spring")


@pytest.fixture
def scratch():
    return Installation()


def everything():
    crm = contact_list()
    return state(
        dialer(80),
        organization("default"),
        organization("acme", concurrency_limit=3),
        configuration(labels={"team": "growth"}),
        campaign(priority=5, start_at="2026-03-01T09:00:00-05:00"),
        suppression_list("+12125550199", ("+12125550198", "2027-01-01")),
        crm,
        contacts=[contact("a", list_=crm), contact("b", list_=crm), contact("solo")],
    )


def fields(change):
    return {field.path: (field.before, field.after) for field in change.fields}


def test_applying_twice_changes_nothing(scratch):
    """R-PLAN-1: applying a plan and planning again gives an empty plan, for every kind."""
    first = scratch.apply(everything())
    again = scratch.plan(everything())
    assert not first.in_sync
    assert again.in_sync, list(again.changes)
    assert (again.stamps, again.remembered) == ([], [])
    assert again.summary()["unchanged"] == len(everything().objects) + len(everything().contacts)


def test_what_always_exists_is_adopted(scratch):
    """R-PLAN-5: the default organization and the dialer exist unowned, so declaring them adopts them."""
    made = scratch.plan(everything())
    adopted = {change.key.kind: fields(change) for change in made.objects if change.action is Action.ADOPT}
    assert adopted == {"Dialer": {"spec.global_concurrency_limit": (50, 80)}, "Organization": {}}


def test_an_edit_says_before_and_after_and_where(scratch):
    """R-PLAN-2: an update has fields with before and after, a cause, and the place in the file."""
    scratch.apply(everything())
    desired = everything()
    moved = state(
        *(edited(item, priority=9) if item.key == SPRING else item for item in desired.objects),
        contacts=desired.contacts,
    )
    (change,) = scratch.plan(moved).objects
    assert fields(change) == {"spec.priority": (5, 9)}
    assert (change.action, change.cause, str(change.origin.file)) == (
        Action.UPDATE, Cause.MANIFEST, "campaigns/spring.yaml",
    )  # fmt: skip


def test_drift_is_told_apart_with_who_and_when(scratch):
    """R-PLAN-3: one object may be moved by both sides; each side is one change, and drift is set back."""
    scratch.apply(everything())
    when = scratch.clock.now()
    scratch.edit_campaign(priority=77)
    desired = everything()
    edit = state(
        *(edited(item, agent_id="agent-b") if item.key == SPRING else item for item in desired.objects),
        contacts=desired.contacts,
    )
    by_manifest, by_hand = scratch.plan(edit).objects
    assert (by_manifest.cause, fields(by_manifest)) == (Cause.MANIFEST, {"spec.agent_id": (None, "agent-b")})
    assert (by_hand.cause, fields(by_hand)) == (Cause.DRIFT, {"spec.priority": (77, 5)})
    assert (by_hand.changed_by.actor, by_hand.changed_by.at) == (ANA.name, when)
    scratch.apply(edit)
    assert (scratch.campaign().priority, scratch.campaign().agent_id) == (5, "agent-b")
    assert scratch.plan(edit).in_sync


def test_a_start_is_judged_by_guards_and_written(scratch):
    """R-LIFE-2: pausing and closing by manifest are transitions; a closed campaign's lanes go (R-LIFE-8)."""
    crm = contact_list()
    who = [contact("a", list_=crm)]
    scratch.apply(state(configuration(), campaign(), crm, contacts=who))
    paused = scratch.apply(state(configuration(), campaign(status="paused"), crm, contacts=who))
    assert [change.transition for change in paused.objects] == [Transition.PAUSE]
    started = scratch.apply(state(configuration(), campaign(), crm, contacts=who))
    assert [change.transition for change in started.objects] == [Transition.START]
    closed = state(configuration(), campaign(status="closed"), crm, contacts=who)
    refused = scratch.plan(closed, allowed=())
    assert [guard.guard for guard in refused.guards] == ["close"]
    with pytest.raises(GuardRefused, match="1 contact left to call") as refusal:
        scratch.apply_plan(refused)
    assert "--allow close" in refusal.value.hint
    assert scratch.campaign().status == "active"
    scratch.apply(closed)
    assert scratch.campaign().status == "closed"
    assert scratch.rows(tables.lane) == []
    assert scratch.contact("a").status == "pending"


def test_a_persons_pause_stays_until_it_is_released_by_name(scratch):
    """R-HOLD-2: no apply starts a held campaign; it says who, since when and why, and applies the rest."""
    scratch.apply(state(configuration(), campaign()))
    scratch.pause(reason="complaints")
    desired = state(configuration(), campaign(priority=3))
    made = scratch.apply(desired)
    (notice,) = made.notices
    assert notice.notice == "held"
    assert "held by ana since 2026-03-02 15:01 UTC: complaints" in notice.detail
    assert (scratch.campaign().status, scratch.campaign().priority) == ("paused", 3)
    assert scratch.plan(desired).in_sync
    released = scratch.apply(desired, releases=[SPRING])
    assert [change.transition for change in released.objects] == [Transition.START]
    assert scratch.campaign().status == "active"
    (hold,) = scratch.rows(tables.hold)
    assert hold.released_by == "ci"
    assert scratch.plan(desired).notices == []


def test_a_release_that_releases_nothing_says_so(scratch):
    """R-HOLD-2: a release names a campaign of the source; one that nothing holds is only to be known."""
    scratch.apply(state(configuration(), campaign()))
    made = scratch.plan(state(configuration(), campaign()), releases=[SPRING])
    assert [notice.detail for notice in made.notices] == ["nothing holds it, so there is nothing to release"]
    with pytest.raises(
        PlanRefused, match="--release campaign/spring: source 'main' declares no such campaign"
    ):
        scratch.plan(state(configuration()), releases=[SPRING])


def test_a_persons_start_is_paused_again(scratch):
    """R-HOLD-2: a person's start against a manifest that says paused is drift, and is set back."""
    desired = state(configuration(), campaign(status="paused"))
    scratch.apply(desired)
    scratch.edit_campaign(status="active")
    (change,) = scratch.plan(desired).objects
    assert (change.cause, change.transition) == (Cause.DRIFT, Transition.PAUSE)


def test_closed_by_a_person_is_a_notice_and_reopening_is_refused(scratch):
    """R-LIFE-3: closed stays closed; only a manifest whose own status was changed is refused."""
    scratch.apply(state(configuration(), campaign()))
    scratch.edit_campaign(status="closed")
    made = scratch.apply(state(configuration(), campaign(priority=8)))
    assert [notice.notice for notice in made.notices] == ["held"]
    assert "closed by ana" in made.notices[0].detail
    assert scratch.campaign().priority == 8
    with pytest.raises(
        PlanRefused, match=r"campaigns/spring.yaml:1: Campaign default/spring: .*closed is final"
    ):
        scratch.plan(state(configuration(), campaign(status="paused")))


def test_agreeing_to_a_persons_close_and_changing_ones_mind_is_refused(scratch):
    """R-LIFE-3: the inventory follows a manifest's status also where the live one is so already."""
    scratch.apply(state(configuration(), campaign()))
    scratch.edit_campaign(status="closed")
    agreed = scratch.apply(state(configuration(), campaign(status="closed")))
    assert agreed.in_sync
    with pytest.raises(PlanRefused):
        scratch.plan(state(configuration(), campaign()))


def test_another_sources_object_is_a_conflict(scratch):
    """R-PLAN-5: an object that another source owns is a conflict that names the owner; so is a contact."""
    scratch.apply(state(configuration(), campaign(), contacts=[contact("a")]))
    with pytest.raises(PlanRefused) as refusal:
        scratch.plan(state(configuration(), contacts=[contact("a")]), source="other")
    assert "Configuration default/hours belongs to source 'main'" in str(refusal.value)
    assert "Contact a belongs to source 'main'" in str(refusal.value)


def test_orphans_are_notices_until_pruned(scratch):
    """R-PLAN-4: documents that are gone are notices; with --prune they are closed, withdrawn or deleted."""
    scratch.apply(everything())
    kept = state(dialer(80), organization("default"))
    noticed = scratch.plan(kept)
    assert noticed.in_sync
    assert {notice.notice for notice in noticed.notices} == {"orphan"}
    assert {notice.key.kind for notice in noticed.notices} == {
        "Organization", "Configuration", "Campaign", "ContactList", "SuppressionList",
    }  # fmt: skip
    pruned = scratch.apply(kept, prune=True)
    actions = [(change.action.value, change.key.kind) for change in pruned.objects]
    assert actions == [
        ("delete", "ContactList"), ("close", "Campaign"), ("delete", "SuppressionList"),
        ("delete", "Configuration"),
    ]  # fmt: skip
    assert {row.status for row in scratch.rows(tables.contact)} == {"withdrawn"}
    assert scratch.rows(tables.suppression) == []
    (tombstone,) = scratch.rows(tables.configuration)
    assert tombstone.deleted_at is not None
    assert scratch.plan(kept, prune=True).in_sync


def test_a_configuration_in_use_is_not_pruned(scratch):
    """R-LIFE-6: a configuration that an open campaign references stays, and the notice says who uses it."""
    scratch.apply(state(configuration()))
    scratch.apply(state(campaign()), source="other")
    made = scratch.plan(state(dialer()), prune=True)
    assert [change.key.kind for change in made.objects] == ["Dialer"]
    assert "used by spring" in made.notices[0].detail


def test_a_pruned_campaign_keeps_its_name_and_is_not_reopened(scratch):
    """R-LIFE-3: declaring a pruned campaign again as active would reopen it, and is refused."""
    scratch.apply(state(configuration(), campaign()))
    scratch.apply(state(configuration()), prune=True)
    with pytest.raises(PlanRefused, match="closed is final"):
        scratch.plan(state(configuration(), campaign()))


def test_the_ledger_is_none_of_a_plans_business(scratch):
    """R-SUP-2: list entries come, change and go with their list; the ledger's entries never."""
    org = scratch.rows(tables.organization)[0].id
    with scratch.database.write() as connection:
        suppress(
            connection, org, ["+12125550142"], ANA, ids=scratch.ids, now=scratch.clock.now(), reason="asked"
        )
    scratch.apply(state(suppression_list("+12125550142", "+12125550199")))
    shorter = scratch.plan(state(suppression_list(("+12125550199", "2026-06-01"))), allowed=())
    assert [guard.guard for guard in shorter.guards] == ["suppression-shortened"]
    scratch.apply(state(suppression_list(("+12125550199", "2026-06-01"))))
    entries = [(row.number, row.list_id is None, str(row.expires_at)[:10])
               for row in scratch.rows(tables.suppression)]  # fmt: skip
    assert entries == [("+12125550142", True, "None"), ("+12125550199", False, "2026-06-01")]


def test_a_plan_made_before_somebodys_change_is_refused(scratch):
    """R-PLAN-7: a plan is applied on its serial only; the refusal names what changed since."""
    made = scratch.plan(everything())
    scratch.apply(everything())
    with pytest.raises(SomebodyElseIsApplying, match=r"from serial 0 to 1: .*Campaign spring.*3 contacts"):
        scratch.apply_plan(made)


def test_an_apply_that_fails_changes_nothing(scratch, monkeypatch):
    """R-PLAN-7: one transaction: whatever fails last, nothing of it stands."""
    made = scratch.plan(everything())
    monkeypatch.setattr("reconciler.store.apply.write_events", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        scratch.apply_plan(made)
    assert scratch.serial() == 0
    assert scratch.rows(tables.contact) == []
    assert scratch.rows(tables.inventory) == []


def test_events_hold_no_personal_data(scratch):
    """R-PLAN-8: the log names objects and fields; of contacts and numbers it says how many, never which."""
    scratch.apply(everything())
    events = scratch.rows(tables.event)
    assert {(event.kind, event.action, event.count) for event in events} >= {
        ("Contact", "create", 2), ("Contact", "create", 1), ("SuppressionList", "create", 2),
        ("Campaign", "create", 1),
    }  # fmt: skip
    assert {(event.actor, event.source, event.revision) for event in events} == {("ci", "main", "r1")}
    assert "555" not in "".join(str(event.fields) for event in events)
