"""Zones written as `EST` or `MST`: links to places without summer time, which few who write them mean."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from reconciler.core.desired import Notice, ObjectKey, Origin
from reconciler.core.plan.counting import counted
from reconciler.core.zones import canonical_zone

_MEANT = {
    "EST": ("the east coast of the US", "America/New_York"),
    "MST": ("the mountain states of the US", "America/Denver"),
}
"""`HST` is Hawaii, as everybody means it; `EST5EDT` and its like do know summer time."""


def is_abbreviated(zone: str | None) -> bool:
    """Tell whether a zone, as written, probably means another one."""
    return zone in _MEANT


def abbreviated_text(zone: str) -> str:
    """Say what such a zone is, and what to write."""
    where, meant = _MEANT[zone]
    is_ = canonical_zone(zone)
    return f"time zone {zone} knows no daylight saving time (it is {is_}); for {where} write {meant}"


@dataclass(slots=True)
class AbbreviatedZones:
    """Counts contacts by such a zone, and remembers where each stands first."""

    counts: Counter[str] = field(default_factory=Counter)
    first: dict[str, Origin] = field(default_factory=dict)

    def see(self, zone: str | None, origin: Origin) -> None:
        """Take notice of a contact's zone, as written."""
        if zone is not None and is_abbreviated(zone):
            self.counts[zone] += 1
            self.first.setdefault(zone, origin)

    def add(self, others: AbbreviatedZones) -> None:
        """Take notice of contacts that come behind."""
        self.counts += others.counts
        self.first = others.first | self.first

    def warnings(self, key: ObjectKey) -> Iterator[Notice]:
        """Yield one warning per zone, about the list or campaign of the contacts."""
        for zone, count in sorted(self.counts.items()):
            detail = f"{counted(count, 'contact')}: {abbreviated_text(zone)}"
            yield Notice("warning", key, detail, self.first[zone])
