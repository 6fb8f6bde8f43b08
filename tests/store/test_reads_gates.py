"""What describe says of a contact, and what the dialer then does with it: they must agree."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from databases import ON_SQLITE
from declared import campaign, configuration, contact, dialer, organization, state, suppression_list
from installation import START, Installation
from support.history import every_attempt

from reconciler.controller.dialer import Dialer, Identity
from reconciler.core.answers import answer
from reconciler.core.explanation import gates
from reconciler.core.windows.tz_database import wall_time
from reconciler.gateways.simulator import SimulatedCarrier
from reconciler.ids import Uuid7
from reconciler.store import tables
from reconciler.store.book import BookReader
from reconciler.store.reads.situations import read_situation

CLOCK = {"schedule": {"default_windows": [
    {"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "start": "00:00", "end": "24:00"}
]}}  # fmt: skip
CROWDED = ("global limit", "organization limit", "campaign limit", "caller ID limit", "order", "pacing")
"""Gates that open and shut with what other contacts do within one and the same step."""


def busy_installation():
    """Two organizations, zones, a shared number, suppression, a closed window, a paused campaign, limits."""
    installation = Installation()
    zones = ("America/Chicago", "Asia/Tokyo", "Europe/Berlin", None)
    people = [contact(f"s{n}", timezone=zones[n % 4]) for n in range(12)]
    people += [contact(f"n{n}", campaign="night") for n in range(8)]
    people += [
        contact("later", scheduled_at="2026-03-02T18:00:00Z"),
        contact("twin-a", "+12125550111"),
        contact("twin-b", "+12125550111", campaign="night"),
        contact("never", "+12125550112"),
        contact("stuck", campaign="still"),
        contact("gone", campaign="night", expires_at="2026-03-02T15:00:30Z"),
    ]
    people = [
        # what is optional stays away, as in a manifest
        one._replace(fields={name: value for name, value in one.fields.items() if value is not None})
        for one in people
    ]
    installation.apply(state(
        dialer(9), organization("default", concurrency_limit=6), configuration(),
        configuration("clock", **CLOCK, dialing={"max_concurrent_calls": 4, "retry_delay": "10m"}),
        campaign(), campaign("night", configuration="clock", priority=5), campaign("still", status="paused"),
        suppression_list("+12125550112"), contacts=people,
    ))  # fmt: skip
    return installation


def attempts(installation):
    with installation.database.read() as connection:
        return every_attempt(connection)


def judged(installation):
    """Give, by contact id, the names of the gates that are shut, and the answer."""
    found = {}
    rows = installation.rows(tables.contact)
    with installation.database.read() as connection:
        book, _ = BookReader().read(connection)
        for row in rows:
            situation = read_situation(connection, row, book, installation.clock.now())
            all_gates = gates(situation)
            shut = {gate.name for gate in all_gates if not gate.open}
            found[row.id] = (shut, answer(situation, all_gates))
    return found


@ON_SQLITE
@pytest.mark.parametrize("seed", [1, 2])
def test_the_dialer_calls_whom_the_gates_let_through(seed):
    """R-DIAL-1: at every step, who is called had its gates open, and who had all of them open is called."""
    installation = busy_installation()
    carrier = SimulatedCarrier(installation.clock, seed)
    machine = Dialer(
        installation.database, carrier, installation.clock, Uuid7(Random(seed)), Identity("here", 1)
    )
    alone = {
        row.id
        for row in installation.rows(tables.contact)
        if row.campaign_key == installation.campaign().id and row.external_id != "twin-a"
    }
    called = 0
    for _ in range(40):
        machine._draining = True  # what has ended is settled first, so that look and step see the same
        machine.step()
        before = judged(installation)
        machine._draining = False
        known = {row.id for row in attempts(installation)}
        result = machine.step()
        started = {row.contact_id for row in attempts(installation) if row.id not in known}
        let_through = {id_ for id_, (shut, _) in before.items() if not shut}
        assert started <= {id_ for id_, (shut, _) in before.items() if shut <= set(CROWDED)}
        assert let_through & alone <= started
        called += len(started)
        wakes = [result.next_wake, carrier.next_event_at(), installation.clock.now() + timedelta(minutes=7)]
        installation.clock.move_to(max(installation.clock.now(), min(at for at in wakes if at)))
    assert called > 8


def test_every_contact_is_explained_in_one_sentence():
    """R-CRASH-4: whatever a contact's state, one sentence says why it is not on the phone."""
    installation = busy_installation()
    for _, sentence in judged(installation).values():
        assert sentence.endswith(".")
        assert "\n" not in sentence


def said_of(installation, name):
    return judged(installation)[installation.contact(name).id][1]


def test_it_waits_for_its_window():
    """R-WIN-7: the answer names when the window opens, on the contact's own wall clock."""
    installation = busy_installation()
    assert said_of(installation, "s1") == (
        "It waits for its calling window: opens Tue 2026-03-03 09:00 Asia/Tokyo."
    )


def test_it_waits_until_it_is_due():
    """R-DIAL-1: what is scheduled waits for that; the window is open by then."""
    installation = busy_installation()
    assert said_of(installation, "later") == (
        "It waits for its scheduled_at: at Mon 2026-03-02 13:00 America/New_York."
    )


def test_it_waits_for_its_retry_and_then_for_a_window():
    """R-RETRY-3: a retry that becomes due at night waits for the morning; both instants are named."""
    installation = busy_installation()
    due = START.replace(hour=23, minute=30)
    installation.edit_contact("s0", attempts=1, due_at=due, retry_at=due)
    assert said_of(installation, "s0") == (
        "It waits for its retry (Mon 2026-03-02 17:30 America/Chicago), then for its calling window: "
        "opens Tue 2026-03-03 09:00 America/Chicago."
    )


def test_it_is_suppressed_or_its_campaign_is_stopped():
    """R-SUP-1, R-HOLD-1: a suppressed number, a paused campaign and who holds it are named."""
    installation = busy_installation()
    assert said_of(installation, "never") == "It is not called: every number of it is suppressed."
    assert said_of(installation, "stuck") == "Its campaign is paused."
    installation.pause("still")
    assert said_of(installation, "stuck") == (
        "Its campaign is paused, held by ana since 2026-03-02 15:01 UTC: complaints."
    )


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York"])
def test_it_waits_until_the_calendar_ends(zone):
    """R-CRASH-4: a "never" such as 9999-12-31 is explained, too, where the local calendar ends before."""
    installation = Installation()
    people = [
        contact("never", scheduled_at="9999-12-31T23:59:59Z", timezone=zone),
        contact(
            "once", scheduled_at="0001-01-01T00:00:00Z", expires_at="9999-12-31T23:59:59Z", timezone=zone
        ),
    ]
    installation.apply(state(configuration("hours", **CLOCK), campaign(), contacts=people))
    assert said_of(installation, "never").endswith(".")
    assert said_of(installation, "once").endswith(".")
    assert f"{wall_time(datetime.max.replace(tzinfo=UTC), zone):%Y}" == "9999"
    assert f"{wall_time(datetime.min.replace(tzinfo=UTC), zone):%d}" == "01"


def test_no_dialer_runs():
    """R-CRASH-2: without a living lease nothing is called, however open all else is."""
    installation = busy_installation()
    assert said_of(installation, "s0") == (
        "It could be called now, but no dialer runs: start one with `dialctl run`."
    )


@pytest.mark.parametrize(("status", "reason", "says"), [
    ("completed", None, "It is completed: a call reached its end."),
    ("exhausted", "all 3 attempts used", ("It is exhausted: all 3 attempts used; `dialctl requeue` makes it "
                                         "pending again.")),
    ("withdrawn", None, "It is withdrawn: it was removed from its list or manifest, or deleted."),
    ("locked", None, "It is claimed: its call is about to be placed."),
])  # fmt: skip
def test_why_it_does_not_wait(status, reason, says):
    """R-CONTACT-1: a contact that waits for nothing says why it is where it is."""
    installation = busy_installation()
    installation.edit_contact("s0", status=status, reason=reason)
    assert said_of(installation, "s0") == says


def test_it_expires_before_its_window_opens():
    """R-DIAL-1: who will never be called is told so, and why."""
    installation = busy_installation()
    installation.edit_contact("s1", expires_at=START + timedelta(hours=2))
    assert (
        said_of(installation, "s1") == "It is never called: its calling window opens only after it expires."
    )
