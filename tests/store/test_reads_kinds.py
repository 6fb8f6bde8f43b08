"""The kinds of `get` as records: their shapes, what is masked, how one is found."""

from __future__ import annotations

from random import Random

import pytest
from declared import campaign, configuration, contact, contact_list, state, suppression_list
from installation import ANA, Installation

from reconciler.controller.dialer import Dialer, Identity
from reconciler.core.holds import HoldScope
from reconciler.errors import NotFound
from reconciler.gateways.simulator import SimulatedCarrier
from reconciler.ids import Uuid7
from reconciler.store import ledger, tables
from reconciler.store.book import BookReader, standing_holds
from reconciler.store.identity import find_campaign, find_organization
from reconciler.store.operations import stopping
from reconciler.store.operations.operation import operating
from reconciler.store.reads.campaign_views import campaign_view
from reconciler.store.reads.contact_views import contact_view
from reconciler.store.reads.kinds import KINDS, Query
from reconciler.store.reads.masked import masked

CONTACT = {
    "id", "external_id", "campaign", "status", "reason", "phone_numbers", "timezone", "attempts", "due_at",
    "scheduled_at", "data", "callable_at",
}  # fmt: skip
ATTEMPT = {
    "id", "org", "campaign", "contact", "number", "attempt", "started_at", "ended_at", "timezone", "outcome",
    "disposition", "used", "state", "conversation_id", "agent_id", "agent_version", "agent_number", "gateway",
}  # fmt: skip
ADA = "+12125550142"


@pytest.fixture(scope="module")
def installation():
    """One campaign with a list, an ad hoc contact of the same name, suppression, and an hour of calls."""
    made = Installation()
    crm = contact_list()
    people = [
        contact("ada", ADA, list_=crm, data={"first_name": "Ada", "debts": [12]}, labels={"tier": "gold"}),
        *(contact(f"p{n:02}", list_=crm) for n in range(9)),
        contact(
            "ada", "+12125550150", campaign=None, agent_id="agent-b", scheduled_at="2027-01-01T00:00:00Z"
        ),
    ]
    made.apply(
        state(configuration(labels={"team": "growth"}), campaign(labels={"team": "growth"}), crm,
              campaign("default-like", status="paused"), suppression_list("+12125550199"), contacts=people)
    )  # fmt: skip
    carrier = SimulatedCarrier(made.clock, 3, quiet_progress=True)
    machine = Dialer(made.database, carrier, made.clock, Uuid7(Random(1)), Identity("here", 1))
    for _ in range(30):
        result = machine.step()
        wake = min(at for at in (result.next_wake, carrier.next_event_at()) if at)
        made.clock.move_to(max(made.clock.now(), wake))
    return made


def ask(installation, kind, name=None, in_campaign=None, **options):
    with installation.database.read() as connection:
        org = find_organization(connection, "default")
        book, _ = BookReader().read(connection)
        which = find_campaign(connection, org, in_campaign) if in_campaign else None
        query = Query(org, installation.clock.now(), book, which, **options)
        found = KINDS[kind]
        records = found.records(connection, query) if name is None else found.find(connection, query, name)
        return list(records)


def test_shapes_are_the_promised_ones(installation):
    """R-MAN-3: contacts and attempts have exactly the fields of interface.md."""
    assert all(set(one) == CONTACT for one in ask(installation, "contacts"))
    assert all(set(one) == ATTEMPT for one in ask(installation, "attempts"))
    assert ask(installation, "attempts")


def test_personal_data_is_masked_in_every_kind(installation):
    """R-PLAN-8: no number and no data of a contact stands in any masked record."""
    for kind in KINDS:
        text = str([masked(one) for one in ask(installation, kind, every=True)])
        assert "5550" not in text.replace("'agent_number': None", ""), kind
        assert "Ada" not in text, kind
    [ada] = ask(installation, "contacts", "ada", "spring")
    assert masked(ada)["data"] == {"first_name": "***", "debts": ["***"]}
    assert ada["phone_numbers"] == [ADA]


def test_pages_are_masked_through_and_through(installation):
    """R-PLAN-8: describe masks what stands inside other things, too."""
    with installation.database.read() as connection:
        org = find_organization(connection, "default")
        book, _ = BookReader().read(connection)
        place = find_campaign(connection, org, "spring")
        now = installation.clock.now()
        row = connection.execute(tables.contact.select().where(tables.contact.c.attempts > 0)).first()
        view = contact_view(connection, place, row, book, now)
        page = str(masked(view)) + str(masked(campaign_view(connection, place, book, now)))
    assert view["history"]
    assert row.phone_numbers[0] in str(view)
    assert row.phone_numbers[0] not in page


def test_default_is_no_campaign_and_ids_come_before_names(installation):
    """R-ID-2: `default` means contacts in none; a text is tried as a UUID, then as an external id."""
    [adhoc] = ask(installation, "contacts", in_campaign="default")
    assert (adhoc["external_id"], adhoc["campaign"]) == ("ada", None)
    [spring_ada] = ask(installation, "contacts", "ada", "spring")
    assert ask(installation, "contacts", str(spring_ada["id"]), "spring") == [spring_ada]
    assert len(ask(installation, "contacts", "ada")) == 2


@pytest.mark.parametrize(("kind", "name", "hint"), [
    ("campaigns", "sprnig", "did you mean 'spring'?"),
    ("configurations", "hour", "did you mean 'hours'?"),
    ("attempts", "7", "attempts are named by their ids"),
    ("events", "999999", "events are named by their seq"),
])  # fmt: skip
def test_a_name_that_is_not_there_is_not_found(installation, kind, name, hint):
    """R-ID-2: what was perhaps meant, or how the kind is named, is said."""
    with pytest.raises(NotFound) as raised:
        ask(installation, kind, name)
    assert raised.value.hint == hint


def test_the_neighbours_of_a_contacts_name_are_suggested(installation):
    """R-ID-2: the suggestion comes from names near by, so that a million contacts cost nothing."""
    with pytest.raises(NotFound) as raised:
        ask(installation, "contacts", "p0l", "spring")
    assert raised.value.hint.startswith("did you mean 'p0")


def test_a_limit_keeps_the_newest_history_and_its_order(installation):
    """Attempts come oldest first; three of them are the last three."""
    every = ask(installation, "attempts")
    assert ask(installation, "attempts", limit=3) == every[-3:]
    assert [one["id"] for one in every] == sorted(one["id"] for one in every)


def test_filters_choose(installation):
    """Status chooses contacts; outcomes choose attempts."""
    assert {one["status"] for one in ask(installation, "contacts", status="pending")} == {"pending"}
    outcomes = [one["outcome"] for one in ask(installation, "attempts") if one["outcome"]]
    chosen = ask(installation, "attempts", status=outcomes[0])
    assert len(chosen) == outcomes.count(outcomes[0])


def test_the_log_names_what_a_hold_is_on_as_people_do():
    """R-ID-2: a hold's event says `campaign:spring`, never a key; the campaign's own events have it, too."""
    made = Installation()
    made.apply(state(configuration(), campaign()))
    with operating(made.database, ANA, made.clock, made.ids) as operation:
        org = find_organization(operation.connection, "default")
        spring = find_campaign(operation.connection, org, "spring")
        for scope, value in (
            (HoldScope.CAMPAIGN, str(spring.key)),
            (HoldScope.CAMPAIGN, str(org.adhoc_key)),
            (HoldScope.AGENT, "agent-a"),
        ):
            stopping.stop(operation, stopping.StopOrder(scope, value, org.id, None))
        stopping.release(operation, standing_holds(operation.connection)[:1])
    named = [(one["action"], one["name"]) for one in ask(made, "events") if one["kind"] == "Hold"]
    assert named == [
        ("hold", "campaign:spring"), ("hold", "campaign:default"), ("hold", "agent:agent-a"),
        ("release", "campaign:spring"),
    ]  # fmt: skip
    own = [one["action"] for one in ask(made, "events", in_campaign="spring") if one["kind"] == "Hold"]
    assert own == ["hold", "release"]


def test_counts_are_what_is_streamed(installation):
    """What a table says is left out is what there is."""
    for kind in ("contacts", "attempts", "conversations", "suppressions", "events"):
        with installation.database.read() as connection:
            org = find_organization(connection, "default")
            book, _ = BookReader().read(connection)
            count = KINDS[kind].count(connection, Query(org, installation.clock.now(), book))
        assert count == len(ask(installation, kind)), kind


def test_lifted_suppressions_are_shown_on_request():
    """R-SUP-2: the ledger keeps what was lifted, and says so only when asked for everything."""
    made = Installation()
    made.apply(state(suppression_list("+12125550199")))
    with made.database.write() as connection:
        org = find_organization(connection, "default")
        now = made.clock.now()
        ledger.suppress(connection, org.id, [ADA], ANA, ids=made.ids, now=now, reason="asked")
        ledger.unsuppress(connection, org.id, ADA, ANA, now, reason="mistake")
    assert [one["list"] for one in ask(made, "suppressions")] == ["dnc"]
    assert [(one["list"], bool(one["removed_at"])) for one in ask(made, "suppressions", every=True)] == [
        (None, True), ("dnc", False),
    ]  # fmt: skip
