"""Who is called, when, in which order, and under which limits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from support.bench import (
    DAY,
    HOUR,
    MINUTE,
    MONDAY,
    OFFICE,
    SECOND,
    Bench,
    campaign,
    configuration,
    contact,
    crowd,
    document,
    installation,
    organization,
)

from reconciler.core.agents import NO_AGENT
from reconciler.core.breaker import FIRST_OPEN
from reconciler.store import ledger, tables
from reconciler.store.events import DIALER

NIGHT = datetime(2026, 3, 3, 3, tzinfo=UTC)
"""22:00 in New York."""

ONE_AT_A_TIME = "{max_concurrent_calls: 1, max_attempts: 2, retry_delay: 0s}"


def called(bench):
    return [call.contact for call in bench.carrier.submitted]


def call_one_by_one(bench, steps, outcome="completed"):
    """Step and end each call at once; gives the order of contacts."""
    for _ in range(steps):
        bench.step(SECOND)
        for row in bench.open():
            (name,) = [c.contact for c in bench.carrier.submitted if c.attempt_id == row.id]
            bench.carrier.end(name, outcome)
    return called(bench)


def test_the_order_of_dialing():
    """R-DIAL-2, R-LIFE-5: priority, ad hoc above all; then fresh before retries; oldest first; then by id."""
    bench = Bench(
        installation(1), configuration(dialing="{retry_delay: 0s}"),
        campaign(also="priority: 5"), campaign("low"),
        contact("b", campaign="low", number="+16465550111"),
        contact("d", number="+16465550113"), contact("c", number="+16465550112"),
        contact("late", number="+16465550114", also="scheduled_at: 2026-03-02T14:59:59Z"),
        contact("adhoc", campaign="default", number="+16465550115", also="agent_id: own"),
    )  # fmt: skip
    assert call_one_by_one(bench, 4, "no_answer")[:1] == ["adhoc"]
    assert called(bench) == ["adhoc", "d", "c", "late"]
    assert call_one_by_one(bench, 3, "no_answer")[4:] == ["d", "c", "late"]
    bench.step(SECOND)
    assert called(bench)[7:] == ["d"]
    assert "b" not in called(bench)


def test_ids_in_file_order_decide_between_equals():
    """R-DIAL-2: contacts of one list, due at one instant, are dialled in file order."""
    bench = Bench(configuration(dialing=ONE_AT_A_TIME), campaign(), crowd(6))
    assert call_one_by_one(bench, 6) == [f"c{n}" for n in range(6)]


def test_oldest_first_across_zones_and_caller_ids():
    """R-DIAL-2: lanes of one tier are merged by due time: no zone goes before another."""
    zones = ["America/Chicago", "America/Denver", "Europe/Paris"]
    bench = Bench(
        configuration(dialing=ONE_AT_A_TIME), campaign(),
        *(contact(f"c{n}", also=f"timezone: {zones[n % 3]}") for n in range(7)),
    )  # fmt: skip
    assert call_one_by_one(bench, 7) == [f"c{n}" for n in range(7)]


@pytest.mark.parametrize(
    ("manifests", "most"),
    [
        ((installation(3), configuration(), campaign()), 3),
        ((organization(limit=2), configuration(), campaign()), 2),
        ((configuration(dialing="{max_concurrent_calls: 4}"), campaign()), 4),
        (
            (
                organization(caller_ids='[{number: "+12125550123", max_concurrent_calls: 1}]'),
                configuration(also='agent_number: "+12125550123"'),
                campaign(),
            ),
            1,
        ),
    ],
    ids=["global", "organization", "campaign", "caller ID"],
)
def test_no_limit_is_ever_exceeded(manifests, most):
    """R-DIAL-3: in one step, in many, by two dialers; a freed place is taken at once."""
    bench = Bench(*manifests, crowd(9))
    other = bench.join()
    for _ in range(3):
        bench.step(SECOND)
        other.step()
        assert len(bench.open()) == most
    bench.carrier.end("c0", "completed")
    bench.step(SECOND)
    assert (len(bench.open()), len(called(bench))) == (most, most + 1)
    bench.assert_sound()


def test_a_full_campaign_does_not_hold_up_the_one_behind_it():
    """R-DIAL-4: no slot is wasted: whoever is behind a full limit takes it."""
    bench = Bench(
        installation(3), configuration("narrow", dialing="{max_concurrent_calls: 1}"), configuration(),
        campaign("top", config="narrow", also="priority: 9"), campaign(),
        crowd(5, "top"), crowd(5, first=10),
    )  # fmt: skip
    bench.step()
    assert sorted(called(bench)) == ["c0", "c10", "c11"]


def test_free_slots_are_shared_among_organizations():
    """R-DIAL-4: in proportion to their limits, whoever is first in the queue."""
    bench = Bench(
        installation(6), organization("big", limit=20), organization("small", limit=10),
        *(
            part
            for org, first in (("big", 0), ("small", 50))
            for part in (configuration(org=org), campaign(org=org), crowd(9, org=org, first=first))
        ),
    )  # fmt: skip
    bench.step()
    owners = [call.organization for call in bench.carrier.submitted]
    assert (owners.count("big"), owners.count("small")) == (4, 2)


def test_the_pace_is_kept_over_all_dialers():
    """R-DIAL-5: at two per second, any second holds at most two placings, whoever makes them."""
    bench = Bench(configuration(dialing="{calls_per_second: 2}"), campaign(), crowd(30))
    dialers = [bench.join(), bench.join(), bench.join()]
    for _ in range(40):
        bench.clock.advance(SECOND / 10)
        for dialer in dialers:
            dialer.step()
    starts = [row.placing_at for row in bench.attempts() if row.placing_at]
    assert len(starts) == 8
    assert all(sum(first <= at < first + SECOND for at in starts) <= 2 for first in starts)


def test_dialers_that_race_for_the_pace_use_up_no_contact():
    """R-DIAL-5, R-RETRY-1: an intent takes the pace: another dialer does not claim to be released."""
    bench = Bench(configuration(dialing="{calls_per_second: 1}"), campaign(), crowd(3))
    other = bench.join()
    bench.meanwhile(other.step)
    bench.step()
    assert [row.state for row in bench.attempts()] == ["placing"]


def test_an_intent_that_nobody_places_keeps_the_pace_from_nobody():
    """R-DIAL-5, R-CRASH-2: its dialer was cut off between claim and admission, and its lease goes on."""
    bench = Bench(configuration(dialing="{calls_per_second: 1}"), campaign(), crowd(3))
    other = bench.join()
    bench.meanwhile(cut_off)
    with pytest.raises(ConnectionAbortedError):
        bench.step()
    assert other.step().started == 0
    bench.clock.advance(3 * SECOND)
    assert other.step().started == 1
    assert sorted(row.state for row in bench.attempts()) == ["intent", "placing"]


def cut_off():
    raise ConnectionAbortedError


def test_a_raised_pace_holds_at_once():
    """R-DIAL-5: the instant that a slow rate has left does not outlive it."""
    world = (campaign(), crowd(3))
    bench = Bench(configuration(dialing="{calls_per_second: 0.0002}"), *world)
    bench.step()
    bench.apply(configuration(dialing="{calls_per_second: 1}"), *world)
    started = [bench.step(SECOND / 2).started for _ in range(6)]
    assert started == [0, 0, 1, 0, 1, 0]


def test_one_call_per_number_and_organization():
    """R-CONTACT-4: in one step or later, whatever the campaigns; another organization may."""
    number = "+12125550177"
    bench = Bench(
        organization("acme"), configuration(), configuration(org="acme"),
        campaign(), campaign("other"), campaign(org="acme"),
        contact("a", number), contact("b", number, campaign="other"), contact("z", number, org="acme"),
    )  # fmt: skip
    bench.step()
    bench.step()
    assert sorted(called(bench)) == ["a", "z"]
    assert bench.contact("b").reason == "the number is on another call"
    bench.carrier.end("a", "completed")
    bench.step(SECOND)
    assert called(bench)[-1] == "b"
    assert bench.contact("b").reason is None
    bench.assert_sound()


def suppress(bench, *numbers, **options):
    org_id = bench.campaign().org_id
    with bench.database.write() as connection:
        ledger.suppress(
            connection, org_id, numbers, DIALER, ids=bench.ids, now=bench.clock.now(),
            reason="asked", **options,
        )  # fmt: skip


def test_a_suppressed_number_is_skipped_in_the_rotation():
    """R-SUP-1: the next one is dialled; no attempt is used."""
    bench = Bench(configuration(), campaign(), contact("c1", ["+12125550101", "+13125550102"]))
    suppress(bench, "+12125550101")
    bench.step()
    bench.step()
    assert [call.number for call in bench.carrier.submitted] == ["+13125550102"]


def test_a_contact_whose_numbers_are_all_suppressed_waits():
    """R-SUP-1: pending with that reason, due at the earliest expiry, and uses no attempt."""
    bench = Bench(configuration(), campaign(), contact("c1", ["+12125550101", "+12125550102"]))
    tomorrow = bench.clock.now() + DAY
    suppress(bench, "+12125550101", expires_at=tomorrow)
    suppress(bench, "+12125550102", expires_at=tomorrow + DAY)
    result = bench.step()
    row = bench.contact("c1")
    assert (row.status, row.reason, row.due_at) == ("pending", "every number is suppressed", tomorrow)
    assert result.callable_at in (None, tomorrow)
    assert bench.step().callable_at == tomorrow
    bench.clock.move_to(tomorrow)
    assert bench.step().started == 1
    assert (bench.contact("c1").reason, bench.contact("c1").parked) == (None, None)


def test_a_suppression_that_never_expires_makes_nothing_callable():
    """R-SUP-1: a contact parked for ever is callable at no time."""
    bench = Bench(configuration(), campaign(), contact("c1"))
    suppress(bench, "+12125550101")
    bench.step()
    assert bench.step().callable_at is None


def test_a_lifted_suppression_makes_its_contacts_due_again():
    """R-SUP-2: unsuppress takes the entry out of the ledger, and is logged."""
    bench = Bench(configuration(), campaign(), contact("c1"))
    suppress(bench, "+12125550101")
    bench.step()
    org_id, now = bench.campaign().org_id, bench.clock.now()
    with bench.database.write() as connection:
        lifted = ledger.unsuppress(connection, org_id, "+12125550101", DIALER, now, reason="mistake")
    assert (lifted, bench.step().started) == (1, 1)
    (event,) = bench.rows(tables.event, tables.event.c.action == "unsuppress")
    assert "+1" not in str(event._asdict())


MEANWHILE = {
    "paused": lambda bench: bench.edit_campaign(status="paused"),
    "closed": lambda bench: bench.edit_campaign(status="closed"),
    "held": lambda bench: bench.hold("all"),
    "suppressed": lambda bench: suppress(bench, "+12125550101"),
    "expired": lambda bench: bench.edit_contact("c1", expires_at=bench.clock.now()),
    "window shut": lambda bench: bench.clock.move_to(datetime(2026, 3, 2, 22, tzinfo=UTC)),
    "agent changed": lambda bench: bench.edit_campaign(agent_id="another"),
    "ended": lambda bench: bench.edit_campaign(end_at=bench.clock.now()),
}


@pytest.mark.parametrize("what", MEANWHILE)
def test_what_comes_between_claim_and_placing_releases_the_call(what):
    """R-WIN-6, R-SUP-1, R-LIFE-4, R-HOLD-1: looked at again at the instant of placing; nothing is used."""
    start = MONDAY.replace(hour=21, minute=59, second=50) if what == "window shut" else MONDAY
    bench = Bench(configuration(schedule=OFFICE), campaign(), contact("c1"), start=start)
    bench.meanwhile(lambda: MEANWHILE[what](bench))
    assert bench.step().started == 0
    (attempt,) = bench.attempts()
    assert (attempt.state, attempt.outcome, attempt.used) == ("ended", "released", False)
    row = bench.contact("c1")
    assert (row.status, row.attempts, bench.carrier.submitted) == ("pending", 0, [])
    bench.assert_sound()


def test_a_contact_withdrawn_between_claim_and_placing():
    """R-CONTACT-3: released before it is placed, and withdrawn."""
    bench = Bench(configuration(), campaign(), crowd(2))
    bench.meanwhile(lambda: bench.apply(configuration(), campaign(), crowd(1)))
    bench.step()
    assert (bench.statuses(), called(bench)) == ({"c0": "in_progress", "c1": "withdrawn"}, ["c0"])
    bench.assert_sound()


HOLDS = {
    "all": "", "org": "", "campaign": None, "agent": "agent-a", "caller_id": "+12125550123",
    "gateway": "scripted", "country": "US",
}  # fmt: skip


@pytest.mark.parametrize("scope", HOLDS)
def test_no_call_starts_under_a_hold_and_all_do_when_it_has_expired(scope):
    """R-HOLD-1: every scope; it ends by itself at its expiry."""
    bench = Bench(configuration(also='agent_number: "+12125550123"'), campaign(), contact("c1"))
    value = str(bench.campaign().id) if scope == "campaign" else HOLDS[scope]
    until = bench.clock.now() + HOUR
    bench.hold(scope, value, expires_at=until)
    assert bench.step().callable_at == until
    bench.step(MINUTE)
    assert called(bench) == []
    bench.clock.move_to(until)
    assert bench.step().started == 1


@pytest.mark.parametrize(
    ("scope", "value"), [("agent", "agent-b"), ("country", "DE"), ("gateway", "simulator")]
)
def test_a_hold_covers_nothing_else(scope, value):
    """R-HOLD-1: calls outside its scope go on."""
    bench = Bench(configuration(), campaign(), contact("c1"))
    bench.hold(scope, value)
    assert bench.step().started == 1


def test_a_hold_covers_ad_hoc_contacts_and_is_confirmed():
    """R-HOLD-1, R-HOLD-3: holds count for contacts in no campaign; the dialer says that it obeys."""
    bench = Bench(contact("c1", campaign="default", also="agent_id: own"))
    bench.hold("org", org=bench.rows(tables.organization)[0].id)
    bench.step()
    assert called(bench) == []
    assert bench.rows(tables.dialer)[0].confirmed_hold == 1


@pytest.mark.parametrize(("hang_up", "ended"), [("none", []), ("unanswered", ["c0"]), ("all", ["c0", "c1"])])
def test_a_hold_ends_the_calls_that_it_wants_ended(hang_up, ended):
    """R-LIFE-4: calls in progress go on by default; unanswered ones or all are hung up on request, once."""
    bench = Bench(configuration(), campaign(), crowd(2))
    bench.step()
    bench.carrier.progress("c1")
    bench.step(SECOND)
    bench.hold("all", hang_up=hang_up)
    bench.step(SECOND)
    bench.step(SECOND)
    assert bench.carrier.hung_up == [bench.carrier.call_to(name).attempt_id for name in ended]


def test_the_breaker_of_a_gateway_holds_it_probes_and_lets_go():
    """R-RETRY-4, R-HOLD-4: faults set a hold with its reason; long calls do not stand in the probe's way."""
    bench = Bench(organization(limit=50), configuration(), campaign(), crowd(120))
    bench.step()
    calls = called(bench)
    for name in calls[5:]:
        bench.carrier.end(name, "provider_fault")
    bench.step(SECOND)
    (hold,) = bench.rows(tables.hold)
    assert (hold.scope, hold.value, hold.cause) == ("gateway", "scripted", "breaker")
    assert bench.step(FIRST_OPEN - 2 * SECOND).started == 0
    assert [bench.step(2 * SECOND).started, bench.step(SECOND).started] == [1, 0]
    bench.carrier.end(called(bench)[-1], "completed")
    assert bench.step(SECOND).started == 2
    for _ in range(12):
        for row in bench.open():
            name = next(c.contact for c in bench.carrier.submitted if c.attempt_id == row.id)
            if name not in calls[:5]:
                bench.carrier.end(name, "completed")
        bench.step(SECOND)
    assert bench.rows(tables.hold)[0].released_at is not None
    assert bench.rows(tables.breaker) == []


def test_the_breaker_of_an_agent_holds_only_that_agent():
    """R-RETRY-4: its own organization's calls; other agents go on."""
    bench = Bench(
        organization(limit=20), configuration(), configuration("b", agent="agent-b"),
        campaign(), campaign("other", config="b"), crowd(30), crowd(30, "other", first=100),
    )  # fmt: skip
    bench.step()
    for row in bench.open():
        name = next(c.contact for c in bench.carrier.submitted if c.attempt_id == row.id)
        bench.carrier.end(name, "agent_fault" if row.agent_id == "agent-a" else "completed")
    bench.step(SECOND)
    assert [(row.scope, row.value) for row in bench.rows(tables.hold)] == [("agent", "agent-a")]
    assert {row.agent_id for row in bench.open()} == {"agent-b"}


def test_a_single_refusal_pauses_nothing_but_what_the_gateway_asks_for():
    """R-RETRY-4: a fault among successes; `retry_after` is honoured at once."""
    bench = Bench(configuration(), campaign(), crowd(2))
    bench.step()
    bench.carrier.end("c0", "provider_fault", rang=False)
    assert bench.step(SECOND).started == 1
    bench.carrier.end("c1", "quota", rang=False, retry_after=MINUTE)
    assert bench.step(SECOND).started == 0
    assert [bench.step(58 * SECOND).started, bench.step(SECOND).started] == [0, 1]


def test_nobody_without_an_agent_is_called():
    """R-AGENT-2: error with the reason, and not called; an inline agent is one."""
    bench = Bench(
        configuration(agent=None), campaign(),
        contact("c1", also="agent_id: own"), contact("c2", also="agent_config: {prompt: hi}"),
    )  # fmt: skip
    bench.edit_contact("c1", agent_id=None)
    bench.step()
    assert bench.statuses() == {"c1": "error", "c2": "in_progress"}
    assert bench.contact("c1").reason == NO_AGENT
    bench.assert_sound()


def test_each_agent_field_comes_from_the_most_specific_level():
    """R-AGENT-1: contact, then campaign, then configuration, each on its own; the call carries them."""
    bench = Bench(
        configuration(agent="of-config", also='agent_version: 7\nagent_number: "+12125550123"'),
        campaign(also="agent_version: 8"), contact("c1", also="agent_id: own"), contact("c2"),
    )  # fmt: skip
    bench.step()
    for name, agent in (("c1", "own"), ("c2", "of-config")):
        call, row = bench.carrier.call_to(name), bench.attempt(name)
        assert (call.agent_id, call.agent_version, call.agent_number) == (agent, 8, "+12125550123")
        assert (row.agent_id, row.agent_version, row.agent_number) == (agent, 8, "+12125550123")


def test_an_ad_hoc_contact_is_called_once_at_any_hour_and_when_scheduled():
    """R-ADHOC-1: one attempt, its own agent, no window; `scheduled_at` is honoured."""
    at = (NIGHT + HOUR).isoformat()
    bench = Bench(contact("c1", campaign="default", also=f"agent_id: own\nscheduled_at: {at}"), start=NIGHT)
    assert bench.step().callable_at == NIGHT + HOUR
    assert bench.step(HOUR).started == 1
    bench.carrier.end("c1", "no_answer")
    bench.step(SECOND)
    assert bench.statuses() == {"c1": "exhausted"}


def test_a_campaign_dials_between_start_at_and_end_at():
    """R-LIFE-7: from the first until before the second instant."""
    period = "start_at: 2026-03-02T16:00:00Z\nend_at: 2026-03-02T17:00:00Z"
    bench = Bench(configuration(dialing=ONE_AT_A_TIME), campaign(also=period), crowd(2))
    assert bench.step().callable_at == MONDAY + HOUR
    assert bench.step(HOUR).started == 1
    bench.carrier.end("c0", "completed")
    bench.clock.move_to(MONDAY + 2 * HOUR)
    assert (bench.step().started, bench.step().callable_at) == (0, None)


@pytest.mark.parametrize("status", ["paused", "closed"])
def test_contacts_of_a_campaign_that_is_not_active_keep_their_status(status):
    """R-LIFE-8, R-LIFE-4: never claimed; due times run on; calls in progress are settled."""
    bench = Bench(configuration(dialing=ONE_AT_A_TIME), campaign(), crowd(2))
    bench.step()
    bench.edit_campaign(status=status)
    bench.carrier.end("c0", "no_answer")
    bench.step(SECOND)
    due = bench.contact("c0").due_at
    assert bench.step(DAY).started == 0
    assert bench.statuses() == {"c0": "pending", "c1": "pending"}
    assert bench.contact("c0").due_at == due
    bench.assert_sound()


def test_contacts_expire_in_time_and_are_not_called():
    """R-DIAL-1, R-CONTACT-1: pending until `expires_at`, then expired, also while parked."""
    soon = (MONDAY + HOUR).isoformat()
    bench = Bench(configuration(), campaign(), contact("c1", also=f"expires_at: {soon}"))
    suppress(bench, "+12125550101")
    bench.step()
    assert bench.step().next_wake <= MONDAY + HOUR
    bench.step(HOUR)
    row = bench.contact("c1")
    assert (row.status, row.reason, row.parked) == ("expired", "expires_at has passed", None)
    bench.assert_sound()


def test_retries_use_the_default_windows_also_after_a_scheduled_call():
    """R-WIN-5, R-WIN-3: scheduled in the evening window, retried in the day's."""
    schedule = """
  default_windows: [{days: [mon, tue, wed, thu, fri], start: "09:00", end: "17:00"}]
  scheduled_windows: [{days: [mon, tue, wed, thu, fri], start: "20:00", end: "23:00"}]"""
    also = "scheduled_at: 2026-03-02T22:00:00-05:00"
    bench = Bench(configuration(schedule=schedule), campaign(), contact("c1", also=also))
    assert bench.step().callable_at == NIGHT
    bench.clock.move_to(NIGHT)
    assert bench.step().started == 1
    bench.carrier.end("c1", "no_answer")
    bench.step(SECOND)
    next_morning = datetime(2026, 3, 3, 14, tzinfo=UTC)
    assert bench.step(HOUR).callable_at == next_morning
    bench.clock.move_to(next_morning)
    assert bench.step().started == 1


FAR_APART = """
  infer_timezone: true
  overrides:
    - {timezones: [America/Denver], windows: [{days: [mon], start: "09:00", end: "10:00"}]}
    - {timezones: [America/Boise], windows: [{days: [tue], start: "09:00", end: "10:00"}]}
  default_windows: [{days: [wed], start: "09:00", end: "10:00"}]"""


def test_zones_of_a_number_that_never_meet_are_an_error():
    """R-TZ-1: all zones of the number must be open; no common opening within 370 days: error, with reason."""
    bench = Bench(configuration(schedule=FAR_APART), campaign(), contact("c1", "+12085550142"), contact("c2"))
    bench.step()
    row = bench.contact("c1")
    assert (row.status, bench.statuses()["c2"]) == ("error", "pending")
    assert row.reason.endswith("have no common calling window")
    bench.assert_sound()


def test_a_number_that_moves_to_another_zone_waits_there():
    """R-TZ-1, R-SUP-1: the zones are those of the number dialled next; the new lane is looked at at once."""
    bench = Bench(configuration(), campaign(), contact("c1", ["+12125550101", "+14155550102"]))
    suppress(bench, "+12125550101")
    assert bench.step().started == 1
    assert bench.attempt("c1").number == "+14155550102"


def test_a_released_contact_is_not_punished_for_windows():
    """R-RETRY-1: only the tenth unused attempt in a row is an error."""
    bench = Bench(configuration(), campaign(), contact("c1"))
    for turn in range(10):
        bench.meanwhile(lambda: bench.hold("all", expires_at=bench.clock.now() + SECOND))
        bench.step(2 * SECOND)
        assert bench.statuses() == {"c1": "pending" if turn < 9 else "error"}
    bench.assert_sound()


def test_a_dialer_of_some_campaigns_leaves_the_others_alone():
    """R-DIAL-1: `only` names campaigns; ad hoc contacts are none of them."""
    bench = Bench(
        configuration(), campaign(), campaign("other"), contact("c1"), contact("c2", campaign="other"),
        contact("c3", campaign="default", also="agent_id: own"),
    )  # fmt: skip
    dialer = bench.join(only=frozenset({bench.campaign("other").id}))
    dialer.step()
    assert called(bench) == ["c2"]


def test_a_draining_dialer_settles_and_starts_nothing():
    """R-LIFE-4: draining: running calls go on."""
    bench = Bench(configuration(dialing=ONE_AT_A_TIME), campaign(), crowd(2))
    bench.step()
    bench.dialer.drain()
    bench.carrier.end("c0", "completed")
    result = bench.step(SECOND)
    assert (result.started, result.ended, bench.statuses()) == (0, 1, {"c0": "completed", "c1": "pending"})


def test_the_call_carries_what_the_agent_needs():
    """R-CRASH-1: the order to the gateway: the attempt's id, the contact's data, the policy's limits."""
    bench = Bench(
        configuration(dialing="{ring_timeout: 20s, max_call_duration: 5m}"), campaign(),
        contact("c1", also="data: {plan: gold}\ninitial_context: hello"),
    )  # fmt: skip
    bench.step()
    (call,) = bench.carrier.submitted
    assert call.attempt_id == bench.attempt("c1").id
    assert (call.organization, call.campaign, call.contact) == ("default", "spring", "c1")
    assert (call.custom_metadata, call.initial_context) == ({"plan": "gold"}, "hello")
    assert (call.ring_timeout, call.max_call_duration) == (20 * SECOND, timedelta(minutes=5))


def test_suppression_lists_count_as_the_ledger_does():
    """R-SUP-1: entries of a manifest's list; in the organization of the list only."""
    bench = Bench(
        organization("acme"), configuration(), configuration(org="acme"), campaign(), campaign(org="acme"),
        contact("c1"), contact("z", "+12125550101", org="acme"),
        document("SuppressionList", "dnc", "{numbers: [+12125550101]}", org="acme"),
    )  # fmt: skip
    bench.step()
    assert called(bench) == ["c1"]
