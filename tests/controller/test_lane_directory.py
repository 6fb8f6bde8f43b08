"""What a dialer remembers of lanes is what it would find if it looked anew."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from support.bench import DAY, HOUR, OFFICE, SECOND, Bench, campaign, configuration, contact
from support.carrier import ScriptedCarrier
from support.statements import Statements

from reconciler.controller.lane_directory import LaneDirectory
from reconciler.core.outcomes import Outcome
from reconciler.store.book import BookReader

ZONES = ("America/New_York", "Europe/Berlin", "Asia/Tokyo", "Pacific/Auckland")


def in_zones(zones, start=0):
    return [contact(f"c{n}", also=f"timezone: {zone}") for n, zone in enumerate(zones, start)]


def states_of(directory, bench, reader):
    with bench.database.read() as connection:
        book, holds = reader.read(connection)
        states = directory.states(connection, book, holds, bench.clock.now())
    return (
        {view.id for view in states.open},
        {view.id for view in states.hopeless},
        [(opens_at, set(ids)) for opens_at, ids in states.shut],
    )


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(("wait", "hold for an hour", "hold a campaign", "pause", "start", "new lane")),
            st.integers(0, 2 * 24 * 60),
        ),
        max_size=12,
    )
)
def test_what_is_remembered_is_what_would_be_judged_anew(happenings):
    """R-DIAL-1: over windows of four zones, periods, holds that run out, pauses, and lanes that come."""
    period = "start_at: 2026-03-02T18:00:00Z\nend_at: 2026-03-05T18:00:00Z"
    objects = [configuration(schedule=OFFICE), campaign(), campaign("summer", also=period), *in_zones(ZONES)]
    objects += [contact("s1", campaign="summer")]
    bench = Bench(*objects)
    remembering, reader = LaneDirectory("scripted"), BookReader()
    for number, (what, minutes) in enumerate(happenings):
        bench.clock.advance(timedelta(minutes=minutes))
        if what == "hold for an hour":
            bench.hold("all", expires_at=bench.clock.now() + HOUR)
        elif what == "hold a campaign":
            bench.hold("campaign", str(bench.campaign("summer").id), expires_at=bench.clock.now() + DAY)
        elif what in ("pause", "start"):
            bench.edit_campaign(status="paused" if what == "pause" else "active")
        elif what == "new lane":
            objects += in_zones([f"Etc/GMT+{number % 12 + 1}"], start=len(objects))
            bench.apply(*objects)
        found = states_of(remembering, bench, reader)
        assert found == states_of(LaneDirectory("scripted"), bench, BookReader())


def test_a_lane_that_another_dialer_made_is_noticed():
    """R-RETRY-3: the first retry of a campaign makes a lane, and changes nothing else that is looked at."""
    bench = Bench(configuration(), campaign(), contact("c1"))
    carrier = ScriptedCarrier(bench.clock)
    first, second = bench.join(), bench.join(carrier)
    assert (second.step().started, first.step().started) == (1, 0)
    carrier.end("c1", "no_answer")
    bench.clock.advance(SECOND)
    assert second.step().ended == 1
    bench.clock.advance(DAY)
    assert first.step().started == 1
    assert bench.attempts("c1")[0].outcome == Outcome.NO_ANSWER


def test_shut_lanes_cost_no_statement():
    """A poll asks for the heads of open lanes only, and no further than it takes to know when it begins."""

    def cost(zones):
        statements = Statements()
        objects = [configuration(schedule=OFFICE), campaign(), *in_zones(zones)]
        bench = Bench(*objects, engine_hook=statements.hook)
        bench.clock.advance(20 * HOUR)
        bench.step()
        statements.take()
        bench.step(SECOND)
        return [sql for sql, _ in statements.take()]

    american = [f"America/{city}" for city in ("New_York", "Chicago", "Denver", "Los_Angeles", "Anchorage")]
    few, many = cost(american[:1]), cost(american)
    assert len(few) == len(many)
    assert not any("WITH head" in sql for sql in many)
