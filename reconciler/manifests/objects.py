"""A manifest that is no contact → a desired object: canonical spec, canonical zones, sorted numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from reconciler.core.desired import DesiredObject, Json, ObjectKey
from reconciler.core.phones import REGIONS, BadNumber, parse_number
from reconciler.core.zones import UnknownZone, canonical_zone
from reconciler.errors import Fault
from reconciler.manifests.data_file import is_data_file
from reconciler.manifests.load import Document
from reconciler.manifests.places import Path
from reconciler.spec.configuration import Configuration
from reconciler.spec.contact_feed import ContactFeed, is_web
from reconciler.spec.contact_list import ContactList
from reconciler.spec.schedule import Holidays, Override
from reconciler.spec.suppression_list import SuppressionEntry, SuppressionList

_FOREVER = "9999-12-31"
_COUNTRY_HINT = "write an ISO 3166 code such as US"


def desired_object(document: Document, key: ObjectKey) -> tuple[DesiredObject, list[Fault]]:
    """Build the object of a manifest; the faults are those that only tables and libraries know of."""
    manifest = document.manifest
    faults: list[Fault] = []
    if isinstance(manifest, ContactList):
        spec = manifest.spec.model_dump(mode="json", by_alias=True, exclude={"contacts"})
    elif isinstance(manifest, SuppressionList):
        numbers, faults = _suppressed(document, manifest.spec.numbers)
        spec = {"numbers": numbers}
    else:
        spec = manifest.spec.model_dump(mode="json", by_alias=True)
    if isinstance(manifest, Configuration):
        faults = list(_configuration_faults(document, manifest))
        spec["schedule"] = _with_canonical_zones(spec["schedule"])
    if isinstance(manifest, ContactFeed):
        faults = list(_feed_faults(document, manifest))
    spec["labels"] = dict(manifest.metadata.labels)
    return DesiredObject(key, spec, document.origin, document.name, document.text_hash), faults


def _suppressed(
    document: Document, entries: Sequence[SuppressionEntry]
) -> tuple[list[dict[str, Json]], list[Fault]]:
    """Give the entries in E.164, sorted; of a number that stands twice the entry that lasts longest."""
    found: dict[str, dict[str, Json]] = {}
    faults = []
    for index, entry in enumerate(entries):
        try:
            number = parse_number(entry.number, None)
        except BadNumber as fault:
            message = f"{fault}; write it in E.164, with a plus and the country code"
            faults.append(document.place.fault(("spec", "numbers", index, "number"), message))
            continue
        written = {**entry.model_dump(mode="json"), "number": number}
        known = found.get(number)
        if known is None or _lasts(written) > _lasts(known):
            found[number] = written
    return [found[number] for number in sorted(found)], faults


def _lasts(entry: Mapping[str, Json]) -> str:
    return entry["expires_at"] or _FOREVER


def _configuration_faults(document: Document, manifest: Configuration) -> Iterator[Fault]:
    schedule = manifest.spec.schedule
    at_schedule = ("spec", "schedule")
    yield from _zone_faults(document, (*at_schedule, "default_timezone"), schedule.default_timezone)
    yield from _override_faults(document, (*at_schedule, "overrides"), schedule.overrides)
    scheduled = schedule.scheduled_overrides or ()
    yield from _override_faults(document, (*at_schedule, "scheduled_overrides"), scheduled)
    if schedule.holidays is not None:
        yield from _holiday_faults(document, schedule.holidays)
    country = manifest.spec.dialing.default_country
    if country not in REGIONS:
        message = f"'{country}' is no country with phone numbers; write an ISO 3166 code such as US"
        yield document.place.fault(("spec", "dialing", "default_country"), message)


def _feed_faults(document: Document, manifest: ContactFeed) -> Iterator[Fault]:
    """Refuse a document of the web whose name does not say what it holds, where nothing else does."""
    place = manifest.spec.from_
    if manifest.spec.format is None and is_web(place) and not is_data_file(urlsplit(place).path):
        message = "the end of this URL does not say what it holds; write format: csv, jsonl or parquet, too"
        yield document.place.fault(("spec", "from"), message)


def _zone_faults(document: Document, path: Path, zone: str) -> Iterator[Fault]:
    try:
        canonical_zone(zone)
    except UnknownZone as fault:
        yield document.place.fault(path, str(fault))


def _override_faults(document: Document, path: Path, overrides: Sequence[Override]) -> Iterator[Fault]:
    """Refuse zones that do not exist, and a zone that is listed twice, also under two of its names."""
    listed: dict[str, str] = {}
    for index, override in enumerate(overrides):
        for at, name in enumerate(override.timezones):
            here = (*path, index, "timezones", at)
            try:
                zone = canonical_zone(name)
            except UnknownZone as fault:
                yield document.place.fault(here, str(fault))
                continue
            if zone in listed:
                other = f" (as '{listed[zone]}')" if listed[zone] != name else ""
                yield document.place.fault(here, f"'{name}' is listed twice{other}; leave one")
            listed.setdefault(zone, name)


def _holiday_faults(document: Document, wanted: Holidays) -> Iterator[Fault]:
    import holidays  # noqa: PLC0415 - takes a moment, and most configurations use none

    at = ("spec", "schedule", "holidays")
    subdivisions = holidays.list_supported_countries().get(wanted.country)
    if subdivisions is None:
        yield document.place.fault(
            (*at, "country"), f"the holidays of '{wanted.country}' are not known", _COUNTRY_HINT
        )
    elif wanted.subdivision is not None and wanted.subdivision not in subdivisions:
        known = ", ".join(subdivisions) or "none"
        message = f"'{wanted.subdivision}' is no subdivision of {wanted.country} with holidays of its own"
        yield document.place.fault((*at, "subdivision"), message, f"known are: {known}")


def _with_canonical_zones(schedule: Mapping[str, Json]) -> dict[str, Json]:
    """Resolve links in a schedule's JSON; names that do not exist stay, and are faults elsewhere."""
    found = {**schedule, "default_timezone": _canonical_or_same(schedule["default_timezone"])}
    for name in ("overrides", "scheduled_overrides"):
        if schedule[name] is not None:
            found[name] = [
                {**override, "timezones": sorted(_canonical_or_same(zone) for zone in override["timezones"])}
                for override in schedule[name]
            ]
    return found


def _canonical_or_same(name: str) -> str:
    try:
        return canonical_zone(name)
    except UnknownZone:
        return name
