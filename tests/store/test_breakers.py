"""Rows of breakers: what is as good as new needs none."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from uuid import UUID

from databases import scratch_url
from sqlalchemy import select

from reconciler.core.breaker import Breaker, record
from reconciler.ids import Uuid7
from reconciler.store import breakers, tables
from reconciler.store.engine import open_database
from reconciler.store.schema import create_scratch

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def test_breakers_are_saved_changed_and_forgotten():
    """R-RETRY-4: states survive the database; gateways are of all organizations, agents of one."""
    database = open_database(scratch_url())
    create_scratch(database, Uuid7(Random(1)), NOW, bytes(32))
    gateway, agent = breakers.gateway_key("sim"), breakers.agent_key(UUID(int=5), "agent-a")
    worn = record(Breaker(), fault=True, at=NOW)
    worse = record(worn, fault=True, at=NOW)
    with database.write() as connection:
        breakers.save(connection, {gateway: worn, agent: worn})
        breakers.save(connection, {gateway: worse})
        assert breakers.load(connection) == {gateway: worse, agent: worn}
        breakers.save(connection, {agent: Breaker()})
        breakers.forget(connection, [gateway])
        assert connection.execute(select(tables.breaker)).all() == []
