"""What people do, and dialers that obey: two handles on one database file, as two processes have."""

from __future__ import annotations

from datetime import timedelta

import pytest
from call_centre import CallCentre
from databases import shared_url
from declared import campaign, configuration, contact, organization, state

from reconciler.core.holds import HoldScope
from reconciler.core.outcomes import Outcome
from reconciler.ports import Answered, Ringing
from reconciler.spec.contact import ContactSpec
from reconciler.store import tables
from reconciler.store.operations.adhoc import place_adhoc
from reconciler.store.operations.lifecycle import close, pause, start
from reconciler.store.operations.stopping import StopOrder, release, stop
from reconciler.store.operations.suppressing import suppress

SECOND = timedelta(seconds=1)
CALLER_ID = "+12125550123"
LONDON = "+442079460018"
DESIRED = state(
    configuration(),
    campaign(agent_number=CALLER_ID),
    campaign("autumn", agent_id="agent-b"),
    organization("acme"),
    configuration(org="acme", agent_id="agent-c"),
    campaign("spring", org="acme"),
    contacts=[
        contact("ada"),
        contact("bob", campaign="autumn"),
        contact("cyd", org="acme"),
        contact("lon", LONDON, campaign="autumn"),
    ],
)
EVERYBODY = {"ada", "bob", "cyd", "lon"}


@pytest.fixture
def centre(tmp_path):
    made = CallCentre(DESIRED, shared_url(tmp_path))
    yield made
    made.desk.close()
    made.database.close()


def scopes(centre):
    spring, acme = centre.place(), centre.organization("acme")
    return {
        "all": (StopOrder(HoldScope.ALL, "", None, None), EVERYBODY),
        "org": (StopOrder(HoldScope.ORG, "acme", acme.id, None), {"cyd"}),
        "campaign": (StopOrder(HoldScope.CAMPAIGN, str(spring.key), spring.org.id, None), {"ada"}),
        "agent": (StopOrder(HoldScope.AGENT, "agent-b", None, None), {"bob", "lon"}),
        "agent elsewhere": (StopOrder(HoldScope.AGENT, "agent-b", acme.id, None), set()),
        "caller id": (StopOrder(HoldScope.CALLER_ID, CALLER_ID, None, None), {"ada"}),
        "gateway": (StopOrder(HoldScope.GATEWAY, "scripted", None, None), EVERYBODY),
        "other gateway": (StopOrder(HoldScope.GATEWAY, "other", None, None), set()),
        "country": (StopOrder(HoldScope.COUNTRY, "GB", None, None), {"lon"}),
    }


SCOPES = (
    "all", "org", "campaign", "agent", "agent elsewhere", "caller id", "gateway", "other gateway", "country",
)  # fmt: skip


def between_claim_and_admit(centre, act):
    """Let a person act once at the worst instant: contacts are claimed, nothing is sent yet."""
    admit = centre.dialer._admit

    def late(claimed):
        centre.dialer._admit = admit
        act()
        return admit(claimed)

    centre.dialer._admit = late


@pytest.mark.parametrize("scope", SCOPES)
def test_no_call_in_scope_starts_after_a_stop(centre, scope):
    """R-LIFE-4, R-HOLD-1: from a hold's commit on no call in its scope starts; all others do; then lifted."""
    order, held = scopes(centre)[scope]
    with centre.person() as operation:
        stopped = stop(operation, order)
    centre.step()
    assert set(centre.called()) == EVERYBODY - held
    with centre.person() as operation:
        release(operation, [stopped.hold])
    centre.clock.advance(SECOND)
    centre.step()
    assert set(centre.called()) == EVERYBODY


@pytest.mark.parametrize("scope", SCOPES)
def test_a_stop_between_claim_and_admit_is_obeyed(centre, scope):
    """R-LIFE-4, R-CRASH-1: what is claimed already is not sent once a hold covers it, and uses no attempt."""
    order, held = scopes(centre)[scope]

    def act():
        with centre.person() as operation:
            stop(operation, order)

    between_claim_and_admit(centre, act)
    centre.step()
    assert set(centre.called()) == EVERYBODY - held
    for name in held:
        assert (centre.contact(name).status, centre.contact(name).attempts) == ("pending", 0)
    assert len(centre.rows(tables.open_attempt)) == len(EVERYBODY - held)


@pytest.mark.parametrize("action", [pause, close])
@pytest.mark.parametrize("late", [False, True], ids=["before the step", "between claim and admit"])
def test_no_call_of_a_campaign_starts_after_its_pause_or_close(centre, action, late):
    """R-LIFE-4, R-LIFE-8: from the commit on, no call of that campaign starts; others do."""
    place = centre.place()

    def act():
        with centre.person() as operation:
            action(operation, place)

    if late:
        between_claim_and_admit(centre, act)
    else:
        act()
    for _ in range(3):
        centre.step()
        centre.clock.advance(SECOND)
    assert set(centre.called()) == EVERYBODY - {"ada"}
    assert centre.contact("ada").status == "pending"


def test_a_started_campaign_dials_again(centre):
    """R-LIFE-4: a pause and a start leave due times as they were: the next step calls."""
    place = centre.place()
    with centre.person() as operation:
        pause(operation, place)
    centre.step()
    with centre.person() as operation:
        start(operation, place)
    centre.step()
    assert "ada" in centre.called()


def test_a_stop_covers_ad_hoc_contacts(centre):
    """R-HOLD-1: holds cover contacts in no campaign, too; released, they are called."""
    with centre.person() as operation:
        stopped = stop(operation, StopOrder(HoldScope.AGENT, "agent-x", None, None))
    wanted = ContactSpec.model_validate({"phone_numbers": ["+12125550177"], "agent_id": "agent-x"})
    org = centre.organization()
    with centre.person() as operation:
        placed = place_adhoc(operation, org, wanted, "scripted")
    assert placed.held == stopped.hold
    centre.step()
    assert str(placed.contact_id) not in centre.called()
    with centre.person() as operation:
        release(operation, [stopped.hold])
    centre.step()
    assert str(placed.contact_id) in centre.called()


@pytest.mark.parametrize(
    ("hang_up", "ended"), [("none", set()), ("unanswered", {"eve", "fay"}), ("all", {"ada", "eve", "fay"})]
)
@pytest.mark.parametrize("by", ["stop", "pause", "close"])
def test_calls_end_as_wished(centre, by, hang_up, ended):
    """R-LIFE-4: calls go on by default; --cancel-unanswered ends those nobody answered, --hang-up all."""
    centre.apply(state(*DESIRED.objects, contacts=[*DESIRED.contacts, contact("eve"), contact("fay")]))
    assert centre.step() == len(EVERYBODY) + 2
    centre.happens(Answered, "ada")
    centre.happens(Answered, "bob")
    centre.happens(Ringing, "eve")
    centre.step()
    place = centre.place()
    with centre.person() as operation:
        if by == "stop":
            stop(operation, StopOrder(HoldScope.CAMPAIGN, str(place.key), place.org.id, None, hang_up))
        else:
            (pause if by == "pause" else close)(operation, place, hang_up=hang_up)
    centre.step()
    assert hung_up(centre) == ended
    centre.clock.advance(SECOND)
    centre.step()
    assert len(centre.carrier.hung_up) == len(ended), "a dialer asks a carrier once"


def hung_up(centre):
    names = {call.attempt_id: call.contact for call in centre.carrier.submitted}
    return {names[attempt_id] for attempt_id in centre.carrier.hung_up}


def test_an_expired_hold_stops_nothing(centre):
    """R-HOLD-1: a hold with an expiry runs out by itself, at that instant."""
    with centre.person() as operation:
        stop(operation, StopOrder(HoldScope.ALL, "", None, None, lasts=timedelta(hours=2)))
    centre.clock.advance(timedelta(hours=2) - SECOND)
    assert centre.step() == 0
    centre.clock.advance(SECOND)
    assert centre.step() == len(EVERYBODY)


def test_a_dialer_that_starts_later_obeys_at_once(centre):
    """R-HOLD-1: a hold binds dialers that did not run when it was set."""
    with centre.person() as operation:
        stop(operation, StopOrder(HoldScope.ALL, "", None, None))
    assert centre.hire(pid=99).step().started == 0


@pytest.mark.parametrize("late", [False, True], ids=["before the step", "between claim and admit"])
def test_a_suppressed_number_is_not_called(centre, late):
    """R-SUP-1: a number suppressed by hand is not called from the commit on, also when claimed already."""
    org = centre.organization()
    number = centre.contact("ada").phone_numbers[0]

    def act():
        with centre.person() as operation:
            suppress(operation, org, number, "asked by mail")

    if late:
        between_claim_and_admit(centre, act)
    else:
        act()
    for _ in range(3):
        centre.step()
        centre.clock.advance(SECOND)
    assert "ada" not in centre.called()
    ada = centre.contact("ada")
    assert (ada.status, ada.parked, ada.attempts) == ("pending", "suppressed", 0)


def test_a_call_that_ends_in_a_closed_campaign_is_settled(centre):
    """R-LIFE-8: a call that goes on when its campaign is closed is settled as ever, and never retried."""
    centre.step()
    place = centre.place()
    with centre.person() as operation:
        close(operation, place)
    centre.carrier.end("ada", Outcome.NO_ANSWER)
    centre.step()
    ada = centre.contact("ada")
    assert (ada.status, ada.attempts, ada.last_outcome) == ("pending", 1, "no_answer")
    centre.clock.advance(timedelta(hours=2))
    centre.step()
    assert centre.called().count("ada") == 1
