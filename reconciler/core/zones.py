"""Time zones: which names exist, what links mean, which countries use them (R-TZ-1), when a wall clock is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from difflib import get_close_matches
from functools import cache, lru_cache
from importlib.resources import files
from types import MappingProxyType
from zoneinfo import ZoneInfo

_NO_PLACE = "Factory"
"""The one name of the tz database that stands for 'not set'."""


class UnknownZone(ValueError):
    """A name that the tz database does not have."""


class SkippedTime(ValueError):
    """A wall-clock time that a DST change skips: no instant has it."""


@lru_cache(maxsize=2048)
def canonical_zone(name: str) -> str:
    """Give the zone that a name stands for: a link means its target (`Asia/Calcutta`: `Asia/Kolkata`).

    A zone of its own in zone.tab stays itself, also where the database merges it with a neighbour
    (`Europe/Stockholm` is no `Europe/Berlin`: what is said of Sweden must not hold for Germany).
    Raises UnknownZone, with the nearest name.
    """
    links = _links()
    if name not in links:
        raise UnknownZone(f"the tz database has no zone '{name}'{_did_you_mean(name)}")
    seen = {name}
    while name not in _countries_of_listed_zones() and links[name] not in seen:
        name = links[name]
        seen.add(name)
    return name


@cache
def edition() -> str:
    """Give the edition of the tz database, such as `2026b`."""
    return _table("tzdata.zi")[0].removeprefix("# version ")


def uses_zone(country: str, zone: str) -> bool:
    """Whether clocks of a country (ISO 3166) show this zone, anywhere in it, by zone.tab and zone1970.tab."""
    return country in countries_using(zone)


def countries_using(zone: str) -> frozenset[str]:
    """Give the countries (ISO 3166) that use a canonical zone; none of one of no place, such as `Etc/UTC`."""
    return _countries_by_zone().get(zone, frozenset())


def instant_of(wall_clock: datetime, zone: str) -> datetime:
    """Give the UTC instant at which clocks of a zone show a naive time; the first of a doubled one.

    Raises SkippedTime for a time inside a DST gap.
    """
    try:
        instant = wall_clock.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)
        shown = instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)
    except OverflowError:
        raise SkippedTime(f"'{wall_clock.isoformat()}' is out of range in {zone}") from None
    if shown != wall_clock:
        raise SkippedTime(
            f"'{wall_clock.isoformat()}' does not exist in {zone}: the clocks skip it; write a later time"
        )
    return instant


def _did_you_mean(name: str) -> str:
    by_fold = {zone.casefold(): zone for zone in _links()}
    by_fold |= {zone.rpartition("/")[2].casefold(): zone for zone in _countries_of_listed_zones()}
    by_fold |= {zone.removeprefix("US/").casefold(): zone for zone in _links() if zone.startswith("US/")}
    near = get_close_matches(name.strip().replace(" ", "_").casefold(), by_fold, n=1, cutoff=0.7)
    if near:
        return f"; did you mean '{by_fold[near[0]]}'?"
    return "; write an IANA name such as America/New_York"


@cache
def _links() -> Mapping[str, str]:
    """Every name of the database, with the name that it links to; a zone links to itself."""
    targets: dict[str, str] = {}
    for line in _table("tzdata.zi"):
        words = line.split()
        if words[:1] == ["Z"] and words[1] != _NO_PLACE:
            targets[words[1]] = words[1]
        elif words[:1] == ["L"]:
            targets[words[2]] = words[1]
    return MappingProxyType(targets)


@cache
def _countries_of_listed_zones() -> Mapping[str, frozenset[str]]:
    return MappingProxyType(_countries_in("zone.tab"))


@cache
def _countries_by_zone() -> Mapping[str, frozenset[str]]:
    found = _countries_in("zone1970.tab")
    for zone, countries in _countries_of_listed_zones().items():
        found[zone] = found.get(zone, frozenset()) | countries
    return MappingProxyType(found)


def _countries_in(table: str) -> dict[str, frozenset[str]]:
    rows = (line.split("\t") for line in _table(table) if line and not line.startswith("#"))
    return {row[2]: frozenset(row[0].split(",")) for row in rows}


def _table(name: str) -> list[str]:
    return (files("tzdata") / "zoneinfo" / name).read_text(encoding="utf-8").splitlines()
