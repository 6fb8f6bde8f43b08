"""A database with as many pending contacts as wanted, made within seconds.

A thousand contacts are applied as anybody's would be, one per lane; SQL then copies them.

Usage: python -m benchmarks.dialing.depth URL [--depth 100000] [--history 0]
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random

from sqlalchemy import Connection, text

from reconciler.clock import VirtualClock
from reconciler.controller.planning import Source, plan_source
from reconciler.core.months import Month
from reconciler.core.plan.guards import GUARDS
from reconciler.core.plan.plan import PlanOptions
from reconciler.ids import Uuid7
from reconciler.store import partitions, tables
from reconciler.store.apply import apply
from reconciler.store.dialect import use_write_ahead_log
from reconciler.store.engine import Database, open_database
from reconciler.store.events import Actor
from reconciler.store.history import ATTEMPTS
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
        "phone_numbers": "json_array('+1212' || (2000000 + n * 1000 + place))",
        "due_at": "strftime('%Y-%m-%d %H:%M:%S', due_at) || printf('.%06d', n)",
    },
    "postgresql": {
        "id": "CAST('019cb90000007000' || lpad(to_hex(n * 100000 + place), 16, '0') AS uuid)",
        "external_id": "external_id || '-' || n",
        "phone_numbers": "jsonb_build_array('+1212' || (2000000 + n * 1000 + place))",
        "due_at": "due_at + n * INTERVAL '1 microsecond'",
    },
}
"""What differs between copies: ids that grow as those of an import do, numbers, and who is due first."""

LIMITS = (
    "UPDATE installation SET global_concurrency_limit = :limit, state_serial = state_serial + 1",
    "UPDATE organization SET concurrency_limit = :limit",
)
SHUT = """
    UPDATE campaign
    SET priority = 9, configuration_id = (SELECT id FROM configuration WHERE external_id = 'shut')
    WHERE CAST(substr(external_id, 2) AS INTEGER) < :shut
"""
EVIDENCE = """
    'hash', 1, 'agent-bench', '1', 'noop', 'ref', 'ended', 'America/New_York', 'prefix', 'wed 00:00-24:00'
"""
PAST = {
    "sqlite": """
        WITH RECURSIVE past(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM past WHERE n < :attempts - 1)
        INSERT INTO attempt (id, org_id, campaign_key, contact_id, number, number_hash, attempt, agent_id,
            configuration_revision, gateway, gateway_ref, state, timezone, timezone_source, "window",
            intent_at, placing_at, ended_at, outcome, used, dialer_id)
        SELECT printf('%012x7000%016x', 1709568000000 + n * (63072000000 / :attempts), n), org_id, id,
            printf('019cb80000007000%016x', n), '+12125550100', {evidence},
            '2024-03-04 17:00:00', '2024-03-04 17:00:00', '2024-03-04 17:00:00', 'no_answer', 1, id
        FROM past, (SELECT id, org_id FROM campaign LIMIT 1)
    """,
    "postgresql": """
        INSERT INTO attempt (id, org_id, campaign_key, contact_id, number, number_hash, attempt, agent_id,
            configuration_revision, gateway, gateway_ref, state, timezone, timezone_source, "window",
            intent_at, placing_at, ended_at, outcome, used, dialer_id)
        SELECT CAST(lpad(to_hex(1709568000000 + n * (63072000000 / :attempts)), 12, '0') || '7000'
            || lpad(to_hex(n), 16, '0') AS uuid), org_id, id,
            CAST('019cb80000007000' || lpad(to_hex(n), 16, '0') AS uuid), '+12125550100', {evidence},
            '2024-03-04 17:00Z', '2024-03-04 17:00Z', '2024-03-04 17:00Z', 'no_answer', true, id
        FROM generate_series(0, CAST(:attempts AS bigint) - 1) AS past(n),
            (SELECT id, org_id FROM campaign LIMIT 1) AS one
    """,
}
"""Attempts of two years, by ids that grow with time; 1709568000000 is the fourth of March 2024."""

NUMBERS = "INSERT INTO contact_number SELECT org_id, phone_numbers ->> 0, id FROM contact"


def manifests(campaigns: int) -> str:
    """Give manifests of campaigns with one contact per zone."""
    return "---".join(_documents(campaigns))


def _documents(campaigns: int) -> Iterator[str]:
    yield """
apiVersion: campaigns/v1
kind: Organization
metadata: {name: bench}
spec: {}
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
        yield f"""
apiVersion: campaigns/v1
kind: Campaign
metadata: {{name: c{number}, org: bench}}
spec: {{configuration: open}}
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


def filled(url: str, *, limit: int, shut: float = 0.0) -> Database:
    """Open a database that was filled, with limits of so many calls.

    The most urgent part of its campaigns, `shut`, is put into windows that are shut all day.
    """
    database = open_database(url)
    with database.write() as connection:
        connection.execute(text(LIMITS[0]), {"limit": limit})
        connection.execute(text(LIMITS[1]), {"limit": limit})
        campaigns = connection.execute(text("SELECT count(*) FROM campaign")).scalar_one()
        connection.execute(text(SHUT), {"shut": round(shut * campaigns)})
    return database


def fill(url: str, depth: int, *, history: int = 0, campaigns: int = 100) -> None:
    """Make a database with `depth` pending contacts in ten lanes per campaign, and so many past attempts."""
    database, ids = open_database(url), Uuid7(Random(0))
    create_scratch(database, ids, NOW, bytes(KEY_BYTES))
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        use_write_ahead_log(connection)
    source = Source(["-"], io.BytesIO(manifests(campaigns).encode()), "default")
    with database.read() as connection:
        planned = plan_source(connection, source, PlanOptions(now=NOW, allowed=frozenset(GUARDS)))
    apply(database, planned.plan, Actor("bench", "cli"), VirtualClock(NOW), ids)
    with database.write() as connection:
        _copy(connection, depth // (campaigns * len(ZONES)))
        if history:
            _remember(connection, history)
        connection.execute(text("ANALYZE"))
    database.close()


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


def _remember(connection: Connection, attempts: int) -> None:
    """Write attempts that ended, spread over the two years before, as if of contacts that are gone."""
    if connection.dialect.name == "postgresql":
        for month in (Month.of(NOW).plus(-ago) for ago in range(25)):
            if month not in partitions.months_made(connection, ATTEMPTS):
                partitions.make(connection, ATTEMPTS, month)
    sql = text(PAST[connection.dialect.name].format(evidence=EVIDENCE))
    connection.execute(sql, {"attempts": attempts})


def main() -> None:
    """Fill a database."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--depth", type=int, default=100_000)
    parser.add_argument("--history", type=int, default=0)
    options = parser.parse_args()
    fill(options.url, options.depth, history=options.history)


if __name__ == "__main__":
    main()
