"""The judge: every promise about calls, checked on the evidence of a simulation with naive code.

Written from the rules alone: nothing of reconciler.core is imported, directly or through a neighbour. Each
rule gives the sentences in which it was broken; `judge` gives those of all rules.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from math import ceil

from oracle import oracle_is_open
from simulation.declarations import instant
from simulation.gates import Gates, covers
from simulation.line import order, waste
from simulation.lives import lives
from simulation.spans import open_time

SECOND = timedelta(seconds=1)
TICK = timedelta(microseconds=1)


def judge(evidence):
    """Give every breach of every rule, as `rule: what happened`."""
    gates = Gates(evidence, lives(evidence))
    return [f"{name}: {breach}" for name, rule in RULES.items() for breach in rule(evidence, gates)]


def windows(evidence, gates):
    """R-WIN-1 to R-WIN-5, R-TZ-1: every call starts inside a window of every zone of its contact."""
    for declared, person, fact in _called(evidence):
        org, campaign, _ = fact.contact
        if campaign is None:
            continue
        zones, source = declared.zones_of(org, campaign, person, fact.number)
        if (fact.timezone, fact.timezone_source) != (zones[0], source):
            yield f"{fact} claims another zone than {zones} by {source}"
        before = [
            one for one in evidence.facts
            if one.contact == fact.contact and one.used and one.intent_at < fact.intent_at
        ]  # fmt: skip
        scheduled = person.scheduled_at is not None and not before
        if not oracle_is_open(declared.schedule_of(org, campaign), zones, fact.placing_at, scheduled):
            yield f"{fact} outside the windows of {zones}, scheduled: {scheduled}"


def lifecycle(evidence, gates):
    """R-LIFE-4, R-LIFE-7, R-LIFE-8: no call of a campaign that is not active, or outside its period."""
    for fact in evidence.placed():
        if fact.campaign is None:
            continue
        at, key = fact.placing_at, (fact.org, fact.campaign)
        status = [status for since, status in evidence.statuses[key] if since <= at][-1]
        if status != "active":
            yield f"{fact} while {status}"
        spec = evidence.declared_at(at).campaigns[key]
        starts, ends = instant(spec.get("start_at")), instant(spec.get("end_at"))
        if (starts and at < starts) or (ends and at >= ends):
            yield f"{fact} outside start_at and end_at"


def holds(evidence, gates):
    """R-HOLD-1: no call starts in the scope of a standing hold; a breaker lets single calls through."""
    for fact in evidence.placed():
        for hold in evidence.holds:
            stands = hold.start <= fact.placing_at and (hold.end is None or fact.placing_at < hold.end)
            covered = covers(hold, (fact.org, fact.campaign), fact.agent, fact.number)
            if stands and covered and hold.cause != "breaker":
                yield f"{fact} although {hold}"


def dates(evidence, gates):
    """R-DIAL-1: no call before scheduled_at, none from expires_at on."""
    for _, person, fact in _called(evidence):
        if person.scheduled_at and fact.placing_at < person.scheduled_at:
            yield f"{fact} before {person.scheduled_at}"
        if person.expires_at and fact.placing_at >= person.expires_at:
            yield f"{fact} from {person.expires_at} on"


def retries(evidence, gates):
    """R-RETRY-1 to R-RETRY-3: waits, caps, numbering; each contact ends where its attempts lead."""
    for key, life in gates.lives.items():
        yield from life.faults
        standing = evidence.standings[key]
        if standing.attempts != life.used:
            yield f"{key} has {standing.attempts} attempts, not {life.used}"
        if standing.status not in _possible(evidence, gates, life):
            yield f"{key} is {standing.status}, not {life.status}"


def _possible(evidence, gates, life):
    if life.status == "called":
        return {"locked", "in_progress"}
    if life.status != "pending":
        return {life.status}
    expires_at = life.person.expires_at
    if expires_at and expires_at <= evidence.steps[-1]:
        return {"expired"}
    if not life.numbers():
        return {"pending", "exhausted"}
    return {"pending", "error"} if _zones_never_meet(evidence, gates, life) else {"pending"}


def _zones_never_meet(evidence, gates, life):
    """R-TZ-1: the zones of a number that have no common window make an error; two months are looked at."""
    org, campaign, _ = life.contact
    declared = evidence.history[-1][1]
    stretch = life.stretches[-1]
    free = [n for n in stretch.numbers if not gates.is_suppressed(stretch, n, evidence.end - TICK)]
    zones, _ = declared.zones_of(org, campaign, life.person, (free or stretch.numbers)[0])
    if campaign is None or len(zones) < 2:
        return False
    schedule, later = declared.schedule_of(org, campaign), evidence.end + timedelta(days=60)
    return not open_time(schedule, zones, evidence.end, later, scheduled=stretch.scheduled)


def rotation(evidence, gates):
    """R-CONTACT-2, R-SUP-1: each call goes to the next number that is not suppressed."""
    for stretch, fact in _waits(gates):
        at = fact.placing_at
        free = [n for n in stretch.numbers if not gates.is_suppressed(stretch, n, at)]
        if fact.number != next(iter(free), None):
            yield f"{fact}, of {stretch.numbers} the next is {free[:1]}"


def suppression(evidence, gates):
    """R-SUP-1: no call to a number from the moment on at which it is suppressed."""
    for fact in evidence.placed():
        for start, end in gates.suppressions(fact.org, fact.number):
            if start <= fact.placing_at < end:
                yield f"{fact} although suppressed since {start}"


def opt_outs(evidence, gates):
    """R-SUP-2: who opts out on the phone is in the ledger with all numbers once that is heard."""
    for _, person, fact in _called(evidence):
        if fact.disposition == "opt_out" and fact.settled_at is not None:
            for number in {*person.numbers, fact.number}:
                spans = gates.suppressions(fact.org, number)
                if not any(start <= fact.settled_at < end for start, end in spans):
                    yield f"{fact} suppressed not {number}"


def one_call_per_number(evidence, gates):
    """R-CONTACT-4: never two calls at once to one number of an organization."""
    for key, facts in _groups(evidence, lambda fact: (fact.org, fact.number)).items():
        for start, count in _peaks(facts):
            if count > 1:
                yield f"{key}: {count} calls at {start}"


def limits(evidence, gates):
    """R-DIAL-3: at each start, no limit is exceeded: global, organization, campaign, caller ID."""
    for kind, of_fact, limit_of in LIMITS:
        for key, facts in _groups(evidence, of_fact).items():
            for start, count in _peaks(facts):
                limit = limit_of(evidence.declared_at(start), key)
                if limit is not None and count > limit:
                    yield f"{kind} {key}: {count} calls at {start}, limit {limit}"


def pacing(evidence, gates):
    """R-DIAL-5: any half-open second holds at most ceil(calls_per_second) starts of a campaign."""
    for (org, campaign), facts in _groups(evidence, lambda fact: (fact.org, fact.campaign)).items():
        starts = sorted(fact.placing_at for fact in facts)
        for start in starts:
            rate = evidence.declared_at(start).policy_of(org, campaign).get("calls_per_second")
            second = [at for at in starts if start <= at < start + SECOND]
            if rate is not None and len(second) > ceil(float(rate)):
                yield f"{org}/{campaign}: {len(second)} calls in the second from {start}"
            later = [at for at in starts if at > start]
            if rate is not None and later and (later[0] - start) * float(rate) < SECOND:
                yield f"{org}/{campaign}: {later[0] - start} between two calls at {start}"


def agents(evidence, gates):
    """R-AGENT-1: agent, version and caller ID each from the most specific level that sets it."""
    for declared, person, fact in _called(evidence):
        org, campaign, _ = fact.contact
        agent = declared.agent_of(org, campaign, person)
        if tuple(map(str, agent)) != tuple(map(str, fact.agent)):
            yield f"{fact} speaks as {fact.agent}, not {agent}"


def submits(evidence, gates):
    """R-CRASH-1, R-ATT-2: each placed attempt was sent once, as written down; accepted: a conversation."""
    sent = Counter(call.attempt_id for call in evidence.calls)
    placed = {fact.id: fact for fact in evidence.placed()}
    for id_ in sent.keys() | placed.keys():
        if sent[id_] != 1 or id_ not in placed:
            yield f"attempt {id_} was sent {sent[id_]} times"
    for call in evidence.calls:
        fact = placed.get(call.attempt_id)
        if fact is None:
            continue
        told = (call.number, call.agent_id, call.agent_version, call.agent_number, call.placing_at)
        if told != (fact.number, *fact.agent, fact.placing_at):
            yield f"{fact} was sent as {told}"
        if fact.settled_at and (fact.id in evidence.accepted) != (fact.conversation_id is not None):
            yield f"{fact}: accepted {fact.id in evidence.accepted}, but {fact.conversation_id=}"


def _called(evidence):
    """Give each call with what was declared at its instant, of everything and of its contact."""
    for fact in evidence.placed():
        declared = evidence.declared_at(fact.placing_at)
        person = declared.people.get(fact.contact)
        if person is not None:  # else the contact was withdrawn, which is a matter of `retries`
            yield declared, person, fact


def _waits(gates):
    """Give each call with the stretch of waiting that it ended."""
    for life in gates.lives.values():
        for stretch in life.stretches:
            if stretch.ends_in is not None and stretch.ends_in.placing_at is not None:
                yield stretch, stretch.ends_in


def _groups(evidence, key_of):
    groups = {}
    for fact in evidence.placed():
        groups.setdefault(key_of(fact), []).append(fact)
    return groups


def _peaks(facts):
    """Give, for each start of a call, how many of these calls were up at that instant."""
    starts = sorted(fact.placing_at for fact in facts)
    ends = sorted(fact.ended_at for fact in facts if fact.ended_at is not None)
    ended = 0
    for index, start in enumerate(starts):
        while ended < len(ends) and ends[ended] <= start:
            ended += 1
        if index + 1 == len(starts) or starts[index + 1] > start:
            yield start, index + 1 - ended


def _campaign_limit(declared, key):
    limit = declared.policy_of(*key).get("max_concurrent_calls")
    return None if limit is None else int(limit)


LIMITS = (
    ("global", lambda _fact: None, lambda declared, _key: declared.global_limit),
    ("organization", lambda fact: fact.org, lambda declared, key: declared.limits[key]),
    ("campaign", lambda fact: (fact.org, fact.campaign), _campaign_limit),
    ("caller ID", lambda fact: (fact.org, fact.agent[2]), lambda declared, key: declared.caller_ids.get(key)),
)

RULES = {
    "windows": windows,
    "lifecycle": lifecycle,
    "holds": holds,
    "dates": dates,
    "retries": retries,
    "rotation": rotation,
    "suppression": suppression,
    "opt-outs": opt_outs,
    "one call per number": one_call_per_number,
    "limits": limits,
    "pacing": pacing,
    "agents": agents,
    "submits": submits,
    "order": order,
    "waste": waste,
}
