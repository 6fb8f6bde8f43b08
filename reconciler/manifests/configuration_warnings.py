"""Warnings of one configuration: zones that mean another one, and holidays of elsewhere (R-WIN-2)."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.zones import UnknownZone, canonical_zone, countries_using
from reconciler.manifests.abbreviated_zones import abbreviated_text, is_abbreviated
from reconciler.spec.schedule import Schedule

_MOST_NAMED = 3


def schedule_warnings(schedule: Schedule) -> Iterator[str]:
    """Yield what is allowed in a schedule, and probably not meant."""
    for zone in filter(is_abbreviated, _zones_named(schedule)):
        yield abbreviated_text(zone)
    if schedule.holidays is not None:
        country = schedule.holidays.country
        elsewhere = [zone for zone in _zones_called(schedule) if _is_elsewhere(zone, country)]
        if elsewhere:
            more = ", …" if len(elsewhere) > _MOST_NAMED else ""
            yield (
                f"holidays of {country} also close {', '.join(elsewhere[:_MOST_NAMED])}{more}; "
                "a configuration of its own would have its own calendar"
            )


def _zones_named(schedule: Schedule) -> list[str]:
    """Give every zone as written, once, in the order of the fields."""
    overrides = (*schedule.overrides, *(schedule.scheduled_overrides or ()))
    named = (zone for override in overrides for zone in override.timezones)
    return list(dict.fromkeys((schedule.default_timezone, *named)))


def _zones_called(schedule: Schedule) -> list[str]:
    """Give the zones as written that have windows at all: where nobody is called nothing can be closed."""
    overrides = (*schedule.overrides, *(schedule.scheduled_overrides or ()))
    open_ = {zone for override in overrides if override.windows for zone in override.timezones}
    if schedule.default_windows or schedule.scheduled_windows:
        open_.add(schedule.default_timezone)
    return [zone for zone in _zones_named(schedule) if zone in open_]


def _is_elsewhere(zone: str, country: str) -> bool:
    """Tell whether countries use a zone, and this one is none of them; nobody can say it of `UTC`."""
    try:
        using = countries_using(canonical_zone(zone))
    except UnknownZone:
        return False  # a fault of its own
    return bool(using) and country not in using
