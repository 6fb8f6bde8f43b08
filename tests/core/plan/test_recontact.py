"""The guard `recontact`: people who were called lately are not called anew without being asked about."""

from __future__ import annotations

import pytest
from core.plan.test_plan_guards import NOW, live, rows
from declared import (
    campaign,
    configuration,
    contact,
    contact_list,
    organization,
    state,
    suppression_list,
    with_fields,
)

from reconciler.core.plan import recontact
from reconciler.core.plan.observed import ObservedState
from reconciler.core.plan.plan import PlanOptions
from reconciler.core.plan.planner import plan
from reconciler.core.settlement import ContactStatus

CRM = contact_list()
BASE = (configuration(), campaign(), CRM)
ADA, BOB, CYD = "+12125550142", "+12125550143", "+12125550144"


class Calls:
    """Calls of the last 30 days: by organization and number the campaign; remembers what was asked."""

    def __init__(self, **numbers_of):
        self.of = numbers_of
        self.asked = []

    def called_among(self, org, numbers):
        self.asked.append((org, sorted(numbers)))
        return {number: by for number, by in self.of.get(org, {}).items() if number in numbers}


def observed(*items, contacts=(), calls):
    return ObservedState(3, b"key", {item.key: live(item) for item in items}, contacts, recent_calls=calls)


def refusals(desired, before, **options):
    made = plan(desired, before, PlanOptions(NOW, **options))
    return [guard.detail for guard in made.guards if guard.guard == "recontact"]


def new(name, *numbers, list_=CRM, **fields):
    return contact(name, list(numbers), list_=list_, **fields)


def test_a_new_contact_whose_number_was_called_is_refused():
    """R-PLAN-6: by any of its numbers, whatever its id; each contact counts once, under one caller."""
    calls = Calls(default={ADA: "winter", BOB: "autumn"})
    wanted = state(*BASE, contacts=[new("a", CYD, ADA), new("b", BOB, ADA), new("c", CYD)])
    [detail] = refusals(wanted, observed(*BASE, calls=calls))
    assert detail == (
        "of 3 new contacts of Campaign default/spring, 2 have a number that was called in the last 30 days: "
        "1 by campaign autumn, 1 by campaign winter"
    )
    assert refusals(wanted, observed(*BASE, calls=Calls())) == []
    assert refusals(wanted, observed(*BASE, calls=calls), allowed=frozenset({"recontact"})) == []


def test_contacts_that_are_there_go_on_with_their_retries():
    """R-PLAN-6: what is kept or edited is no new contact, and nobody is even looked up."""
    (one,), (declared,) = rows(1, used=1)
    calls = Calls(default={one.fields["phone_numbers"][0]: "spring"})
    edited = with_fields(declared, timezone="America/Denver")._replace(source_hash="new")
    for wanted in (declared, edited):
        before = observed(*BASE, contacts=[one], calls=calls)
        assert refusals(state(*BASE, contacts=[wanted]), before) == []
    assert calls.asked == []


@pytest.mark.parametrize(
    ("used", "last_outcome", "refused"), [(1, "no_answer", 1), (3, "no_answer", 0), (1, "completed", 0)]
)
def test_a_contact_that_returns_is_new(used, last_outcome, refused):
    """R-PLAN-6, R-CONTACT-1: unless it returns as done, and is not called."""
    (one,), (declared,) = rows(1, status=ContactStatus.WITHDRAWN, used=used, last_outcome=last_outcome)
    gone = one._replace(applied_hash=None)
    calls = Calls(default={gone.fields["phone_numbers"][0]: "spring"})
    found = refusals(state(*BASE, contacts=[declared]), observed(*BASE, contacts=[gone], calls=calls))
    assert len(found) == refused


def test_a_paused_campaign_is_asked_about_and_a_closed_one_is_not():
    """R-PLAN-6: who starts it later sees no plan; a closed campaign never calls (R-LIFE-8)."""
    calls = Calls(default={ADA: "winter"})
    for status, refused in (("active", 1), ("paused", 1), ("closed", 0)):
        objects = (configuration(), campaign(status=status), CRM)
        wanted = state(*objects, contacts=[new("a", ADA)])
        assert len(refusals(wanted, observed(*objects, calls=calls))) == refused


def test_a_number_that_is_suppressed_for_good_is_not_called_again():
    """R-SUP-1: it rings no phone; one that is only suppressed for a while will."""
    calls = Calls(default={ADA: "winter"})
    for until, refused in ((None, 0), ("2026-09-01", 1)):
        objects = (*BASE, suppression_list((ADA, until)))
        wanted = state(*objects, contacts=[new("a", ADA, BOB)])
        assert len(refusals(wanted, observed(*objects, calls=calls))) == refused


def test_organizations_and_campaigns_are_told_apart():
    """R-PLAN-6: calls of another organization are none of ours; ad hoc contacts are contacts, too."""
    acme = (organization("acme"), configuration(org="acme"), campaign(org="acme"))
    calls = Calls(acme={ADA: "winter"}, default={BOB: "default"})
    wanted = state(
        *BASE, *acme,
        contacts=[
            new("a", ADA), new("b", ADA, org="acme", list_=None),
            new("c", BOB, campaign=None, list_=None, agent_id="agent-a"),
        ],
    )  # fmt: skip
    of_acme, of_default = refusals(wanted, observed(*BASE, *acme, calls=calls))
    assert of_acme.startswith("of 1 new contact of Campaign acme/spring, 1 has a number")
    assert of_acme.endswith(": 1 by campaign winter")
    assert of_default.startswith("of 1 new contact of Campaign default/default, 1 has a number")
    assert of_default.endswith(": 1 by campaign default")


def test_many_contacts_are_looked_up_in_portions(monkeypatch):
    """architecture: a million new contacts need no million numbers at once."""
    monkeypatch.setattr(recontact, "AT_A_TIME", 2)
    calls = Calls(default={CYD: "winter"})
    many = [new(f"n{number}", f"+1212555014{number}") for number in range(5)]
    assert len(refusals(state(*BASE, contacts=many), observed(*BASE, calls=calls))) == 1
    assert [len(numbers) for _, numbers in calls.asked] == [2, 2, 1]
