"""A carrier whose clock is wrong, or that reports nonsense."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from support.bench import DAY, HOUR, MONDAY, SECOND, Bench, campaign, configuration, contact

from reconciler.core.outcomes import Disposition, Outcome
from reconciler.ports import Accepted, Ended, Ringing
from reconciler.store import tables


@pytest.fixture
def bench():
    bench = Bench(configuration(dialing="{retry_delay: 1h}"), campaign(), contact("c1"), contact("c2"))
    bench.step()
    return bench


@pytest.mark.parametrize("skew", [-10_000 * DAY, -2 * HOUR, 2 * HOUR, 10_000 * DAY])
def test_a_carrier_with_a_wrong_clock(bench, skew):
    """R-RETRY-3: the retry comes a retry delay after the end, whatever the carrier takes for the time."""
    bench.clock.move_to(bench.clock.now() + SECOND)
    over_at = bench.clock.now()
    bench.carrier.end("c1", "no_answer", after=skew)
    bench.step()
    assert bench.contact("c1").due_at == over_at + HOUR
    bench.step(HOUR - SECOND)
    assert len(bench.carrier.submitted) == 2


def test_stages_lie_between_the_order_and_the_end(bench):
    """R-ATT-1: the times of an attempt are in order, and a late stage is no later than the end."""
    id_, placed = bench.carrier.call_to("c1").attempt_id, bench.clock.now()
    bench.carrier.tell(Accepted(id_, placed - DAY, "ref"))
    bench.step(SECOND)
    bench.carrier.end("c1", "no_answer")
    bench.step(SECOND)
    bench.carrier.tell(Ringing(id_, placed + 9 * DAY))
    bench.step(SECOND)
    (found,) = [row for row in bench.attempts() if row.id == id_]
    assert (found.placed_at, found.ringing_at) == (placed, found.ended_at)


def _nonsense(id_, now):
    naive = now.replace(tzinfo=None)
    return [
        "hello",
        None,
        Ringing(str(id_), now),
        Ringing(id_, naive),
        Ended(id_, naive, Outcome.COMPLETED),
        Ended(id_, now, "bogus"),
        Ended(UUID(int=7), now, Outcome.COMPLETED),
    ]


def test_nonsense_is_dropped_and_told(bench):
    """R-CRASH-4: no report of a gateway stops the dialer; the call stays open, and is asked about later."""
    told = []
    bench.dialer._tell = lambda happening, **values: told.append((happening, values))
    bench.carrier.tell(*_nonsense(bench.carrier.call_to("c1").attempt_id, bench.clock.now()))
    bench.step(SECOND)
    bench.carrier.end("c2", "completed")
    bench.step(SECOND)
    assert bench.statuses() == {"c1": "in_progress", "c2": "completed"}
    kinds = [values["event"] for _, values in told]
    assert kinds == ["str", "NoneType", "Ringing", "Ringing", "Ended", "Ended"]


@pytest.mark.parametrize(
    "detail",
    [
        {"reason": "\ud800", "carrier_code": 503, "recording_url": "\ud800"},
        {"cost_micros": 10**30, "cost_currency": 5},
        {"transcript": [{"text": object()}]},
        {"transcript": [{"text": "\ud800"}]},
        {"retry_after": timedelta.max},
        {"disposition": "no such", "callback_at": MONDAY.replace(tzinfo=None)},
    ],
)
def test_an_end_counts_whatever_else_it_says(bench, detail):
    """R-CRASH-4: details that cannot be kept are left out; the end is not."""
    bench.carrier.end("c1", "completed", **detail)
    bench.step(SECOND)
    assert bench.statuses()["c1"] == "completed"


def test_an_opt_out_in_plain_text_is_one(bench):
    """R-SUP-2: a gateway that writes text in place of our words is understood."""
    id_ = bench.carrier.call_to("c1").attempt_id
    bench.carrier.tell(Ended(id_, bench.clock.now(), "completed", disposition=str(Disposition.OPT_OUT.value)))
    bench.step(SECOND)
    assert len(bench.rows(tables.suppression)) == 1
