"""Any sequence of what people, dialers and carriers do leaves the books right."""

from __future__ import annotations

from datetime import timedelta

import pytest
from call_centre import CallCentre
from declared import campaign, configuration, contact, state
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from reconciler.controller.resolving import RESOLVABLE, resolve
from reconciler.core.holds import HoldScope, covers
from reconciler.core.outcomes import Outcome
from reconciler.core.settlement import ContactStatus
from reconciler.errors import DialctlError, TransitionRefused
from reconciler.ports import Answered, CannotTell
from reconciler.spec.contact import ContactSpec
from reconciler.store import tables
from reconciler.store.book import standing_holds
from reconciler.store.operations.adhoc import place_adhoc
from reconciler.store.operations.lifecycle import close, pause, start
from reconciler.store.operations.requeue import REQUEUABLE, Selection, prepare, requeue
from reconciler.store.operations.stopping import StopOrder, release, stop, target_of
from reconciler.store.operations.suppressing import suppress, unsuppress

NUMBERS = ("+12125550142", "+12125550143", "+12125550144", "+442079460018")
CALLED = {"locked", "in_progress"}
LATE = 8
"""Campaigns close after so much work: nothing happens in them from then on."""
DESIRED = state(
    configuration(dialing={"max_attempts": 2, "retry_delay": "1m"}),
    campaign(),
    campaign("autumn", agent_id="agent-b"),
    contacts=[
        contact("ada", list(NUMBERS[:2])),
        contact("bob", NUMBERS[2]),
        contact("cyd", NUMBERS[0], campaign="autumn"),
        contact("lon", NUMBERS[3], campaign="autumn"),
        *(contact(f"c{n}") for n in range(4)),
        *(contact(f"d{n}", campaign="autumn") for n in range(4)),
    ],
)
SCOPES = (
    (HoldScope.ALL, ""), (HoldScope.AGENT, "agent-b"),
    (HoldScope.GATEWAY, "scripted"), (HoldScope.COUNTRY, "GB"),
)  # fmt: skip
campaigns = st.sampled_from(["spring", "autumn"])
outcomes = st.sampled_from([Outcome.COMPLETED, Outcome.NO_ANSWER, Outcome.INVALID_NUMBER, Outcome.CANCELLED])
whom = st.integers(0, 20)


class Working(RuleBasedStateMachine):
    """A call centre on a working day."""

    def __init__(self):
        super().__init__()
        self.centre = CallCentre(DESIRED)
        self.days_work = 0
        self.centre.step()

    @rule(action=st.sampled_from([start, pause]), name=campaigns)
    def transition(self, action, name):
        place = self.centre.place(name)
        self.try_to(lambda operation: action(operation, place))

    @precondition(lambda self: self.days_work > LATE)
    @rule(name=campaigns, hang_up=st.sampled_from(["none", "all"]))
    def close(self, name, hang_up):
        place = self.centre.place(name)
        self.try_to(lambda operation: close(operation, place, hang_up=hang_up))

    @precondition(lambda self: self.days_work % 3 == 0)
    @rule(scope=st.sampled_from(SCOPES), hang_up=st.sampled_from(["none", "unanswered", "all"]))
    def hold(self, scope, hang_up):
        serial = self.centre.serial()
        self.try_to(lambda operation: stop(operation, StopOrder(*scope, None, None, hang_up)))
        assert self.centre.serial() == serial

    @rule()
    def lift_all(self):
        self.try_to(lambda operation: release(operation, standing_holds(operation.connection)))

    @precondition(lambda self: self.days_work % 3 == 0)
    @rule(number=st.sampled_from(NUMBERS), lifted=st.booleans())
    def ledger(self, number, lifted):
        org = self.centre.organization()
        if lifted:
            self.try_to(lambda operation: unsuppress(operation, org, number, "x"))
        else:
            self.try_to(lambda operation: suppress(operation, org, number, "x"))

    @rule(name=campaigns)
    def requeue(self, name):
        place = self.centre.place(name)
        try:
            with self.centre.desk.read() as connection:
                made = prepare(connection, Selection(place, REQUEUABLE), self.centre.clock.now())
        except TransitionRefused:
            assert self.centre.campaign(name).status == "closed"
            return
        self.try_to(lambda operation: requeue(operation, made, None))

    @rule(number=st.sampled_from(NUMBERS))
    def call(self, number):
        org = self.centre.organization()
        wanted = ContactSpec.model_validate({"phone_numbers": [number], "agent_id": "agent-b"})
        self.try_to(lambda operation: place_adhoc(operation, org, wanted, "scripted"))

    @rule(outcome=st.sampled_from(RESOLVABLE))
    def resolve(self, outcome):
        for row in self.centre.rows(tables.contact, tables.contact.c.status == "unknown"):
            name = next(
                n for n in ("spring", "autumn", "default") if self.centre.place(n).key == row.campaign_key
            )
            who = self.centre.who(str(row.id), name)
            self.try_to(lambda operation, who=who: resolve(operation, who, outcome, "x"))
            assert self.contact(row.id).status != "unknown"

    @rule(seconds=st.sampled_from([1, 5, 70, 600]))
    def step(self, seconds):
        self.days_work += 1
        self.centre.clock.advance(timedelta(seconds=seconds))
        before = len(self.centre.carrier.submitted)
        self.centre.step()
        self.nobody_is_called_against_a_hold(before)

    @rule(ends=st.lists(st.tuples(whom, outcomes, st.booleans()), min_size=1, max_size=6))
    def calls_end(self, ends):
        self.days_work += 1
        for index, outcome, rang in ends:
            call = self.open_call(index)
            if call is not None:
                self.centre.carrier.end(call.contact, outcome, rang=rang)
        self.centre.step()

    @rule(index=whom, kind=st.sampled_from([Answered, CannotTell]))
    def call_goes_on(self, index, kind):
        call = self.open_call(index)
        if call is not None:
            self.centre.happens(kind, call.contact)
            self.centre.step()

    @invariant()
    def tallies_are_what_counting_gives(self):
        """R-CONTACT-1: the kept tallies equal count(*), per campaign and status."""
        known = set(ContactStatus)
        kept = {key: count for key, count in self.centre.tallies().items() if key[1] in known}
        assert kept == self.centre.counted()

    @invariant()
    def a_call_is_open_where_a_contact_is_on_it(self):
        """R-CRASH-4: a contact is locked or in progress if and only if it has an open attempt."""
        on_it = {row.id for row in self.centre.rows(tables.contact) if row.status in CALLED}
        open_ = self.centre.rows(tables.open_attempt, tables.open_attempt.c.state != "unknown")
        assert {row.contact_id for row in open_} == on_it

    def nobody_is_called_against_a_hold(self, before):
        """R-HOLD-1: no call that this step sent is in the scope of a hold that stands."""
        sent = {call.attempt_id for call in self.centre.carrier.submitted[before:]}
        with self.centre.database.read() as connection:
            holds = [hold for hold in standing_holds(connection) if hold.stands(self.centre.clock.now())]
        for row in self.centre.rows(tables.open_attempt):
            if row.id in sent:
                assert not any(covers(hold, target_of(row)) for hold in holds)

    def try_to(self, act):
        """Do something that may be refused; what is refused changes nothing."""
        watched = (
            tables.installation,
            tables.campaign,
            tables.contact,
            tables.hold,
            tables.event,
            tables.tally,
        )
        before = [self.centre.rows(table) for table in watched]
        try:
            with self.centre.person() as operation:
                act(operation)
        except DialctlError:
            assert [self.centre.rows(table) for table in watched] == before

    def open_call(self, index):
        open_ = {row.id for row in self.centre.rows(tables.open_attempt)}
        calls = [call for call in self.centre.carrier.submitted if call.attempt_id in open_]
        return calls[index % len(calls)] if calls else None

    def contact(self, id_):
        (row,) = self.centre.rows(tables.contact, tables.contact.c.id == id_)
        return row

    def teardown(self):
        self.centre.database.close()


@pytest.mark.parametrize(("engine", "lives"), [("sqlite", 15), ("postgresql", 4)], indirect=["engine"])
def test_whatever_people_do_the_rules_hold(lives):
    """R-CONTACT-1, R-HOLD-1: any order of what people and dialers do keeps every invariant above."""
    run_state_machine_as_test(
        Working, settings=settings(max_examples=lives, stateful_step_count=30, deadline=None)
    )
