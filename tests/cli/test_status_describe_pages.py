"""`dialctl status` and `describe`, letter by letter, on a clock that stands still, with ids from a seed."""

from __future__ import annotations

import json
import signal
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from support.golden import is_golden
from support.present_database import ON_BOTH, present_url

from reconciler.cli import session
from reconciler.clock import VirtualClock
from reconciler.controller.dialer import Dialer, Identity
from reconciler.core.holds import Hold, HoldCause, HoldScope
from reconciler.gateways.simulator import SimulatedCarrier
from reconciler.ids import Uuid7
from reconciler.store.engine import open_database
from reconciler.store.events import Actor
from reconciler.store.holds import place_hold
from reconciler.store.identity import find_campaign, find_organization

START = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)


@pytest.fixture
def world(dialctl, spring, monkeypatch):
    """`spring` applied on Monday morning in New York, and dialled for a while."""
    clock, ids = VirtualClock(START), Uuid7(Random(1))
    monkeypatch.setattr(session, "SystemClock", lambda: clock)
    monkeypatch.setattr(session, "Uuid7", lambda: ids)
    monkeypatch.setenv("COLUMNS", "80")
    (spring / "crm.csv").write_text(
        "external_id,phone,timezone\nada,+12125550142,\nbob,+12125550143,America/Chicago\n"
        "cyd,+12125550144,Asia/Tokyo\n"
    )
    assert dialctl("apply", spring, "--yes", "--actor", "ana", "--revision", "26b78416c0").code == 0
    dial(clock, ids, timedelta(minutes=30))
    return clock


def dial(clock, ids, length):
    """Let one dialer work for a while, then leave it in the middle of its lease."""
    database = open_database(present_url())
    carrier = SimulatedCarrier(clock, 2, quiet_progress=True)
    machine = Dialer(database, carrier, clock, ids, Identity("box", 42))
    end = clock.now() + length
    while clock.now() < end:
        result = machine.step()
        clock.move_to(
            max(clock.now(), min(at for at in (result.next_wake, carrier.next_event_at(), end) if at))
        )
    database.close()


def hold(clock):
    """Hold the campaign, as a person does who waits for no dialer to confirm it."""
    database = open_database(present_url())
    with database.write() as connection:
        org = find_organization(connection, "default")
        key = find_campaign(connection, org, "spring").key
        new = Hold(
            Uuid7(Random(9))(clock.now()), 0, HoldScope.CAMPAIGN, str(key), HoldCause.PERSON,
            "complaints about tone", "ana", clock.now(), org_id=org.id,
        )  # fmt: skip
        place_hold(connection, new, Actor("ana", "person"))
    database.close()


@ON_BOTH
def test_status(world, dialctl):
    """The page of `status` in 80 columns, drift and a hold included (R-HOLD-1)."""
    hold(world)
    is_golden("status.txt", dialctl("status").out)


def test_no_color_means_no_escape_code(applied, at_terminal, monkeypatch):
    """https://no-color.org: at a terminal, too, neither colours nor bold text nor a moving cursor."""
    assert "\033[" in at_terminal("status").out
    assert at_terminal("stop", "--all").code == 0  # else calls are made, while New York's offices are open
    monkeypatch.setenv("NO_COLOR", "1")
    for arguments in (["status"], ["run", "--until-idle", "--idle-after", "1s"], ["get", "contacts"]):
        assert "\033" not in at_terminal(*arguments).out


def test_status_in_json_adds_up(world, dialctl):
    """R-MAN-3: a list of the promised shape, whose buckets add up to the total."""
    [spring] = json.loads(dialctl("status", "--format", "json").out)
    contacts = spring["contacts"]
    assert contacts["total"] == 3 == sum(count for name, count in contacts.items() if name != "total")
    assert (spring["org"], spring["campaign"], spring["sync"]) == ("default", "spring", "in_sync")


@ON_BOTH
def test_describe_campaign(world, dialctl):
    """Spec, manifests, windows in the default zone, progress, condition and log."""
    is_golden("describe-campaign.txt", dialctl("describe", "campaign", "spring").out)


def test_describe_campaign_with_an_override(dialctl, spring, monkeypatch):
    """R-WIN-3: the windows of the default zone are shut; that those of an override are open is said, too."""
    monkeypatch.setattr(session, "SystemClock", lambda: VirtualClock(START))
    (spring / "crm.csv").write_text("external_id,phone,timezone\nada,+12125550142,Europe/Paris\n")
    manifest = (spring / "spring.yaml").read_text()
    everywhere = "[{days: [mon, tue], start: 00:00, end: 24:00}]"
    override = f"overrides: [{{timezones: [Europe/Paris], windows: {everywhere}}}], default_windows"
    manifest = manifest.replace("default_windows", override).replace("[mon, tue, wed, thu, fri]", "[tue]")
    (spring / "spring.yaml").write_text(manifest)
    assert dialctl("apply", spring, "--yes", "--allow", "windows-legal").code == 0
    shown = dialctl("describe", "campaign", "spring").out
    assert "  now             shut  opens 2026-03-03" in shown
    assert "  other zones     open in Europe/Paris\n" in shown
    assert "  next callable   2026-03-02 14:00 UTC = Mon 2026-03-02 15:00 Europe/Paris\n" in shown


@ON_BOTH
@pytest.mark.parametrize("name", ["ada", "bob", "cyd"])
def test_describe_contact(world, dialctl, name):
    """Who, what was tried, every gate, and one sentence that says why (R-DIAL-1)."""
    is_golden(f"describe-contact-{name}.txt", dialctl("describe", "contact", "spring", name).out)


def test_describe_contact_as_json(world, dialctl):
    """Gates come with their next change in UTC and in the contact's zone."""
    page = json.loads(dialctl("describe", "contact", "spring", "cyd", "--format", "json").out)
    [window] = [gate for gate in page["gates"] if gate["gate"] == "window"]
    assert window == {
        "gate": "window", "open": False, "detail": "shut in Asia/Tokyo",
        "changes_at": "2026-03-03T00:00:00Z", "changes_at_local": "2026-03-03T09:00:00+09:00",
    }  # fmt: skip
    assert page["answer"] == "It waits for its calling window: opens Tue 2026-03-03 09:00 Asia/Tokyo."
    assert page["phone_numbers"] == ["+1********44"]


def test_describe_contact_names_who_suppressed_it(applied, dialctl):
    """R-SUP-1: the list or the ledger, until when, and the reason."""
    (applied / "no.yaml").write_text(
        "apiVersion: campaigns/v1\nkind: SuppressionList\nmetadata: {name: no}\n"
        "spec: {numbers: [{number: '+12125550142', expires_at: 2100-01-01, reason: by mail}]}\n"
    )
    assert dialctl("apply", applied, "--yes").code == 0
    dialctl("suppress", "+12125550142", "--reason", "asked")
    shown = " ".join(dialctl("describe", "contact", "spring", "ada").out.split())
    assert "suppressed by list no until 2100-01-01 00:00 UTC: by mail; by the ledger for ever: asked" in shown


def test_describe_contact_lists_all_that_stands_in_its_way(applied, dialctl):
    """R-DIAL-1: who cures the first obstacle need not come back for the next one; each says when it opens."""
    dialctl("suppress", "+12125550142", "--reason", "asked")
    dialctl("stop", "--agent", "agent-a", "--for", "2h", "--wait", "1s")
    shown = dialctl("describe", "contact", "spring", "ada").out
    listed = shown.partition("All that stands in its way:")[2]
    assert [name for name in ("hold: ", "suppression: ", "dialer: ") if f"- {name}" in listed] == [
        "hold: ", "suppression: ", "dialer: ",
    ]  # fmt: skip
    held = listed.partition("- hold: ")[2].partition("- suppression")[0]
    assert "; opens 20" in " ".join(held.split())


def test_describe_says_what_was_perhaps_meant(world, dialctl):
    """A campaign or contact that is not there is exit 1, with the nearest name (R-ID-2)."""
    finished = dialctl("describe", "contact", "spring", "adda")
    assert (finished.code, finished.out) == (1, "")
    assert finished.err == "there is no contact 'adda' in campaign spring\nhint: did you mean 'ada'?\n"
    finished = dialctl("describe", "campaign", "default")
    assert (finished.code, finished.err.splitlines()[0]) == (
        1, "'default' is no campaign: it stands for contacts in none",
    )  # fmt: skip


def test_watching_prints_lines_until_it_is_interrupted(applied, spawn):
    """`status --watch` where nobody looks: a line a second; Ctrl-C ends it well."""
    child = spawn("status", "--watch")
    line = child.stdout.readline()
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=30)
    assert "0/3 contacts done, 0 active calls, 0 dialers, 0 holds" in line
    assert (child.returncode, err) == (0, "")


def test_watching_draws_no_json(applied, dialctl):
    """Two wishes that contradict each other are wrong usage."""
    assert dialctl("status", "--watch", "--format", "json").code == 64
