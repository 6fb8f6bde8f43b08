"""What the operator's manifests say, version by version: limits, pace, windows, contacts."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from crash.campaigns import number_of

CALLER_ID = "+12125550190"
MAX_ATTEMPTS = 3
CAMPAIGNS = {"spring": "default", "autumn": "default", "winter": "acme"}
"""Campaigns and their organizations. The first two call the same people."""

ZONES = ("Etc/UTC", "Asia/Kolkata", "America/Chicago")
EVERY_DAY = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
ALWAYS = [{"days": EVERY_DAY, "start": "00:00", "end": "24:00"}]
GUARDS = ("windows-legal", "windows-widened", "withdraw", "callable", "recontact", "start")


@dataclass(frozen=True)
class Person:
    """A contact as declared."""

    name: str
    number: str
    zone: str


@dataclass(frozen=True)
class Terms:
    """One version of everything. `windows`: by campaign, what stands instead of ALWAYS in some zones."""

    global_limit: int
    org_limits: dict
    caller_limit: int
    rates: dict
    concurrent: dict
    windows: dict
    people: dict

    def schedule(self, campaign):
        overrides = [{"timezones": [z], "windows": w} for z, w in self.windows.get(campaign, {}).items()]
        return {"default_windows": ALWAYS, "overrides": overrides}

    @cached_property
    def zones(self) -> dict:
        """Give the zone of each contact, by campaign and name."""
        return {(c, person.name): person.zone for c, persons in self.people.items() for person in persons}

    def edited(self, luck: Random, now: datetime) -> Terms:
        """Change something at random, so that it matters within a minute."""
        return getattr(self, luck.choice(EDITS))(luck, now)

    def with_other_limits(self, luck, now):
        return replace(
            self,
            global_limit=luck.randint(12, 24),
            org_limits={"default": luck.randint(8, 16), "acme": luck.randint(4, 8)},
            caller_limit=luck.randint(3, 8),
            concurrent={"autumn": luck.randint(3, 8)},
        )

    def with_another_pace(self, luck, now):
        return replace(self, rates={"spring": luck.choice((3, 4.5, 6)), "winter": luck.choice((1.5, 3))})

    def with_other_windows(self, luck, now):
        """Shut a zone for now, or have it shut at the next full minute; everything else is open."""
        zone = luck.choice(ZONES)
        shut = [] if luck.random() < 0.5 else _until_the_next_minute(now.astimezone(ZoneInfo(zone)))
        return replace(self, windows={luck.choice(list(CAMPAIGNS)): {zone: shut}})

    def with_other_people(self, luck, now):
        """Take some people away, and add others."""
        campaign = luck.choice(list(CAMPAIGNS))
        before = self.people[campaign]
        kept = [person for person in before if luck.random() < 0.98]
        return self._with(campaign, [*kept, *people(campaign, luck.randint(20, 60), _first_free(before))])

    def calm(self) -> Terms:
        """Open all windows, and have limits that finish the rest soon."""
        return replace(
            self, global_limit=60, org_limits={"default": 40, "acme": 20}, caller_limit=30, windows={},
            rates={"spring": 40, "winter": 20}, concurrent={"autumn": 30},
        )  # fmt: skip

    def _with(self, campaign, persons):
        return replace(self, people={**self.people, campaign: persons})


EDITS = ("with_other_limits", "with_another_pace", "with_other_windows", "with_other_people")


def first_terms(contacts: int) -> Terms:
    """Give the first version, with so many contacts per campaign."""
    return Terms(
        global_limit=20, org_limits={"default": 14, "acme": 6}, caller_limit=6,
        rates={"spring": 6, "winter": 3}, concurrent={"autumn": 6}, windows={},
        people={campaign: people(campaign, contacts, 0) for campaign in CAMPAIGNS},
    )  # fmt: skip


def people(campaign, count, first):
    """Make people; those of a campaign in the same place have the same number in every campaign."""
    return [
        Person(f"{campaign}-{index}", number_of(index), ZONES[index % len(ZONES)])
        for index in range(first, first + count)
    ]


def write(terms: Terms, folder: Path) -> None:
    """Write a version as manifests and data files."""
    folder.mkdir(exist_ok=True)
    callers = [{"number": CALLER_ID, "max_concurrent_calls": terms.caller_limit}]
    documents = [
        _document("Dialer", "default", {"global_concurrency_limit": terms.global_limit}),
        _document("Organization", "default", {
            "concurrency_limit": terms.org_limits["default"], "caller_ids": callers}),
        _document("Organization", "acme", {"concurrency_limit": terms.org_limits["acme"]}),
    ]  # fmt: skip
    for campaign, org in CAMPAIGNS.items():
        documents += [
            _document("Configuration", f"{campaign}-hours", _configuration(terms, campaign), org=org),
            _document("Campaign", campaign, {"configuration": f"{campaign}-hours"}, org=org),
            _document("ContactList", f"{campaign}-list", {"from": f"{campaign}.csv"},
                      org=org, campaign=campaign),
        ]  # fmt: skip
        rows = "".join(f"{p.name},{p.number},{p.zone}\n" for p in terms.people[campaign])
        (folder / f"{campaign}.csv").write_text("external_id,phone,timezone\n" + rows)
    (folder / "all.yaml").write_text("\n---\n".join(json.dumps(document) for document in documents))


def _document(kind, name, spec, **metadata):
    return {"apiVersion": "campaigns/v1", "kind": kind, "metadata": {"name": name, **metadata}, "spec": spec}


def _configuration(terms, campaign):
    dialing = {
        "max_attempts": MAX_ATTEMPTS, "retry_delay": "1s", "ring_timeout": "2s", "max_call_duration": "4s",
        "outcomes": {"rejected": {"delay": "1s"}},
    }  # fmt: skip
    if campaign in terms.rates:
        dialing["calls_per_second"] = terms.rates[campaign]
    if campaign in terms.concurrent:
        dialing["max_concurrent_calls"] = terms.concurrent[campaign]
    agent = {"agent_id": f"agent-{campaign}"}
    if campaign == "autumn":
        agent["agent_number"] = CALLER_ID
    return {"schedule": terms.schedule(campaign), "dialing": dialing, **agent}


def _until_the_next_minute(wall):
    """Give windows that have been open for two hours, and shut within one to two minutes."""
    start, end = wall - timedelta(hours=2), wall + timedelta(minutes=1)
    return [{"days": EVERY_DAY, "start": f"{start:%H:%M}", "end": f"{end:%H:%M}"}]


def _first_free(persons):
    return max(int(person.name.rsplit("-", 1)[1]) for person in persons) + 1


def right_now() -> datetime:
    """Give the right time."""
    return datetime.now(UTC)
