"""The judge on trial: evidence of a sound world is broken by hand, rule by rule, and each is noticed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from simulation.evidence import HoldFact
from simulation.judge import RULES, judge
from simulation.playing import Stage

from reconciler.controller.simulation import Scenario
from reconciler.gateways.behaviour import Behaviour

MONDAY = datetime(2026, 3, 2, 13, 30, tzinfo=UTC)
"""08:30 in New York."""

HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
OFFICE = [{"days": ["mon", "tue", "wed", "thu", "fri"], "start": "09:00", "end": "17:00"}]
LATE = [{"days": ["mon", "tue"], "start": "18:00", "end": "20:00"}]
CALLER_ID = "+12125550190"


def document(kind, name, spec, **metadata):
    return {"apiVersion": "campaigns/v1", "kind": kind, "metadata": {"name": name, **metadata}, "spec": spec}


def configuration(name, **dialing):
    spec = {
        "schedule": {"default_windows": OFFICE, "scheduled_windows": LATE},
        "dialing": {"max_attempts": 3, "retry_delay": "40m", **dialing},
        "agent_id": "agent-a",
    }
    return document("Configuration", name, spec)


def people(prefix, area, count, **also):
    """Declare contacts with two numbers each."""
    rows = [
        {"external_id": f"{prefix}{n}",
         "phone_numbers": [f"+1{area}55501{n:02d}", f"+1{area}55501{n + 50:02d}"], **also}
        for n in range(count)
    ]  # fmt: skip
    return document("ContactList", prefix, {"contacts": rows}, campaign=prefix)


@pytest.fixture(scope="module")
def sound():
    """Evidence of a day and a half of three campaigns, in which no rule is broken."""
    documents = [
        document("Dialer", "default", {"global_concurrency_limit": 4}),
        document("Organization", "default", {
            "concurrency_limit": 3, "caller_ids": [{"number": CALLER_ID, "max_concurrent_calls": 1}],
        }),
        configuration("hours"), configuration("paced", calls_per_second=0.02, max_concurrent_calls=2),
        document("Campaign", "urgent", {"configuration": "hours", "priority": 100}),
        document("Campaign", "slow", {"configuration": "paced", "agent_number": CALLER_ID}),
        document("Campaign", "booked", {"configuration": "hours"}),
        people("urgent", 212, 14), people("slow", 646, 14),
        people("booked", 917, 3, scheduled_at="2026-03-02T23:10:00+00:00", expires_at="2026-03-03T20:00:00Z"),
    ]  # fmt: skip
    behaviour = Behaviour(
        outcomes={"no_answer": 40, "completed": 40, "busy": 10, "invalid_number": 5},
        dispositions={"success": 4, "opt_out": 2, "callback": 2},
        callback_seconds=(3600, 7200),
    )
    evidence = Stage(Scenario(MONDAY, 32 * HOUR, seed=5, behaviour=behaviour), documents).play([])
    assert judge(evidence) == []
    return evidence


def first(evidence, wanted):
    """Give the first attempt of some kind; there is one, or the test would prove nothing."""
    return next(fact for fact in evidence.placed() if wanted(fact))


def changed(evidence, fact, **fields):
    """Put another attempt in place of one."""
    return replace(evidence, facts=[replace(one, **fields) if one is fact else one for one in evidence.facts])


def moved(evidence, fact, by):
    """Shift an attempt in time."""
    names = ("intent_at", "placing_at", "ended_at", "settled_at")
    return changed(evidence, fact, **{name: getattr(fact, name) + by for name in names})


def declared(evidence, **fields):
    """Judge as if something else had been declared."""
    [(since, one)] = evidence.history
    return replace(evidence, history=[(since, replace(one, **fields))])


def declared_person(evidence, key, **fields):
    [(_, one)] = evidence.history
    return declared(evidence, people={**one.people, key: replace(one.people[key], **fields)})


def without(evidence, contact):
    """Take away every attempt of a contact, as if it had been left waiting."""
    standing = replace(evidence.standings[contact], status="pending", attempts=0)
    return replace(
        evidence,
        facts=[fact for fact in evidence.facts if fact.contact != contact],
        standings={**evidence.standings, contact: standing},
    )


def into_the_night(evidence):
    return moved(evidence, first(evidence, lambda fact: fact.attempt == 1), 14 * HOUR)


def retry_in_a_scheduled_window(evidence):
    retry = first(evidence, lambda fact: fact.attempt == 2 and fact.campaign == "urgent")
    return moved(evidence, retry, datetime(2026, 3, 2, 23, 30, tzinfo=UTC) - retry.placing_at)


def paused_before(evidence):
    call = evidence.placed()[9]
    key = (call.org, call.campaign)
    statuses = {**evidence.statuses, key: [*evidence.statuses[key], (call.placing_at - SECOND, "paused")]}
    return replace(evidence, statuses=statuses)


def ended_before(evidence):
    [(_, one)] = evidence.history
    spec = {**one.campaigns["default", "urgent"], "end_at": "2026-03-02T15:00:00+00:00"}
    return declared(evidence, campaigns={**one.campaigns, ("default", "urgent"): spec})


def held_since(evidence, scope="agent", value="agent-a"):
    call = evidence.placed()[9]
    hold = HoldFact("default", scope, value, "person", None, call.placing_at - SECOND, None)
    return replace(evidence, holds=[hold])


def called_before_it_was_scheduled(evidence):
    call = first(evidence, lambda fact: fact.campaign == "booked")
    return declared_person(evidence, call.contact, scheduled_at=call.placing_at + SECOND)


def called_after_it_expired(evidence):
    call = evidence.placed()[9]
    return declared_person(evidence, call.contact, expires_at=call.placing_at)


def retried_too_soon(evidence):
    retry = first(evidence, lambda fact: fact.attempt == 2)
    before = first(evidence, lambda fact: fact.contact == retry.contact)
    return moved(evidence, retry, before.ended_at + 30 * MINUTE - retry.placing_at)


def backed_off_too_little(evidence):
    [(_, one)] = evidence.history
    specs = {
        key: {**spec, "dialing": {**spec["dialing"], "backoff": "exponential"}}
        for key, spec in one.configurations.items()
    }
    return declared(evidence, configurations=specs)


def called_once_too_often(evidence):
    [(_, one)] = evidence.history
    specs = {
        key: {**spec, "dialing": {**spec["dialing"], "max_attempts": 1}}
        for key, spec in one.configurations.items()
    }
    return declared(evidence, configurations=specs)


def called_after_it_was_done(evidence):
    call = first(evidence, lambda fact: fact.attempt == 2)
    before = first(evidence, lambda fact: fact.contact == call.contact)
    return changed(evidence, before, outcome="completed", disposition="success")


def numbered_wrong(evidence):
    return changed(evidence, first(evidence, lambda fact: fact.attempt == 2), attempt=3)


def not_counted(evidence):
    return changed(evidence, first(evidence, lambda fact: fact.outcome == "no_answer"), used=False)


def left_in_a_wrong_status(evidence):
    key = first(evidence, lambda fact: fact.disposition == "success").contact
    return replace(
        evidence,
        standings={**evidence.standings, key: replace(evidence.standings[key], status="exhausted")},
    )


def same_number_again(evidence):
    retry = first(evidence, lambda fact: fact.attempt == 2 and fact.campaign == "urgent")
    person = evidence.history[0][1].people[retry.contact]
    return changed(evidence, retry, number=next(n for n in person.numbers if n != retry.number))


def suppressed_before(evidence):
    out = evidence.ledger[0]
    call = first(evidence, lambda fact: fact.disposition != "opt_out")
    entry = replace(out, number=call.number, start=call.placing_at)
    return replace(evidence, ledger=[*evidence.ledger, entry])


def one_number_of_an_opt_out_forgotten(evidence):
    return replace(evidence, ledger=evidence.ledger[1:])


def number_called_twice_at_once(evidence):
    call = evidence.placed()[3]
    other = first(evidence, lambda fact: fact.contact != call.contact and fact.placing_at > call.ended_at)
    return changed(evidence, other, number=call.number, placing_at=call.placing_at + SECOND)


def limited(kind):
    """Judge by limits of one less."""

    def with_less(evidence):
        [(_, one)] = evidence.history
        specs = dict(one.configurations)
        key = ("default", "hours")
        specs[key] = {**specs[key], "dialing": {**specs[key]["dialing"], "max_concurrent_calls": 2}}
        less = {
            "global": {"global_limit": 2},
            "organization": {"limits": {"default": 2}},
            "campaign": {"configurations": specs},
        }
        return declared(evidence, **less[kind])

    return with_less


def caller_id_used_twice_at_once(evidence):
    call = first(evidence, lambda fact: fact.campaign == "slow")
    other = first(evidence, lambda fact: fact.contact != call.contact and fact.campaign == "slow")
    return moved(evidence, other, call.placing_at + SECOND - other.placing_at)


def too_fast(evidence):
    starts = [fact for fact in evidence.placed() if fact.campaign == "slow"]
    return moved(evidence, starts[1], starts[0].placing_at + SECOND / 2 - starts[1].placing_at)


def other_agent(evidence):
    return changed(evidence, evidence.placed()[5], agent=("agent-b", None, None))


def other_caller_id(evidence):
    return changed(evidence, evidence.placed()[5], agent=("agent-a", None, "+12125550177"))


def other_zone(evidence):
    return changed(evidence, evidence.placed()[5], timezone="Europe/Berlin")


def rang_twice(evidence):
    return replace(evidence, calls=[*evidence.calls, evidence.calls[0]])


def rang_without_a_row(evidence):
    return replace(evidence, calls=[*evidence.calls, replace(evidence.calls[0], attempt_id=uuid4())])


def conversation_missing(evidence):
    return changed(evidence, first(evidence, lambda fact: fact.conversation_id), conversation_id=None)


def urgent_one_left_waiting(evidence):
    return without(evidence, first(evidence, lambda fact: fact.campaign == "urgent").contact)


def last_one_left_waiting(evidence):
    return without(evidence, ("default", "slow", "slow13"))


def retry_before_the_fresh(evidence):
    [(_, one)] = evidence.history
    campaigns = {**one.campaigns, ("default", "slow"): {**one.campaigns["default", "slow"], "priority": 500}}
    return declared(evidence, campaigns=campaigns)


MUTATIONS = [
    (into_the_night, "windows"), (retry_in_a_scheduled_window, "windows"), (other_zone, "windows"),
    (paused_before, "lifecycle"), (ended_before, "lifecycle"),
    (held_since, "holds"),
    (lambda evidence: held_since(evidence, "country", "US"), "holds"),
    (lambda evidence: held_since(evidence, "all", ""), "holds"),
    (lambda evidence: held_since(evidence, "campaign", ("default", "urgent")), "holds"),
    (called_before_it_was_scheduled, "dates"), (called_after_it_expired, "dates"),
    (retried_too_soon, "retries"), (backed_off_too_little, "retries"), (called_once_too_often, "retries"),
    (called_after_it_was_done, "retries"), (numbered_wrong, "retries"), (not_counted, "retries"),
    (left_in_a_wrong_status, "retries"),
    (same_number_again, "rotation"),
    (suppressed_before, "suppression"),
    (one_number_of_an_opt_out_forgotten, "opt-outs"),
    (number_called_twice_at_once, "one call per number"),
    (limited("global"), "limits"), (limited("organization"), "limits"), (limited("campaign"), "limits"),
    (caller_id_used_twice_at_once, "limits"),
    (too_fast, "pacing"),
    (other_agent, "agents"), (other_caller_id, "agents"),
    (rang_twice, "submits"), (rang_without_a_row, "submits"), (conversation_missing, "submits"),
    (urgent_one_left_waiting, "order"), (retry_before_the_fresh, "order"),
    (last_one_left_waiting, "waste"),
]  # fmt: skip


@pytest.mark.parametrize(("mutate", "rule"), MUTATIONS)
def test_a_broken_rule_is_noticed(sound, mutate, rule):
    """Whatever is broken in the evidence, the judge names the rule."""
    assert rule in {breach.partition(":")[0] for breach in judge(mutate(sound))}


def test_every_rule_is_on_trial():
    """No rule of the judge could pass everything unnoticed."""
    assert {rule for _, rule in MUTATIONS} == set(RULES)
