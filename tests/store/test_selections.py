"""Calling contacts of a campaign again: who is selected, what they take along, and that it is done once."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from sqlalchemy import update
from support.bench import (
    ANA,
    DAY,
    HOUR,
    MINUTE,
    Bench,
    campaign,
    configuration,
    contact,
    document,
    number_of,
)
from support.statements import Statements, history_read

from reconciler.controller.planning import Source, plan_source
from reconciler.core.plan.guards import GUARDS
from reconciler.core.plan.plan import PlanOptions
from reconciler.errors import PlanRefused
from reconciler.store import tables
from reconciler.store.apply import apply

HOURS = configuration(dialing="{max_attempts: 1, outcomes: {no_answer: {delay: 1h}}}")
SPRING = (HOURS, campaign())
PEOPLE = tuple(contact(name) for name in ("ada", "bob", "cyd", "dee", "eli"))
AUTUMN = campaign("autumn", also="status: paused")


def again(bench, where="{status: exhausted}", *, as_of=None, also="", name="again"):
    """Declare a list of campaign autumn that calls contacts of spring again."""
    at = (as_of or bench.clock.now()).isoformat()
    spec = f"from: {{campaign: spring, where: {where}, as_of: {at}}}\n{also}"
    return document("ContactList", name, spec, campaign="autumn")


def selected(bench, *manifests):
    """Give the names that a plan would create in autumn, in dialing order."""
    made = bench.plan(*SPRING, *PEOPLE, AUTUMN, *manifests)
    new = sorted(made.contacts, key=lambda change: change.position)
    return [change.key.name for change in new if change.key.campaign == "autumn"]


def members(bench):
    """Give names and statuses of who is in autumn."""
    rows = bench.rows(tables.contact, tables.contact.c.campaign_key == bench.campaign("autumn").id)
    return {row.external_id: row.status for row in rows}


def is_contact(bench, name, of):
    return (tables.contact.c.external_id == name, tables.contact.c.campaign_key == bench.campaign(of).id)


def copy_of(bench, name):
    (row,) = bench.rows(tables.contact, *is_contact(bench, name, "autumn"))
    return row


def edit(bench, name, of="spring", **values):
    """Change columns of a contact behind the program's back."""
    change = update(tables.contact).where(*is_contact(bench, name, of)).values(**values)
    with bench.database.write() as connection:
        connection.execute(change)


def end_all(bench, **outcomes):
    """Place all calls, and have each end as it is told, one minute after the other."""
    bench.step()
    for name, outcome in outcomes.items():
        bench.clock.advance(MINUTE)
        bench.carrier.end(name, outcome)
    bench.step()


@pytest.fixture
def bench():
    """Five people of spring who were called once: one a minute."""
    bench = Bench(*SPRING, *PEOPLE)
    end_all(bench, ada="completed", bob="no_answer", cyd="busy", dee="no_answer", eli="completed")
    bench.clock.advance(HOUR)
    return bench


@pytest.mark.parametrize(
    ("where", "names"),
    [
        ("{status: exhausted}", ["bob", "cyd", "dee"]),
        ("{status: exhausted, outcome: no_answer}", ["bob", "dee"]),
        ("{status: [exhausted, completed], outcome: [busy, completed]}", ["ada", "cyd", "eli"]),
        ("{outcome: [no_answer, completed]}", ["ada", "bob", "dee", "eli"]),
        ("{status: [error, expired]}", []),
    ],
)
def test_contacts_are_chosen_by_status_and_last_outcome(bench, where, names):
    """R-CONTACT-1: in dialing order of the campaign that called them."""
    assert selected(bench, again(bench, where)) == names


def test_as_of_pins_who_counts_whoever_plans_later(bench):
    """Who was called, or came, after `as_of` does not count: the same choice at any later time."""
    before = bench.contact("cyd").created_at
    at = bench.attempt("cyd").ended_at
    assert selected(bench, again(bench, as_of=at)) == ["bob", "cyd"]
    assert selected(bench, again(bench, as_of=at - timedelta(microseconds=1))) == ["bob"]
    assert selected(bench, again(bench, as_of=before)) == []
    bench.apply(*SPRING, *PEOPLE, contact("fox"))
    end_all(bench, fox="no_answer")
    assert selected(bench, contact("fox"), again(bench, as_of=at)) == ["bob", "cyd"]
    assert selected(bench, contact("fox"), again(bench)) == ["bob", "cyd", "dee", "fox"]


def test_who_is_called_again_meanwhile_is_not_chosen(bench):
    """Requeued since: on a call or still to be called, and nobody is called twice; called since: too late."""
    at = bench.clock.now()
    edit(bench, "bob", status="pending", attempts_forgiven=1, due_at=at)
    assert selected(bench, again(bench, as_of=at)) == ["cyd", "dee"]
    end_all(bench, bob="no_answer")
    assert bench.contact("bob").status == "exhausted"
    assert selected(bench, again(bench, as_of=at)) == ["cyd", "dee"]
    assert selected(bench, again(bench)) == ["bob", "cyd", "dee"]


def test_what_is_declared_goes_along(bench):
    """Identity, numbers, data, zone, agent and labels are copied; attempts, status and past times are not."""
    agent = 'agent_id: a\nagent_version: 7\nagent_number: "+12125550199"\ninitial_context: hi\n'
    later = bench.clock.now() + 9 * DAY
    also = f"{agent}data: {{plan: gold}}\ntimezone: America/Denver\nscheduled_at: 2026-03-02T16:30:00Z\n"
    rich = document(
        "Contact", "fox",
        f'phone_numbers: ["+12125550177", "+12125550178"]\nexpires_at: {later.isoformat()}\n{also}',
        campaign="spring", labels="{team: growth}",
    )  # fmt: skip
    bench.apply(*SPRING, *PEOPLE, rich)
    bench.clock.advance(HOUR)
    end_all(bench, fox="no_answer")
    bench.apply(*SPRING, *PEOPLE, rich, AUTUMN, again(bench))
    row = copy_of(bench, "fox")
    assert (row.status, row.attempts, row.last_outcome, row.last_number) == ("pending", 0, None, None)
    assert (row.phone_numbers, row.data, row.timezone, row.labels, row.initial_context) == (
        ["+12125550177", "+12125550178"], {"plan": "gold"}, "America/Denver", {"team": "growth"}, "hi",
    )  # fmt: skip
    assert (row.agent_id, row.agent_version, row.agent_number) == ("a", 7, "+12125550199")
    assert (row.scheduled_at, row.expires_at) == (None, later)


def test_dead_numbers_stay_dead_and_expired_offers_expired(bench):
    """R-CONTACT-2, R-CONTACT-1: nobody is called at a wrong number again, or after their `expires_at`."""
    soon = f"expires_at: {(bench.clock.now() + 2 * HOUR).isoformat()}\n"
    more = (
        contact("fox", ["+12125550177", "+12125550178"]),
        contact("gus", also=soon),
        contact("hal", also=soon),
    )
    bench.apply(*SPRING, *PEOPLE, *more)
    edit(bench, "bob", dropped_numbers=bench.contact("bob").phone_numbers)
    edit(bench, "fox", dropped_numbers=["+12125550177"])
    edit(bench, "hal", due_at=bench.clock.now() + DAY)
    end_all(bench, fox="no_answer", gus="no_answer")
    bench.clock.advance(3 * HOUR)
    bench.step()
    assert (bench.contact("gus").status, bench.contact("hal").status) == ("exhausted", "expired")
    made = bench.apply(*SPRING, *PEOPLE, *more, AUTUMN, again(bench))
    assert members(bench) == dict.fromkeys(("cyd", "dee", "fox"), "pending")
    assert copy_of(bench, "fox").phone_numbers == ["+12125550178"]
    assert [notice.detail for notice in made.notices] == [
        "2 contacts left out: 1 whose expires_at had passed; 1 without a number that is left to dial"
    ]
    bench.apply(*SPRING, *PEOPLE, *more, AUTUMN, again(bench, "{status: expired}", also="mode: append"))
    assert copy_of(bench, "hal").expires_at is None


def test_a_list_is_frozen_by_its_first_apply(bench):
    """Whatever becomes of the other campaign, nobody joins the list, leaves it, or is changed."""
    listed = again(bench, "{status: exhausted, outcome: no_answer}")
    bench.apply(*SPRING, *PEOPLE, AUTUMN, listed)
    frozen = members(bench)
    assert frozen == dict.fromkeys(("bob", "dee"), "pending")
    assert bench.plan(*SPRING, *PEOPLE, AUTUMN, listed).in_sync
    edit(bench, "bob", status="pending", data={"plan": "gold"})
    edit(bench, "cyd", last_outcome="no_answer")
    edit(bench, "dee", phone_numbers=["+12125550199"])
    bench.apply(*SPRING, *(one for one in PEOPLE if "bob" not in one), AUTUMN, listed)
    bench.edit_campaign("spring", status="closed")
    made = bench.apply(*SPRING, *PEOPLE, AUTUMN, listed)
    assert {change.key.campaign for change in made.contacts} == {"spring"}
    assert members(bench) == frozen
    assert copy_of(bench, "bob").data is None
    assert copy_of(bench, "dee").phone_numbers != ["+12125550199"]


def test_who_was_withdrawn_by_hand_stays_so(bench):
    """R-CONTACT-1: the list is in sync without them, and another choice does not bring them back."""
    bench.apply(*SPRING, *PEOPLE, AUTUMN, again(bench))
    edit(bench, "bob", "autumn", status="withdrawn")
    listed = again(bench)
    assert bench.plan(*SPRING, *PEOPLE, AUTUMN, listed).in_sync
    bench.clock.advance(HOUR)
    bench.apply(*SPRING, *PEOPLE, AUTUMN, again(bench))
    assert members(bench) == {"bob": "withdrawn", "cyd": "pending", "dee": "pending"}


def test_another_choice_withdraws_and_keeps_by_the_mode(bench):
    """R-MAN-4: a mirror is what is chosen now; where rows are only added, nobody leaves."""
    bench.apply(*SPRING, *PEOPLE, AUTUMN, again(bench, "{outcome: no_answer}"))
    bench.apply(*SPRING, *PEOPLE, AUTUMN, again(bench, "{outcome: [no_answer, busy]}"))
    assert members(bench) == dict.fromkeys(("bob", "cyd", "dee"), "pending")
    bench.apply(*SPRING, *PEOPLE, AUTUMN, again(bench, "{outcome: completed}", also="mode: append"))
    assert members(bench) == dict.fromkeys(("ada", "bob", "cyd", "dee", "eli"), "pending")
    bench.apply(*SPRING, *PEOPLE, AUTUMN, again(bench, "{outcome: busy}"))
    assert {name for name, status in members(bench).items() if status == "pending"} == {"cyd"}
    bench.assert_sound()


def test_a_list_that_was_pruned_is_selected_anew(bench):
    """R-PLAN-4: who was on it returns as their own attempts say."""
    listed = again(bench, "{outcome: busy}")
    bench.apply(*SPRING, *PEOPLE, AUTUMN, listed)
    with bench.database.read() as connection:
        source = Source(["-"], io.BytesIO("---\n".join((*SPRING, *PEOPLE, AUTUMN)).encode()), "default")
        options = PlanOptions(bench.clock.now(), prune=True, allowed=frozenset(GUARDS))
        pruned = plan_source(connection, source, options).plan
    apply(bench.database, pruned, ANA, bench.clock, bench.ids)
    assert members(bench) == {"cyd": "withdrawn"}
    assert selected(bench, listed) == ["cyd"]


def test_suppressed_numbers_are_declared_and_never_called(bench):
    """R-SUP-1: suppression applies as always; the plan counts them as nobody to call."""
    dnc = document("SuppressionList", "dnc", f'{{numbers: ["{number_of("bob")}"]}}')
    made = bench.plan(*SPRING, *PEOPLE, dnc, campaign("autumn"), again(bench, "{outcome: no_answer}"))
    [effect] = [one for one in made.effects if one.campaign.name == "autumn"]
    assert (len([one for one in made.contacts if one.key.campaign == "autumn"]), effect.newly_callable) == (
        2,
        1,
    )


def test_calling_again_within_thirty_days_is_asked_about(bench):
    """R-PLAN-6: guard recontact counts them; after 30 days nobody has to ask."""
    listed = (campaign("autumn"), again(bench))
    [guard] = bench.plan(*SPRING, *PEOPLE, *listed).guards
    assert (guard.guard, "3 have a number" in guard.detail) == ("recontact", True)
    bench.clock.advance(31 * DAY)
    assert bench.plan(*SPRING, *PEOPLE, *listed).guards == ()
    bench.apply(*SPRING, *PEOPLE, *listed)
    end_all(bench, bob="no_answer", cyd="busy", dee="busy")
    assert bench.plan(*SPRING, *PEOPLE, *listed).in_sync


def test_a_campaign_that_is_only_declared_has_nobody_to_call_again():
    """The first apply of both is refused, and says what to do: not even an empty list comes of it."""
    bench = Bench(HOURS)
    with pytest.raises(PlanRefused, match="campaign 'spring' is not in the database yet"):
        bench.apply(*SPRING, *PEOPLE, AUTUMN, again(bench))


def test_the_names_of_campaigns_are_those_of_the_organization(bench):
    """R-ID-1: another organization's campaign of that name is not looked at."""
    acme = (
        document("Organization", "acme", "{}"), configuration(org="acme"), campaign(org="acme"),
        contact("zoe", org="acme"), campaign("autumn", org="acme"),
    )  # fmt: skip
    bench.apply(*SPRING, *PEOPLE, *acme)
    listed = again(bench).replace("campaign: autumn}", "campaign: autumn, org: acme}")
    made = bench.plan(*SPRING, *PEOPLE, *acme, listed)
    assert list(made.contacts) == []


def test_a_server_looks_into_no_month_before_the_contacts():
    """architecture: calls since `as_of` are found by the contact, whatever the years of history."""
    statements = Statements()
    bench = Bench(*SPRING, *PEOPLE, engine_hook=statements.hook)
    end_all(bench, ada="completed", bob="no_answer")
    statements.take()
    assert selected(bench, again(bench)) == ["bob"]
    looked = [
        (sql, *given) for sql, given in statements.take() if "FROM attempt" in sql and "contact_id" in sql
    ]
    with bench.database.read() as connection:
        for sql, given in looked:
            assert history_read(connection, sql, given)[1] == set()
    assert len(looked) == 1
