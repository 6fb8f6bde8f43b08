"""What keeps one waiting contact from being called at the end of a simulation, gate by gate."""

from __future__ import annotations

from oracle import oracle_is_open
from simulation.declarations import instant
from simulation.gates import covers


def shut_gates(gates, life, *, parked_until):
    """Name the gates that are shut at the end, as `describe contact` names them.

    `parked_until` is when a contact that was set aside is looked at again; None if it was not.
    """
    evidence, stretch = gates.evidence, life.stretches[-1]
    at, declared = evidence.end, evidence.history[-1][1]
    org, campaign, _ = life.contact
    free = [n for n in stretch.numbers if not _is_suppressed(gates, org, n)]
    number = next(iter(free or stretch.numbers))
    agent = declared.agent_of(org, campaign, life.person)
    up = [fact for fact in evidence.placed() if fact.settled_at is None]
    checks = {
        "due": (parked_until or life.due) <= at,
        "expiry": life.person.expires_at is None or life.person.expires_at > at,
        "hold": not any(
            (hold.end is None or hold.end > at)
            and hold.cause != "breaker"
            and covers(hold, (org, campaign), agent, number)
            for hold in evidence.holds
        ),
        "suppression": bool(free),
        "number free": not free or not any((fact.org, fact.number) == (org, number) for fact in up),
        "global limit": len(up) < declared.global_limit,
        "organization limit": sum(fact.org == org for fact in up) < declared.limits[org],
        "caller ID limit": _has_place(
            up, declared.caller_ids.get((org, agent[2])), lambda f: (f.org, f.agent[2]) == (org, agent[2])
        ),
    }
    if campaign is not None:
        spec = declared.campaigns[org, campaign]
        starts, ends = instant(spec.get("start_at")), instant(spec.get("end_at"))
        most = declared.policy_of(org, campaign).get("max_concurrent_calls")
        zones, _ = declared.zones_of(org, campaign, life.person, number)
        schedule = declared.schedule_of(org, campaign)
        checks |= {
            "campaign status": evidence.statuses[org, campaign][-1][1] == "active",
            "period": (starts is None or starts <= at) and (ends is None or at < ends),
            "window": oracle_is_open(schedule, zones, at, stretch.scheduled),
            "campaign limit": _has_place(up, most, lambda fact: (fact.org, fact.campaign) == (org, campaign)),
        }
    return {name for name, is_open in checks.items() if not is_open}


def _has_place(up, most, counts):
    return most is None or sum(counts(fact) for fact in up) < int(most)


def _is_suppressed(gates, org, number):
    """Tell whether a number is suppressed at the end."""
    evidence = gates.evidence
    ledger = [entry.end for entry in evidence.ledger if (entry.org, entry.number) == (org, number)]
    listed = evidence.history[-1][1].suppressed.get((org, number), [])
    return any(until is None or until > evidence.end for until in [*ledger, *listed])
