"""The gateway `http` keeps every promise of a gateway, also over a network that loses what is sent."""

from __future__ import annotations

import pytest
from gateways.conformance import START, GatewayConformance
from support.http_bench import HttpBench


class TestHttp(GatewayConformance):
    """Architecture 4, on a good day."""

    @pytest.fixture
    def bench(self):
        with HttpBench(START) as bench:
            yield bench


class TestHttpOverABadNetwork(GatewayConformance):
    """R-CRASH-1, R-CRASH-2: a lost answer is looked up; the carrier itself would ring twice for an id."""

    @pytest.fixture
    def bench(self):
        with HttpBench(START, lost_answers=0.3, lost_orders=0.3) as bench:
            yield bench
