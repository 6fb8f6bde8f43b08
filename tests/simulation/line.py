"""Who goes first, and whether anybody waits for nothing: R-DIAL-2, R-DIAL-3, R-DIAL-4."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

from simulation.spans import merged, minus

SECOND = timedelta(seconds=1)


def order(evidence, gates):
    """R-DIAL-2: when a call starts, nobody of the organization who ranks higher is left waiting.

    Unless one of that contact's own limits is full, with calls that went before or rank higher.
    """
    usage = Usage(evidence, gates)
    for at, waiting in _waiting_at_starts(evidence, gates):
        for org, started in _by_org(usage.started_at(at)).items():
            lowest = max(usage.rank(fact) for fact in started)
            for chance in waiting.get(org, ()):
                latest = usage.rank_of(chance.stretch, chance.priority, chance.latest_due)
                best = usage.rank_of(chance.stretch, chance.priority, chance.stretch.due)
                if latest < lowest and usage.has_place(chance, at, best):
                    below = [fact for fact in started if usage.rank(fact) > latest]
                    yield f"{chance} waits at {at} while {below[0]} starts"


def waste(evidence, gates):
    """R-DIAL-4: nobody who may be called waits for longer than a tick while there is a free place."""
    usage = Usage(evidence, gates)
    for chance in gates.chances():
        left = [(chance.start, chance.end)]
        for limit in (*limits_of(chance), ("organization", chance.stretch.contact[0]), ("global", None)):
            left = minus(left, usage.full(limit))
        left = minus(left, usage.paced(chance.stretch.contact[:2]))
        left = minus(left, gates.troubled(chance.stretch.contact[0], chance.agent[0]))
        for start, end in left:
            if end - start > evidence.tick:
                yield f"{chance} is not called from {start} to {end}"


def limits_of(chance):
    """Name the limits of a contact that not all of its organization share."""
    org, campaign, _ = chance.stretch.contact
    return [("campaign", (org, campaign)), ("caller ID", (org, chance.agent[2]))]


class Usage:
    """Calls as places taken, from their start until the dialer hears of their end."""

    def __init__(self, evidence, gates):
        self.evidence = evidence
        self.gates = gates
        self._calls = defaultdict(list)
        self._starts = defaultdict(list)
        self._stretch_of = {
            stretch.ends_in.id: stretch
            for life in gates.lives.values()
            for stretch in life.stretches
            if stretch.ends_in is not None
        }
        for fact in evidence.placed():
            self._starts[fact.placing_at].append(fact)
            for limit in _limits(fact):
                self._calls[limit].append(fact)
        self._full = {}

    def started_at(self, at):
        """Give the calls that started at an instant."""
        return self._starts[at]

    def rank(self, fact):
        """Give the best rank that a call can have had; one that nobody was waiting for ranks first."""
        stretch = self._stretch_of.get(fact.id)
        if stretch is None:
            return (-float("inf"),)
        priority = self.evidence.declared_at(fact.placing_at).priority_of(fact.org, fact.campaign)
        return self.rank_of(stretch, priority, stretch.due)

    def rank_of(self, stretch, priority, due):
        """R-DIAL-2: priority, then callbacks, first attempts, retries, then the oldest, then by id."""
        return (-priority, stretch.rank, due, self.evidence.standings[stretch.contact].id)

    def full(self, limit):
        """Give when a limit had no place left."""
        if limit not in self._full:
            self._full[limit] = merged(self._full_spans(limit))
        return self._full[limit]

    def _full_spans(self, limit):
        calls = self._calls[limit]
        changes = [(fact.placing_at, 1) for fact in calls]
        changes += [(fact.settled_at, -1) for fact in calls if fact.settled_at]
        changes += [(at, 0) for at, _ in self.evidence.history]
        changes.sort(key=lambda change: change[0])
        active = 0
        for index, (at, by) in enumerate(changes):
            active += by
            until = changes[index + 1][0] if index + 1 < len(changes) else self.evidence.end
            most = self._most(limit, at)
            if at < until and most is not None and active >= most:
                yield at, until

    def _most(self, limit, at):
        kind, key = limit
        declared = self.evidence.declared_at(at)
        if kind == "global":
            return declared.global_limit
        if kind == "organization":
            return declared.limits[key]
        if kind == "campaign":
            most = declared.policy_of(*key).get("max_concurrent_calls")
            return None if most is None else int(most)
        return declared.caller_ids.get(key)

    def paced(self, campaign):
        """Give when a campaign's pace allowed no call."""
        found = []
        for fact in self._calls["campaign", campaign]:
            rate = self.evidence.declared_at(fact.placing_at).policy_of(*campaign).get("calls_per_second")
            if rate is not None:
                found.append((fact.placing_at, fact.placing_at + SECOND / float(rate)))
        return merged(found)

    def has_place(self, chance, at, rank):
        """Tell whether the contact's own limits had a place for it, with nobody called who ranks lower."""
        for limit in limits_of(chance):
            most = self._most(limit, at)
            if most is not None and len(self._ahead(limit, at, rank)) >= most:
                return False
        campaign = chance.stretch.contact[:2]
        rate = self.evidence.declared_at(at).policy_of(*campaign).get("calls_per_second")
        if rate is not None:
            pause = SECOND / float(rate)
            calls = self._calls["campaign", campaign]
            recent = [fact for fact in calls if at - pause < fact.placing_at < at]
            if recent or any(self.rank(fact) < rank for fact in calls if fact.placing_at == at):
                return False
        troubled = self.gates.troubled(chance.stretch.contact[0], chance.agent[0])
        return not any(start <= at < end for start, end in troubled)

    def _ahead(self, limit, at, rank):
        """Give the calls that count against a limit and went before, or rank higher."""
        return [
            fact
            for fact in self._calls[limit]
            if fact.placing_at < at < (fact.settled_at or self.evidence.end)
            or (fact.placing_at == at and self.rank(fact) < rank)
        ]


def _limits(fact):
    org, campaign, _ = fact.contact
    return [
        ("campaign", (org, campaign)),
        ("caller ID", (org, fact.agent[2])),
        ("organization", org),
        ("global", None),
    ]


def _by_org(facts):
    by_org = defaultdict(list)
    for fact in facts:
        by_org[fact.org].append(fact)
    return by_org


def _waiting_at_starts(evidence, gates):
    """Go through the instants at which calls start, with the chances that are open then, by organization."""
    coming = sorted(gates.chances(), key=lambda chance: chance.start)
    open_, next_ = [], 0
    for at in sorted({fact.placing_at for fact in evidence.placed()}):
        while next_ < len(coming) and coming[next_].start <= at:
            open_.append(coming[next_])
            next_ += 1
        open_ = [chance for chance in open_ if chance.end > at]
        waiting = defaultdict(list)
        for chance in open_:
            waiting[chance.stretch.contact[0]].append(chance)
        yield at, waiting
