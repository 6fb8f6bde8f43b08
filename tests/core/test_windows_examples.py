"""Calling windows by example: one small schedule, one instant, one answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from reconciler.core.windows import CallingWindows
from reconciler.errors import DialctlError
from reconciler.spec.schedule import Schedule

NEW_YORK = ("America/New_York",)
ALL_DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS = ALL_DAYS[:5]
OFFICE_HOURS = {"days": WEEKDAYS, "start": "09:00", "end": "17:00"}
MONDAY_MORNING = {"days": ["mon"], "start": "09:00", "end": "12:00"}
FRIDAY_NIGHT = {"days": ["fri"], "start": "22:30", "end": "03:30"}
ALWAYS = {"days": ALL_DAYS, "start": "00:00", "end": "24:00"}


def windows(*default_windows, **fields):
    return CallingWindows(Schedule.model_validate({"default_windows": default_windows, **fields}))


def daily(start, end):
    return {"days": ALL_DAYS, "start": start, "end": end}


def local(text, zone="America/New_York", *, fold=0):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        ("2026-03-02 08:59:59.999999", False),
        ("2026-03-02 09:00", True),
        ("2026-03-02 16:59:59.999999", True),
        ("2026-03-02 17:00", False),
        ("2026-03-07 12:00", False),
    ],
)
def test_a_window_is_half_open(at, is_open):
    """R-WIN-1: 09:00 is inside, 17:00 is not, and days that are not listed are shut."""
    assert windows(OFFICE_HOURS).is_open(NEW_YORK, local(at)) is is_open


def test_a_window_may_end_with_the_day():
    """R-WIN-1: `24:00` is an end; the next local day belongs to it no more."""
    evening = windows({"days": ["mon"], "start": "20:00", "end": "24:00"})
    assert evening.is_open(NEW_YORK, local("2026-03-02 23:59:59.999999"))
    assert evening.next_close(NEW_YORK, local("2026-03-02 21:00")) == local("2026-03-03 00:00")


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        ("2026-03-06 01:00", False),
        ("2026-03-06 22:29", False),
        ("2026-03-06 22:30", True),
        ("2026-03-07 01:00", True),
        ("2026-03-07 03:30", False),
        ("2026-03-07 22:30", False),
    ],
)
def test_the_part_after_midnight_belongs_to_the_day_before(at, is_open):
    """R-WIN-2: Friday's night window is open on Saturday at 01:00 and shut on Friday at 01:00."""
    assert windows(FRIDAY_NIGHT).is_open(NEW_YORK, local(at)) is is_open


def test_a_window_that_ends_at_midnight_sharp_has_no_part_after_it():
    """R-WIN-2: 20:00 to 00:00 crosses midnight by nothing."""
    evening = windows({"days": ["mon"], "start": "20:00", "end": "00:00"})
    assert evening.is_open(NEW_YORK, local("2026-03-02 23:59"))
    assert not evening.is_open(NEW_YORK, local("2026-03-03 00:00"))


def test_the_night_from_sunday_to_monday_wraps_round_the_week():
    """R-WIN-2: Sunday's entry is open on Monday before dawn."""
    assert windows({"days": ["sun"], "start": "22:00", "end": "02:00"}).is_open(
        NEW_YORK, local("2026-03-02 01:59")
    )


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        ("2026-03-05 23:59", True),
        ("2026-03-06 00:00", False),  # its own date, although Thursday's entry goes on
        ("2026-03-06 23:00", False),
        ("2026-03-07 01:00", False),  # its entry's date, although Saturday is no blackout
        ("2026-03-07 23:00", True),
    ],
)
def test_a_blackout_shuts_its_own_date_and_what_its_date_would_begin(at, is_open):
    """R-WIN-2: an instant is shut if its own local date or its entry's date is a blackout."""
    nights = windows(daily("22:00", "03:00"), blackouts=[{"start": "2026-03-06", "end": "2026-03-06"}])
    assert nights.is_open(NEW_YORK, local(at)) is is_open


def test_a_blackout_includes_its_last_day():
    """R-WIN-2: both ends of a blackout are shut, in the contact's local dates."""
    closed = windows(ALWAYS, blackouts=[{"start": "2026-12-24", "end": "2026-12-26", "reason": "closed"}])
    before = local("2026-12-23 23:59")
    assert closed.next_close(NEW_YORK, before) == local("2026-12-24 00:00")
    assert closed.next_open(NEW_YORK, local("2026-12-24 00:00")) == local("2026-12-27 00:00")
    assert closed.is_open(("Asia/Tokyo",), local("2026-12-26 10:00"))  # there it is the 27th already


def test_public_holidays_are_shut():
    """R-WIN-2: no window opens on a public holiday; a state's own days count where a subdivision is given."""
    thanksgiving, day_after = local("2026-11-26 12:00"), local("2026-11-27 12:00")
    nation = windows(OFFICE_HOURS, holidays={"country": "US"})
    state = windows(OFFICE_HOURS, holidays={"country": "US", "subdivision": "CA"})
    assert not nation.is_open(NEW_YORK, thanksgiving)
    assert nation.is_open(NEW_YORK, day_after)
    assert not state.is_open(NEW_YORK, day_after)


@pytest.mark.parametrize("holidays", [{"country": "ZZ"}, {"country": "US", "subdivision": "Atlantis"}])
def test_unknown_holidays_are_refused(holidays):
    """R-WIN-2: a country or subdivision without known holidays is an error, never a year without any."""
    with pytest.raises(DialctlError, match="no public holidays are known"):
        windows(OFFICE_HOURS, holidays=holidays)


def test_no_windows_means_no_calls():
    """R-WIN-3: an empty list of windows is never open."""
    shut = windows()
    assert not shut.is_open(NEW_YORK, local("2026-03-02 12:00"))
    assert shut.next_open(NEW_YORK, local("2026-03-02 12:00")) is None
    assert shut.window_at(NEW_YORK, local("2026-03-02 12:00")) is None


def test_an_override_replaces_the_default_windows():
    """R-WIN-3: a zone with an entry has that entry's windows only; an empty entry means no calls."""
    schedule = windows(
        OFFICE_HOURS,
        overrides=[
            {"timezones": ["America/Denver", "America/Boise"], "windows": [MONDAY_MORNING]},
            {"timezones": ["America/Phoenix"], "windows": []},
        ],
    )
    monday, tuesday = utc("2026-03-02 18:00"), utc("2026-03-03 18:00")
    assert schedule.is_open(("America/Boise",), monday)
    assert not schedule.is_open(("America/Denver",), tuesday)
    assert schedule.is_open(NEW_YORK, tuesday)
    assert not schedule.is_open(("America/Phoenix",), monday)


ENTRY = [{"timezones": ["America/New_York"], "windows": [MONDAY_MORNING]}]
ELSEWHERE = [{"timezones": ["Asia/Tokyo"], "windows": []}]


@pytest.mark.parametrize(
    ("fields", "is_open"),
    [
        ({}, False),
        ({"scheduled_windows": [ALWAYS]}, True),
        ({"scheduled_windows": []}, False),
        ({"scheduled_windows": [ALWAYS], "overrides": ENTRY}, False),
        ({"scheduled_windows": [ALWAYS], "overrides": ELSEWHERE}, True),
        ({"scheduled_windows": [ALWAYS], "scheduled_overrides": ENTRY}, False),
        ({"scheduled_windows": [ALWAYS], "scheduled_overrides": [], "overrides": ENTRY}, True),
        ({"scheduled_overrides": [{"timezones": ["America/New_York"], "windows": [ALWAYS]}]}, True),
        ({"scheduled_overrides": ELSEWHERE}, False),
    ],
)
def test_first_time_scheduled_contacts_may_have_windows_of_their_own(fields, is_open):
    """R-WIN-3: scheduled_overrides, else overrides; then scheduled_windows, else default_windows."""
    sunday = local("2026-03-01 12:00")
    schedule = windows(OFFICE_HOURS, **fields)
    assert schedule.is_open(NEW_YORK, sunday, scheduled=True) is is_open
    assert not schedule.is_open(NEW_YORK, sunday)


def test_where_scheduled_overrides_are_given_the_ordinary_ones_do_not_count():
    """R-WIN-3: a zone without an entry in scheduled_overrides falls back to the windows for all zones."""
    schedule = windows(OFFICE_HOURS, overrides=ENTRY, scheduled_overrides=ELSEWHERE)
    tuesday = local("2026-03-03 12:00")
    assert schedule.is_open(NEW_YORK, tuesday, scheduled=True)
    assert not schedule.is_open(NEW_YORK, tuesday)


def test_retries_never_use_the_scheduled_windows():
    """R-WIN-5: asked without `scheduled`, as for a retry, only the regular windows count."""
    schedule = windows(OFFICE_HOURS, scheduled_windows=[daily("18:00", "20:00")])
    assert not schedule.is_open(NEW_YORK, local("2026-03-02 19:00"))
    assert schedule.next_open(NEW_YORK, local("2026-03-02 19:00")) == local("2026-03-03 09:00")


SPRING_AND_AUTUMN = [
    # zone, a wall-clock time that is skipped, and one that occurs twice
    ("America/New_York", "2026-03-08 02:30", "2026-11-01 01:30"),
    ("Europe/London", "2026-03-29 01:30", "2026-10-25 01:30"),
    ("America/St_Johns", "2026-03-08 02:30", "2026-11-01 01:30"),
    ("Australia/Sydney", "2026-10-04 02:30", "2026-04-05 02:30"),
    ("Pacific/Chatham", "2026-09-27 03:00", "2026-04-05 03:00"),
    ("America/Santiago", "2026-09-06 00:30", "2026-04-04 23:30"),
    ("Australia/Lord_Howe", "2026-10-04 02:15", "2026-04-05 01:45"),
]


def around(text):
    """Give a daily window of ten minutes that starts at the wall-clock time."""
    middle = datetime.fromisoformat(text)
    return daily(middle.strftime("%H:%M"), (middle + timedelta(minutes=10)).strftime("%H:%M"))


@pytest.mark.parametrize(("zone", "skipped"), [(zone, skipped) for zone, skipped, _ in SPRING_AND_AUTUMN])
def test_a_skipped_time_belongs_to_no_instant(zone, skipped):
    """R-WIN-4: on the day of the change, a window that lies in the gap does not open at all."""
    schedule = windows(around(skipped))
    day = datetime.fromisoformat(skipped)
    eve = (day - timedelta(hours=6)).replace(tzinfo=ZoneInfo(zone))
    opens = schedule.next_open((zone,), eve).astimezone(ZoneInfo(zone))
    assert opens.replace(tzinfo=None) == day + timedelta(days=1)


@pytest.mark.parametrize(("zone", "doubled"), [(zone, doubled) for zone, _, doubled in SPRING_AND_AUTUMN])
def test_a_doubled_time_is_inside_both_times(zone, doubled):
    """R-WIN-4: a window that lies in the repeated stretch opens twice, and shuts in between."""
    schedule = windows(around(doubled))
    first, second = local(doubled, zone), local(doubled, zone, fold=1)
    apart = second.astimezone(UTC) - first.astimezone(UTC)
    assert apart == (timedelta(minutes=30) if zone == "Australia/Lord_Howe" else timedelta(hours=1))
    assert schedule.next_open((zone,), first.astimezone(UTC) - timedelta(hours=1)) == first.astimezone(UTC)
    closes = schedule.next_close((zone,), first)
    assert closes == first.astimezone(UTC) + timedelta(minutes=10)
    assert schedule.next_open((zone,), closes) == second.astimezone(UTC)


def test_a_window_across_the_gap_is_an_hour_short():
    """R-WIN-4: 01:00 to 05:00 lasts three hours on the night when the clocks go forward."""
    night = windows(daily("01:00", "05:00"))
    opens = night.next_open(NEW_YORK, local("2026-03-08 00:30"))
    assert opens == utc("2026-03-08 06:00")
    assert night.next_close(NEW_YORK, opens) == utc("2026-03-08 09:00")


def test_a_window_across_the_doubled_hour_is_an_hour_long_and_more():
    """R-WIN-4: 01:00 to 05:00 lasts five hours on the night when the clocks go back."""
    night = windows(daily("01:00", "05:00"))
    opens = night.next_open(NEW_YORK, local("2026-11-01 00:30"))
    assert night.next_close(NEW_YORK, opens) - opens == timedelta(hours=5)


def test_a_night_that_crosses_midnight_crosses_the_change_too():
    """R-WIN-2, R-WIN-4: Saturday's entry ends on Sunday at 03:30 by the new wall clock."""
    night = windows({"days": ["sat"], "start": "22:30", "end": "03:30"})
    opens = night.next_open(NEW_YORK, local("2026-03-07 12:00"))
    assert night.next_close(NEW_YORK, opens) - opens == timedelta(hours=4)
    autumn = night.next_open(NEW_YORK, local("2026-10-31 12:00"))
    assert night.next_close(NEW_YORK, autumn) - autumn == timedelta(hours=6)


def test_a_local_date_that_never_was_is_skipped_whole():
    """R-WIN-4: Apia skipped Friday 2011-12-30; Friday's hours did not come, the night after it did."""
    apia = ("Pacific/Apia",)
    thursday = local("2011-12-29 12:00", "Pacific/Apia")
    friday = windows({"days": ["fri"], "start": "09:00", "end": "17:00"})
    assert friday.next_open(apia, thursday) == local("2012-01-06 09:00", "Pacific/Apia")
    assert windows(FRIDAY_NIGHT).is_open(apia, local("2011-12-31 01:00", "Pacific/Apia"))


@pytest.mark.parametrize(
    ("zone", "utc_start"),
    [("Asia/Kolkata", "03:30"), ("Asia/Kathmandu", "03:15"), ("America/St_Johns", "12:30")],
)
def test_zones_off_the_full_hour(zone, utc_start):
    """R-WIN-4: half-hour and quarter-hour zones open on their own minute."""
    assert windows(OFFICE_HOURS).next_open((zone,), utc("2026-01-05 00:00")) == utc(f"2026-01-05 {utc_start}")


def test_all_zones_must_be_open():
    """R-TZ-1: with several zones the common time counts; without any common time there is no opening."""
    both = ("America/New_York", "America/Los_Angeles")
    office = windows(OFFICE_HOURS)
    assert office.next_open(both, local("2026-03-02 09:00")) == local("2026-03-02 12:00")
    assert office.next_close(both, local("2026-03-02 12:00")) == local("2026-03-02 17:00")
    assert not office.is_open(both, local("2026-03-02 11:00"))
    assert office.next_open(("America/New_York", "Asia/Tokyo"), local("2026-03-02 09:00")) is None


def test_the_next_opening_is_now_if_it_is_open():
    """R-WIN-7: `next_open` gives `after` itself, to the microsecond, when that is open."""
    now = local("2026-03-02 12:34:56.789012")
    assert windows(OFFICE_HOURS).next_open(NEW_YORK, now) == now


def test_nothing_is_found_beyond_370_days():
    """R-WIN-7: an opening 370 days ahead is found, one a minute later is not."""
    schedule = windows(daily("12:00", "13:00"), blackouts=[{"start": "2020-01-01", "end": "2027-03-06"}])
    opens = local("2027-03-07 12:00")
    assert schedule.next_open(NEW_YORK, opens - timedelta(days=370)) == opens
    assert schedule.next_open(NEW_YORK, opens - timedelta(days=370, minutes=1)) is None


def test_what_never_shuts_has_no_closing():
    """R-WIN-7: 24 hours on all days go on past midnight, local and UTC, without end."""
    assert windows(ALWAYS).next_close(NEW_YORK, local("2026-03-02 12:00")) is None


def test_what_is_shut_does_not_close():
    """R-WIN-7: asking a shut window for its end is a mistake, and is said."""
    with pytest.raises(ValueError, match="no window is open in America/New_York"):
        windows(OFFICE_HOURS).next_close(NEW_YORK, local("2026-03-02 08:00"))


def test_touching_windows_are_one():
    """R-WIN-1: a window that ends where the next starts does not close there."""
    schedule = windows(daily("09:00", "12:00"), daily("12:00", "15:00"), daily("14:00", "16:00"))
    assert schedule.next_close(NEW_YORK, local("2026-03-02 10:00")) == local("2026-03-02 16:00")


def test_the_evidence_names_the_window_as_it_is_written():
    """R-ATT-1: the window that allowed a call is kept as text, with the zone where it is its own."""
    schedule = windows(
        OFFICE_HOURS,
        FRIDAY_NIGHT,
        overrides=[{"timezones": ["America/Denver"], "windows": [MONDAY_MORNING]}],
    )
    dash = "\N{EN DASH}"
    assert schedule.window_at(NEW_YORK, local("2026-03-07 01:00")) == f"fri 22:30{dash}03:30"
    assert schedule.window_at(NEW_YORK, local("2026-03-06 12:00")) == f"mon{dash}fri 09:00{dash}17:00"
    denver = ("America/Denver",)
    assert schedule.window_at(denver, utc("2026-03-02 17:00")) == f"mon 09:00{dash}12:00 America/Denver"
    assert schedule.window_at((*NEW_YORK, "Asia/Tokyo"), local("2026-03-02 12:00")) is None


def test_the_evidence_never_names_a_window_that_was_shut():
    """R-ATT-1, R-WIN-2: of two windows over one instant, one whose entry's date is closed is not named."""
    thursday = [{"start": "2026-03-05", "end": "2026-03-05"}]
    schedule = windows(daily("22:00", "02:00"), daily("01:00", "03:00"), blackouts=thursday)
    dash = "\N{EN DASH}"
    days = f"mon{dash}sun"
    assert schedule.window_at(NEW_YORK, local("2026-03-06 01:30")) == f"{days} 01:00{dash}03:00"
    assert schedule.window_at(NEW_YORK, local("2026-03-07 01:30")) == f"{days} 22:00{dash}02:00"


@pytest.mark.parametrize("name", ["Mars/Olympus", "../etc/passwd", "Europe", ""])
def test_an_unknown_zone_is_refused(name):
    """R-WIN-4: a zone that the tz database does not know is an error that names it."""
    with pytest.raises(DialctlError, match=r"is not in the tz database"):
        windows(OFFICE_HOURS).is_open((name,), utc("2026-03-02 12:00"))


def test_a_contact_without_any_zone_is_no_contact_that_may_be_called():
    """R-TZ-1: "all of no zones are open" must not come out as open."""
    with pytest.raises(ValueError, match="at least one time zone"):
        windows(ALWAYS).is_open((), utc("2026-03-02 12:00"))


def test_a_time_without_an_offset_is_refused():
    """R-WIN-4: windows are judged by instants, never by the machine's own zone."""
    with pytest.raises(ValueError, match="no UTC offset"):
        windows(ALWAYS).is_open(NEW_YORK, datetime(2026, 3, 2, 12, 0))  # noqa: DTZ001 - the mistake itself
