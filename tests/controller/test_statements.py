"""What a step costs: as many statements for fifty calls as for five, and no scan of the contacts."""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta

import pytest
from databases import ON_POSTGRESQL, ON_SQLITE
from sqlalchemy import select, update
from support.bench import (
    MINUTE,
    MONDAY,
    SECOND,
    Bench,
    campaign,
    configuration,
    crowd,
    installation,
    number_of,
)
from support.bench import organization as tenant
from support.statements import Statements, history_read, history_read_generically, scans

from reconciler.core.outcomes import Disposition, Outcome
from reconciler.ports import Accepted, Ended
from reconciler.store import attempts, conversations, numbers, queue, tables, waiting_room
from reconciler.store.tallies import TallyChange

FEW, ENOUGH_FOR_A_BREAKER, MANY = 5, 12, 50


def bench_of(count):
    statements = Statements()
    bench = Bench(
        installation(200), tenant(limit=200), configuration(), campaign(), crowd(count),
        engine_hook=statements.hook,
    )  # fmt: skip
    bench.dialer._keep_lease()  # the heartbeat of every tenth second is not what is counted here
    statements.take()
    return bench, statements


def cost_of_claim(count):
    bench, statements = bench_of(count)
    assert bench.step().started == count
    return [sql for sql, _ in statements.take()]


def cost_of_end(count, outcome, **fields):
    bench, statements = bench_of(count)
    bench.step()
    for n in range(count):
        attempt_id, now = bench.carrier.call_to(f"c{n}").attempt_id, bench.clock.now()
        bench.carrier.tell(Accepted(attempt_id, now, "ref"), Ended(attempt_id, now, outcome, **fields))
    bench.dialer.drain()
    statements.take()
    assert bench.step(SECOND).ended == count
    return [sql for sql, _ in statements.take()]


def test_a_claim_costs_the_same_for_any_number_of_contacts():
    """R-DIAL-1: claim, intents, admission: batches, not one statement per contact."""
    few, many = cost_of_claim(FEW), cost_of_claim(MANY)
    assert len(few) == len(many)
    assert len(many) < 40


@pytest.mark.parametrize(
    ("outcome", "fields", "few"),
    [
        (Outcome.NO_ANSWER, {}, FEW),
        (Outcome.COMPLETED, {"disposition": Disposition.OPT_OUT}, FEW),
        (Outcome.CONFIG_ERROR, {"rang": False}, FEW),
        (Outcome.PROVIDER_FAULT, {"rang": False}, ENOUGH_FOR_A_BREAKER),
        (Outcome.AGENT_FAULT, {}, ENOUGH_FOR_A_BREAKER),
    ],
)
def test_a_settle_costs_the_same_for_any_number_of_calls(outcome, fields, few):
    """R-RETRY-1: evidence, contacts, tallies and consequences: batches, whatever the outcome."""
    less, more = cost_of_end(few, outcome, **fields), cost_of_end(MANY, outcome, **fields)
    assert len(less) == len(more), Counter(more) - Counter(less)
    assert len(more) < 45


def test_an_idle_step_costs_a_handful():
    """A poll costs O(lanes), in one statement for all of them."""
    bench, statements = bench_of(FEW)
    bench.step()
    statements.take()
    bench.step(SECOND)
    assert len(statements.take()) < 12


def scans_of(bench, statements, action):
    statements.take()
    with bench.database.write() as connection:
        action(connection)
        logged = [
            (sql, *parameters)
            for sql, parameters in statements.take()
            if parameters is not None and sql.split()[0] in ("SELECT", "UPDATE", "WITH")
        ]
        assert logged
        for sql, *parameters in logged:
            yield sql, scans(connection, sql, *parameters)


LOOKS = {
    "heads": lambda at, one, _now: queue.heads(at, [one.campaign_key]),
    "due_heads": lambda at, one, now: queue.due_heads(at, [one.lane_id], now),
    "next_due": lambda at, one, now: queue.next_due(at, [one.lane_id], now),
    "due_contacts": lambda at, one, now: queue.due_contacts(
        at, {one.lane_id: queue.Due(now - MINUTE, one.id)}, now + MINUTE, 8, 8
    ),
    "contacts": lambda at, one, _now: queue.contacts(at, [one.id]),
    "agenda": lambda at, _one, _now: waiting_room.agenda(at),
    "expire": lambda at, _one, now: waiting_room.expire(at, now + 2 * MINUTE, TallyChange()),
    "unpark": lambda at, one, _now: numbers.unpark(at, one.org_id, [number_of("c1")], numbers.PARKED_ON_CALL),
    "fail_lane": lambda at, one, _now: waiting_room.fail_lane(at, one.lane_id, "why"),
}


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("analysed", [False, True])
def test_no_look_scans_the_contacts(look, analysed):
    """A poll costs O(lanes) and a claim O(claimed): every statement reaches contacts by an index."""
    statements = Statements()
    bench = Bench(configuration(), campaign(), crowd(60), engine_hook=statements.hook)
    with bench.database.write() as connection:
        some = tables.contact.c.external_id
        soon = bench.clock.now() + timedelta(minutes=1)
        connection.execute(update(tables.contact).where(some == "c0").values(expires_at=soon))
        connection.execute(update(tables.contact).where(some == "c1").values(parked=numbers.PARKED_ON_CALL))
        if analysed:
            connection.exec_driver_sql("ANALYZE")
    one, now = bench.contact("c0"), bench.clock.now()
    for sql, found in scans_of(bench, statements, lambda at: LOOKS[look](at, one, now)):
        assert found == [], sql


TIMES = ("placed_at", "ringing_at", "answered_at")
OUTCOME = ("state", "outcome", "disposition", "used", "attempt", "reason", "carrier_code", "cost_micros",
           "cost_currency", "gateway_ref", "conversation_id", "ended_at", *TIMES)  # fmt: skip
SAID = ("status", "transcript", "recording_url", "created_at", "answered_at", "ended_at")


def new(ids, *columns):
    known = {"state": "ended", "status": "ended", "created_at": MONDAY}
    return [{"id_": id_, **{f"new_{column}": known.get(column) for column in columns}} for id_ in ids]


LATE = {
    "open_and_past": lambda at, calls, _said: attempts.open_and_past(at, calls),
    "record": lambda at, calls, _said: attempts.record(at, new(calls, *OUTCOME)),
    "complete": lambda at, calls, _said: attempts.complete(
        at, new(calls, *TIMES, "gateway_ref", "conversation_id")
    ),
    "end": lambda at, _calls, said: conversations.end(at, new(said, *SAID)),
    "date": lambda at, _calls, said: conversations.date(at, new(said, "created_at", "answered_at")),
}
PARTS = {"attempt_2026_03", "conversation_2026_03"}


def history_of(count):
    """Have ended calls, and statements that are watched from then on."""
    bench, statements = bench_of(count)
    bench.step()
    for row in bench.open():
        now = bench.clock.now()
        bench.carrier.tell(Accepted(row.id, now, "ref"), Ended(row.id, now, Outcome.NO_ANSWER))
    bench.dialer.drain()
    bench.step()
    return bench, statements


def asked_of_history(statements, connection, look):
    """Run a look, and give its statements that ask the history."""
    calls, said = (
        list(connection.execute(select(table.c.id)).scalars())
        for table in (tables.attempt, tables.conversation)
    )
    statements.take()
    LATE[look](connection, calls, said)
    of_history = re.compile(r"(FROM|UPDATE) (attempt|conversation)\b")
    taken = [(sql, *given) for sql, given in statements.take() if given]
    asked = [(sql, given) for sql, given in taken if of_history.search(sql)]
    assert asked
    return asked


@ON_POSTGRESQL
@pytest.mark.parametrize("look", LATE)
@pytest.mark.parametrize("analysed", [False, True])
def test_a_step_reads_the_history_of_the_months_of_its_calls_alone(look, analysed):
    """However many months of finished calls there are, what comes late finds its own by their ids."""
    bench, statements = history_of(60)
    with bench.database.write() as connection:
        if analysed:
            connection.exec_driver_sql("ANALYZE")
        for sql, given in asked_of_history(statements, connection, look):
            for indexed, whole in (
                history_read(connection, sql, given),
                history_read_generically(connection, sql, given),
            ):
                assert indexed <= PARTS, sql
                assert (len(indexed), whole) == (1, set()), sql


@ON_SQLITE
def test_a_file_database_finds_late_calls_by_their_ids():
    """Plain tables, of any size: an index leads to each row."""
    bench, statements = history_of(60)
    with bench.database.write() as connection:
        for sql, given in asked_of_history(statements, connection, "open_and_past"):
            assert history_read(connection, sql, given) == ({"attempt"}, set())
