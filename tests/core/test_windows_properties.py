"""Calling windows against the naive oracle, across zones and clock changes."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import oracle_is_open

from reconciler.core.window_changes import widened
from reconciler.core.windows import CallingWindows
from reconciler.spec.schedule import DAYS, Schedule

ZONES = [
    "Africa/Casablanca",
    "America/New_York",
    "America/Santiago",
    "America/St_Johns",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Australia/Sydney",
    "Europe/London",
    "Pacific/Apia",
    "Pacific/Chatham",
]
FIRST_HOUR = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@cache
def clock_changes(zone):
    """Find the hours of 2026 to 2028 in which a zone's UTC offset changes."""
    hours = [FIRST_HOUR + timedelta(hours=number) for number in range(3 * 365 * 24)]
    offsets = [hour.astimezone(ZoneInfo(zone)).utcoffset() for hour in hours]
    return [hour for hour, old, new in zip(hours[1:], offsets, offsets[1:], strict=False) if old != new]


times = st.integers(0, 24 * 60 - 1).map(lambda minute: f"{minute // 60:02d}:{minute % 60:02d}")
night_times = st.integers(0, 4 * 60 - 1).map(lambda minute: f"{minute // 60:02d}:{minute % 60:02d}")
starts = times | night_times
windows = (
    st.builds(
        lambda days, start, end: {"days": sorted(days, key=DAYS.index), "start": start, "end": end},
        st.sets(st.sampled_from(DAYS), min_size=1),
        starts,
        starts | st.just("24:00"),
    )
    .filter(lambda window: window["start"] != window["end"])
)  # fmt: skip
window_lists = st.lists(windows, max_size=3)
override_lists = st.lists(
    st.builds(
        lambda zone, chosen: {"timezones": [zone], "windows": chosen}, st.sampled_from(ZONES), window_lists
    ),
    max_size=3,
    unique_by=lambda override: override["timezones"][0],
)


@st.composite
def places_and_times(draw):
    """Give one or two zones, and an instant: mostly within a day and a half of a clock change."""
    zones = tuple(draw(st.lists(st.sampled_from(ZONES), min_size=1, max_size=2, unique=True)))
    around = draw(st.sampled_from(clock_changes(zones[0]) or [FIRST_HOUR]) | st.just(FIRST_HOUR))
    shift = draw(st.integers(-36 * 60, 36 * 60) | st.integers(-120, 120))
    return zones, around + shift * MINUTE + draw(st.sampled_from([0, 1, 30_000_000])) * timedelta(
        microseconds=1
    )


@st.composite
def schedules(draw, near):
    """Give a schedule as JSON, with blackouts near an instant."""
    day = near.date()
    blackout = st.builds(
        lambda first, length: {
            "start": (day + timedelta(days=first)).isoformat(),
            "end": (day + timedelta(days=first + length)).isoformat(),
        },
        st.integers(-3, 3),
        st.integers(0, 2),
    )
    return {
        "default_windows": draw(window_lists),
        "overrides": draw(override_lists),
        "scheduled_windows": draw(st.none() | window_lists),
        "scheduled_overrides": draw(st.none() | override_lists),
        "holidays": draw(
            st.sampled_from([None, None, {"country": "US"}, {"country": "GB", "subdivision": "SCT"}])
        ),
        "blackouts": draw(st.lists(blackout, max_size=1)),
    }


@st.composite
def cases(draw):
    """Give a schedule's JSON, its evaluator, zones, an instant, and a class."""
    zones, at = draw(places_and_times())
    schedule = draw(schedules(at))
    evaluator = CallingWindows(Schedule.model_validate(schedule))
    return schedule, evaluator, zones, at, draw(st.booleans())


def oracle_scan(schedule, zones, start, minutes, scheduled):
    """Ask the oracle at `start` and then at each full minute after it; give (instant, is open) pairs."""
    first_full = start.replace(second=0, microsecond=0) + MINUTE
    instants = [start, *(first_full + number * MINUTE for number in range(minutes))]
    return [(at, oracle_is_open(schedule, zones, at, scheduled)) for at in instants]


@given(cases())
@settings(max_examples=150, deadline=None)
def test_open_or_shut_as_the_rules_say(case):
    """R-WIN-1 to R-WIN-5: `is_open` agrees with the naive reading of the rules, instant by instant."""
    schedule, evaluator, zones, at, scheduled = case
    for hours in range(-30, 31, 5):
        instant = at + timedelta(hours=hours, minutes=7 * hours)
        expected = oracle_is_open(schedule, zones, instant, scheduled)
        assert evaluator.is_open(zones, instant, scheduled=scheduled) is expected
        assert (evaluator.window_at(zones, instant, scheduled=scheduled) is not None) is expected


@given(cases())
@settings(max_examples=60, deadline=None)
def test_the_next_opening_is_the_first_open_minute(case):
    """R-WIN-7: `next_open` is open, and a scan of the minutes before it finds them all shut."""
    schedule, evaluator, zones, at, scheduled = case
    opens = evaluator.next_open(zones, at, scheduled=scheduled)
    scan = oracle_scan(schedule, zones, at, 1200, scheduled)
    first_seen = next((instant for instant, is_open in scan if is_open), None)
    if opens is None or opens > scan[-1][0]:
        assert first_seen is None
    else:
        assert opens == first_seen
    if opens is not None:
        assert oracle_is_open(schedule, zones, opens, scheduled)
        assert opens == at or not oracle_is_open(schedule, zones, opens - timedelta.resolution, scheduled)


@given(cases())
@settings(max_examples=60, deadline=None)
def test_the_closing_is_the_first_shut_minute(case):
    """R-WIN-7: `next_close` is shut, and a scan of the minutes before it finds them all open."""
    schedule, evaluator, zones, at, scheduled = case
    opens = evaluator.next_open(zones, at, scheduled=scheduled)
    if opens is None:
        return
    closes = evaluator.next_close(zones, opens, scheduled=scheduled)
    scan = oracle_scan(schedule, zones, opens, 1200, scheduled)
    first_seen = next((instant for instant, is_open in scan if not is_open), None)
    if closes is None or closes > scan[-1][0]:
        assert first_seen is None
    else:
        assert closes == first_seen
    if closes is not None:
        assert oracle_is_open(schedule, zones, closes - timedelta.resolution, scheduled)


@given(cases(), st.data())
@settings(max_examples=50, deadline=None)
def test_a_widening_is_found_exactly_where_an_instant_opens(case, data):
    """R-PLAN-6: an instant that opens is always named, and the instant that is named does open."""
    after, _, zones, at, scheduled = case
    before = data.draw(schedules(at)) | {"overrides": after["overrides"]}
    zone = zones[0]
    before["default_timezone"] = after["default_timezone"] = zone

    def opens(instant, class_is_scheduled):
        return oracle_is_open(after, [zone], instant, class_is_scheduled) and not oracle_is_open(
            before, [zone], instant, class_is_scheduled
        )

    start = at.astimezone(ZoneInfo(zone)).date() - timedelta(days=1)
    texts = widened(Schedule.model_validate(before), Schedule.model_validate(after), start)
    said = [text.removeprefix(f"{zone}, ") for text in texts if text.startswith(f"{zone}, ")]
    if any(opens(at + timedelta(minutes=minutes), scheduled) for minutes in range(0, 4320, 30)):
        assert any(("scheduled" if scheduled else "regular") in text for text in said)
    for text in said:
        classes, _, moment = text.partition(" contacts: first on ")
        wall = datetime.strptime(moment[4:], "%Y-%m-%d at %H:%M")  # noqa: DTZ007 - the zone comes next
        instants = {wall.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) for fold in (0, 1)}
        for name in classes.split(" and "):
            assert any(opens(instant, name == "scheduled") for instant in instants)
            shut_before = not any(opens(instant - MINUTE, name == "scheduled") for instant in instants)
            assert shut_before or wall == datetime.combine(start, time())


def test_a_whole_year_of_every_zone():
    """R-WIN-4: the openings and closings of an ordinary year are those of the oracle, in every zone."""
    schedule = {
        "default_windows": [
            {"days": ["mon", "wed"], "start": "09:00", "end": "17:00"},
            {"days": ["sat", "sun"], "start": "22:45", "end": "02:30"},
        ],
        "holidays": {"country": "US"},
    }
    evaluator = CallingWindows(Schedule.model_validate(schedule))
    for zone in ZONES:
        at, seen = FIRST_HOUR, 0
        while (opens := evaluator.next_open((zone,), at)) < FIRST_HOUR + timedelta(days=365):
            at = evaluator.next_close((zone,), opens)
            for edge, is_open in ((opens, True), (at - timedelta.resolution, True), (at, False)):
                assert oracle_is_open(schedule, (zone,), edge) is is_open
            seen += 1
        assert seen > 180
