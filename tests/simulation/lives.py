"""The life of each contact, told again from its attempts by the tables of the rules alone (R-RETRY-1 to 3).

A life is a row of stretches in which the contact waits: since when, due when, as what, at which numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from simulation.declarations import Person, duration
from simulation.evidence import Fact

DAY = timedelta(hours=24)
THEN = {
    "completed": ("complete", None, None),
    "transferred": ("complete", None, None),
    "machine": ("retry", DAY, None),
    "agent_fault": ("retry", DAY, None),
    "rejected": ("retry", None, 2),
    "invalid_number": ("next_number", None, None),
    "blocked": ("next_number", None, None),
}
SILENT = {"provider_fault", "quota", "cancelled", "config_error", "released"}
DEAD = {"invalid_number", "blocked"}


@dataclass(frozen=True)
class Stretch:
    """A while in which a contact waits, callable from `due` on, unless something shuts it."""

    contact: tuple
    person: Person
    since: datetime
    until: datetime
    due: datetime
    rank: int
    scheduled: bool
    numbers: tuple
    ends_in: Fact | None


@dataclass
class Life:
    """What became of a contact; `faults` are breaches of the rules of retries."""

    contact: tuple
    status: str = "absent"
    stretches: list = field(default_factory=list)
    faults: list = field(default_factory=list)
    person: Person | None = None
    created_at: datetime | None = None
    retry_at: datetime | None = None
    since: datetime | None = None
    used: int = 0
    silent: int = 0
    counts: dict = field(default_factory=dict)
    last: str | None = None
    dropped: set = field(default_factory=set)
    callback: str | None = None
    leaving: bool = False
    before_leaving: str = "pending"
    cap: int = 3

    @property
    def due(self):
        return max(at for at in (self.created_at, self.person.scheduled_at, self.retry_at) if at)

    def numbers(self):
        """R-CONTACT-2: in order, the one after the last dialled first; a callback to the same one."""
        listed = list(self.person.numbers)
        after = listed.index(self.last) + 1 if self.last in listed else 0
        order = [number for number in listed[after:] + listed[:after] if number not in self.dropped]
        if self.callback == "due" and self.last in order:
            order = [self.last] + [number for number in order if number != self.last]
        return tuple(order)

    def wait(self, at):
        """Begin to wait."""
        self.status, self.since = "pending", at

    def stop_waiting(self, at, fact=None):
        """End the stretch that began with `wait`."""
        rank = 0 if self.callback == "due" else 2 if self.used else 1
        scheduled = rank == 1 and self.person.scheduled_at is not None
        self.stretches.append(
            Stretch(
                self.contact, self.person, self.since, at, self.due, rank, scheduled, self.numbers(), fact
            )
        )

    def fault(self, text):
        self.faults.append(f"{text}: {self.contact}")


def lives(evidence):
    """Tell every contact's life."""
    by_contact = {key: [] for key in evidence.standings}
    for fact in evidence.facts:
        by_contact[fact.contact].append(fact)
    return {key: _tell(evidence, key, facts) for key, facts in by_contact.items()}


def _tell(evidence, key, facts):
    life = Life(key)
    moments = [(at, -1, _apply, declared) for at, declared in evidence.history]
    for number, fact in enumerate(sorted(facts, key=lambda fact: fact.intent_at)):
        moments.append((fact.intent_at, 2 * number, _claim, fact))
        if fact.settled_at is not None:
            moments.append((fact.settled_at, 2 * number + 1, _settle, fact))
    for at, _, what, subject in sorted(moments, key=lambda moment: moment[:2]):
        if what is _settle:
            _settle(life, subject, evidence.declared_at(at), at)
        else:
            what(life, subject, at)
    if life.status == "pending":
        life.stop_waiting(evidence.end)
    return life


def _apply(life, declared, at):
    org, campaign, _ = life.contact
    person = declared.people.get(life.contact)
    if person is None:
        _withdraw(life, at)
        return
    cap = int(declared.policy_of(org, campaign).get("max_attempts", 3))
    lowered, life.cap = cap < life.cap, cap
    if life.status == "pending":
        life.stop_waiting(at)
    life.leaving = False
    life.person = person
    if life.status == "absent":
        life.created_at = at
        life.wait(at)
    elif life.status == "withdrawn":
        no_more = life.used >= cap + (life.callback == "due")
        life.status = "exhausted" if life.before_leaving == "pending" and no_more else life.before_leaving
        if life.status == "pending":
            life.wait(at)
    elif life.status == "pending":
        life.wait(at)
        if lowered and life.used >= cap:
            life.status = "exhausted"


def _withdraw(life, at):
    if life.status == "called":
        life.leaving = True
    elif life.status not in ("absent", "withdrawn"):
        if life.status == "pending":
            life.stop_waiting(at)
        life.before_leaving, life.status = life.status, "withdrawn"


def _claim(life, fact, at):
    if life.status != "pending":
        life.fault(f"called at {at} although {life.status}")
        return
    if at < life.due:
        life.fault(f"called at {at}, due at {life.due}")
    if life.used >= life.cap + (life.callback == "due"):
        life.fault(f"called at {at} beyond {life.cap} attempts")
    life.stop_waiting(at, fact)
    life.status = "called"


def _settle(life, fact, declared, at):
    if life.status != "called":
        life.fault(f"settled at {at} although {life.status}")
        return
    used = fact.outcome not in SILENT or fact.rang
    if used != fact.used:
        life.fault(f"{fact.outcome} that rang: {fact.rang} is kept as used: {fact.used}")
    status, retry_at = _verdict(life, fact, declared, used=used)
    if fact.attempt != (life.used if used else None):
        life.fault(f"attempt {fact.attempt} is the {life.used}. used one")
    life.retry_at = retry_at or life.retry_at
    if life.leaving and status != "completed":
        life.before_leaving, life.status, life.leaving = status, "withdrawn", False
    elif status == "pending":
        life.leaving = False
        life.wait(at)
    else:
        life.status, life.leaving = status, False


def _verdict(life, fact, declared, *, used):
    """Give the status after an attempt, and when a retry is due."""
    org, campaign, _ = life.contact
    policy = declared.policy_of(org, campaign)
    if not used:
        life.silent += 1
        own = campaign is None or any(life.person.agent[:2])
        broken = life.silent == 10 or (fact.outcome == "config_error" and own)
        return ("error" if broken else "pending"), None
    life.silent = 0
    life.used += 1
    life.counts[fact.outcome] = life.counts.get(fact.outcome, 0) + 1
    life.last = fact.number
    life.callback = "made" if life.callback == "due" else life.callback
    dead = fact.outcome in DEAD or fact.disposition == "wrong_number"
    if dead:
        life.dropped.add(fact.number)
    if fact.disposition == "callback" and fact.callback_at is not None:
        if life.used > life.cap:
            return "exhausted", None
        life.callback = "due"
        is_past = fact.callback_at <= fact.ended_at
        return "pending", fact.ended_at + _wait(life, None, policy) if is_past else fact.callback_at
    if fact.disposition == "opt_out":
        return "completed", None
    return _after(life, fact, policy, dead=dead)


def _after(life, fact, policy, *, dead):
    then, delay, most = _rule(policy, fact.outcome)
    if fact.disposition == "wrong_number":
        then = "next_number"
    if then in ("complete", "exhaust"):
        return {"complete": "completed", "exhaust": "exhausted"}[then], None
    last_of_its_kind = most and life.counts[fact.outcome] >= most
    if last_of_its_kind or life.used >= life.cap or not life.numbers():
        return "exhausted", None
    if then == "next_number":
        listed = list(life.person.numbers)
        gone = dead or fact.number not in listed
        if gone or listed.index(life.numbers()[0]) > listed.index(fact.number):
            return "pending", fact.ended_at
    return "pending", fact.ended_at + _wait(life, delay, policy)


def _wait(life, delay, policy):
    base = delay if delay is not None else duration(policy.get("retry_delay", "1h"))
    factor = {"fixed": 1, "linear": life.used, "exponential": 2 ** (life.used - 1)}
    longest = max(base, duration(policy.get("max_delay", "24h")))
    return min(base * factor[policy.get("backoff", "fixed")], longest)


def _rule(policy, outcome):
    then, delay, most = THEN.get(outcome, ("retry", None, None))
    if outcome == "machine" and policy.get("on_machine") == "complete":
        then, delay = "complete", None
    own = policy.get("outcomes", {}).get(outcome, {})
    return (
        own.get("then", then),
        duration(own["delay"]) if "delay" in own else delay,
        int(own.get("max_attempts", 0)) or most,
    )
