"""Which changes of a schedule are called a widening, and which windows go beyond the legal hours."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from reconciler.core.window_changes import beyond_legal, widened
from reconciler.spec.schedule import DAYS, Schedule

MONDAY = date(2026, 3, 2)
DASH = "\N{EN DASH}"


def daily(start, end, days=DAYS):
    return {"days": list(days), "start": start, "end": end}


def schedule(*default_windows, **fields):
    return Schedule.model_validate({"default_windows": list(default_windows), **fields})


def override(zone, *own_windows):
    return {"timezones": [zone], "windows": list(own_windows)}


OFFICE = schedule(daily("09:00", "17:00"))


@pytest.mark.parametrize(
    "after",
    [
        OFFICE,
        schedule(daily("09:00", "12:00"), daily("12:00", "17:00")),
        schedule(daily("10:00", "17:00")),
        schedule(),
        schedule(daily("09:00", "17:00"), overrides=[override("America/Denver")]),
        schedule(daily("09:00", "17:00"), holidays={"country": "US"}),
        schedule(daily("09:00", "17:00"), blackouts=[{"start": "2026-05-01", "end": "2026-05-02"}]),
    ],
)
def test_what_opens_nothing_is_no_widening(after):
    """R-PLAN-6: the same hours in other words, fewer hours, and more closed days pass without a guard."""
    assert widened(OFFICE, after, MONDAY) == ()


def test_a_widening_names_zone_class_and_first_instant():
    """R-PLAN-6: the text says where, for whom, and from when in local time."""
    assert widened(OFFICE, schedule(daily("08:00", "17:00")), MONDAY) == (
        "America/New_York, regular and scheduled contacts: first on mon 2026-03-02 at 08:00",
        "every other zone, regular and scheduled contacts: first on mon 2026-03-02 at 08:00",
    )


def test_a_minute_once_a_week_is_a_widening():
    """R-PLAN-6: the smallest opening counts."""
    after = schedule(daily("09:00", "17:00"), daily("17:00", "17:01", ["sun"]))
    assert all("first on sun 2026-03-08 at 17:00" in text for text in widened(OFFICE, after, MONDAY))


def test_an_entry_that_opens_its_zone_names_that_zone_alone():
    """R-PLAN-6: other zones are untouched by an override."""
    after = schedule(daily("09:00", "17:00"), overrides=[override("America/Denver", daily("12:00", "18:00"))])
    assert widened(OFFICE, after, MONDAY) == (
        "America/Denver, regular and scheduled contacts: first on mon 2026-03-02 at 17:00",
    )


def test_an_entry_that_goes_opens_its_zone():
    """R-PLAN-6: without its empty entry, a zone falls back to the default windows."""
    before = schedule(daily("09:00", "17:00"), overrides=[override("America/Phoenix")])
    assert widened(before, OFFICE, MONDAY) == (
        "America/Phoenix, regular and scheduled contacts: first on mon 2026-03-02 at 09:00",
    )


def test_wider_defaults_are_seen_although_the_default_zone_has_its_own_entry():
    """R-PLAN-6: zones that nothing names are judged too."""
    own = [override("America/New_York", daily("09:00", "10:00"))]
    before = schedule(daily("09:00", "17:00"), overrides=own)
    after = schedule(daily("09:00", "18:00"), overrides=own)
    assert [text.split(",")[0] for text in widened(before, after, MONDAY)] == ["every other zone"]


def test_scheduled_contacts_are_judged_on_their_own():
    """R-PLAN-6, R-WIN-3: windows for scheduled contacts widen nothing for regular ones."""
    after = schedule(daily("09:00", "17:00"), scheduled_windows=[daily("09:00", "19:00")])
    texts = widened(OFFICE, after, MONDAY)
    assert len(texts) == 2
    assert all(", scheduled contacts: first on mon 2026-03-02 at 17:00" in text for text in texts)


def test_a_holiday_or_blackout_that_goes_is_a_widening():
    """R-PLAN-6: a day that was closed opens, even if it is the only one of the year."""
    before = schedule(daily("09:00", "17:00"), holidays={"country": "US"})
    assert "first on mon 2026-05-25 at 09:00" in widened(before, OFFICE, MONDAY)[0]
    closed = schedule(daily("09:00", "17:00"), blackouts=[{"start": "2026-12-24", "end": "2026-12-24"}])
    assert "first on thu 2026-12-24 at 09:00" in widened(closed, OFFICE, MONDAY)[0]


def test_what_would_open_in_the_past_only_is_no_widening():
    """R-PLAN-6: a blackout that is over may be tidied away."""
    past = [{"start": "2026-02-01", "end": "2026-02-28"}]
    assert widened(schedule(daily("09:00", "17:00"), blackouts=past), OFFICE, MONDAY) == ()


def test_a_window_that_lies_wholly_in_skipped_time_opens_nothing():
    """R-PLAN-6, R-WIN-4: judged by instants: 02:00 to 03:00 of the one open day does not exist."""
    rest = [
        {"start": "2026-01-01", "end": "2026-03-07"},
        {"start": "2026-03-09", "end": "2027-12-31"},
    ]
    after = schedule(daily("02:00", "03:00"), blackouts=rest)
    texts = widened(schedule(), after, MONDAY)
    assert [text.split(",")[0] for text in texts] == ["every other zone"]


def test_a_new_default_zone_moves_the_contacts_without_a_zone():
    """R-PLAN-6, R-TZ-1: unchanged windows open other instants in another zone."""
    after = schedule(daily("09:00", "17:00"), default_timezone="America/Los_Angeles")
    (text,) = widened(OFFICE, after, MONDAY)
    assert text.startswith(
        "contacts without a zone (from America/New_York to America/Los_Angeles), regular and "
    )
    assert text.endswith("first on mon 2026-03-02 at 14:00")


def test_a_switched_inference_may_open_anything():
    """R-PLAN-6, R-TZ-1: other zones decide then; but where nothing is open, nothing opens."""
    inferred = schedule(daily("09:00", "17:00"), infer_timezone=True)
    assert widened(OFFICE, inferred, MONDAY) == (
        "contacts without a zone: infer_timezone is switched on, other zones decide",
    )
    assert widened(inferred, schedule(), MONDAY) == ()


def test_many_zones_are_compared_in_a_moment():
    """R-PLAN-6: fifty overrides with a new closed day, judged day by day, stay within seconds."""
    zones = [f"Etc/GMT{sign}{hours}" for sign in "+-" for hours in range(1, 13)]
    overrides = [override(zone, daily("09:00", "16:00")) for zone in zones]
    before = schedule(daily("09:00", "17:00"), overrides=overrides)
    closed = [{"start": "2026-05-01", "end": "2026-05-01"}]
    after = schedule(daily("09:00", "17:00"), overrides=overrides, blackouts=closed)
    assert widened(before, after, MONDAY) == ()
    assert len(widened(after, before, MONDAY + timedelta(days=1))) == len(zones) + 2


@pytest.mark.parametrize(
    "window", [daily("08:00", "21:00"), daily("09:00", "17:00", ["sun"]), daily("20:59", "21:00")]
)
def test_the_legal_hours_are_legal(window):
    """R-PLAN-6: 08:00 to 21:00 itself is not beyond."""
    assert beyond_legal(schedule(window)) == ()


@pytest.mark.parametrize(
    ("start", "end"),
    [("07:59", "12:00"), ("12:00", "21:01"), ("12:00", "24:00"), ("20:00", "00:00"), ("22:30", "03:30")],
)
def test_a_minute_beyond_the_legal_hours_is_named(start, end):
    """R-PLAN-6: too early, too late, or across midnight."""
    assert beyond_legal(schedule(daily(start, end, ["sat"]))) == (f"default_windows: sat {start}{DASH}{end}",)


def test_windows_beyond_the_legal_hours_are_named_wherever_they_stand():
    """R-PLAN-6: overrides and windows for scheduled contacts are looked at too."""
    late = daily("12:00", "22:00", ["fri"])
    everywhere = schedule(
        daily("09:00", "17:00"),
        overrides=[{"timezones": ["America/Denver", "America/Boise"], "windows": [late]}],
        scheduled_windows=[late],
        scheduled_overrides=[override("Asia/Tokyo", late)],
    )
    assert beyond_legal(everywhere) == (
        f"overrides of America/Denver: fri 12:00{DASH}22:00",
        f"overrides of America/Boise: fri 12:00{DASH}22:00",
        f"scheduled_windows: fri 12:00{DASH}22:00",
        f"scheduled_overrides of Asia/Tokyo: fri 12:00{DASH}22:00",
    )
