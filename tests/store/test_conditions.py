"""Conditions of sources: what became of the last reconciliation."""

from __future__ import annotations

from datetime import timedelta

import pytest
from installation import Installation

from reconciler.store.conditions import Condition, record_condition
from reconciler.store.reads.installations import source_records


@pytest.fixture
def here():
    return Installation()


def record(here, condition, source="main", **values):
    here.clock.advance(timedelta(minutes=1))
    with here.database.write() as connection:
        record_condition(connection, source, condition, here.clock.now(), **values)
    with here.database.read() as connection:
        return {one["name"]: one for one in source_records(connection)}[source]


def test_a_condition_is_written_down_with_its_reason(here):
    """R-MAN-2: the condition, why, of which revision, and since when."""
    found = record(here, Condition.FAULTY, revision="r1", detail="spring.yaml:1: unknown field")
    now = here.clock.now()
    assert found == {
        "name": "main", "revision": "r1", "condition": "Faulty", "detail": "spring.yaml:1: unknown field",
        "looked_at": now, "changed_at": now,
    }  # fmt: skip


def test_a_condition_that_stays_keeps_its_since(here):
    """`changed_at` says since when; only another condition moves it; `looked_at` moves always."""
    first = record(here, Condition.REFUSED, detail="withdraw: 3 of 4")
    again = record(here, Condition.REFUSED, detail="withdraw: 4 of 4")
    assert again["changed_at"] == first["changed_at"] < again["looked_at"]
    assert again["detail"] == "withdraw: 4 of 4"
    mended = record(here, Condition.SYNCED, revision="r2")
    assert mended["changed_at"] == mended["looked_at"] > again["looked_at"]
    assert (mended["detail"], mended["revision"]) == (None, "r2")


def test_sources_do_not_know_each_other(here):
    """R-MAN-2: one faulty source holds up no other."""
    record(here, Condition.FAULTY, detail="broken")
    other = record(here, Condition.SYNCED, source="other")
    with here.database.read() as connection:
        conditions = {one["name"]: one["condition"] for one in source_records(connection)}
    assert other["condition"] == "Synced"
    assert conditions == {"main": "Faulty", "other": "Synced"}
