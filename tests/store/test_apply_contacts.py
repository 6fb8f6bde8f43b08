"""Applying contacts: in bulk, in file order, and what the dialer owns by guarded status only."""

from __future__ import annotations

from datetime import timedelta

import pytest
from databases import ON_POSTGRESQL
from declared import campaign, configuration, contact, contact_list, number_of, state, suppression_list
from installation import START, Installation
from sqlalchemy import text, update

from reconciler.core.agents import NO_AGENT
from reconciler.core.desired import ListRows
from reconciler.core.plan.change import Action, Cause
from reconciler.core.plan.wording import effect_text
from reconciler.errors import PlanRefused, SomebodyElseIsApplying
from reconciler.store import dialect, new_contacts, tables
from reconciler.store.engine import open_database
from reconciler.store.events import DIALER
from reconciler.store.ledger import suppress

CRM = contact_list()
BASE = (configuration(), campaign(), CRM)


@pytest.fixture
def scratch():
    return Installation()


def listed(*names, **fields):
    return [contact(name, list_=CRM, **fields) for name in names]


def desired(*contacts, objects=BASE, rows=None):
    return state(*objects, contacts=contacts, rows={CRM.key: rows} if rows else None)


def shape(made):
    return [(change.action.value, change.key.name) for change in made.contacts]


def lane_of(scratch, name):
    (row,) = scratch.rows(tables.lane, tables.lane.c.id == scratch.contact(name).lane_id)
    return row


def test_new_contacts_are_pending_in_file_order(scratch):
    """R-DIAL-2: ids grow in file order, whatever the names; due at creation, or when scheduled."""
    later = "2026-03-09T20:00:00Z"
    scratch.apply(desired(*listed("c", "a"), *listed("b", scheduled_at=later)))
    rows = scratch.rows(tables.contact)
    assert [row.external_id for row in sorted(rows, key=lambda row: row.id)] == ["c", "a", "b"]
    assert [(row.status, row.attempts) for row in rows] == [("pending", 0)] * 3
    assert scratch.contact("a").due_at == START
    assert scratch.contact("b").due_at.isoformat() == "2026-03-09T20:00:00+00:00"
    assert (lane_of(scratch, "a").class_, lane_of(scratch, "b").class_) == ("fresh", "scheduled")
    assert scratch.tallies() == scratch.counted()


@ON_POSTGRESQL
def test_a_server_looks_at_tables_that_grew_much(scratch, monkeypatch):
    """It would take them for empty, and look numbers up a thousand times slower, for minutes."""
    monkeypatch.setattr(new_contacts, "MANY", 2)
    scratch.apply(desired(*listed("a", "b")))
    known = text("SELECT relname, reltuples FROM pg_class WHERE relname IN ('contact', 'contact_number')")
    with scratch.database.read() as connection:
        found = {row.relname: row.reltuples for row in connection.execute(known)}
    assert found == {"contact": 2, "contact_number": 2}


def test_a_plan_for_a_list_that_is_gone_meanwhile_is_refused(scratch):
    """R-PLAN-7: somebody else has applied; that is told before rows are made for what is no longer there."""
    scratch.apply(desired(*listed("a")))
    made = scratch.plan(desired(*listed("a", "b")))
    scratch.apply(state(configuration(), campaign()), prune=True)
    with pytest.raises(SomebodyElseIsApplying, match="plan was made"):
        scratch.apply_plan(made)


@ON_POSTGRESQL
def test_an_apply_does_not_wait_for_the_maintenance_of_a_table(scratch, monkeypatch):
    """R-PLAN-7: whoever vacuums the contacts, or builds an index on them, stops no apply."""
    monkeypatch.setattr(new_contacts, "MANY", 2)
    monkeypatch.setattr(dialect, "BUSY_TIMEOUT_MS", 1)
    with open_database(scratch.url).write(()) as maintaining:
        maintaining.execute(text("LOCK TABLE contact IN SHARE UPDATE EXCLUSIVE MODE"))
        scratch.apply(desired(*listed("a", "b")))
    assert {row.external_id for row in scratch.rows(tables.contact)} == {"a", "b"}


def test_a_row_that_is_gone_is_withdrawn_and_returns_as_its_attempts_say(scratch):
    """R-CONTACT-1: withdrawn keeps its attempts; back in the list it is pending, exhausted or completed."""
    names = ("fresh", "tried", "spent", "done", "asked")
    scratch.apply(desired(*listed(*names)))
    scratch.edit_contact("asked", attempts=3, last_outcome="busy", callback="due")
    scratch.edit_contact("tried", attempts=1, last_number=number_of("tried"), last_outcome="no_answer")
    scratch.edit_contact("spent", attempts=3, last_outcome="busy", status="exhausted")
    scratch.edit_contact("done", attempts=1, last_outcome="completed", status="completed")
    gone = scratch.apply(desired())
    assert {change.action for change in gone.contacts} == {Action.WITHDRAW}
    assert {row.status for row in scratch.rows(tables.contact)} == {"withdrawn"}
    assert scratch.plan(desired()).in_sync
    scratch.apply(desired(*listed(*names)))
    statuses = {row.external_id: (row.status, row.attempts) for row in scratch.rows(tables.contact)}
    assert statuses == {
        "fresh": ("pending", 0), "tried": ("pending", 1), "spent": ("exhausted", 3), "done": ("completed", 1),
        "asked": ("pending", 3),
    }  # fmt: skip
    assert lane_of(scratch, "tried").class_ == "retry"
    assert scratch.tallies() == scratch.counted()


@pytest.mark.parametrize("status", ["locked", "in_progress", "unknown"])
def test_a_contact_with_an_open_call_is_only_asked_to_go(scratch, status):
    """R-CONTACT-3: the call goes on; the request is withdrawn again if the row comes back."""
    scratch.apply(desired(*listed("a", "b")))
    scratch.edit_contact("a", status=status)
    gone = scratch.apply(desired(*listed("b")))
    assert gone.effects[0].withdrawn_in_call == 1
    assert (scratch.contact("a").status, scratch.contact("a").withdraw_requested) == (status, True)
    assert scratch.plan(desired(*listed("b"))).in_sync
    scratch.apply(desired(*listed("a", "b")))
    assert (scratch.contact("a").status, scratch.contact("a").withdraw_requested) == (status, False)
    assert scratch.plan(desired(*listed("a", "b"))).in_sync


def test_append_lists_and_bad_rows_withdraw_nobody(scratch):
    """R-PHONE-2: a bad row's contact stays; with an unreadable id nobody is withdrawn; append never does."""
    scratch.apply(desired(*listed("a", "b")))
    assert shape(scratch.plan(desired(rows=ListRows(2, 1, frozenset({"a"}))))) == [("withdraw", "b")]
    assert shape(scratch.plan(desired(rows=ListRows(2, 1, frozenset(), 1)))) == []
    assert shape(scratch.plan(desired(objects=(*BASE[:2], contact_list(mode="append"))))) == []


def test_an_edit_keeps_status_and_attempts_and_finds_the_next_number(scratch):
    """R-CONTACT-3: an edit resets nothing; R-CONTACT-2: the next number is the one after the last dialled."""
    scratch.apply(desired(contact("a", ["+12125550142", "+12125550143"], list_=CRM)))
    retry_at = START + timedelta(hours=9)
    scratch.edit_contact(
        "a", attempts=1, last_number="+12125550142", last_outcome="busy", retry_at=retry_at, due_at=retry_at
    )
    numbers = ["+12125550142", "+442079460018"]
    scratch.apply(
        desired(contact("a", numbers, list_=CRM, timezone="America/Chicago", agent_number="+12125550123"))
    )
    row, lane = scratch.contact("a"), lane_of(scratch, "a")
    assert (row.status, row.attempts, row.due_at, row.phone_numbers) == ("pending", 1, retry_at, numbers)
    assert (lane.class_, lane.zone_key, lane.country_key, lane.caller_id_key) == (
        "retry", "America/Chicago", "GB", "+12125550123",
    )  # fmt: skip
    owned = {entry.number for entry in scratch.rows(tables.contact_number)}
    assert owned == set(numbers)


def test_parked_contacts_stay_parked_unless_their_numbers_change(scratch):
    """R-SUP-1: what waits for a suppressed number goes on waiting; other numbers are looked at anew."""
    scratch.apply(desired(*listed("a")))
    far = START + timedelta(days=9000)
    scratch.edit_contact("a", parked="suppressed", due_at=far, reason="suppressed")
    scratch.apply(desired(*listed("a", data={"x": 1})))
    assert (scratch.contact("a").parked, scratch.contact("a").due_at) == ("suppressed", far)
    scratch.apply(desired(*listed("a", number="+12125550111")))
    assert (scratch.contact("a").parked, scratch.contact("a").due_at) == (None, START)


def test_drift_of_a_contact_is_set_back_and_numbers_are_not_read_anew(scratch):
    """R-CONF-1: another default_country does not move stored numbers, also where another field drifted."""
    row = contact("a", "+12125550142", list_=CRM, timezone="America/Chicago", source_hash="the row's text")
    scratch.apply(desired(row))
    read_anew = contact(
        "a", "+442125550142", list_=CRM, timezone="America/Chicago", source_hash="the row's text"
    )
    assert scratch.plan(desired(read_anew)).in_sync
    scratch.edit_contact("a", timezone="America/Denver")
    (change,) = scratch.plan(desired(read_anew)).contacts
    assert change.cause is Cause.DRIFT
    assert [(field.path, field.before, field.after) for field in change.fields] == [
        ("spec.timezone", "America/Denver", "America/Chicago")
    ]
    scratch.apply(desired(read_anew))
    assert scratch.contact("a").phone_numbers == ["+12125550142"]
    assert scratch.plan(desired(read_anew)).in_sync


def test_a_row_written_differently_that_means_the_same_is_no_change(scratch):
    """R-PLAN-1: only its hash is kept, so that its numbers are not read anew later either."""
    scratch.apply(desired(contact("a", list_=CRM, source_hash="before")))
    rewritten = desired(contact("a", list_=CRM, source_hash="after"))
    serial = scratch.serial()
    made = scratch.apply(rewritten)
    assert made.in_sync
    assert scratch.contact("a").source_hash == "after"
    assert scratch.serial() == serial
    assert scratch.plan(rewritten).stamps == []


def test_a_move_between_lists_is_no_withdrawal(scratch):
    """R-PLAN-4: a contact that goes from one list to another of its campaign stays, and is counted there."""
    other = contact_list("other")
    scratch.apply(state(*BASE, other, contacts=listed("a")))
    moved = state(*BASE, other, contacts=[contact("a", list_=other)])
    (change,) = scratch.plan(moved).contacts
    assert [(field.path, field.before, field.after) for field in change.fields] == [("list", "crm", "other")]
    scratch.apply(moved)
    assert shape(scratch.plan(state(*BASE, other))) == [("withdraw", "a")]


def test_contacts_that_came_by_api_are_not_drift_and_are_adopted_by_name(scratch):
    """R-PLAN-3: a contact without a source is left alone, until a manifest names the same external id."""
    scratch.apply(desired(*listed("a", "b")))
    with scratch.database.write() as connection:
        connection.execute(
            update(tables.contact)
            .where(tables.contact.c.external_id == "b")
            .values(source=None, list_id=None, source_hash=None, applied_hash=None)
        )
    assert scratch.plan(desired(*listed("a"))).in_sync
    adopted = scratch.apply(desired(*listed("a", "b", timezone="America/Chicago")))
    assert shape(adopted) == [("update", "a"), ("adopt", "b")]
    assert shape(scratch.plan(desired(*listed("a")))) == [("update", "a"), ("withdraw", "b")]


@pytest.mark.parametrize("closed", [False, True])
def test_a_renamed_campaign_calls_its_people_anew_and_says_so(scratch, closed):
    """R-ID-1, R-PLAN-2: a new name is a new campaign; a notice counts whom the old one called."""
    scratch.apply(desired(*listed("a", "b", "c")))
    scratch.edit_contact("b", attempts=1)
    if closed:
        scratch.apply(state(configuration()), prune=True)
    renamed = contact_list("crm", campaign="summer")
    rows = [contact(name, campaign="summer", list_=renamed) for name in ("a", "b", "new")]
    after = state(configuration(), campaign("summer"), renamed, contacts=rows)
    [notice] = [one for one in scratch.plan(after).notices if one.notice == "warning"]
    count, was = ("1 contact", "closed") if closed else ("2 contacts", "no longer declared")
    assert notice.key == campaign("summer").key
    assert notice.detail.startswith(
        f"{count} of Campaign default/spring, which is {was}, would be called again as contacts of "
        "Campaign default/summer"
    )
    scratch.apply(after)
    assert [one for one in scratch.plan(after).notices if one.notice == "warning"] == []


@pytest.mark.parametrize("status", ["pending", "in_progress"])
def test_a_withdrawn_contact_may_be_declared_by_another_source(scratch, status):
    """R-PLAN-5: ownership ends with the withdrawal; the next source adopts the contact, attempts and all."""
    other = contact_list("other")
    elsewhere = state(other, contacts=[contact("a", list_=other)])
    scratch.apply(desired(*listed("a", "b")))
    scratch.edit_contact("a", attempts=1, last_outcome="no_answer", status=status)
    with pytest.raises(PlanRefused, match="Contact a belongs to source 'main'"):
        scratch.plan(elsewhere, source="sales")
    scratch.apply(desired(*listed("b")))
    assert shape(scratch.apply(elsewhere, source="sales")) == [("adopt", "a")]
    row = scratch.contact("a")
    assert (row.source, row.status, row.attempts, row.withdraw_requested) == ("sales", status, 1, False)
    assert scratch.plan(elsewhere, source="sales").in_sync
    assert scratch.plan(desired(*listed("b"))).in_sync
    with pytest.raises(PlanRefused, match="Contact a belongs to source 'sales'"):
        scratch.plan(desired(*listed("a", "b")))
    assert scratch.tallies() == scratch.counted()


def test_whom_a_suppression_stops_is_not_newly_callable(scratch):
    """R-SUP-1: by ledger or list, also one of the same plan; until an entry runs out, or for good."""
    scratch.apply(desired())
    org_id = scratch.rows(tables.organization)[0].id
    with scratch.database.write() as connection:
        day = timedelta(days=1)
        for name, until in (("ledger", None), ("until", START + day), ("over", START - day)):
            suppress(
                connection, org_id, [number_of(name)], DIALER,
                ids=scratch.ids, now=START, reason="asked", expires_at=until,
            )  # fmt: skip
    days = ((number_of("day"), "2026-03-03"), (number_of("past"), "2026-03-02"))
    dnc = suppression_list(number_of("listed"), *days)
    many = listed("free", "ledger", "until", "over", "listed", "day", "past")
    two = contact("two", [number_of("ledger"), number_of("free")], list_=CRM)
    made = scratch.plan(desired(*many, two, objects=(*BASE, dnc)))
    [effect] = made.effects
    assert effect_text(effect) == "4 newly callable, 2 callable once a suppression runs out, 2 suppressed"


@pytest.mark.parametrize(
    ("entries", "text"), [((), "2 newly callable"), (("+12125550199",), "at most 2 newly callable")]
)
def test_contacts_that_were_there_are_counted_at_most_where_numbers_are_suppressed(scratch, entries, text):
    """R-SUP-1: a campaign that starts is not looked through for suppressed numbers."""
    objects = (configuration(), campaign(status="paused"), CRM, suppression_list(*entries))
    scratch.apply(desired(*listed("a", "b"), objects=objects))
    started = scratch.plan(desired(*listed("a", "b"), objects=(objects[0], campaign(), *objects[2:])))
    assert [effect_text(effect) for effect in started.effects] == [text]


def test_a_contact_that_a_person_deleted_stays_deleted(scratch):
    """R-PLAN-3: a status that a person changed is not set back; gone and declared again, it returns."""
    scratch.apply(desired(*listed("a", "b")))
    scratch.edit_contact("a", status="withdrawn")
    made = scratch.plan(desired(*listed("a", "b")))
    assert made.in_sync
    assert "1 contact (a) is withdrawn by hand" in made.notices[0].detail
    assert scratch.apply(desired(*listed("b"))).in_sync
    assert shape(scratch.apply(desired(*listed("a", "b")))) == [("update", "a")]
    assert scratch.contact("a").status == "pending"


def test_without_an_agent_a_contact_is_an_error_until_it_gets_one(scratch):
    """R-AGENT-2: the campaign's agent goes and comes; contacts with an agent of their own do not care."""
    own = contact("own", list_=CRM, agent_config={"prompt": "hello"})
    who = [*listed("a"), own]
    scratch.apply(desired(*who))
    mute = (configuration(agent_id=None), *BASE[1:])
    gone = scratch.apply(desired(*who, *listed("late"), objects=mute))
    assert [(effect.without_agent, effect.newly_callable) for effect in gone.effects] == [(2, 0)]
    found = {row.external_id: (row.status, row.reason) for row in scratch.rows(tables.contact)}
    assert found == {"a": ("error", NO_AGENT), "late": ("error", NO_AGENT), "own": ("pending", None)}
    back = scratch.apply(desired(*who, *listed("late")))
    assert [(effect.cured, effect.newly_callable) for effect in back.effects] == [(2, 2)]
    assert {row.status for row in scratch.rows(tables.contact)} == {"pending"}
    assert scratch.tallies() == scratch.counted()


def test_a_lowered_cap_exhausts_in_the_same_apply_and_a_raised_one_reopens_nobody(scratch):
    """R-CONF-1: counted in the diff, done by the apply; a callback may still exceed the cap by one."""
    scratch.apply(desired(*listed("a", "b", "c")))
    scratch.edit_contact("a", attempts=2, last_outcome="busy")
    scratch.edit_contact("b", attempts=2, last_outcome="completed", callback="due")
    lower = (configuration(dialing={"max_attempts": 2}), *BASE[1:])
    made = scratch.apply(desired(*listed("a", "b", "c"), objects=lower))
    assert made.effects[0].exhausted == 1
    assert [scratch.contact(name).status for name in "abc"] == ["exhausted", "pending", "pending"]
    raised = scratch.apply(desired(*listed("a", "b", "c")))
    assert (list(raised.contacts), raised.sweeps) == ([], ())
    assert scratch.contact("a").status == "exhausted"
    assert scratch.tallies() == scratch.counted()


def test_edits_cure_errors_and_expiries_and_nothing_else(scratch):
    """R-CONTACT-1: a later expires_at and a cured fault make a contact pending again."""
    scratch.apply(desired(*listed("late", "bad", "done", expires_at="2026-03-03T00:00:00Z")))
    scratch.edit_contact("late", status="expired")
    scratch.edit_contact("bad", status="error", reason="ten attempts came to nothing")
    scratch.edit_contact("done", status="completed", attempts=1)
    scratch.apply(desired(*listed("late", "bad", "done", expires_at="2026-03-03T00:00:00Z", data={"x": 1})))
    assert [scratch.contact(name).status for name in ("late", "bad", "done")] == [
        "expired",
        "error",
        "completed",
    ]
    scratch.apply(
        desired(*listed("late", "bad", "done", expires_at="2026-04-01T00:00:00Z", timezone="America/Chicago"))
    )
    assert [scratch.contact(name).status for name in ("late", "bad", "done")] == [
        "pending",
        "pending",
        "completed",
    ]
    assert scratch.contact("bad").reason is None
    assert scratch.tallies() == scratch.counted()


def test_the_dialer_may_go_on_between_plan_and_apply(scratch):
    """R-PLAN-7: a saved plan stays valid while calls go on, and what became of a contact is kept."""
    scratch.apply(desired(*listed("a", "b")))
    next_state = desired(*listed("a", timezone="America/Chicago"))
    made = scratch.plan(next_state)
    scratch.edit_contact("a", status="completed", attempts=1, last_outcome="completed")
    scratch.edit_contact("b", status="in_progress")
    assert scratch.plan(next_state).digest == made.digest
    scratch.apply_plan(made)
    assert (scratch.contact("a").status, scratch.contact("a").timezone) == ("completed", "America/Chicago")
    assert (scratch.contact("b").status, scratch.contact("b").withdraw_requested) == ("in_progress", True)
    assert scratch.tallies() == scratch.counted()


def test_freed_numbers_are_looked_at_again(scratch):
    """R-SUP-1: contacts that waited for a suppressed number are due again once its entry is removed."""
    who = listed("a")
    scratch.apply(state(*BASE, suppression_list(number_of("a")), contacts=who))
    scratch.edit_contact("a", parked="suppressed", due_at=START + timedelta(days=9000))
    scratch.apply(state(*BASE, suppression_list("+12125550199"), contacts=who))
    assert (scratch.contact("a").parked, scratch.contact("a").due_at) == (None, START)
