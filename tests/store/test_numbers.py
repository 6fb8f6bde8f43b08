"""What the database knows about numbers: suppressed until when, on a call, and who waits for them."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, update
from support.bench import ANA, DAY, Bench, campaign, configuration, contact

from reconciler.core.lanes import NEVER
from reconciler.store import ledger, numbers, tables

ONE, TWO = "+12125550101", "+12125550102"


@pytest.fixture
def bench():
    return Bench(configuration(), campaign(), contact("c1", ONE), contact("c2", [TWO, ONE]))


def park(bench, name, why):
    bench.edit_contact(name, parked=why, reason="waits", due_at=NEVER)


def unpark(bench, why):
    org_id = bench.campaign().org_id
    with bench.database.write() as connection:
        return numbers.unpark(connection, org_id, [ONE], why)


def test_only_what_waited_for_that_reason_comes_back(bench):
    """R-SUP-1, R-CONTACT-4: a freed number does not wake a suppressed contact, nor the other way round."""
    park(bench, "c1", numbers.PARKED_SUPPRESSED)
    park(bench, "c2", numbers.PARKED_ON_CALL)
    assert unpark(bench, numbers.PARKED_ON_CALL) == 1
    assert (bench.contact("c1").due_at, bench.contact("c2").due_at) == (NEVER, bench.clock.now())
    assert (bench.contact("c2").parked, bench.contact("c2").reason) == (None, None)


def test_a_contact_comes_back_when_it_is_due(bench):
    """R-DIAL-1: the latest of creation, `scheduled_at` and retry time, as if it had never waited."""
    park(bench, "c1", numbers.PARKED_ON_CALL)
    later = bench.clock.now() + DAY
    bench.edit_contact("c1", retry_at=later)
    unpark(bench, numbers.PARKED_ON_CALL)
    assert bench.contact("c1").due_at == later


def test_the_longest_suppression_counts(bench):
    """R-SUP-1: list or ledger, an entry without end over all; lifted and expired ones not at all."""
    now, org_id = bench.clock.now(), bench.campaign().org_id
    with bench.database.write() as connection:

        def until():
            return numbers.suppressed_until(connection, [ONE, TWO], now).get((org_id, ONE), "free")

        def suppress(expires_at):
            return ledger.suppress(
                connection, org_id, [ONE], ANA, ids=bench.ids, now=now, reason="asked", expires_at=expires_at
            )

        assert until() == "free"
        suppress(now)
        assert until() == "free"
        suppress(now + DAY)
        suppress(now + DAY / 2)
        assert until() == now + DAY
        assert (suppress(None), suppress(None)) == (1, 0)
        assert until() is None
        ledger.unsuppress(connection, org_id, ONE, ANA, now, reason="mistake")
        assert until() == "free"


def test_a_persons_unsuppress_leaves_lists_and_the_evidence_alone(bench):
    """R-SUP-2: ledger rows are never deleted; entries of a manifest's list are the manifest's."""
    now, org_id = bench.clock.now(), bench.campaign().org_id
    entry = {"org_id": org_id, "number": ONE, "actor": "ci", "created_at": now}
    rows = [entry | {"id": bench.ids(now), "list_id": list_id} for list_id in (None, bench.ids(now))]
    with bench.database.write() as connection:
        connection.execute(insert(tables.suppression), rows)
        assert ledger.unsuppress(connection, org_id, ONE, ANA, now, reason="mistake") == 1
        assert (org_id, ONE) in numbers.suppressed_until(connection, [ONE], now)
    assert [row.removed_at for row in bench.rows(tables.suppression)] == [now, None]


def test_a_number_is_on_a_call_until_its_attempt_is_closed(bench):
    """R-CONTACT-4: counted from open attempts, by organization."""
    bench.step()
    with bench.database.write() as connection:
        assert {number for _, number in numbers.on_call(connection, [ONE, TWO])} == {ONE, TWO}
        connection.execute(update(tables.open_attempt).values(state="unknown"))
        assert len(numbers.on_call(connection, [ONE, TWO])) == 2
        connection.execute(tables.open_attempt.delete())
        assert numbers.on_call(connection, [ONE, TWO]) == frozenset()
