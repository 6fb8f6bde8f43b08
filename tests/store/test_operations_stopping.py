"""Holds by hand: set, named, lifted; and what people read of what they achieve."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from call_centre import CallCentre
from declared import campaign, configuration, contact, organization, state
from installation import ANA

from reconciler.cli.receipt_text import dialer_line, head_lines, lift_line, result_lines
from reconciler.controller.following import follow
from reconciler.core.breaker import Breaker
from reconciler.core.holds import Hold, HoldCause, HoldScope
from reconciler.core.outcomes import Outcome
from reconciler.errors import NotFound, TransitionRefused, UsageError
from reconciler.ports import Answered, CannotTell, Ringing
from reconciler.store import breakers, tables
from reconciler.store.book import standing_holds
from reconciler.store.holds import place_hold
from reconciler.store.operations.naming_holds import find_holds, paused_under, scope_text
from reconciler.store.operations.receipts import CallCounts, read_receipt
from reconciler.store.operations.scopes import nothing_bears
from reconciler.store.operations.stopping import StopOrder, release, stop

CALLER_ID = "+12125550123"
HOURS = configuration(agent_number=CALLER_ID)
ALL = StopOrder(HoldScope.ALL, "", None, "storm")


@pytest.fixture
def centre():
    return CallCentre(state(HOURS, campaign(), contacts=[contact("ada"), contact("bob"), contact("cyd")]))


def set_hold(centre, order=ALL):
    with centre.person() as operation:
        return stop(operation, order)


def lift(centre, text, org="default"):
    org = centre.organization(org)
    with centre.person() as operation:
        found = find_holds(operation.connection, org, text)
        release(operation, found)
    return found


def receipt(centre, stopped):
    with centre.desk.read() as connection:
        return read_receipt(connection, stopped, centre.clock.now())


def standing(centre):
    with centre.database.read() as connection:
        return standing_holds(connection)


def test_a_stop_touches_nothing_that_an_apply_locks(centre):
    """R-HOLD-1, R-PLAN-7: a hold and its event are all that a stop writes; the serial stays."""
    tables_of_applies = (tables.installation, tables.campaign, tables.contact, tables.lane, tables.inventory)
    before = [centre.rows(table) for table in tables_of_applies]
    stopped = set_hold(centre, StopOrder(HoldScope.ALL, "", None, "storm", lasts=timedelta(hours=2)))
    assert [centre.rows(table) for table in tables_of_applies] == before
    (hold,) = standing(centre)
    assert hold == stopped.hold
    assert (hold.actor, hold.reason, hold.expires_at - hold.created_at) == (
        "ana",
        "storm",
        timedelta(hours=2),
    )
    (logged,) = centre.rows(tables.event, tables.event.c.action == "hold")
    assert (logged.actor, logged.reason, logged.object_id) == ("ana", "storm", hold.id)


def test_a_hold_is_named_by_the_beginning_of_its_id(centre):
    """R-HOLD-3: eight characters of an id are enough where they fit one hold; else the text is refused."""
    first = set_hold(centre).hold
    centre.clock.advance(timedelta(minutes=5))
    second = set_hold(centre).hold
    org = centre.organization()
    with centre.desk.read() as connection:
        assert find_holds(connection, org, str(second.id)[:13].upper()) == [second]
        assert find_holds(connection, org, first.id.hex[:10]) == [first]
        with pytest.raises(UsageError, match="too short"):
            find_holds(connection, org, str(first.id)[:7])
        with pytest.raises(NotFound, match="there is no hold 'ffffffff'"):
            find_holds(connection, org, "ffffffff")


def test_a_beginning_that_fits_two_holds_is_refused(centre):
    """R-HOLD-3: a hold is never lifted by a guess; the refusal names those that the text fits."""
    holds = [set_hold(centre).hold for _ in range(2)]
    with pytest.raises(UsageError, match="fits 2 holds") as refusal:
        lift(centre, str(holds[0].id)[:8])
    assert all(str(hold.id) in refusal.value.message for hold in holds)
    assert standing(centre) == holds


def test_a_lifted_hold_says_who_lifted_it(centre):
    """R-HOLD-3: releasing twice is an error that says who was first, and when."""
    hold = set_hold(centre).hold
    assert lift(centre, str(hold.id)) == [hold]
    assert standing(centre) == []
    with pytest.raises(TransitionRefused, match="lifted already, by ana at 2026-03-02 15:01:00 UTC"):
        lift(centre, str(hold.id))


def test_holds_on_a_campaign_are_lifted_by_its_name(centre):
    """R-HOLD-2: campaign/NAME lifts what stands on that campaign alone; a paused one stays paused."""
    place = centre.place()
    set_hold(centre)
    own = set_hold(centre, StopOrder(HoldScope.CAMPAIGN, str(place.key), place.org.id, "x")).hold
    centre.edit_campaign(status="paused")
    assert lift(centre, "campaign/spring") == [own]
    assert [hold.scope for hold in standing(centre)] == ["all"]
    with centre.desk.read() as connection:
        assert paused_under(connection, [own]) == ["spring"]
    with pytest.raises(NotFound, match="no hold stands on campaign spring itself"):
        lift(centre, "campaign/spring")


@pytest.mark.parametrize(
    ("key", "org_id"),
    [
        (breakers.gateway_key("scripted"), None),
        (breakers.agent_key(UUID(int=5), "agent-a"), UUID(int=5)),
    ],
)
def test_lifting_a_breakers_hold_resets_the_breaker(centre, key, org_id):
    """R-HOLD-4: a person who lifts a breaker's hold is believed: that breaker is as good as new."""
    now = centre.clock.now()
    worn, other = Breaker(open_until=now + timedelta(hours=1)), breakers.gateway_key("another")
    held = Hold(
        centre.ids(now), 0, HoldScope(key.scope), key.value, HoldCause.BREAKER, "faults", "breaker", now,
        org_id=org_id,
    )  # fmt: skip
    with centre.database.write() as connection:
        breakers.save(connection, {key: worn, other: worn})
        place_hold(connection, held, ANA)
    lift(centre, str(held.id))
    with centre.database.read() as connection:
        assert breakers.load(connection) == {other: worn}


def test_scopes_in_words(centre):
    """R-HOLD-3: what is held is said with names, never with keys."""
    centre.apply(state(HOURS, campaign(), organization("acme"), contacts=[]))
    place, acme = centre.place(), centre.organization("acme")
    told = {
        "everything": (HoldScope.ALL, "", None),
        "organization acme": (HoldScope.ORG, "acme", acme.id),
        "campaign spring in organization default": (HoldScope.CAMPAIGN, str(place.key), place.org.id),
        "campaign default in organization acme": (HoldScope.CAMPAIGN, str(acme.adhoc_key), acme.id),
        "agent agent-a": (HoldScope.AGENT, "agent-a", None),
        "caller ID +12125550123 in organization acme": (HoldScope.CALLER_ID, CALLER_ID, acme.id),
        "gateway scripted": (HoldScope.GATEWAY, "scripted", None),
        "country US": (HoldScope.COUNTRY, "US", None),
    }
    for text, (scope, value, org_id) in told.items():
        hold = set_hold(centre, StopOrder(scope, value, org_id, None)).hold
        with centre.desk.read() as connection:
            assert scope_text(connection, hold) == text


@pytest.mark.parametrize(
    ("scope", "known", "mistaken", "doubt"),
    [
        (HoldScope.AGENT, "agent-a", "agent-b", "agent 'agent-b' at present; did you mean 'agent-a'?"),
        (HoldScope.CALLER_ID, CALLER_ID, "+442079460018", "caller ID '+442079460018' at present"),
        (
            HoldScope.GATEWAY,
            "scripted",
            "scriptet",
            "gateway 'scriptet' at present; did you mean 'scripted'?",
        ),
        (HoldScope.COUNTRY, "US", "FR", "country 'FR' at present"),
    ],
)
def test_a_hold_on_a_name_that_nothing_bears_is_noticed(centre, scope, known, mistaken, doubt):
    """R-HOLD-3: a slip of the pen in an emergency stop is noticed; the hold stands all the same."""
    for value, expected in ((known, None), (mistaken, f"nothing has the {doubt}")):
        hold = set_hold(centre, StopOrder(scope, value, None, None)).hold
        with centre.desk.read() as connection:
            assert nothing_bears(connection, hold) == expected
    assert len(standing(centre)) == 2


def test_a_receipt_follows_every_call_in_scope(centre):
    """R-HOLD-3: the receipt counts what became of the calls that were open when the hold was set."""
    centre.step()
    started = centre.clock.now()
    centre.happens(Answered, "ada")
    centre.happens(Ringing, "bob")
    centre.clock.advance(timedelta(seconds=5))
    centre.step()
    stopped = set_hold(centre, StopOrder(HoldScope.ALL, "", None, "storm", "unanswered"))
    first = receipt(centre, stopped)
    assert first.calls == CallCounts(ringing=2, talking=1)
    assert (first.last_started_at, first.is_complete) == (started, False)
    centre.step()
    centre.carrier.end("bob", Outcome.CANCELLED)
    assert [one.confirmed for one in receipt(centre, stopped).dialers] == [True]
    assert not receipt(centre, stopped).is_complete, "calls that are to be cancelled still ring"
    centre.carrier.end("cyd", Outcome.RELEASED, rang=False)
    centre.step()
    last = receipt(centre, stopped)
    assert last.calls == CallCounts(cancelled=1, unsent=1, talking=1)
    assert last.is_complete
    centre.carrier.end("ada", Outcome.COMPLETED)
    centre.step()
    assert receipt(centre, stopped).calls == CallCounts(cancelled=1, unsent=1, ended=1)


def test_calls_out_of_scope_are_not_counted(centre):
    """R-HOLD-3: a receipt is about the hold's scope only."""
    centre.step()
    other = set_hold(centre, StopOrder(HoldScope.AGENT, "agent-z", None, None))
    seen = receipt(centre, other)
    assert (seen.calls, seen.last_started_at, other.open_then) == (CallCounts(), None, [])


def test_a_call_whose_fate_is_lost_is_counted_so(centre):
    """R-HOLD-3, R-CRASH-2: what nobody knows is not told as ended."""
    centre.step()
    stopped = set_hold(centre)
    centre.happens(CannotTell, "ada")
    centre.step()
    assert receipt(centre, stopped).calls == CallCounts(ringing=2, unknown=1)


def test_only_dialers_with_a_live_lease_must_confirm(centre):
    """R-HOLD-3: a dialer that resigned or died is not waited for; nor is the person told of it."""
    second = centre.hire(pid=99)
    centre.dialer.resign()
    stopped = set_hold(centre)
    assert [(one.pid, one.confirmed) for one in receipt(centre, stopped).dialers] == [(99, False)]
    second.step()
    assert receipt(centre, stopped).is_complete
    centre.clock.advance(timedelta(minutes=2))
    assert receipt(centre, stopped).dialers == []


def watch(centre, stopped, pause, at_most=timedelta(seconds=10)):
    return list(follow(centre.desk, centre.clock, stopped, at_most=at_most, pause=pause))


def test_following_ends_once_all_dialers_obey(centre):
    """R-HOLD-3: the person waits no longer than the slowest dialer takes."""
    dialers = [centre.dialer, centre.hire(pid=99)]
    stopped = set_hold(centre)

    def pause(seconds):
        centre.clock.advance(timedelta(seconds=seconds))
        dialers.pop().step()

    seen = watch(centre, stopped, pause)
    assert [[one.confirmed for one in each.dialers] for each in seen] == [
        [False, False], [False, True], [True, True],
    ]  # fmt: skip
    assert dialers == []


def test_following_gives_up_after_a_while(centre):
    """R-HOLD-3: a dialer that does not obey is told of, not waited for without end."""
    stopped = set_hold(centre)

    def pause(seconds):
        centre.clock.advance(timedelta(seconds=seconds))

    seen = watch(centre, stopped, pause, at_most=timedelta(seconds=2))
    assert not seen[-1].is_complete
    assert centre.clock.now() == stopped.hold.created_at + timedelta(seconds=2)


RECEIPT = """\
held since 2026-03-02 15:01:05 UTC: everything: storm
  hold               {id}
  until              2026-03-02 17:01:05 UTC
  calls open then    3; those that nobody has answered are cancelled
  obeyed by          host, process 4711
  last call started  2026-03-02 15:01:00 UTC
  calls cancelled    2
  ended otherwise    0
  never sent         0
  ringing            0
  talking            1
obeyed by the one dialer that runs: no call in its scope starts any more; 1 still going on
lift it with: dialctl release {id}"""


def test_the_receipt_as_people_read_it(centre):
    """R-HOLD-3: the receipt's text, to the letter."""
    centre.step()
    centre.happens(Answered, "ada")
    centre.clock.advance(timedelta(seconds=5))
    centre.step()
    order = StopOrder(HoldScope.ALL, "", None, "storm", "unanswered", timedelta(hours=2))
    stopped = set_hold(centre, order)
    centre.step()
    for name in ("bob", "cyd"):
        centre.carrier.end(name, Outcome.CANCELLED)
    centre.step()
    last = receipt(centre, stopped)
    lines = [
        *head_lines(stopped, "everything"),
        *map(dialer_line, last.dialers),
        *result_lines(last, timedelta(seconds=10)),
        lift_line(stopped.hold),
    ]
    assert "\n".join(lines) == RECEIPT.format(id=stopped.hold.id)


def test_a_receipt_says_who_does_not_obey(centre):
    """R-HOLD-3: a dialer that has not confirmed stands in the last line, by host and process."""
    centre.hire(pid=99)
    stopped = set_hold(centre)
    centre.dialer.step()
    *_, conclusion = result_lines(receipt(centre, stopped), timedelta(seconds=10))
    assert conclusion == (
        "NOT CONFIRMED after 10s by 1 of 2 dialers: host, process 99; look after it, or end its process"
    )


def test_a_receipt_says_that_no_dialer_runs(centre):
    """R-HOLD-3: with no dialer there is nobody to confirm, and the person is told so."""
    centre.dialer.resign()
    stopped = set_hold(centre)
    *_, conclusion = result_lines(receipt(centre, stopped), timedelta(0))
    assert conclusion == "no dialer is running; any that starts obeys this hold"
