"""Leases of any length leave room for calls, and none for calls that outlive them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from support.bench import SECOND, Bench, campaign, configuration, contact

from reconciler.controller.dialer import LEASE


@pytest.mark.parametrize("lease", [SECOND, 2 * SECOND, LEASE, timedelta(hours=1)], ids=str)
def test_a_call_is_void_a_little_before_its_lease_expires(lease):
    """R-CRASH-3: whatever the length, calls are placed; a twelfth of it is left for clocks that differ."""
    bench = Bench(configuration(), campaign(), contact("c1"))
    dialer = bench.join(lease=lease)
    assert dialer.step().started == 1
    [call] = bench.carrier.submitted
    assert call.not_after == bench.clock.now() + lease * 11 / 12 < dialer.lease.until
