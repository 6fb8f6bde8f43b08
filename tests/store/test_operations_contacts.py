"""Single contacts by hand: requeued, resolved, suppressed, called ad hoc."""

from __future__ import annotations

from datetime import timedelta

import pytest
from call_centre import CallCentre
from declared import campaign, configuration, contact, contact_list, number_of, state, suppression_list

from reconciler.controller.resolving import RESOLVABLE, resolve
from reconciler.core.agents import NO_AGENT
from reconciler.core.outcomes import Outcome
from reconciler.core.settlement import ContactStatus
from reconciler.errors import DialctlError, NotFound, TransitionRefused
from reconciler.ports import CannotTell
from reconciler.spec.contact import ContactSpec
from reconciler.store import tables
from reconciler.store.operations.adhoc import place_adhoc
from reconciler.store.operations.lifecycle import close
from reconciler.store.operations.requeue import (
    AGENTLESS,
    EXPIRED,
    NUMBERLESS,
    REQUEUABLE,
    Selection,
    prepare,
    requeue,
)
from reconciler.store.operations.suppressing import suppress, unsuppress

TWO = ["+12125550142", "+12125550143"]
HOURS = configuration(dialing={"max_attempts": 1})
SPRING = state(
    HOURS, campaign(), contacts=[contact("ada", TWO), contact("bob"), contact("cyd"), contact("dan")]
)
NEW = "+12125550199"
HOUR = timedelta(hours=1)


@pytest.fixture
def centre():
    return CallCentre(SPRING)


def finish(centre, **outcomes):
    """Call everybody, and end the calls of those named."""
    centre.step()
    for name, outcome in outcomes.items():
        centre.carrier.end(name, outcome)
    centre.step()


def prepared(centre, *statuses, outcome=None, names=(), place="spring"):
    where = centre.place(place)
    named = [centre.who(name, place) for name in names]
    meant = Selection(where, frozenset(statuses) or REQUEUABLE, outcome, named)
    with centre.desk.read() as connection:
        return prepare(connection, meant, centre.clock.now())


def run(centre, made, reason=None):
    with centre.person() as operation:
        return requeue(operation, made, reason)


def test_requeued_contacts_have_all_attempts_again(centre):
    """R-CONTACT-1: a requeued contact is pending, due now, as a retry; its used attempts count no longer."""
    finish(centre, ada="no_answer")
    assert centre.contact("ada").status == "exhausted"
    centre.clock.advance(HOUR)
    assert run(centre, prepared(centre, names=["ada"])) == 1
    ada = centre.contact("ada")
    assert (ada.status, ada.due_at) == ("pending", centre.clock.now())
    assert (ada.attempts, ada.attempts_forgiven) == (1, 1)
    (lane,) = centre.rows(tables.lane, tables.lane.c.id == ada.lane_id)
    assert lane.class_ == "retry"
    finish(centre, ada="no_answer")
    assert [call.number for call in centre.carrier.submitted if call.contact == "ada"] == TWO
    assert (centre.contact("ada").status, centre.contact("ada").attempts) == ("exhausted", 2)


def test_a_selection_is_by_status_and_outcome(centre):
    """R-CONTACT-1: --status and --outcome together mean those to whom both apply."""
    finish(centre, ada="no_answer", bob="busy", cyd="completed")
    assert len(prepared(centre, ContactStatus.EXHAUSTED).rows) == 2
    assert len(prepared(centre, outcome=Outcome.BUSY).rows) == 1
    assert len(prepared(centre, ContactStatus.COMPLETED, ContactStatus.EXHAUSTED).rows) == 3
    assert prepared(centre, ContactStatus.COMPLETED, outcome=Outcome.BUSY).rows == []


def test_a_requeue_is_one_lifecycle_write(centre):
    """R-PLAN-7, R-PLAN-8: it raises the serial once, and is one event with a count and no name."""
    finish(centre, ada="no_answer", bob="busy")
    serial = centre.serial()
    run(centre, prepared(centre, ContactStatus.EXHAUSTED), "second round for +12125550142")
    assert centre.serial() == serial + 1
    assert {centre.contact(name).serial for name in ("ada", "bob")} == {serial + 1}
    (logged,) = centre.rows(tables.event, tables.event.c.action == "requeue")
    assert (logged.name, logged.count, logged.actor) == ("spring", 2, "ana")
    assert logged.reason == "second round for +1********42"


def test_what_could_not_be_called_is_left_out(centre):
    """R-CONTACT-1: expired contacts, those without agent or number stay as they are, and are counted."""
    finish(centre, ada="no_answer", bob="no_answer", cyd="no_answer", dan="no_answer")
    past = centre.clock.now() - HOUR
    centre.edit_contact("ada", expires_at=past, status="expired")
    centre.edit_contact("bob", status="error", reason=NO_AGENT)
    centre.edit_contact("cyd", dropped_numbers=[number_of("cyd")])
    made = prepared(centre)
    assert made.left_out == {EXPIRED: 1, AGENTLESS: 1, NUMBERLESS: 1}
    assert run(centre, made) == 1
    assert [centre.contact(name).status for name in ("ada", "bob", "cyd", "dan")] == [
        "expired", "error", "exhausted", "pending",
    ]  # fmt: skip


def test_an_expiry_that_was_moved_lets_a_contact_return(centre):
    """R-CONTACT-1: an expired contact whose expires_at lies ahead, or is gone, can be requeued."""
    ahead = centre.clock.now() + HOUR
    centre.edit_contact("ada", status="expired", expires_at=ahead)
    centre.edit_contact("bob", status="expired", expires_at=None)
    assert run(centre, prepared(centre, ContactStatus.EXPIRED)) == 2


def test_an_error_after_unused_attempts_gets_a_new_streak(centre):
    """R-RETRY-1: ten unused attempts in a row made it an error; requeued, it is not one at the next."""
    centre.edit_contact("ada", status="error", reason="ten attempts came to nothing", unused_streak=10)
    run(centre, prepared(centre, names=["ada"]))
    finish(centre)
    centre.carrier.end("ada", "provider_fault", rang=False)
    centre.step()
    assert centre.contact("ada").status != "error"


def test_dropped_and_suppressed_numbers_stay_so(centre):
    """R-CONTACT-2, R-SUP-1: a requeue brings back no number that is wrong, and none that is suppressed."""
    finish(centre, ada="no_answer", bob="no_answer")
    centre.edit_contact("ada", dropped_numbers=[TWO[1]])
    org = centre.organization()
    with centre.person() as operation:
        suppress(operation, org, number_of("bob"), None)
    before = len(centre.carrier.submitted)
    assert run(centre, prepared(centre, names=["ada", "bob"])) == 2
    centre.step()
    centre.step()
    assert [call.number for call in centre.carrier.submitted[before:]] == [TWO[0]]
    assert centre.contact("bob").parked == "suppressed"


def test_a_named_contact_that_is_not_done_is_refused(centre):
    """R-CONTACT-1: a person who names a contact wants that one, or nothing at all."""
    finish(centre, ada="no_answer")
    with pytest.raises(TransitionRefused, match="cannot requeue contact bob: it is in_progress"):
        prepared(centre, names=["ada", "bob"])
    with pytest.raises(TransitionRefused, match="ada: it is exhausted, after no_answer") as refusal:
        prepared(centre, ContactStatus.COMPLETED, outcome=Outcome.BUSY, names=["ada"])
    assert "completed after busy" in refusal.value.hint


def test_a_closed_campaign_requeues_nothing(centre):
    """R-LIFE-8: contacts of a closed campaign keep their status, also where it closed after the question."""
    finish(centre, ada="no_answer")
    made = prepared(centre, names=["ada"])
    place = centre.place()
    with centre.person() as operation:
        close(operation, place)
    with pytest.raises(TransitionRefused, match="closed"):
        run(centre, made)
    with pytest.raises(TransitionRefused, match="closed"):
        prepared(centre, names=["ada"])
    assert centre.contact("ada").status == "exhausted"


def test_only_what_is_still_as_it_was_is_requeued(centre):
    """R-CONTACT-3: between question and answer the world moves on; who moved is left alone."""
    finish(centre, ada="no_answer", bob="no_answer")
    made = prepared(centre)
    centre.edit_contact("ada", status="withdrawn")
    assert run(centre, made) == 1
    assert (centre.contact("ada").status, centre.contact("bob").status) == ("withdrawn", "pending")
    assert statuses(centre) == centre.counted()


def statuses(centre):
    known = set(ContactStatus)
    return {key: count for key, count in centre.tallies().items() if key[1] in known}


def lose(centre, name):
    """Let a crash make the fate of a call unknown."""
    centre.step()
    centre.happens(CannotTell, name)
    centre.step()
    assert centre.contact(name).status == "unknown"


def settle(centre, name, outcome, reason=None):
    who = centre.who(name)
    with centre.person() as operation:
        return resolve(operation, who, outcome, reason)


@pytest.mark.parametrize("outcome", RESOLVABLE)
def test_a_persons_word_is_settled_as_a_proof_of_the_gateway(outcome):
    """R-CONTACT-1, R-CRASH-2: resolving comes to what the gateway's own late event comes to."""
    by_hand, by_gateway = (CallCentre(SPRING) for _ in range(2))
    for centre in (by_hand, by_gateway):
        lose(centre, "ada")
        centre.dialer.drain()
        centre.clock.advance(timedelta(seconds=30))
    after = settle(by_hand, "ada", outcome)
    by_gateway.carrier.end("ada", outcome, rang=outcome is not Outcome.RELEASED)
    for centre in (by_hand, by_gateway):
        centre.step()
    assert after == by_hand.contact("ada").status == by_gateway.contact("ada").status != "unknown"
    assert by_hand.contact("ada") == by_gateway.contact("ada")
    assert by_hand.tallies() == by_gateway.tallies()
    assert by_hand.rows(tables.open_attempt) == by_gateway.rows(tables.open_attempt)


def test_resolving_is_logged_with_who_and_why(centre):
    """R-CRASH-2, R-PLAN-8: the log and the evidence say who decided, and show no number."""
    lose(centre, "ada")
    serial = centre.serial()
    settle(centre, "ada", Outcome.COMPLETED, "she rang back from +12125550142")
    (logged,) = centre.rows(tables.event, tables.event.c.action == "resolve")
    assert (logged.actor, logged.campaign, logged.reason) == (
        "ana",
        "spring",
        "she rang back from +1********42",
    )
    (evidence,) = centre.rows(tables.attempt, tables.attempt.c.contact_id == centre.contact("ada").id)
    assert (evidence.state, evidence.outcome) == ("ended", "completed")
    assert evidence.reason == "resolved by ana: she rang back from +1********42"
    assert centre.serial() == serial


def test_resolving_frees_the_number(centre):
    """R-CONTACT-4, R-DIAL-3: an unknown call counts as open; once resolved it does not."""
    lose(centre, "ada")
    assert "ada" in open_contacts(centre)
    settle(centre, "ada", Outcome.RELEASED)
    assert "ada" not in open_contacts(centre)
    assert (centre.contact("ada").attempts, centre.contact("ada").status) == (0, "pending")


def open_contacts(centre):
    names = {row.id: row.external_id for row in centre.rows(tables.contact)}
    return {names[row.contact_id] for row in centre.rows(tables.open_attempt)}


def test_what_is_not_unknown_cannot_be_resolved(centre):
    """R-CONTACT-1: only an unknown call waits for a person's word; resolving twice is an error, too."""
    with pytest.raises(TransitionRefused, match="ada of campaign spring: it is pending, not unknown"):
        settle(centre, "ada", Outcome.BUSY)
    lose(centre, "ada")
    settle(centre, "ada", Outcome.COMPLETED)
    with pytest.raises(TransitionRefused, match="it is completed, not unknown"):
        settle(centre, "ada", Outcome.BUSY)
    with pytest.raises(NotFound, match="no contact 'zoe'"):
        settle(centre, "zoe", Outcome.BUSY)


def test_the_ledger_by_hand(centre):
    """R-SUP-2: suppressing counts the contacts it stops, says what is new, and can be undone."""
    org = centre.organization()
    centre.apply(state(HOURS, campaign(), contacts=[contact("ada", TWO), contact("eve", TWO[1])]))
    serial = centre.serial()
    with centre.person() as operation:
        first = suppress(operation, org, TWO[1], "asked by mail")
    with centre.person() as operation:
        again = suppress(operation, org, TWO[1], None)
    assert (first.is_new, first.pending, first.on_call, again.is_new) == (True, 2, False, False)
    assert centre.serial() == serial, "suppression is never drift"
    with centre.person() as operation:
        left = unsuppress(operation, org, TWO[1], "the number has a new owner")
    assert (left.pending, left.by_list) == (2, False)
    actions = [(row.action, row.reason) for row in centre.rows(tables.event) if row.kind == "Suppression"]
    assert actions == [("suppress", "asked by mail"), ("unsuppress", "the number has a new owner")]


def test_a_call_that_is_going_on_is_told(centre):
    """R-SUP-1: suppressing ends no call; the person is told that one is open."""
    centre.step()
    org = centre.organization()
    with centre.person() as operation:
        assert suppress(operation, org, TWO[0], None).on_call


def test_a_number_on_a_list_is_not_taken_out_by_hand(centre):
    """R-SUP-2: the ledger is one thing, a SuppressionList another; who takes out the wrong one is told."""
    centre.apply(state(*SPRING.objects, suppression_list(TWO[0]), contacts=SPRING.contacts))
    org = centre.organization()
    with pytest.raises(NotFound, match="is not in the ledger") as refusal, centre.person() as operation:
        unsuppress(operation, org, TWO[0], "x")
    assert "SuppressionList" in refusal.value.hint
    assert TWO[0] not in refusal.value.message
    with centre.person() as operation:
        suppress(operation, org, TWO[0], None)
    with centre.person() as operation:
        assert unsuppress(operation, org, TWO[0], "x").by_list


def place_call(centre, org="default", **fields):
    org = centre.organization(org)
    fields = {"phone_numbers": [NEW], "agent_id": "agent-x", **fields}
    with centre.person() as operation:
        return place_adhoc(operation, org, ContactSpec.model_validate(fields), "scripted")


def test_an_ad_hoc_call_is_placed_once(centre):
    """R-ADHOC-1: a contact in no campaign is due at once, called at night, too, and once only."""
    centre.clock.advance(timedelta(hours=12))
    placed = place_call(centre, data={"name": "Ada"}, agent_version=7, agent_number="+12125550123")
    assert (placed.due_at, placed.held) == (centre.clock.now(), None)
    centre.step()
    (call,) = centre.carrier.submitted
    assert (call.contact, call.campaign, call.number) == (str(placed.contact_id), None, NEW)
    assert (call.agent_id, call.agent_version, call.agent_number) == ("agent-x", 7, "+12125550123")
    assert call.custom_metadata == {"name": "Ada"}
    centre.carrier.end(call.contact, "no_answer")
    centre.step()
    (row,) = centre.rows(tables.contact, tables.contact.c.id == placed.contact_id)
    assert (row.status, row.attempts) == ("exhausted", 1)
    assert statuses(centre) == centre.counted()


def test_an_ad_hoc_call_waits_for_its_time(centre):
    """R-ADHOC-1: scheduled_at is honoured."""
    at = centre.clock.now() + timedelta(hours=20)
    placed = place_call(centre, scheduled_at=at)
    assert placed.due_at == at
    centre.step()
    assert str(placed.contact_id) not in centre.called()
    centre.clock.move_to(at)
    centre.step()
    assert str(placed.contact_id) in centre.called()


def test_an_ad_hoc_call_with_an_inline_agent(centre):
    """R-AGENT-2: an inline agent_config speaks where no agent is named."""
    placed = place_call(centre, agent_id=None, agent_config={"prompt": "hello"})
    centre.step()
    assert centre.carrier.call_to(str(placed.contact_id)).agent_config == {"prompt": "hello"}


def test_an_ad_hoc_call_is_logged_without_personal_data(centre):
    """R-PLAN-7, R-PLAN-8: it raises the serial; the log names the contact by id and holds no number."""
    serial = centre.serial()
    placed = place_call(centre, data={"name": "Ada"})
    assert centre.serial() == serial + 1
    (logged,) = centre.rows(tables.event, tables.event.c.object_id == placed.contact_id)
    assert (logged.action, logged.kind, logged.name) == ("create", "Contact", str(placed.contact_id))
    assert not any(text in str(logged) for text in (NEW, "Ada"))


def test_an_ad_hoc_call_to_a_suppressed_number_is_refused(centre):
    """R-SUP-1: nobody is called who must not be; nothing is written, and the number is shown masked."""
    org = centre.organization()
    with centre.person() as operation:
        suppress(operation, org, TWO[0], None)
    before = centre.rows(tables.contact), centre.serial(), centre.tallies()
    with pytest.raises(DialctlError, match=r"\+1\*{8}42 must not be called") as refusal:
        place_call(centre, phone_numbers=TWO[:1])
    assert TWO[0] not in refusal.value.message
    assert (centre.rows(tables.contact), centre.serial(), centre.tallies()) == before
    assert place_call(centre, phone_numbers=TWO).held is None


def test_contacts_of_a_list_are_requeued_as_others(centre):
    """R-DIAL-2: a requeued contact ranks as a retry, behind fresh ones of its campaign."""
    finish(centre, ada="no_answer")
    crm = contact_list()
    centre.apply(state(HOURS, campaign(), crm, contacts=[*SPRING.contacts, contact("zoe", list_=crm)]))
    run(centre, prepared(centre, names=["ada"]))
    before = len(centre.called())
    centre.step()
    assert centre.called()[before:] == ["zoe", "ada"]
