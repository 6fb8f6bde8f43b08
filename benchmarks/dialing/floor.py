"""The floor under whole cycles: the rows and the commits of the dialer, written by hand, without any rule.

Two commits per batch, as the dialer's step has: settle the last batch and claim the next one; mark it as
placing. Contacts, open attempts, history, conversations and tallies are written as the dialer writes them; no
window, suppression, limit or lease is looked at, and nothing is decided in Python.

Usage: python -m benchmarks.dialing.floor URL [--batch 1000] [--seconds 10]

URL is that of a database that benchmarks.dialing.depth has filled; it is used up.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import uuid4

import psycopg

from benchmarks.dialing.depth import NOW

Batch = Sequence[tuple[str, str, str, str, str]]
"""Attempt, contact, organization, campaign (ids as 32 hexadecimal digits), and number."""

DIALER = uuid4().hex
KEPT = (
    "id, org_id, campaign_key, contact_id, number, number_hash, agent_id, gateway, configuration_revision, "
    'timezone, timezone_source, "window", not_after, intent_at, placing_at, dialer_id'
)
NEW = (
    "id, contact_id, org_id, campaign_key, number, number_hash, gateway, timezone_source, state, intent_at, "
    'dialer_id, country, epoch, agent_id, configuration_revision, timezone, "window"'
)
CONSTANTS = (
    "'hash', 'noop', 'contact', 'intent', {now}, {dialer}, 'US', 1, 'agent-bench', 'revision', 'zone', 'w'"
)

ON_POSTGRESQL = {
    "history": f"INSERT INTO attempt ({KEPT}, attempt, gateway_ref, state, used, placed_at, conversation_id, "
    f"outcome, ended_at) SELECT {KEPT}, 1, 'ref', 'ended', true, %(now)s, id, 'completed', %(now)s "
    "FROM open_attempt WHERE id = ANY(%(attempts)s::uuid[])",
    "conversations": "INSERT INTO conversation (id, org_id, campaign_key, contact_id, attempt_id, status, "
    "created_at, ended_at) SELECT id, org_id, campaign_key, contact_id, id, 'ended', %(now)s, %(now)s "
    "FROM open_attempt WHERE id = ANY(%(attempts)s::uuid[])",
    "close": "DELETE FROM open_attempt WHERE id = ANY(%(attempts)s::uuid[])",
    "settle": "UPDATE contact SET status = 'completed', attempts = attempts + 1, last_number = '+1', "
    "last_outcome = 'completed' WHERE id = ANY(%(contacts)s::uuid[])",
    "tally": "UPDATE tally SET count = count WHERE name = 'pending'",
    "claim": "SELECT due.id, due.org_id, due.campaign_key, due.phone_numbers ->> 0 FROM lane, LATERAL ("
    "SELECT * FROM contact WHERE lane_id = lane.id AND status = 'pending' AND due_at <= %(now)s "
    "ORDER BY due_at, id LIMIT 8) AS due ORDER BY due.due_at, due.id LIMIT %(size)s",
    "lock": "UPDATE contact SET status = 'locked' "
    "WHERE id = ANY(%(contacts)s::uuid[]) AND status = 'pending'",
    "intend": f"INSERT INTO open_attempt ({NEW}) SELECT given.*, "
    f"{CONSTANTS.format(now='%(now)s::timestamptz', dialer='%(dialer)s::uuid')} "
    "FROM unnest(%(attempts)s::uuid[], %(contacts)s::uuid[], %(orgs)s::uuid[], %(campaigns)s::uuid[], "
    "%(numbers)s::text[]) AS given",
    "place": "UPDATE open_attempt SET state = 'placing', placing_at = %(now)s, not_after = %(now)s, "
    "gives_up_at = %(now)s WHERE id = ANY(%(attempts)s::uuid[]) AND state = 'intent'",
    "go": "UPDATE contact SET status = 'in_progress' "
    "WHERE id = ANY(%(contacts)s::uuid[]) AND status = 'locked'",
}
ON_SQLITE = {
    "history": f"INSERT INTO attempt ({KEPT}, attempt, gateway_ref, state, used, placed_at, conversation_id, "
    f"outcome, ended_at) SELECT {KEPT}, 1, 'ref', 'ended', 1, :now, id, 'completed', :now "
    "FROM open_attempt WHERE id = :attempt",
    "conversations": "INSERT INTO conversation (id, org_id, campaign_key, contact_id, attempt_id, status, "
    "created_at, ended_at) SELECT id, org_id, campaign_key, contact_id, id, 'ended', :now, :now "
    "FROM open_attempt WHERE id = :attempt",
    "close": "DELETE FROM open_attempt WHERE id = :attempt",
    "settle": "UPDATE contact SET status = 'completed', attempts = attempts + 1, last_number = '+1', "
    "last_outcome = 'completed' WHERE id = :contact",
    "tally": "UPDATE tally SET count = count WHERE name = 'pending'",
    "claim": "SELECT id, org_id, campaign_key, phone_numbers ->> 0 FROM contact WHERE lane_id = :lane "
    "AND status = 'pending' AND due_at <= :now ORDER BY due_at, id LIMIT :size",
    "lock": "UPDATE contact SET status = 'locked' WHERE id = :contact AND status = 'pending'",
    "intend": f"INSERT INTO open_attempt ({NEW}) VALUES (:attempt, :contact, :org, :campaign, :number, "
    f"{CONSTANTS.format(now=':now', dialer=':dialer')})",
    "place": "UPDATE open_attempt SET state = 'placing', placing_at = :now, not_after = :now, "
    "gives_up_at = :now WHERE id = :attempt AND state = 'intent'",
    "go": "UPDATE contact SET status = 'in_progress' WHERE id = :contact AND status = 'locked'",
}
SETTLE, CLAIM, ADMIT = (
    ("history", "conversations", "close", "settle", "tally"),
    ("lock", "intend", "tally"),
    ("place", "go"),
)


class PostgresFloor:
    """One batch per statement, by arrays."""

    def __init__(self, url: str, size: int) -> None:
        self._connection = psycopg.connect(url)
        self._cursor = self._connection.cursor()
        self._size = size

    def cycle(self, last: Batch, now: datetime) -> Batch:
        """Settle and claim, commit; admit, commit; gives what is under way."""
        if last:
            self._run(SETTLE, last, now)
        self._cursor.execute(ON_POSTGRESQL["claim"], {"now": now, "size": self._size})
        batch = [
            (uuid4().hex, contact.hex, org.hex, campaign.hex, number)
            for contact, org, campaign, number in self._cursor.fetchall()
        ]
        self._run(CLAIM, batch, now)
        self._connection.commit()
        self._run(ADMIT, batch, now)
        self._connection.commit()
        return batch

    def _run(self, names: Sequence[str], batch: Batch, now: datetime) -> None:
        columns = dict(
            zip(
                ("attempts", "contacts", "orgs", "campaigns", "numbers"),
                zip(*batch, strict=True),
                strict=True,
            )
        )
        arrays = {name: f"{{{','.join(values)}}}" for name, values in columns.items()}
        for name in names:
            self._cursor.execute(ON_POSTGRESQL[name], {**arrays, "now": now, "dialer": DIALER})


class SqliteFloor:
    """One row per call into the database, which is what SQLite likes best."""

    def __init__(self, url: str, size: int) -> None:
        self._connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute("PRAGMA cache_size=-65536")
        self._lanes = [lane for (lane,) in self._connection.execute("SELECT id FROM lane")]
        self._size = size

    def cycle(self, last: Batch, now: datetime) -> Batch:
        """Settle and claim, commit; admit, commit; gives what is under way."""
        self._connection.execute("BEGIN IMMEDIATE")
        if last:
            self._run(SETTLE, last, now)
        batch = self._claim(now)
        self._run(CLAIM, batch, now)
        self._connection.execute("COMMIT")
        self._connection.execute("BEGIN IMMEDIATE")
        self._run(ADMIT, batch, now)
        self._connection.execute("COMMIT")
        return batch

    def _claim(self, now: datetime) -> Batch:
        """Take as much from each lane, as if all were due alike."""
        each = max(1, self._size // len(self._lanes))
        asked = ({"lane": lane, "now": _text(now), "size": each} for lane in self._lanes)
        found = [row for one in asked for row in self._connection.execute(ON_SQLITE["claim"], one)]
        return [(uuid4().hex, *row) for row in found[: self._size]]

    def _run(self, names: Sequence[str], batch: Batch, now: datetime) -> None:
        rows = [
            {
                "attempt": attempt, "contact": contact, "org": org, "campaign": campaign, "number": number,
                "now": _text(now), "dialer": DIALER,
            }
            for attempt, contact, org, campaign, number in batch
        ]  # fmt: skip
        for name in names:
            if name == "tally":
                self._connection.execute(ON_SQLITE[name])
            else:
                self._connection.executemany(ON_SQLITE[name], rows)


def _text(instant: datetime) -> str:
    return instant.isoformat(" ", "microseconds")[:26]


def measure(url: str, batch: int, seconds: float) -> dict[str, object]:
    """Cycle for so long, and give how many were settled."""
    floor = (PostgresFloor if url.startswith("postgresql") else SqliteFloor)(url, batch)
    return run(floor.cycle, seconds)


def run(cycle: Callable[[Batch, datetime], Batch], seconds: float) -> dict[str, object]:
    """Call a cycle again and again, each a tenth of a virtual second later."""
    now = NOW + timedelta(seconds=1)
    batch, settled = cycle((), now), 0
    began = time.perf_counter()
    while (spent := time.perf_counter() - began) < seconds:
        now += timedelta(milliseconds=100)
        settled, batch = settled + len(batch), cycle(batch, now)
    return {"settled": settled, "cycles_per_second": round(settled / spent)}


def main() -> None:
    """Print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--batch", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    figures = measure(options.url, options.batch, options.seconds)
    print(json.dumps({"batch": options.batch, **figures}))


if __name__ == "__main__":
    main()
