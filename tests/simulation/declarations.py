"""What manifests declare, read from their raw JSON by hand: nothing of reconciler has a say here."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import phonenumbers
from phonenumbers import timezone

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
NO_PLACE = {
    phonenumbers.PhoneNumberType.TOLL_FREE,
    phonenumbers.PhoneNumberType.PREMIUM_RATE,
    phonenumbers.PhoneNumberType.UNKNOWN,
}
ADHOC_PRIORITY = 1_000_000
AGENT_FIELDS = ("agent_id", "agent_version", "agent_number")


@dataclass(frozen=True)
class Person:
    """A contact as declared: numbers in E.164, instants aware."""

    numbers: tuple[str, ...]
    timezone: str | None = None
    scheduled_at: datetime | None = None
    expires_at: datetime | None = None
    agent: tuple = (None, None, None)


@dataclass
class Declared:
    """Everything that one apply declared. Campaigns and contacts are keyed by organization and name."""

    global_limit: int = 50
    limits: dict = field(default_factory=lambda: {"default": 10})
    caller_ids: dict = field(default_factory=dict)
    configurations: dict = field(default_factory=dict)
    campaigns: dict = field(default_factory=dict)
    people: dict = field(default_factory=dict)
    suppressed: dict = field(default_factory=dict)

    def configuration_of(self, org, campaign):
        """Give the configuration's spec of a campaign; {} for contacts in none."""
        if campaign is None:
            return {}
        return self.configurations[org, self.campaigns[org, campaign]["configuration"]]

    def schedule_of(self, org, campaign):
        """Give the schedule as it stands in the manifest, None for contacts in no campaign (R-ADHOC-1)."""
        return None if campaign is None else self.configuration_of(org, campaign).get("schedule", {})

    def policy_of(self, org, campaign):
        """Give the dialing policy as it stands in the manifest."""
        if campaign is None:
            return {"max_attempts": 1}
        return self.configuration_of(org, campaign).get("dialing", {})

    def agent_of(self, org, campaign, person):
        """R-AGENT-1: contact, then campaign, then configuration, each field on its own."""
        levels = [dict(zip(AGENT_FIELDS, person.agent, strict=True))]
        if campaign is not None:
            levels += [self.campaigns[org, campaign], self.configuration_of(org, campaign)]
        return tuple(
            next((level[name] for level in levels if level.get(name) is not None), None)
            for name in AGENT_FIELDS
        )

    def priority_of(self, org, campaign):
        """R-LIFE-5."""
        return ADHOC_PRIORITY if campaign is None else int(self.campaigns[org, campaign].get("priority", 1))

    def zones_of(self, org, campaign, person, number):
        """R-TZ-1: the zones in which a call to this number has to be allowed, and how they were found."""
        if person.timezone:
            return (person.timezone,), "contact"
        schedule = self.schedule_of(org, campaign) or {}
        if str(schedule.get("infer_timezone", "false")).lower() == "true":
            zones = zones_of_number(number)
            if zones:
                return zones, "number"
        return (schedule.get("default_timezone", "America/New_York"),), "default"


def read(documents):
    """Read manifests, given as plain dicts."""
    declared = Declared()
    for document in documents:
        kind, spec, meta = document["kind"], document["spec"], document["metadata"]
        org, name = meta.get("org", "default"), meta["name"]
        if kind == "Dialer":
            declared.global_limit = int(spec["global_concurrency_limit"])
        elif kind == "Organization":
            declared.limits[name] = int(spec.get("concurrency_limit", 10))
            for caller in spec.get("caller_ids", []):
                declared.caller_ids[name, caller["number"]] = int(caller["max_concurrent_calls"])
        elif kind == "Configuration":
            declared.configurations[org, name] = spec
        elif kind == "Campaign":
            declared.campaigns[org, name] = spec
        elif kind == "SuppressionList":
            _read_suppression(declared, org, spec)
        else:
            _read_people(declared, org, meta, spec)
    return declared


def duration(text):
    """Read `1h30m`."""
    return sum(
        (timedelta(seconds=int(n) * SECONDS[unit]) for n, unit in re.findall(r"(\d+)([smhd])", text)),
        timedelta(),
    )


def instant(text):
    """Read an instant, None if there is none."""
    return datetime.fromisoformat(text) if text else None


def region_of(number):
    """Give the ISO 3166 region of a number."""
    return phonenumbers.region_code_for_number(phonenumbers.parse(number, None))


def zones_of_number(number):
    """Give the zones of a number, sorted; () where a number says nothing about a place."""
    parsed = phonenumbers.parse(number, None)
    if phonenumbers.number_type(parsed) in NO_PLACE:
        return ()
    zones = timezone.time_zones_for_number(parsed)
    return () if "Etc/Unknown" in zones else tuple(sorted(zones))


def _read_suppression(declared, org, spec):
    for entry in spec["numbers"]:
        entry = {"number": entry} if isinstance(entry, str) else entry  # noqa: PLW2901 - short form, long form
        number, until = entry["number"], entry.get("expires_at")
        ends = datetime.fromisoformat(until).replace(tzinfo=UTC) if until else None
        declared.suppressed.setdefault((org, number), []).append(ends)


def _read_people(declared, org, meta, spec):
    campaign = None if meta["campaign"] == "default" else meta["campaign"]
    alone = "phone_numbers" in spec
    rows = [{**spec, "external_id": meta["name"]}] if alone else spec.get("contacts", [])
    for row in rows:
        declared.people[org, campaign, row["external_id"]] = Person(
            tuple(row["phone_numbers"]),
            row.get("timezone"),
            instant(row.get("scheduled_at")),
            instant(row.get("expires_at")),
            tuple(row.get(name) for name in AGENT_FIELDS),
        )
