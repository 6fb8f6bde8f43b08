"""The quickstart over four weeks in which clocks change, call by call before the judge."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from simulation.judge import judge
from simulation.quickstart import play

SPRING = datetime(2026, 3, 1, tzinfo=UTC)
"""Clocks go forward in New York on the 8th and in Europe on the 29th."""

AUTUMN = datetime(2026, 10, 18, tzinfo=UTC)
"""Clocks go back in Europe on the 25th and in New York on the 1st of November."""


@pytest.mark.parametrize("start", [SPRING, AUTUMN], ids=["spring", "autumn"])
def test_four_weeks_of_the_quickstart_break_no_rule(start):
    """R-WIN-4 and every other rule about calls: the judge finds nothing, in hundreds of calls."""
    _, evidence = play(start, 28, seed=1)
    assert judge(evidence) == []
    assert len(evidence.placed()) > 1000
    assert {fact.campaign for fact in evidence.placed()} == {
        "spring-renewals", "welcome-calls", "delivery-survey",
    }  # fmt: skip
