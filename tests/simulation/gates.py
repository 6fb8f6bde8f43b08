"""When each waiting contact could have been called, as far as it alone is concerned (R-DIAL-1).

Shared limits and pacing are not looked at here: see line.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from simulation.declarations import region_of
from simulation.lives import Stretch
from simulation.spans import both, merged, minus, open_time

BACK_OFF = timedelta(seconds=61)
"""The longest wait after faults of a gateway, and the tick in which they are heard."""


@dataclass(frozen=True)
class Chance:
    """A stretch of time in which nothing but limits, pace and order kept a contact from being called.

    `latest_due` is later than `due` where the contact may have waited for the end of a suppression.
    """

    stretch: Stretch
    number: str
    start: datetime
    end: datetime
    agent: tuple
    priority: int
    latest_due: datetime

    def __str__(self):
        who, due = "/".join(map(str, self.stretch.contact)), self.stretch.due
        return f"{who} of rank {self.priority}/{self.stretch.rank} due {due}, callable from {self.start}"


class Gates:
    """Every gate of one world, as sets of time in which it is shut."""

    def __init__(self, evidence, all_lives):
        self.evidence = evidence
        self.lives = all_lives
        self._busy, self._trouble = {}, {}
        for fact in evidence.placed():
            span = (fact.placing_at, fact.settled_at or evidence.end)
            self._busy.setdefault((fact.org, fact.number), []).append(span)

    def chances(self):
        """Give every chance of every contact."""
        return [
            chance
            for life in self.lives.values()
            for stretch in life.stretches
            for chance in self.chances_of(stretch)
        ]

    def chances_of(self, stretch):
        """Give the chances in one stretch, number by number as suppressions come and go."""
        found = []
        for start, end in self._constant(stretch):
            number = next((n for n in stretch.numbers if not self.is_suppressed(stretch, n, start)), None)
            if number is not None and not self._may_wait_elsewhere(stretch, start):
                found += self._open(stretch, number, start, end)
        return found

    def _may_wait_elsewhere(self, stretch, at):
        """Tell whether a suppression ran out while the contact waited at home with another of its numbers.

        A known limit of the dialer: time alone moves nobody to another lane until its present one opens.
        """
        org, campaign, _ = stretch.contact
        declared = self.evidence.declared_at(at)
        homes = {
            (declared.zones_of(org, campaign, stretch.person, number)[0], region_of(number))
            for number in stretch.numbers
        }
        ends = (until for number in stretch.numbers for _, until in self.suppressions(org, number))
        return len(homes) > 1 and any(stretch.since < until <= at for until in ends)

    def _constant(self, stretch):
        """Cut a stretch where a suppression of its numbers begins or ends."""
        begins = max(stretch.since, stretch.due)
        ends = min(at for at in (stretch.until, stretch.person.expires_at) if at)
        cuts = {at for at, _ in self.evidence.history}
        for number in stretch.numbers:
            cuts |= {at for span in self.suppressions(stretch.contact[0], number) for at in span}
        marks = [begins, *sorted(at for at in cuts if begins < at < ends), ends]
        return [(start, end) for start, end in pairwise(marks) if start < end]

    def suppressions(self, org, number):
        """Give when a number was suppressed: by the ledger, and by the lists declared at each time."""
        found = [
            (entry.start, entry.end or self.evidence.end)
            for entry in self.evidence.ledger
            if (entry.org, entry.number) == (org, number)
        ]
        history = self.evidence.history
        instants = [at for at, _ in history[1:]] + [self.evidence.end]
        for (since, declared), until in zip(history, instants, strict=True):
            listed = declared.suppressed.get((org, number), ())
            found += [(since, min(until, ends or until)) for ends in listed]
        return merged(found)

    def is_suppressed(self, stretch, number, at):
        """Tell whether a contact's number is suppressed at an instant."""
        return any(start <= at < end for start, end in self.suppressions(stretch.contact[0], number))

    def _open(self, stretch, number, start, end):
        org, campaign, _ = stretch.contact
        declared = self.evidence.declared_at(start)
        agent = declared.agent_of(org, campaign, stretch.person)
        zones, _ = declared.zones_of(org, campaign, stretch.person, number)
        open_ = [(start, end)]
        if campaign is not None:
            open_ = both(open_, self.active(org, campaign))
            open_ = both(open_, self._period(declared.campaigns[org, campaign]))
            schedule = declared.schedule_of(org, campaign)
            world = (self.evidence.start, self.evidence.end)
            open_ = both(open_, open_time(schedule, zones, *world, scheduled=stretch.scheduled))
        open_ = minus(open_, self.held(org, campaign, agent, number))
        open_ = minus(open_, merged(self._busy.get((org, number), [])))
        latest = max(
            [stretch.due]
            + [
                until
                for other in stretch.person.numbers
                for _, until in self.suppressions(org, other)
                if until <= start
            ]
        )
        priority = declared.priority_of(org, campaign)
        return [Chance(stretch, number, *span, agent, priority, latest) for span in open_]

    def active(self, org, campaign):
        """Give when a campaign was active."""
        statuses = self.evidence.statuses[org, campaign]
        instants = [at for at, _ in statuses[1:]] + [self.evidence.end]
        return merged(
            (at, until) for (at, status), until in zip(statuses, instants, strict=True) if status == "active"
        )

    def _period(self, spec):
        start = datetime.fromisoformat(spec["start_at"]) if spec.get("start_at") else self.evidence.start
        end = datetime.fromisoformat(spec["end_at"]) if spec.get("end_at") else self.evidence.end
        return merged([(start, end)])

    def held(self, org, campaign, agent, number):
        """Give when a hold, other than a breaker's, covered such a call (R-HOLD-1)."""
        return merged(
            (hold.start, hold.end or self.evidence.end)
            for hold in self.evidence.holds
            if hold.cause != "breaker" and covers(hold, (org, campaign), agent, number)
        )

    def troubled(self, org, agent_id):
        """Give when a breaker, or a gateway's wish to be left alone, may have held up calls (R-RETRY-4)."""
        if (org, agent_id) not in self._trouble:
            self._trouble[org, agent_id] = self._troubled(org, agent_id)
        return self._trouble[org, agent_id]

    def _troubled(self, org, agent_id):
        found = [
            (fact.ended_at, fact.settled_at + BACK_OFF)
            for fact in self.evidence.facts
            if fact.outcome in ("provider_fault", "quota") and fact.settled_at
        ]
        found += [
            (hold.start, hold.end or self.evidence.end)
            for hold in self.evidence.holds
            if hold.cause == "breaker"
            and (hold.scope == "gateway" or (hold.org, hold.value) == (org, agent_id))
        ]
        return merged(found)


def covers(hold, campaign, agent, number):
    """Tell whether a hold covers a call; `campaign` is its organization and name."""
    if hold.org not in (None, campaign[0]):
        return False
    if hold.scope == "campaign":
        return hold.value == campaign and hold.agent in (None, agent[0])
    named = {"agent": agent[0], "caller_id": agent[2], "gateway": "simulator"}
    if hold.scope == "country":
        return hold.value == region_of(number)
    return hold.scope in ("all", "org") or hold.value == named[hold.scope]
