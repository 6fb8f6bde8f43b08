"""What events make of attempts, conversations and contacts: late, twice, backwards, lost, contradictory."""

from __future__ import annotations

from itertools import permutations

import pytest
from databases import ON_SQLITE
from support.bench import HOUR, MINUTE, SECOND, Bench, campaign, configuration, contact, crowd

from reconciler.core.outcomes import Disposition, Outcome
from reconciler.gateways.behaviour import Behaviour
from reconciler.gateways.simulator import SimulatedCarrier
from reconciler.ports import Accepted, Answered, Ended, Ringing
from reconciler.store import tables

WORLD = (configuration(), campaign(), contact("c1"))


@pytest.fixture
def bench():
    return Bench(*WORLD)


def story(bench, **end):
    """Give the events of one whole call, a second apart."""
    id_, at = bench.carrier.call_to("c1").attempt_id, bench.clock.now()
    outcome = end.pop("outcome", Outcome.COMPLETED)
    return [
        Accepted(id_, at + SECOND, "ref-1"),
        Ringing(id_, at + 2 * SECOND),
        Answered(id_, at + 3 * SECOND),
        Ended(id_, at + 4 * SECOND, outcome, transcript=[{"who": "agent", "says": "hello"}], **end),
    ]


def final_rows(bench):
    """Give everything that a call leaves, but for ids that depend on when a row was made."""
    (conversation,) = bench.rows(tables.conversation)
    (attempt,) = bench.attempts("c1")
    assert attempt.conversation_id == conversation.id
    assert bench.open() == []
    own = {"id": None, "conversation_id": None, "attempt_id": None}
    return [
        {**row._asdict(), **{key: None for key in own if hasattr(row, key)}}
        for row in (attempt, conversation, bench.contact("c1"))
    ]


def after(orders, **end):
    """Tell one call in batches of events, a step after each; gives the final rows."""
    bench = Bench(*WORLD)
    bench.step()
    events = story(bench, **end)
    bench.clock.advance(5 * SECOND)
    bench.dialer.drain()
    for batch in orders:
        bench.carrier.tell(*(events[number] for number in batch))
        bench.step()
        bench.assert_sound()
    return final_rows(bench)


@ON_SQLITE
@pytest.mark.parametrize("outcome", [Outcome.COMPLETED, Outcome.NO_ANSWER])
@pytest.mark.parametrize("steps", ["all in one step", "each in its own"])
def test_events_of_one_call_mean_the_same_in_any_order(outcome, steps):
    """R-ATT-1, R-ATT-2: every permutation gives the same rows, and so does every second one of a retry."""
    expected = after([(0, 1, 2, 3)], outcome=outcome)
    attempt, conversation, _ = expected
    assert (attempt["state"], attempt["gateway_ref"]) == ("ended", "ref-1")
    assert (conversation["status"], len(conversation["transcript"])) == ("ended", 1)
    for order in list(permutations(range(4)))[:: 1 if outcome is Outcome.COMPLETED else 2]:
        batches = [order] if steps == "all in one step" else [[number] for number in order]
        assert after(batches, outcome=outcome) == expected


def test_events_that_come_twice_change_nothing():
    """R-ATT-1: repeated at once, or after the end, one by one."""
    expected = after([(0, 1, 2, 3)])
    assert after([(0, 0, 1, 1, 2, 2, 3, 3)]) == expected
    assert after([(0, 1, 2, 3), (0,), (1,), (2,), (3,), (0, 1, 2, 3)]) == expected


def test_the_first_end_stands(bench):
    """R-CRASH-4: a second end that says something else changes nothing."""
    bench.step()
    bench.carrier.end("c1", "completed")
    bench.step(SECOND)
    before = final_rows(bench)
    bench.carrier.end("c1", "no_answer")
    bench.step(SECOND)
    assert final_rows(bench) == before


def test_states_only_move_forward(bench):
    """R-ATT-1: intent, placing, placed, ringing, answered, ended, each with its time."""
    bench.step()
    seen = []
    for event in story(bench):
        seen.append(bench.attempt("c1").state)
        bench.carrier.tell(event)
        bench.step(SECOND)
    row = bench.attempt("c1")
    assert [*seen, row.state] == ["placing", "placed", "ringing", "answered", "ended"]
    times = (row.intent_at, row.placing_at, row.placed_at, row.ringing_at, row.answered_at, row.ended_at)
    assert list(times) == sorted(times)


def test_every_accepted_call_has_a_conversation(bench):
    """R-ATT-2: made when the gateway accepts, with our id, answered or not."""
    bench.step()
    assert bench.rows(tables.conversation) == []
    bench.carrier.tell(story(bench)[0])
    bench.step(SECOND)
    (conversation,) = bench.rows(tables.conversation)
    assert (bench.attempt("c1").conversation_id, conversation.status) == (conversation.id, "placed")
    bench.carrier.end("c1", "no_answer")
    bench.step(SECOND)
    assert bench.rows(tables.conversation)[0].status == "ended"


def test_a_call_that_was_never_accepted_has_none(bench):
    """R-ATT-2: what a gateway refused is evidence, but no conversation."""
    bench.step()
    bench.carrier.end("c1", "provider_fault", rang=False)
    bench.step(SECOND)
    assert bench.attempts("c1")[0].conversation_id is None
    assert bench.rows(tables.conversation) == []


def test_a_refusal_after_acceptance_keeps_its_conversation_in_any_order():
    """R-ATT-2: accepted, then provably never rung, told backwards."""
    for order in ([(0,), (3,)], [(3,), (0,)], [(3, 0)]):
        attempt, conversation, row = after(order, outcome=Outcome.INVALID_NUMBER, rang=False)
        assert (attempt["used"], row["status"], conversation["status"]) == (True, "exhausted", "ended")


@pytest.mark.parametrize("outcome", ["provider_fault", "cancelled", "released", "quota"])
def test_no_word_of_silence_counts_once_the_phone_was_heard(bench, outcome):
    """R-RETRY-1: unused only if it provably never rang: a ringing phone proves otherwise."""
    bench.step()
    bench.carrier.tell(story(bench)[1])
    bench.carrier.end("c1", outcome, rang=False)
    bench.step(SECOND)
    assert (bench.attempt("c1").used, bench.contact("c1").attempts) == (True, 1)
    assert bench.contact("c1").due_at >= bench.clock.now() + 59 * MINUTE


def test_the_evidence_of_an_attempt_is_whole(bench):
    """R-ATT-1: everything that cannot be filled in later stands on the row."""
    bench.step()
    bench.carrier.tell(*story(bench, carrier_code="200", cost_micros=1400, cost_currency="USD",
                              disposition=Disposition.SUCCESS))  # fmt: skip
    bench.step(MINUTE)
    row = bench.attempt("c1")
    empty = {name for name, value in row._asdict().items() if value is None}
    assert empty == {"agent_version", "agent_number", "reason"}
    assert (row.timezone, row.timezone_source) == ("America/New_York", "default")
    assert row.window.endswith("00:00\N{EN DASH}24:00")
    assert (row.source_revision, row.attempt, row.disposition) == ("r1", 1, "success")
    assert row.number not in row.number_hash


def test_attempt_numbers_count_used_ones_only(bench):
    """R-ATT-1: 1, none for the unused one, 2."""
    for outcome, rang in (("no_answer", True), ("quota", False), ("busy", True)):
        bench.step(2 * HOUR)
        bench.carrier.end("c1", outcome, rang=rang)
        bench.step(SECOND)
        bench.clock.advance(HOUR)
    assert [row.attempt for row in bench.attempts("c1")][:3] == [1, None, 2]


def test_an_opt_out_suppresses_all_numbers_in_the_transaction_that_settles(bench):
    """R-SUP-2: also the number that was dialled and edited away meanwhile; logged, without any number."""
    bench.step()
    bench.apply(*WORLD[:2], contact("c1", ["+12125550150", "+12125550151"]))
    bench.carrier.end("c1", "completed", disposition=Disposition.OPT_OUT)
    bench.step(SECOND)
    entries = bench.rows(tables.suppression)
    assert {row.number for row in entries} == {"+12125550101", "+12125550150", "+12125550151"}
    assert {(row.list_id, row.actor) for row in entries} == {(None, "dialer")}
    (event,) = bench.rows(tables.event, tables.event.c.action == "suppress")
    assert (event.count, "+1" in str(event._asdict())) == (3, False)
    assert bench.statuses() == {"c1": "completed"}


def test_a_config_error_holds_the_campaign_once(bench):
    """R-RETRY-2, R-HOLD-4: until a person's start, with the reason; no number gets into the log."""
    bench = Bench(configuration(), campaign(), crowd(3))
    bench.step()
    for name in ("c0", "c1", "c2"):
        bench.carrier.end(
            name, "config_error", rang=False, blames="agent", reason="no agent for +12125550100"
        )
    assert bench.step(SECOND).started == 0
    (hold,) = bench.rows(tables.hold)
    assert (hold.scope, hold.cause, hold.value) == ("campaign", "config_error", str(bench.campaign().id))
    assert set(bench.statuses().values()) == {"pending"}
    assert len(bench.attempts()) == 3
    logged = str([row._asdict() for row in bench.rows(tables.event)]) + str(hold._asdict())
    assert "2125550100" not in logged
    assert bench.step(MINUTE).started == 0


def test_a_config_error_hold_ends_when_the_agent_at_fault_is_changed():
    """R-RETRY-2: an apply that changes the agent frees the campaign; another change does not."""
    bench = Bench(*WORLD)
    bench.step()
    bench.carrier.end("c1", "config_error", rang=False, blames="agent")
    bench.step(SECOND)
    bench.apply(configuration(dialing="{max_attempts: 5}"), *WORLD[1:])
    assert bench.step(SECOND).started == 0
    bench.apply(configuration(agent="agent-b"), *WORLD[1:])
    assert bench.step(SECOND).started == 1


@pytest.mark.parametrize(
    ("also", "blames"), [("agent_id: own", "agent"), ('agent_number: "+12125550123"', "caller_id")]
)
def test_a_config_error_of_the_contacts_own_field_is_its_error(also, blames):
    """R-RETRY-2: the campaign goes on; the contact says why, unused."""
    bench = Bench(configuration(), campaign(), contact("c1", also=also), contact("c2"))
    bench.step()
    bench.carrier.end("c1", "config_error", rang=False, blames=blames, reason="unknown")
    bench.step(SECOND)
    row = bench.contact("c1")
    assert (row.status, row.reason, row.attempts) == ("error", "unknown", 0)
    assert bench.rows(tables.hold) == []
    bench.assert_sound()


def test_the_words_of_a_gateway_are_kept_without_numbers(bench):
    """R-PLAN-8: reasons are shown where numbers are masked."""
    bench.apply(*WORLD[:2], contact("c1", also="agent_id: own"))
    bench.step()
    bench.carrier.end("c1", "config_error", rang=False, reason="cannot call +12125550101 from here")
    bench.step(SECOND)
    for row in (bench.contact("c1"), bench.attempt("c1")):
        assert row.reason.startswith("cannot call +1")
        assert "2125550101" not in row.reason


def test_an_ad_hoc_contact_is_always_its_own_fault():
    """R-ADHOC-1: there is no campaign to hold."""
    bench = Bench(contact("c1", campaign="default", also="agent_id: own"))
    bench.step()
    bench.carrier.end("c1", "config_error", rang=False)
    bench.step(SECOND)
    assert bench.statuses() == {"c1": "error"}


def test_a_callback_comes_before_fresh_contacts_and_at_its_number(bench):
    """R-RETRY-3, R-DIAL-2: due when agreed, ranked ahead."""
    bench = Bench(
        configuration(dialing="{max_concurrent_calls: 1, max_attempts: 1}"), campaign(),
        contact("c1", ["+12125550101", "+12125550102"]), crowd(2, first=5),
    )  # fmt: skip
    bench.step()
    at = bench.clock.now() + HOUR
    bench.carrier.end("c1", "completed", disposition=Disposition.CALLBACK, callback_at=at)
    bench.step(SECOND)
    bench.carrier.end("c5", "completed")
    bench.clock.move_to(at)
    bench.step()
    assert [call.contact for call in bench.carrier.submitted] == ["c1", "c5", "c1"]
    assert bench.carrier.submitted[-1].number == "+12125550101"
    bench.carrier.end("c1", "no_answer")
    bench.step(SECOND)
    assert bench.contact("c1").status == "exhausted"


@pytest.mark.parametrize("wish", ["withdrawn", "completed"])
def test_a_contact_withdrawn_on_the_phone(bench, wish):
    """R-CONTACT-3: the call goes on; completed stays, anything else becomes withdrawn."""
    bench.apply(*WORLD[:2], crowd(2))
    bench.step()
    bench.apply(*WORLD[:2], crowd(1))
    assert bench.statuses()["c1"] == "in_progress"
    bench.carrier.end("c1", "completed" if wish == "completed" else "no_answer")
    bench.step(SECOND)
    assert bench.statuses()["c1"] == wish
    bench.assert_sound()


MISBEHAVIOURS = {
    "lost": {"lost_events": 0.4},
    "late": {"late_events": 0.6},
    "repeated": {"repeated_events": 0.6},
    "reordered": {"reordered_calls": 0.6},
    "all": {
        "lost_events": 0.2, "late_events": 0.3, "repeated_events": 0.3, "reordered_calls": 0.3,
        "lost_requests": 0.1, "cannot_tell": 0.05, "faults": 0.05,
    },
}  # fmt: skip


SOON_OVER = {"outcomes": {"no_answer": 5, "completed": 3, "busy": 2}, "dispositions": {"success": 1}}


def run(behaviour, seed=3, hours=9):
    """Let a simulated carrier call twenty people; gives the bench at the end."""
    bench = Bench(
        configuration(dialing="{max_attempts: 3, max_call_duration: 3m, retry_delay: 10m}"), campaign(),
        crowd(20), seed=seed,
    )  # fmt: skip
    gateway = SimulatedCarrier(bench.clock, seed, Behaviour(**behaviour))
    dialer = bench.join(carrier=gateway, lease=30 * HOUR)
    end = bench.clock.now() + hours * HOUR
    while bench.clock.now() < end:
        result = dialer.step()
        wakes = (result.next_wake, result.paced_at, gateway.next_event_at())
        wake = min(at for at in wakes if at is not None)
        bench.clock.move_to(max(min(wake, end), bench.clock.now() + SECOND / 10))
    bench.assert_sound()
    return bench


@pytest.mark.parametrize("kind", MISBEHAVIOURS)
def test_misbehaving_events_lose_nobody(kind):
    """R-CRASH-4: whatever gets lost, late, twice or backwards, everybody comes to an end or to unknown."""
    bench = run({**SOON_OVER, **MISBEHAVIOURS[kind]})
    final = {"completed", "exhausted"} | ({"unknown"} if kind == "all" else set())
    assert set(bench.statuses().values()) <= final
    assert {row.state for row in bench.attempts()} <= {"ended", "unknown"}
    for row in bench.rows(tables.contact):
        assert row.attempts <= 4
        used = [one.attempt for one in bench.attempts(row.external_id) if one.used]
        assert used == list(range(1, row.attempts + 1))


def test_no_event_of_the_log_holds_personal_data():
    """R-PLAN-8: neither numbers nor data of contacts, after many calls with opt-outs and faults."""
    bench = run({"outcomes": {"opt_out": 1, "config_error": 1, "agent_fault": 4}, "faults": 0.3}, hours=2)
    log = str([row._asdict() for row in bench.rows(tables.event)])
    assert bench.rows(tables.event, tables.event.c.action == "suppress")
    for row in bench.rows(tables.contact):
        for number in row.phone_numbers:
            assert number[2:] not in log
