"""Random small worlds from a seed: manifests as plain dicts, a carrier's behaviour, and acts of persons."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from simulation.playing import Act

from reconciler.controller.simulation import Scenario
from reconciler.gateways.behaviour import Behaviour

ZONES = (
    "America/New_York", "America/Los_Angeles", "America/Phoenix", "America/St_Johns", "America/Santiago",
    "Europe/London", "Europe/Berlin", "Africa/Cairo", "Asia/Kolkata", "Asia/Kathmandu", "Asia/Tokyo",
    "Australia/Sydney", "Australia/Lord_Howe", "Pacific/Auckland", "Pacific/Chatham", "Pacific/Honolulu",
)  # fmt: skip
NUMBERS = (
    *(f"+1{area}55501{n:02d}" for area in (212, 415, 602, 312, 808) for n in range(4)),
    *(f"+4420794600{n:02d}" for n in range(11, 15)),
    *(f"+4930231250{n:02d}" for n in range(11, 14)),
    "+61491570156", "+61491570157", "+18005550199",
)  # fmt: skip
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
STARTS = (  # days before clocks change, a New Year, a Fourth of July, and an ordinary week
    "2026-03-07", "2026-03-27", "2026-04-03", "2026-10-02", "2026-10-23", "2026-10-30", "2026-12-30",
    "2026-07-02", "2026-05-11",
)  # fmt: skip
OUTCOMES = {
    "no_answer": 30, "completed": 35, "machine": 8, "busy": 10, "rejected": 5, "invalid_number": 4,
    "blocked": 2, "provider_fault": 2, "agent_fault": 2, "transferred": 2,
}  # fmt: skip
DISPOSITIONS = {
    "success": 35, "refused": 15, "callback": 22, "opt_out": 8, "wrong_number": 8, "wrong_person": 4,
    "none": 8,
}  # fmt: skip
ACTS = (
    "edit", "edit", "edit", "pause", "pause", "start", "start", "close", "stop", "release", "release",
    "suppress", "unsuppress",
)  # fmt: skip
SCOPES = (
    ("all", ""), ("agent", "agent-b"), ("caller_id", "+12125550190"), ("gateway", "simulator"),
    ("country", "US"), ("country", "GB"),
)  # fmt: skip


@dataclass(frozen=True)
class World:
    """One world: what is declared at first, how calls go, what persons do."""

    scenario: Scenario
    documents: list
    acts: list


def random_world(seed, *, quiet=False):
    """Make a world from a seed; a quiet one is left alone by persons."""
    return _Maker(Random(seed), seed).world(quiet=quiet)


class _Maker:
    def __init__(self, random, seed):
        self.random = random
        day = datetime.fromisoformat(random.choice(STARTS)).replace(tzinfo=UTC)
        self.start = day + timedelta(minutes=random.randrange(24 * 60))
        self.length = timedelta(hours=random.choice((20, 36, 60, 80)))
        self.seed = seed
        self.gone = {}

    def world(self, *, quiet):
        scenario = Scenario(
            self.start, self.length, seed=self.seed, tick=timedelta(seconds=1), behaviour=self.behaviour()
        )
        documents = self.documents()
        acts = [] if quiet else self.acts(documents)
        return World(scenario, documents, acts)

    def behaviour(self):
        outcomes = dict(OUTCOMES)
        if self.chance(0.1):
            outcomes["config_error"] = 2
        return Behaviour(
            outcomes=outcomes,
            dispositions=DISPOSITIONS,
            callback_seconds=(600, 30_000),
            faults=self.random.choice((0, 0, 0.05, 0.5)) if self.chance(0.3) else 0,
            faults_after_ringing=self.random.choice((0, 0.05)),
            calls_per_second=1 if self.chance(0.05) else None,
        )

    def documents(self):
        orgs = ["default"] if self.chance(0.6) else ["default", "globex"]
        made = [_document("Dialer", "default", {"global_concurrency_limit": self.random.randint(1, 8)})]
        for org in orgs:
            made.append(_document("Organization", org, self.organization()))
            made += [
                _document("Configuration", f"hours-{n}", self.configuration(), org=org)
                for n in range(self.random.randint(1, 2))
            ]
            configurations = [one for one in made if one["kind"] == "Configuration" and _org(one) == org]
            for n in range(self.random.randint(1, 3)):
                spec = self.campaign(self.random.choice(configurations)["metadata"]["name"])
                made.append(_document("Campaign", f"c{n}", spec, org=org))
                rows = {"contacts": [self.person(f"p{n}-{i}") for i in range(self.random.randint(2, 9))]}
                made.append(_document("ContactList", f"list-{n}", rows, org=org, campaign=f"c{n}"))
            for n in range(self.random.choice((0, 0, 1, 3))):
                one = self.person(f"adhoc-{n}") | {"agent_id": "agent-adhoc"}
                del one["external_id"]
                made.append(_document("Contact", f"adhoc-{n}", one, org=org, campaign="default"))
            if self.chance(0.5):
                made.append(_document("SuppressionList", "do-not-call", self.suppression(), org=org))
        return made

    def organization(self):
        spec = {"concurrency_limit": self.random.randint(1, 6)}
        if self.chance(0.3):
            most = self.random.randint(1, 2)
            spec["caller_ids"] = [{"number": "+12125550190", "max_concurrent_calls": most}]
        return spec

    def configuration(self):
        spec = {"schedule": self.schedule(), "dialing": self.dialing(), "agent_id": "agent-a"}
        if self.chance(0.5):
            spec["agent_number"] = self.random.choice(("+12125550190", "+12125550191"))
        if self.chance(0.3):
            spec["agent_version"] = "7"
        return spec

    def schedule(self):
        schedule = {
            "default_timezone": self.random.choice(ZONES),
            "infer_timezone": self.chance(0.4),
            "default_windows": self.windows(),
        }
        if self.chance(0.4):
            schedule["overrides"] = self.overrides()
        if self.chance(0.4):
            schedule["scheduled_windows"] = self.windows()
        if self.chance(0.25):
            schedule["scheduled_overrides"] = self.overrides()
        if self.chance(0.3):
            schedule["holidays"] = {"country": self.random.choice(("US", "DE", "GB", "AU"))}
        if self.chance(0.2):
            day = self.start.date() + timedelta(days=self.random.randint(0, 2))
            schedule["blackouts"] = [{"start": day.isoformat(), "end": day.isoformat(), "reason": "closed"}]
        return schedule

    def windows(self):
        if self.chance(0.15):
            return [{"days": list(DAYS), "start": "00:00", "end": "24:00"}]
        return [self.window() for _ in range(self.random.randint(1, 3))]

    def window(self):
        days = sorted(self.random.sample(DAYS, self.random.randint(4, 7)), key=DAYS.index)
        start, end = self.random.sample(range(96), 2)
        if start > end and self.chance(0.6):
            start, end = end, start
        return {"days": days, "start": _clock(start), "end": _clock(end)}

    def overrides(self):
        zones = self.random.sample(ZONES, 3)
        return [
            {"timezones": zones[:2], "windows": self.windows()},
            {"timezones": zones[2:], "windows": [] if self.chance(0.3) else self.windows()},
        ]

    def dialing(self):
        pick = self.random.choice
        dialing = {
            "max_attempts": self.random.randint(1, 5),
            "retry_delay": pick(("0s", "30s", "5m", "20m", "2h")),
            "backoff": pick(("fixed", "linear", "exponential")),
            "max_delay": pick(("10m", "3h", "24h")),
            "on_machine": pick(("retry", "retry", "complete")),
            "ring_timeout": pick(("15s", "30s")),
            "max_call_duration": pick(("1m", "5m")),
            "outcomes": {},
        }
        if self.chance(0.5):
            dialing["outcomes"]["busy"] = {"delay": pick(("1m", "15m")), "max_attempts": pick((1, 2, 3))}
        if self.chance(0.4):
            dialing["outcomes"]["no_answer"] = {"then": pick(("retry", "next_number", "exhaust"))}
        if self.chance(0.3):
            dialing["outcomes"]["agent_fault"] = {"delay": "2m", "then": pick(("retry", "complete"))}
        if self.chance(0.4):
            dialing["calls_per_second"] = pick((0.01, 0.2, 1, 2.5))
        if self.chance(0.4):
            dialing["max_concurrent_calls"] = self.random.randint(1, 3)
        return dialing

    def campaign(self, configuration):
        spec = {
            "configuration": configuration,
            "priority": self.random.choice((1, 1, 5, 100)),
            "status": "paused" if self.chance(0.1) else "active",
        }
        if self.chance(0.15):
            spec["start_at"] = self.instant(0, 0.4).isoformat()
        if self.chance(0.15):
            spec["end_at"] = self.instant(0.5, 1).isoformat()
        if self.chance(0.25):
            spec["agent_id"] = "agent-b"
        if self.chance(0.2):
            spec["agent_number"] = "+12125550190"
        return spec

    def person(self, name):
        person = {
            "external_id": name,
            "phone_numbers": self.random.sample(NUMBERS, self.random.choice((1, 1, 2, 3))),
        }
        if self.chance(0.6):
            person["timezone"] = self.random.choice(ZONES)
        if self.chance(0.2):
            person["scheduled_at"] = self.instant(0, 0.7).isoformat()
        if self.chance(0.15):
            person["expires_at"] = self.instant(0.3, 1.2).isoformat()
        if self.chance(0.1):
            person["agent_id"] = "agent-own"
        if self.chance(0.1):
            person["agent_number"] = "+12125550190"
        return person

    def suppression(self):
        numbers = self.random.sample(NUMBERS, 3)
        until = (self.start + timedelta(days=self.random.randint(1, 3))).date().isoformat()
        return {"numbers": [numbers[0], numbers[1], {"number": numbers[2], "expires_at": until}]}

    def acts(self, documents):
        """Invent what persons do, in order; edits build on each other."""
        acts = []
        at = sorted(self.instant(0.02, 0.95) for _ in range(self.random.randint(0, 8)))
        for instant in at:
            what = self.random.choice(ACTS)
            if what == "edit":
                documents = self.edited(documents)
                acts.append(Act(instant, "edit", (documents,)))
            else:
                acts.append(Act(instant, what, self.words(what, documents)))
        return acts

    def words(self, what, documents):
        campaigns = [(_org(one), one["metadata"]["name"]) for one in documents if one["kind"] == "Campaign"]
        if what in ("start", "close"):
            return self.random.choice(campaigns)
        if what == "pause":
            return (*self.random.choice(campaigns), self.random.choice(("none", "all")))
        if what == "stop":
            return (
                *self.random.choice(SCOPES),
                self.random.choice((None, "default")),
                timedelta(hours=self.random.randint(1, 6)),
            )
        if what in ("suppress", "unsuppress"):
            return (self.random.choice(campaigns)[0], self.random.choice(NUMBERS))
        return ()

    def edited(self, documents):
        """Give the documents with one thing changed."""
        documents = copy.deepcopy(documents)
        edits = (self.edit_windows, self.edit_policy, self.edit_campaign, self.edit_limits, self.edit_people,
                 self.edit_people, self.edit_suppression)  # fmt: skip
        self.random.choice(edits)(documents)
        return documents

    def edit_windows(self, documents):
        self.one(documents, "Configuration")["spec"]["schedule"] = self.schedule()

    def edit_policy(self, documents):
        dialing = self.one(documents, "Configuration")["spec"]["dialing"]
        kept = {name: dialing[name] for name in ("calls_per_second",) if name in dialing}
        new = {name: value for name, value in self.dialing().items() if name != "calls_per_second"}
        self.one(documents, "Configuration")["spec"]["dialing"] = new | kept

    def edit_campaign(self, documents):
        spec = self.one(documents, "Campaign")["spec"]
        spec["priority"] = self.random.choice((1, 5, 100))
        spec["status"] = self.random.choice(("active", "active", "paused"))
        spec["agent_id"] = self.random.choice(("agent-b", "agent-c"))

    def edit_limits(self, documents):
        self.one(documents, "Dialer")["spec"]["global_concurrency_limit"] = self.random.randint(1, 8)
        self.one(documents, "Organization")["spec"]["concurrency_limit"] = self.random.randint(1, 6)

    def edit_people(self, documents):
        """Change some people of a list, take one away, bring back one that was taken away, add one."""
        chosen = self.one(documents, "ContactList")
        rows = chosen["spec"]["contacts"]
        gone = self.gone.setdefault((_org(chosen), chosen["metadata"]["name"]), [])
        for row in rows:
            if self.chance(0.3):
                row["phone_numbers"] = self.random.sample(NUMBERS, self.random.choice((1, 2)))
            if self.chance(0.2):
                row["timezone"] = self.random.choice(ZONES)
        if gone and self.chance(0.8):
            rows.append(gone.pop())
        if len(rows) > 1 and self.chance(0.7):
            leaving = self.random.sample(rows, self.random.randint(1, len(rows) - 1))
            gone += leaving
            rows[:] = [row for row in rows if row not in leaving]
        if self.chance(0.3):
            rows.append(self.person(f"new-{self.random.randrange(10**9)}"))

    def edit_suppression(self, documents):
        lists = [one for one in documents if one["kind"] == "SuppressionList"]
        for one in lists:
            one["spec"] = self.suppression()

    def one(self, documents, kind):
        return self.random.choice([one for one in documents if one["kind"] == kind])

    def instant(self, first, last):
        """Give a whole second in a part of the simulation."""
        share = self.random.uniform(first, last)
        return self.start + timedelta(seconds=int(self.length.total_seconds() * share))

    def chance(self, share):
        return self.random.random() < share


def _document(kind, name, spec, **metadata):
    return {"apiVersion": "campaigns/v1", "kind": kind, "metadata": {"name": name, **metadata}, "spec": spec}


def _org(document):
    return document["metadata"].get("org", "default")


def _clock(quarter):
    return f"{quarter // 4:02d}:{quarter % 4 * 15:02d}"
