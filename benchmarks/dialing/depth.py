"""A database with as many pending contacts as wanted, made within seconds.

A few hundred contacts are applied as anybody's would be, one per lane; SQL then copies them.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random

from sqlalchemy import Connection, text

from reconciler.clock import VirtualClock
from reconciler.controller.planning import Source, plan_source
from reconciler.core.plan.guards import GUARDS
from reconciler.core.plan.plan import PlanOptions
from reconciler.ids import Uuid7
from reconciler.store import tables
from reconciler.store.apply import apply
from reconciler.store.dialect import use_write_ahead_log
from reconciler.store.engine import Database, open_database
from reconciler.store.events import Actor
from reconciler.store.schema import KEY_BYTES, create_scratch

NOW = datetime(2026, 3, 4, 17, 0, tzinfo=UTC)
"""A Wednesday on which every zone below is between nine and seven."""

ZONES = (
    "New_York",
    "Detroit",
    "Toronto",
    "Chicago",
    "Winnipeg",
    "Denver",
    "Phoenix",
    "Boise",
    "Edmonton",
    "Regina",
)
COPY = {
    "sqlite": """
        WITH RECURSIVE copy(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM copy WHERE n < {copies}),
        first AS (SELECT *, row_number() OVER (ORDER BY id) AS place FROM contact)
        INSERT INTO contact ({columns}) SELECT {values} FROM copy, first AS contact ORDER BY n, place
    """,
    "postgresql": """
        INSERT INTO contact ({columns})
        SELECT {values} FROM generate_series(1, {copies}) AS copy(n),
        (SELECT *, row_number() OVER (ORDER BY id) AS place FROM contact) AS contact ORDER BY n, place
    """,
}
COPIED = {
    "sqlite": {
        "id": "printf('019cb90000007000%016x', n * 100000 + place)",
        "external_id": "external_id || '-' || n",
        "phone_numbers": "json_array('+1212' || (1000000 + n * 1000 + place))",
        "due_at": "strftime('%Y-%m-%d %H:%M:%S', due_at) || printf('.%06d', n)",
    },
    "postgresql": {
        "id": "CAST('019cb90000007000' || lpad(to_hex(n * 100000 + place), 16, '0') AS uuid)",
        "external_id": "external_id || '-' || n",
        "phone_numbers": "jsonb_build_array('+1212' || (1000000 + n * 1000 + place))",
        "due_at": "due_at + n * INTERVAL '1 microsecond'",
    },
}
"""What differs between copies: ids that grow as those of an import do, numbers, and who is due first."""

NUMBERS = "INSERT INTO contact_number SELECT org_id, phone_numbers ->> 0, id FROM contact"


def manifests(campaigns: int, limit: int, *, shut: float) -> str:
    """Give manifests of campaigns with one contact per zone; the most urgent part of them is shut all day."""
    return "---".join(_documents(campaigns, limit, round(campaigns * shut)))


def _documents(campaigns: int, limit: int, shut: int) -> Iterator[str]:
    yield f"""
apiVersion: campaigns/v1
kind: Dialer
metadata: {{name: default}}
spec: {{global_concurrency_limit: {limit}}}
---
apiVersion: campaigns/v1
kind: Organization
metadata: {{name: bench}}
spec: {{concurrency_limit: {limit}}}
"""
    for name, days in (("open", "[wed]"), ("shut", "[sun]")):
        yield f"""
apiVersion: campaigns/v1
kind: Configuration
metadata: {{name: {name}, org: bench}}
spec:
  schedule: {{default_windows: [{{days: {days}, start: "00:00", end: "24:00"}}]}}
  agent_id: agent-bench
"""
    for number in range(campaigns):
        is_shut = number < shut
        yield f"""
apiVersion: campaigns/v1
kind: Campaign
metadata: {{name: c{number}, org: bench}}
spec: {{configuration: {"shut" if is_shut else "open"}, priority: {9 if is_shut else 5}}}
---
apiVersion: campaigns/v1
kind: ContactList
metadata: {{name: c{number}, org: bench, campaign: c{number}}}
spec:
  contacts:
""" + "".join(
            f'    - {{external_id: {zone}, timezone: America/{zone}, phone_numbers: ["+12125550{place}"]}}\n'
            for place, zone in enumerate(ZONES, start=100)
        )


def fill(url: str, depth: int, *, campaigns: int = 100, limit: int = 1000, shut: float = 0.0) -> Database:
    """Make a database with `depth` pending contacts in ten lanes per campaign; gives it open."""
    database, ids = open_database(url), Uuid7(Random(0))
    create_scratch(database, ids, NOW, bytes(KEY_BYTES))
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        use_write_ahead_log(connection)
    source = Source(["-"], io.BytesIO(manifests(campaigns, limit, shut=shut).encode()), "default")
    with database.read() as connection:
        planned = plan_source(connection, source, PlanOptions(now=NOW, allowed=frozenset(GUARDS)))
    apply(database, planned.plan, Actor("bench", "cli"), VirtualClock(NOW), ids)
    with database.write() as connection:
        _copy(connection, depth // (campaigns * len(ZONES)))
    return database


def _copy(connection: Connection, copies: int) -> None:
    """Put so many copies in the place of every contact, each with an id and a number of its own."""
    engine = connection.dialect.name
    columns = [column.name for column in tables.contact.c]
    values = ", ".join(COPIED[engine].get(name, f"contact.{name}") for name in columns)
    connection.execute(text(COPY[engine].format(columns=", ".join(columns), values=values, copies=copies)))
    connection.execute(text("DELETE FROM contact WHERE external_id NOT LIKE '%-%'"))
    connection.execute(text("DELETE FROM contact_number"))
    connection.execute(text(NUMBERS))
    connection.execute(text("UPDATE tally SET count = count * :copies"), {"copies": copies})
    connection.execute(text("ANALYZE"))
