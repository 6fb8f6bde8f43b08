"""What follows an attempt, by table: every outcome, used or not, with and without overrides."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from reconciler.core.outcomes import Disposition, Outcome
from reconciler.core.settlement import (
    CALLBACK_DUE,
    CALLBACK_MADE,
    DEFAULT_RULES,
    ContactStatus,
    Ending,
    Progress,
    is_used,
    lose_track,
    retry_delay,
    rule_for,
    settle,
    take_back,
)
from reconciler.spec.dialing import DialingPolicy

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ONE, TWO, THREE = "+12125550101", "+12125550102", "+12125550103"
FRESH = Progress((ONE, TWO))
DEFAULTS = DialingPolicy(max_attempts=5)
SILENT = ("provider_fault", "quota", "cancelled", "config_error", "released")


def policy(**fields):
    return DialingPolicy.model_validate({"max_attempts": 5, **fields})


def ending(outcome, number=ONE, **fields):
    return Ending(number, NOON, Outcome(outcome), **fields)


def after(*outcomes, rules=DEFAULTS, progress=FRESH, **fields):
    """Settle attempts one after the other, each at the number that is next; gives the last verdict."""
    for outcome in outcomes:
        verdict = settle(progress, ending(outcome, progress.number_to_dial(), **fields), rules)
        progress = verdict.progress
    return verdict


def told(verdict):
    wait = None if verdict.retry_at is None else verdict.retry_at - NOON
    return verdict.status.value, verdict.used, wait, verdict.progress.number_to_dial()


BY_DEFAULT = {
    "completed": ("completed", True, None, TWO),
    "transferred": ("completed", True, None, TWO),
    "machine": ("pending", True, DAY, TWO),
    "no_answer": ("pending", True, HOUR, TWO),
    "busy": ("pending", True, HOUR, TWO),
    "rejected": ("pending", True, HOUR, TWO),
    "agent_fault": ("pending", True, DAY, TWO),
    "invalid_number": ("pending", True, timedelta(0), TWO),
    "blocked": ("pending", True, timedelta(0), TWO),
    "provider_fault": ("pending", True, HOUR, TWO),
    "quota": ("pending", True, HOUR, TWO),
    "cancelled": ("pending", True, HOUR, TWO),
    "config_error": ("pending", True, HOUR, TWO),
    "released": ("pending", True, HOUR, TWO),
}


@pytest.mark.parametrize("outcome", list(Outcome))
def test_what_follows_by_default_an_attempt_that_may_have_rung(outcome):
    """R-RETRY-2, R-RETRY-1: the table, for calls that may have rung: whatever the outcome, they count."""
    assert told(settle(FRESH, ending(outcome), DEFAULTS)) == BY_DEFAULT[outcome]


@pytest.mark.parametrize("outcome", list(Outcome))
def test_what_follows_an_attempt_that_provably_never_rang(outcome):
    """R-RETRY-1: five outcomes are then unused and due again at once; all others count even so."""
    verdict = settle(FRESH, ending(outcome, rang=False), DEFAULTS)
    if outcome in SILENT:
        assert told(verdict) == ("pending", False, None, ONE)
        assert verdict.progress == FRESH._replace(unused_streak=1)
    else:
        assert told(verdict) == BY_DEFAULT[outcome]
    assert verdict.used == is_used(outcome, rang=False)


@pytest.mark.parametrize("outcome", SILENT)
def test_no_override_makes_an_unused_attempt_count(outcome):
    """R-RETRY-2: rows that do not count cannot be overridden; the rule is for the same that rang."""
    if outcome in DialingPolicy.model_json_schema()["properties"]["outcomes"]["propertyNames"]["enum"]:
        rules = policy(outcomes={outcome: {"then": "exhaust"}})
        assert settle(FRESH, ending(outcome, rang=False), rules).status is ContactStatus.PENDING
        assert settle(FRESH, ending(outcome), rules).status is ContactStatus.EXHAUSTED
    else:
        with pytest.raises(ValueError, match=outcome):
            policy(outcomes={outcome: {"then": "exhaust"}})


ADJUSTABLE = [outcome for outcome in Outcome if outcome not in ("config_error", "released")]


@pytest.mark.parametrize("outcome", ADJUSTABLE)
@pytest.mark.parametrize(
    ("then", "status", "wait"),
    [
        ("retry", "pending", timedelta(minutes=7)),
        ("next_number", "pending", timedelta(0)),
        ("complete", "completed", None),
        ("exhaust", "exhausted", None),
    ],
)
def test_every_used_outcome_follows_its_override(outcome, then, status, wait):
    """R-RETRY-2: `then` and `delay` of the configuration stand over the default, for each used outcome."""
    rules = policy(outcomes={outcome: {"then": then, "delay": "7m"}})
    assert told(settle(FRESH, ending(outcome), rules)) == (status, True, wait, TWO)


@pytest.mark.parametrize("outcome", ADJUSTABLE)
def test_the_kth_attempt_of_an_outcome_is_the_last(outcome):
    """R-RETRY-2: `max_attempts: 2` of an outcome: the second such end exhausts, others do not count."""
    other = "busy" if outcome != "busy" else "no_answer"
    rules = policy(outcomes={outcome: {"then": "retry", "max_attempts": 2}})
    three = Progress((ONE, TWO, THREE))
    assert after(outcome, other, rules=rules, progress=three).status is ContactStatus.PENDING
    last = after(outcome, other, outcome, rules=rules, progress=three)
    assert last.status is ContactStatus.EXHAUSTED
    assert last.reason == f"{outcome} for the second time"


def test_an_override_changes_only_the_fields_that_it_sets():
    """R-RETRY-2: overriding the delay of `rejected` keeps its two attempts, and of `machine` its retry."""
    rules = policy(outcomes={"rejected": {"delay": "5m"}, "machine": {"max_attempts": 1}})
    rejected = rule_for(Outcome.REJECTED, rules)
    assert (rejected.delay, rejected.max_attempts, rejected.then) == (timedelta(minutes=5), 2, "retry")
    machine = rule_for(Outcome.MACHINE, rules)
    assert (machine.delay, machine.max_attempts, machine.then) == (DAY, 1, "retry")
    assert rule_for(Outcome.BUSY, rules) == DEFAULT_RULES["busy"]


def test_a_rejection_is_tried_once_more():
    """R-RETRY-2: `rejected` has `max_attempts: 2` by default."""
    assert after("rejected").status is ContactStatus.PENDING
    assert after("rejected", "rejected").status is ContactStatus.EXHAUSTED


def test_a_machine_completes_where_the_policy_says_so():
    """R-RETRY-2: `on_machine: complete`."""
    assert after("machine", rules=policy(on_machine="complete")).status is ContactStatus.COMPLETED


def test_the_cap_is_over_every_other_rule():
    """R-RETRY-1: `max_attempts` counts used attempts, whatever their outcomes and numbers."""
    outcomes = ["no_answer", "provider_fault", "machine", "busy", "agent_fault"]
    assert after(*outcomes[:4]).status is ContactStatus.PENDING
    verdict = after(*outcomes)
    assert verdict.status is ContactStatus.EXHAUSTED
    assert verdict.reason == "all 5 attempts used"
    only = after("invalid_number", rules=policy(max_attempts=1))
    assert (only.status, only.reason) == (ContactStatus.EXHAUSTED, "its only attempt is used")


def test_forgiven_attempts_do_not_count_toward_the_cap():
    """R-RETRY-1: after a requeue the cap is counted anew, the attempt numbers go on."""
    requeued = Progress((ONE, TWO), attempts=5, attempts_forgiven=5, last_number=ONE)
    verdict = after("no_answer", progress=requeued)
    assert (verdict.status, verdict.progress.attempts) == (ContactStatus.PENDING, 6)


def test_ten_unused_attempts_in_a_row_are_an_error():
    """R-RETRY-1: the tenth in a row; a used one in between starts the count anew."""
    nine = after(*["provider_fault"] * 9, rang=False)
    assert nine.status is ContactStatus.PENDING
    tenth = settle(nine.progress, ending("quota", rang=False), DEFAULTS)
    assert tenth.status is ContactStatus.ERROR
    assert tenth.reason == "10 attempts in a row came to nothing; the last: quota"
    used = settle(nine.progress, ending("busy"), DEFAULTS)
    assert settle(used.progress, ending("quota", rang=False), DEFAULTS).status is ContactStatus.PENDING


def test_the_fault_of_its_own_field_is_an_error_of_the_contact():
    """R-RETRY-2: a config_error that blames the contact; it counts only if it may have rung."""
    blamed = ending("config_error", rang=False, own_fault=True, reason="no such agent")
    verdict = settle(FRESH, blamed, DEFAULTS)
    assert (verdict.status, verdict.used, verdict.reason) == (ContactStatus.ERROR, False, "no such agent")
    rang = settle(FRESH, blamed._replace(rang=True), DEFAULTS)
    assert (rang.status, rang.used, rang.progress.attempts) == (ContactStatus.ERROR, True, 1)
    assert settle(FRESH, blamed._replace(own_fault=False), DEFAULTS).status is ContactStatus.PENDING


@pytest.mark.parametrize("outcome", ["invalid_number", "blocked"])
def test_a_dead_number_is_dropped_and_the_next_is_due_at_once(outcome):
    """R-CONTACT-2, R-RETRY-2: also where the next one stands before it; none left: exhausted."""
    tried = Progress((ONE, TWO), attempts=1, last_number=ONE)
    verdict = settle(tried, ending(outcome, TWO), DEFAULTS)
    assert told(verdict) == ("pending", True, timedelta(0), ONE)
    last = settle(verdict.progress, ending(outcome, ONE), DEFAULTS)
    assert (last.status, last.reason) == (ContactStatus.EXHAUSTED, "no number left")


def test_a_wrong_number_is_dropped_whatever_the_outcome():
    """R-CONTACT-2: the person answering says so; the next number at once, none left: exhausted."""
    verdict = after("completed", disposition=Disposition.WRONG_NUMBER)
    assert told(verdict) == ("pending", True, timedelta(0), TWO)
    assert verdict.progress.dropped == (ONE,)
    one = after("completed", progress=Progress((ONE,)), disposition=Disposition.WRONG_NUMBER)
    assert one.status is ContactStatus.EXHAUSTED


def test_the_next_number_by_override_waits_when_the_round_begins_anew():
    """R-CONTACT-2: `busy: next_number` goes on at once to the last number, then waits as any retry."""
    rules = policy(outcomes={"busy": {"then": "next_number"}})
    assert told(after("busy", rules=rules)) == ("pending", True, timedelta(0), TWO)
    assert told(after("busy", "busy", rules=rules)) == ("pending", True, HOUR, ONE)
    assert told(after("busy", rules=rules, progress=Progress((ONE,)))) == ("pending", True, HOUR, ONE)


def test_an_opt_out_completes():
    """R-SUP-2: whoever asked not to be called is done, whatever the outcome's rule."""
    verdict = after("agent_fault", disposition=Disposition.OPT_OUT)
    assert (verdict.status, verdict.used) == (ContactStatus.COMPLETED, True)


CALL_ME = {"disposition": Disposition.CALLBACK, "callback_at": NOON + 3 * HOUR}


def test_a_callback_is_due_when_asked_for_at_the_number_that_asked():
    """R-RETRY-3: due at the time that was agreed, at the same number, ahead in the order."""
    verdict = after("completed", **CALL_ME)
    assert told(verdict) == ("pending", True, 3 * HOUR, ONE)
    assert verdict.progress.callback == CALLBACK_DUE


def test_a_callback_without_a_time_is_none():
    """R-RETRY-3: only one with a time becomes due."""
    assert after("completed", disposition=Disposition.CALLBACK).status is ContactStatus.COMPLETED


def test_a_callback_in_the_past_waits_as_a_retry_does():
    """R-RETRY-3: nobody asks to be called in the past; due at once, the phone would ring without a pause."""
    earlier = {"disposition": Disposition.CALLBACK, "callback_at": NOON - HOUR}
    found = after("completed", rules=policy(retry_delay="2h"), **earlier)
    assert (found.retry_at, found.progress.callback) == (NOON + 2 * HOUR, CALLBACK_DUE)
    assert after("completed", **{**earlier, "callback_at": NOON}).retry_at > NOON


def test_a_callback_may_exceed_the_cap_by_one_and_no_more():
    """R-RETRY-3: asked for in the last attempt it is still made; asked for again in that one, it is not."""
    rules = policy(max_attempts=1)
    asked = after("completed", rules=rules, **CALL_ME)
    assert asked.status is ContactStatus.PENDING
    again = settle(asked.progress, ending("completed", **CALL_ME), rules)
    assert (again.status, again.progress.attempts) == (ContactStatus.EXHAUSTED, 2)
    unanswered = settle(asked.progress, ending("no_answer"), rules)
    assert unanswered.status is ContactStatus.EXHAUSTED
    assert unanswered.progress.callback == CALLBACK_MADE


def test_an_unused_attempt_leaves_a_callback_due():
    """R-RETRY-3, R-RETRY-1: what never rang was no callback."""
    asked = after("completed", rules=policy(max_attempts=1), **CALL_ME).progress
    verdict = settle(asked, ending("provider_fault", rang=False), policy(max_attempts=1))
    assert verdict.status is ContactStatus.PENDING
    assert verdict.progress._replace(unused_streak=0) == asked


@pytest.mark.parametrize(
    ("backoff", "hours"), [("fixed", [1, 1, 1, 1]), ("linear", [1, 2, 3, 4]), ("exponential", [1, 2, 4, 8])]
)
def test_the_wait_grows_as_the_policy_says(backoff, hours):
    """R-RETRY-3: base times 1, n or 2^(n-1), n counting this attempt."""
    rules = policy(backoff=backoff)
    assert [retry_delay(rules, HOUR, n) for n in (1, 2, 3, 4)] == [count * HOUR for count in hours]


def test_the_wait_is_at_most_the_greater_of_base_and_max_delay():
    """R-RETRY-3: `max_delay` bounds the growth, never the base."""
    rules = policy(backoff="exponential", max_delay="3h")
    assert retry_delay(rules, HOUR, 9) == 3 * HOUR
    assert retry_delay(rules, 2 * DAY, 9) == 2 * DAY


def test_no_wait_overflows():
    """R-RETRY-3: the longest base, doubled a hundred times, is still a wait that a calendar knows."""
    longest = timedelta(days=90)
    for backoff in ("linear", "exponential"):
        assert retry_delay(policy(backoff=backoff, max_delay="90d"), longest, 100) == longest
    assert retry_delay(policy(backoff="exponential"), timedelta(0), 100) == timedelta(0)


def test_a_lost_call_counts_and_the_proof_replaces_it():
    """R-CRASH-2: unknown is used; when the proof comes, it is as if it had come at once."""
    asked = after("completed", rules=policy(max_attempts=1), **CALL_ME).progress
    for progress in (FRESH, FRESH._replace(attempts=2, unused_streak=4, last_number=TWO), asked):
        lost = lose_track(progress)
        assert (lost.status, lost.used) == (ContactStatus.UNKNOWN, True)
        assert lost.progress.attempts == progress.attempts + 1
        assert take_back(lost.progress) == progress
