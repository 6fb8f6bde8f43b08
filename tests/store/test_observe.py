"""Observing: the live side of a plan, read without changing anything."""

from __future__ import annotations

import pytest
from databases import ON_SQLITE
from declared import campaign, configuration, contact, contact_list, organization, state
from installation import HASH_KEY, Installation
from sqlalchemy import event
from support.statements import plan_of

from reconciler.core.desired import ListRows, ObjectKey
from reconciler.core.holds import HoldCause
from reconciler.core.plan.observed import WaitingContacts
from reconciler.core.text_hashes import KnownTexts, TextHashes
from reconciler.store import tables
from reconciler.store.observe import existing, observe

SPRING = campaign().key


@pytest.fixture
def scratch():
    return Installation()


def observed(scratch, desired=None, source="main"):
    """Observe, and read the stream of contacts to its end."""
    with scratch.database.read() as connection:
        found = observe(connection, desired or state(), source, scratch.clock.now())
        return found, list(found.contacts), found.waiting.get(SPRING)


def test_contacts_come_in_code_point_order_with_the_fields_that_are_set(scratch):
    """architecture: a key-ordered stream; two such streams are merged, so their orders must agree."""
    crm = contact_list()
    fields = {
        "data": {"b": [1, None], "a": {"x": True}}, "timezone": "America/Chicago", "agent_version": 7,
        "scheduled_at": "2026-03-09T20:00:00Z", "expires_at": "2026-04-09T20:00:00.250000Z",
        "labels": {"team": "growth"}, "initial_context": "hello", "agent_config": {"prompt": "hi"},
    }  # fmt: skip
    names = ["é", "z", "Z", "a", "10", "9", "ß", "😀", "\uffe0"]
    declared = [contact(name, "+12125550142", list_=crm, **fields) for name in names]
    adhoc = contact("q", "+12125550143", campaign=None, agent_id="agent-a")
    scratch.apply(state(configuration(), campaign(), crm, contacts=[*declared, adhoc]))
    _, contacts, _ = observed(scratch)
    assert [(one.campaign, one.external_id) for one in contacts] == [
        (None, "q"), *(("spring", name) for name in sorted(names)),
    ]  # fmt: skip
    assert contacts[1].fields == declared[0].fields
    assert (contacts[1].list, contacts[1].source) == (crm.key, "main")


def test_only_concerned_campaigns_are_read(scratch):
    """architecture: campaigns that neither the manifests name nor the source wrote into cost nothing."""
    crm = contact_list()
    scratch.apply(state(configuration(), campaign(), crm, contacts=[contact("a", list_=crm)]))
    assert observed(scratch, source="other")[1] == []
    assert len(observed(scratch, state(contacts=[contact("new")]), source="other")[1]) == 1


def test_holds_on_campaigns_are_those_that_stand(scratch):
    """R-HOLD-1: a hold that is released is none."""
    scratch.apply(state(configuration(), campaign()))
    scratch.pause(reason="one")
    found, *_ = observed(scratch)
    assert [(hold.cause, hold.reason) for hold in found.holds[SPRING]] == [(HoldCause.PERSON, "one")]
    scratch.apply(state(configuration(), campaign()), releases=[SPRING])
    assert observed(scratch)[0].holds == {}


def test_a_config_error_is_told_until_the_campaign_uses_another_agent(scratch):
    """R-HOLD-4, R-CONF-1: an apply that changes the agent at fault needs no release."""
    scratch.apply(state(configuration(), campaign(agent_id="agent-a")))
    scratch.hold_for_config_error("agent-a")
    same = scratch.plan(state(configuration(), campaign(agent_id="agent-a")))
    assert [notice.notice for notice in same.notices] == ["held"]
    assert scratch.plan(state(configuration(), campaign(agent_id="agent-b"))).notices == []


def test_waiting_contacts_are_counted_by_used_attempts(scratch):
    """R-CONF-1: forgiven attempts do not count, and a callback that is due may exceed the cap by one."""
    crm = contact_list()
    who = [contact(name, list_=crm) for name in "abc"]
    scratch.apply(state(configuration(), campaign(), crm, contacts=who))
    scratch.edit_contact("a", attempts=3, attempts_forgiven=1)
    scratch.edit_contact("b", attempts=3, callback="due")
    found, _, waiting = observed(scratch)
    assert waiting == WaitingContacts({0: 1, 2: 2}, without_agent=3, in_error_without_agent=0)
    assert found.left_to_call == {SPRING: 3}


def test_existing_names_are_what_manifests_may_refer_to(scratch):
    """R-ID-1: organizations, configurations and campaigns; a tombstone is no configuration."""
    objects = (organization("acme"), configuration(org="acme"), campaign(org="acme"))
    scratch.apply(state(*objects, configuration("gone")))
    scratch.apply(state(*objects), prune=True)
    with scratch.database.read() as connection:
        found = existing(connection)
    assert found.organizations == {"acme", "default"}
    assert list(found.configurations) == [("acme", "hours")]
    assert found.configurations["acme", "hours"]["agent_id"] == "agent-a"
    assert found.campaigns == {("acme", "spring"): "hours"}


def test_observing_writes_nothing(scratch):
    """interface.md: `diff` opens the database read-only."""
    scratch.apply(state(configuration(), campaign()))
    before = scratch.rows(tables.event), scratch.serial()
    found, *_ = observed(scratch)
    assert (scratch.rows(tables.event), scratch.serial()) == before
    assert (found.serial, found.hash_key) == (1, HASH_KEY)
    assert ObjectKey("Dialer", "", None, "default") in found.objects


@ON_SQLITE
def test_contacts_that_are_not_known_are_looked_up_by_their_ids(scratch):
    """R-PLAN-1: a plan that changes few contacts of a campaign does not look through all of them for each."""
    crm, asked = contact_list(), []
    base = (configuration(), campaign(), crm)
    names = [f"c{n}" for n in range(9)]  # of two, SQLite would look up both
    scratch.apply(state(*base, contacts=[contact(name, list_=crm) for name in names]))
    event.listen(
        scratch.database.engine, "before_cursor_execute", lambda *told: asked.append((told[2], told[3]))
    )
    known = KnownTexts(TextHashes([5]), TextHashes([7]))
    _, contacts, _ = observed(scratch, state(*base, rows={crm.key: ListRows(1, known=known)}))
    assert [one.external_id for one in contacts] == names
    [(look_up, given)] = [one for one in asked if "external_id IN" in one[0]]
    with scratch.database.read() as connection:
        assert "external_id=?" in " ".join(plan_of(connection, look_up, given))
