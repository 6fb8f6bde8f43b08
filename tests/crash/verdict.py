"""The verdict after everything is over: the carrier's ledger against the database, each other's witness."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise

from crash.processes import World
from sqlalchemy import func, select
from support.history import count_used, every_attempt

from reconciler.store import tables
from reconciler.store.engine import open_database

MAX_ATTEMPTS = 2


def judge(world: World) -> Counter[str]:
    """Assert that nothing rang twice and nothing was lost (R-CRASH-1, R-CRASH-4); gives figures to report."""
    rings = world.carrier.entries("ring")
    _assert_rang_once(rings)
    _assert_one_call_per_number(rings, {end.id: end.monotonic for end in world.carrier.entries("end")})
    database = open_database(world.url, read_only=True)
    try:
        with database.read() as connection:
            attempts = every_attempt(connection)
            contacts = connection.execute(select(tables.contact)).all()
            _assert_told_truly(attempts, {ring.id for ring in rings})
            _assert_explained(contacts, attempts)
            _assert_tallied(connection)
            assert connection.execute(select(tables.open_attempt)).all() == []
            conversations = connection.execute(select(tables.conversation.c.attempt_id)).scalars().all()
    finally:
        database.close()
    assert sorted(conversations) == sorted(row.id for row in attempts if row.conversation_id)
    return Counter(
        rings=len(rings),
        attempts=len(attempts),
        released=sum(row.outcome == "released" for row in attempts),
        unknown=sum(row.state == "unknown" for row in attempts),
    )


def _assert_rang_once(rings):
    """R-CRASH-1: at most one ring per attempt."""
    assert {id_: count for id_, count in Counter(ring.id for ring in rings).items() if count > 1} == {}


def _assert_one_call_per_number(rings, ended_at):
    """R-CONTACT-4: two calls to a number of an organization never overlap; every call is over."""
    by_number = defaultdict(list)
    for ring in rings:
        by_number[ring.organization, ring.number].append((ring.monotonic, ended_at[ring.id]))
    overlaps = [
        (earlier, later)
        for spans in by_number.values()
        for earlier, later in pairwise(sorted(spans))
        if later[0] < earlier[1]
    ]
    assert overlaps == []


def _assert_told_truly(attempts, rung):
    """R-RETRY-1: used exactly if it rang; of an unknown one nobody can say more than that it counts."""
    assert rung <= {str(row.id) for row in attempts}
    assert {row.state for row in attempts} <= {"ended", "unknown"}
    for row in attempts:
        if row.state == "unknown":
            assert row.used
        else:
            assert row.used is (str(row.id) in rung), f"attempt {row.id}: {row.outcome}, {row.reason}"


def _assert_explained(contacts, attempts):
    """R-CONTACT-1, R-CRASH-4: each contact is where its attempts say, and none has more than it may have."""
    by_contact = defaultdict(list)
    for row in attempts:
        by_contact[row.contact_id].append(row)
    for contact in contacts:
        used = [row for row in by_contact[contact.id] if row.used]
        assert contact.attempts == len(used) <= MAX_ATTEMPTS
        assert sorted(row.attempt for row in used) == list(range(1, len(used) + 1))
        assert contact.status == _deserved(used), contact.external_id


def _deserved(used):
    if any(row.state == "unknown" for row in used):
        return "unknown"
    if any(row.outcome == "completed" for row in used):
        return "completed"
    return "exhausted" if len(used) == MAX_ATTEMPTS else "pending"


def _assert_tallied(connection):
    """R-CONTACT-1: what is kept is what counting gives."""
    status, key = tables.contact.c.status, tables.contact.c.campaign_key
    counted = {
        (row.campaign_key, row.status): row.count
        for row in connection.execute(select(key, status, func.count().label("count")).group_by(key, status))
    }
    counted |= count_used(connection)
    kept = {
        (row.campaign_key, row.name): row.count
        for row in connection.execute(select(tables.tally).where(tables.tally.c.count != 0))
    }
    assert kept == counted
