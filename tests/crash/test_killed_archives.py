"""An archive is killed at many moments: each attempt is in the database, or in a complete file."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

import pytest
from crash.engines import FULL, on_each
from crash.processes import LOOK_CLOSELY, wait_until
from sqlalchemy import insert, select

from reconciler.core.months import Month
from reconciler.ids import Uuid7
from reconciler.store import partitions
from reconciler.store.archive.files import lines_of
from reconciler.store.dialect import keeps_months
from reconciler.store.engine import open_database
from reconciler.store.history import ATTEMPTS
from reconciler.store.tables import attempt, contact

pytestmark = pytest.mark.crash

CALLS = 3_000
START = datetime(2024, 3, 1, tzinfo=UTC)
MARCH = Month(2024, 3)
ARCHIVE = ("db", "archive", "--before", "2024-04", "--to", "old", "--yes")


def fill(world):
    """Write attempts of two years ago; gives their ids."""
    ids = Uuid7(Random(1))
    database = open_database(world.url)
    with database.write() as connection:
        some = connection.execute(select(contact).limit(1)).one()
        evidence = {
            "org_id": some.org_id, "campaign_key": some.campaign_key, "contact_id": some.id,
            "number": some.phone_numbers[0], "number_hash": "x", "gateway": "simulator", "used": False,
            "timezone_source": "default", "state": "ended", "outcome": "released", "dialer_id": some.id,
        }  # fmt: skip
        times = [START + timedelta(minutes=n) for n in range(CALLS)]
        rows = [{"id": ids(at), "intent_at": at, **evidence} for at in times]
        connection.execute(insert(attempt), rows)
    database.close()
    return {row["id"] for row in rows}


def in_files(world):
    """Give the ids of attempts in complete files."""
    found = (world.directory / "old").glob("attempts*.gz")
    return {UUID(json.loads(line)["id"]) for path in found for line in lines_of(path)}


def in_database(world):
    """Give the ids of attempts that are in the database, in a partition that was taken out, too."""
    database = open_database(world.url, read_only=True)
    with database.read() as connection:
        found = set(connection.execute(select(attempt.c.id)).scalars())
        if keeps_months(connection) and partitions.taken_out(connection, ATTEMPTS):
            left = select(partitions.leaving(ATTEMPTS, MARCH).c.id)
            found |= set(connection.execute(left).scalars())
    database.close()
    return found


WHILE_WRITTEN, WHEN_ROWS_HAVE_LEFT = "while a file is written", "when rows have left"
MOMENTS = {
    WHILE_WRITTEN: lambda world: any((world.directory / "old").glob("*.part")),
    "when the file has its name": lambda world: any((world.directory / "old").glob("attempts*.gz")),
    WHEN_ROWS_HAVE_LEFT: lambda world: world.count("attempt WHERE outcome = 'released'") < CALLS,
    "when it has written down what it did": lambda world: world.count("archive") > 0,
}


@pytest.mark.parametrize(
    ("engine", "moment"),
    on_each(MOMENTS, MOMENTS) if FULL else on_each([WHILE_WRITTEN], [WHEN_ROWS_HAVE_LEFT]),
    indirect=["engine"],
)
def test_an_archive_that_is_killed_loses_no_attempt(world, moment):
    """R-ATT-1: whatever had happened by then, the same command ends it, and every attempt is in a file."""
    here = world(contacts=1)
    wanted = fill(here)
    archive = here.start(*ARCHIVE)
    wait_until(lambda: archive.is_dead or MOMENTS[moment](here), moment, LOOK_CLOSELY)
    archive.kill()
    assert in_database(here) | in_files(here) == wanted
    here.run(*ARCHIVE)
    assert (in_files(here), in_database(here)) == (wanted, set())
