"""Time zones: names, links, countries, wall clocks."""

from datetime import UTC, datetime
from zoneinfo import available_timezones

import pytest

from reconciler.core.zones import SkippedTime, UnknownZone, canonical_zone, instant_of, uses_zone


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("Asia/Calcutta", "Asia/Kolkata"),
        ("US/Eastern", "America/New_York"),
        ("America/New_York", "America/New_York"),
        ("Europe/Stockholm", "Europe/Stockholm"),
        ("Europe/Belfast", "Europe/London"),
        ("UTC", "Etc/UTC"),
    ],
)
def test_links_mean_their_target_but_zones_of_their_own_stay(name, zone):
    """R-WIN-2: what is said of Sweden does not hold for Germany, though the database links the two."""
    assert canonical_zone(name) == zone


def test_every_name_of_the_database_has_a_canonical_name_that_is_its_own():
    """Links resolve in one go: a canonical name is its own canonical name."""
    names = {n for n in available_timezones() if not n.startswith(("posix", "right")) and n != "Factory"}
    known = set()
    for name in names:
        try:
            known.add(canonical_zone(name))
        except UnknownZone:
            assert name in {"localtime", "posixrules"}
    assert len(known) > 350
    assert {canonical_zone(name) for name in known} == known


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("america/new york", "did you mean 'America/New_York'"),
        ("Stockholm", "did you mean 'Europe/Stockholm'"),
        ("Amerika/Chicago", "did you mean 'America/Chicago'"),
        ("Factory", "write an IANA name"),
        ("../etc/passwd", "write an IANA name"),
        ("", "write an IANA name"),
    ],
)
def test_an_unknown_zone_is_refused_with_the_nearest_name(name, says):
    """Zones must exist in the tz database."""
    with pytest.raises(UnknownZone, match=says):
        canonical_zone(name)


def test_countries_use_their_zones():
    """R-TZ-1: by zone.tab and zone1970.tab."""
    assert uses_zone("US", "America/New_York")
    assert uses_zone("SE", "Europe/Stockholm")
    assert not uses_zone("GB", "America/New_York")
    assert not uses_zone("", "America/New_York")
    assert not uses_zone("US", "Etc/UTC")


def test_a_skipped_time_is_refused_and_of_a_doubled_one_the_first_is_meant():
    """R-WIN-4 for `scheduled_at`: both DST changes of New York, and the 30-minute one of Lord Howe."""
    with pytest.raises(SkippedTime, match="2026-03-08T02:30:00"):
        instant_of(datetime.fromisoformat("2026-03-08T02:30"), "America/New_York")
    with pytest.raises(SkippedTime):
        instant_of(datetime.fromisoformat("2026-10-04T02:15"), "Australia/Lord_Howe")
    doubled = instant_of(datetime.fromisoformat("2026-11-01T01:30"), "America/New_York")
    assert doubled == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    with pytest.raises(SkippedTime, match="out of range"):
        instant_of(datetime.fromisoformat("0001-01-01"), "Asia/Tokyo")
