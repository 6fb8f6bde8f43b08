"""Leases of dialers: held, renewed, lost, taken back under a new epoch (R-CRASH-2)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from databases import scratch_url

from reconciler.ids import Uuid7
from reconciler.store import leases
from reconciler.store.engine import open_database
from reconciler.store.schema import create_scratch

NOW = datetime(2026, 3, 2, tzinfo=UTC)
LENGTH = timedelta(seconds=60)


@pytest.fixture
def connection():
    database = open_database(scratch_url())
    ids = Uuid7(Random(1))
    create_scratch(database, ids, NOW, bytes(32))
    with database.write() as opened:
        yield opened


@pytest.fixture
def lease(connection):
    process = leases.Process(Uuid7(Random(2))(NOW), "simulator", "here", 1)
    return leases.join(connection, process, NOW, LENGTH, 0)


def test_a_lease_holds_until_just_before_its_end(connection, lease):
    """R-CRASH-2: half-open: at the instant of its end it is over."""
    assert leases.is_valid(connection, lease, lease.until - timedelta.resolution)
    assert not leases.is_valid(connection, lease, lease.until)


def test_a_renewed_lease_keeps_its_epoch(connection, lease):
    """R-CRASH-2: a heartbeat in time changes nothing but the end."""
    renewed = leases.renew(connection, lease, NOW + LENGTH / 2, LENGTH)
    assert (renewed.epoch, renewed.until) == (lease.epoch, NOW + LENGTH / 2 + LENGTH)
    assert leases.is_valid(connection, renewed, NOW + LENGTH)


def test_a_lease_that_expired_comes_back_under_a_new_epoch(connection, lease):
    """R-CRASH-2: the old lease is worth nothing any more, at any time."""
    back = leases.renew(connection, lease, lease.until, LENGTH)
    assert back.epoch == lease.epoch + 1
    assert leases.is_valid(connection, back, lease.until)
    assert not leases.is_valid(connection, lease, NOW)


def test_a_lease_that_was_given_up_is_over_at_once(connection, lease):
    """R-CRASH-2: others need not wait."""
    leases.resign(connection, lease, NOW)
    assert not leases.is_valid(connection, lease, NOW)
    assert leases.renew(connection, lease, NOW, LENGTH).epoch == lease.epoch + 1
