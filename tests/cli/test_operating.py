"""`dialctl start … call`: people act on the running system, on the command line."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import get_args
from uuid import UUID

import pytest
from databases import ON_POSTGRESQL
from sqlalchemy import select
from support.present_database import ON_BOTH, change, query, write_lock

from reconciler.cli import contacts, lifecycle, stopping
from reconciler.controller.resolving import RESOLVABLE
from reconciler.core.outcomes import Outcome
from reconciler.store import dialect
from reconciler.store.operations.requeue import REQUEUABLE
from reconciler.store.tables import contact, hold

ADA = "+12125550142"
NEW = "+12125550199"
AGENT_THERE = "agent agent-a in organization default"


def status():
    return query("SELECT status FROM campaign")[0][0]


def hold_id(text):
    return re.search(r"dialctl release (\S+)", text)[1]


@pytest.fixture
def writer():
    """Hold the database's write lock, as another process does that applies."""
    with write_lock() as connection:
        yield connection


@ON_BOTH
@pytest.mark.usefixtures("applied")
def test_a_campaign_by_hand(dialctl):
    """R-LIFE-2: pause, start and close say what is now; what the status forbids exits 1 and says it."""
    paused = dialctl("pause", "spring", "--reason", "complaints", "--actor", "ana")
    assert paused.code == 0
    assert paused.out.startswith("campaign spring is paused, no longer active\nheld since ")
    assert paused.out.endswith(
        "no dialer is running; any that starts obeys this hold\nstart it with: dialctl start spring\n"
    )
    again = dialctl("pause", "spring")
    assert (again.code, again.out, again.err) == (1, "", "cannot pause campaign spring: it is paused\n")
    started = dialctl("start", "spring")
    assert started.out.splitlines()[0] == "campaign spring is active, no longer paused"
    assert "complaints" in started.out
    assert dialctl("start", "spring").out == "campaign spring is active, as before\n"
    assert dialctl("close", "spring").out == "campaign spring is closed, no longer active\n"
    reopened = dialctl("start", "spring")
    assert (reopened.code, status()) == (1, "closed")
    assert reopened.err.startswith("cannot start campaign spring: it is closed\nhint: ")
    assert query("SELECT actor FROM event WHERE action = 'pause'") == [("ana",)]


@ON_BOTH
@pytest.mark.usefixtures("applied")
def test_a_start_says_what_still_holds(dialctl):
    """R-HOLD-1: starting a campaign under a wider hold warns, and says how that is lifted."""
    hold = hold_id(dialctl("stop", "--all", "--reason", "storm").out)
    started = dialctl("start", "spring")
    assert started.code == 0
    assert re.fullmatch(
        rf"warning: everything is held by \S+ since .* UTC: storm; lift it with: dialctl release {hold}\n",
        started.err,
    )


@ON_BOTH
@pytest.mark.usefixtures("applied")
@pytest.mark.parametrize(
    ("scope", "row", "words"),
    [
        (["--all"], ("all", ""), "everything"),
        (["--org", "default"], ("org", "default"), "organization default"),
        (["--agent", "agent-a"], ("agent", "agent-a"), "agent agent-a"),
        (["--agent", "agent-a", "--org", "default"], ("agent", "agent-a"), AGENT_THERE),
        (["--caller-id", "(212) 555-0123"], ("caller_id", "+12125550123"), "caller ID +12125550123"),
        (["--gateway", "simulator"], ("gateway", "simulator"), "gateway simulator"),
        (["--country", "us"], ("country", "US"), "country US"),
    ],
)  # fmt: skip
def test_every_scope_can_be_stopped(dialctl, scope, row, words):
    """R-HOLD-3: each scope sets its hold, is said in words, and is lifted with the line that was printed."""
    stopped = dialctl("stop", *scope, "--reason", "storm")
    assert stopped.code == 0
    assert f" UTC: {words}: storm\n" in stopped.out
    assert query("SELECT scope, value FROM hold WHERE released_at IS NULL") == [row]
    lifted = dialctl("release", hold_id(stopped.out))
    assert (lifted.code, lifted.out.startswith(f"lifted: {words}, held by")) == (0, True)
    assert query("SELECT count(*) FROM hold WHERE released_at IS NULL") == [(0,)]


@ON_BOTH
@pytest.mark.usefixtures("applied")
def test_holds_are_logged_under_the_names_that_people_know(dialctl, monkeypatch):
    """R-ID-2: `get events` says which campaign or organization, also where the hold was set by its id."""
    monkeypatch.setenv("COLUMNS", "200")
    for kind, table in (("campaign", "campaign"), ("org", "organization")):
        [(id_,)] = query(f"SELECT id FROM {table}")
        assert dialctl("stop", f"--{kind}", id_).code == 0
    shown = dialctl("get", "events").out
    assert "Hold campaign:spring" in shown
    assert "Hold org:default" in shown
    listed = json.loads(dialctl("get", "events", "--campaign", "spring", "--format", "json").out)
    assert listed[-1]["name"] == "campaign:spring"


@ON_BOTH
@pytest.mark.usefixtures("applied")
def test_a_campaign_can_be_stopped_and_released_by_name(dialctl):
    """R-HOLD-3: stop --campaign holds it without pausing it; release campaign/NAME lifts that."""
    assert dialctl("stop", "--campaign", "spring", "--for", "2h").code == 0
    assert status() == "active"
    [(created, expires)] = query(select(hold.c.created_at, hold.c.expires_at))
    assert expires - created == timedelta(hours=2)
    assert dialctl("release", "campaign/spring").code == 0


@pytest.mark.usefixtures("applied")
def test_release_all_lifts_every_stop_and_no_pause(dialctl, at_terminal):
    """R-HOLD-3: all that `stop` set is listed and asked about; a pause's hold stays (R-HOLD-2)."""
    for scope in (["--all"], ["--agent", "agent-a"]):
        dialctl("stop", *scope, "--wait", "1s")
    unasked = dialctl("release", "--all")
    assert (unasked.code, unasked.err.splitlines()[-1]) == (64, "hint: add --yes where nobody can be asked")
    refused = at_terminal("release", "--all", answer="n")
    assert "everything, held by " in refused.out
    assert "Lift these 2 holds?" in refused.out
    assert query("SELECT count(*) FROM hold WHERE released_at IS NULL") == [(2,)]
    dialctl("pause", "spring")
    lifted = dialctl("release", "--all", "--yes")
    assert (lifted.code, lifted.out.count("lifted: ")) == (0, 2)
    assert query("SELECT scope FROM hold WHERE released_at IS NULL") == [("campaign",)]
    assert dialctl("release", "--all", "--yes").err.startswith("no stop of a person stands")
    assert dialctl("release").code == dialctl("release", "campaign/spring", "--all").code == 64


@pytest.mark.usefixtures("applied")
def test_a_released_campaign_stays_paused_and_says_so(dialctl):
    """R-HOLD-2: lifting the hold of a pause starts nothing; the person is told what does."""
    dialctl("pause", "spring")
    lifted = dialctl("release", "campaign/spring")
    assert lifted.err == "campaign spring stays paused; start it with: dialctl start spring\n"
    assert status() == "paused"


@pytest.mark.usefixtures("applied")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name what to stop"),
        (["--all", "--agent", "a"], "name exactly one scope"),
        (["--all", "--org", "default"], "name exactly one scope"),
        (["--agent", "a", "--country", "US"], "name exactly one scope"),
        (["--country", "XX"], "'XX' is not a country"),
        (["--caller-id", "12"], "'**' is not a valid phone number"),
        (["--all", "--for", "soon"], "--for: 'soon' is not a duration"),
        (["--all", "--wait", "10"], "--wait: '10' is not a duration"),
    ],
)
def test_a_stop_that_makes_no_sense(dialctl, arguments, message):
    """R-HOLD-3: a stop names exactly one scope; else it exits 64 and holds nothing."""
    refused = dialctl("stop", *arguments)
    assert (refused.code, refused.out) == (64, "")
    assert message in refused.err
    assert query("SELECT count(*) FROM hold") == [(0,)]


@pytest.mark.usefixtures("applied")
def test_a_stop_on_a_name_that_nothing_bears_stands_and_warns(dialctl):
    """R-HOLD-3: an emergency stop is never refused for a name; a likely slip is pointed out."""
    stopped = dialctl("stop", "--agent", "agent-b")
    assert stopped.code == 0
    assert "nothing has the agent 'agent-b' at present; did you mean 'agent-a'?" in stopped.err
    assert query("SELECT value FROM hold") == [("agent-b",)]


@ON_POSTGRESQL
@pytest.mark.usefixtures("applied")
def test_a_stop_waits_for_no_apply_on_a_server(dialctl, writer):
    """R-HOLD-1: no apply locks holds: they are set, and lifted, while it is writing."""
    del writer
    stopped = dialctl("stop", "--all")
    assert (stopped.code, query("SELECT scope FROM hold")) == (0, [("all",)])
    assert dialctl("release", hold_id(stopped.out)).code == 0


@ON_POSTGRESQL
@pytest.mark.usefixtures("applied")
def test_a_pause_stops_calls_before_the_apply_that_it_waits_for_is_done(spawn, writer):
    """R-HOLD-2, R-LIFE-4: its hold is set at once, the status once the apply has written."""
    child = spawn("pause", "spring")
    assert child.stderr.readline() == "waiting: another process is writing to the database (an apply?)\n"
    assert (query("SELECT scope FROM hold"), status()) == ([("campaign",)], "active")
    writer.rollback()
    out, _ = child.communicate(timeout=60)
    assert (child.returncode, out.splitlines()[0]) == (0, "campaign spring is paused, no longer active")
    assert (query("SELECT count(*) FROM hold"), status()) == ([(1,)], "paused")


@ON_POSTGRESQL
@pytest.mark.usefixtures("applied")
def test_a_pause_whose_hold_stands_does_not_give_up(dialctl, monkeypatch, writer):
    """R-HOLD-2: an exit 75 would not say that calls are held, and another try would hold them twice."""
    monkeypatch.setattr(dialect, "BUSY_TIMEOUT_MS", 20)
    told = []

    def note(text):
        told.append(text)
        writer.rollback()

    monkeypatch.setattr(lifecycle, "note", note)
    assert dialctl("pause", "spring").code == 0
    assert ["calls are held already" in text for text in told] == [True]
    assert (query("SELECT count(*) FROM hold"), status()) == ([(1,)], "paused")


@pytest.mark.usefixtures("applied")
def test_a_stop_waits_for_the_writer_and_says_so(spawn, writer):
    """R-HOLD-3: while an apply locks the file, the person sees what the stop waits for; then it is set."""
    child = spawn("stop", "--all")
    assert child.stderr.readline() == "waiting: another process is writing to the database (an apply?)\n"
    writer.rollback()
    out, _ = child.communicate(timeout=60)
    assert (child.returncode, "lift it with: dialctl release" in out) == (0, True)


@pytest.mark.usefixtures("applied")
def test_a_stop_does_not_give_up(dialctl, monkeypatch, writer):
    """R-HOLD-3: where the lock is not to be had for long, other commands exit 75; a stop tries again."""
    monkeypatch.setattr(dialect, "BUSY_TIMEOUT_MS", 20)
    assert dialctl("pause", "spring").code == 75
    told = []

    def note(text):
        told.append(text)
        writer.rollback()

    monkeypatch.setattr(stopping, "note", note)
    assert dialctl("stop", "--all").code == 0
    assert ["trying again" in text for text in told] == [True]
    assert query("SELECT scope FROM hold") == [("all",)]


@ON_BOTH
@pytest.mark.usefixtures("applied")
def test_the_ledger(dialctl):
    """R-SUP-2: numbers are read as people write them and shown masked; taking one out needs a reason."""
    entered = dialctl("suppress", "(212) 555-0142", "--reason", "asked by mail")
    assert entered.out == "+1********42 is suppressed in organization default; 1 pending contact has it\n"
    assert dialctl("suppress", ADA).out.startswith("+1********42 is suppressed already")
    assert query("SELECT number, reason FROM suppression") == [(ADA, "asked by mail")]
    assert dialctl("unsuppress", ADA).code == 64
    taken_out = dialctl("unsuppress", ADA, "--reason", "new owner")
    assert taken_out.out.startswith("+1********42 is out of the ledger of organization default")
    missing = dialctl("unsuppress", ADA, "--reason", "new owner")
    assert (missing.code, ADA in missing.err) == (1, False)


@pytest.mark.usefixtures("applied")
@pytest.mark.parametrize("command", ["suppress", "unsuppress"])
def test_what_is_no_number_is_refused_masked(dialctl, command):
    """R-PHONE-1, R-PLAN-8: a number that cannot be valid exits 64 and is not repeated in full."""
    refused = dialctl(command, "212 555 014", "--reason", "x")
    assert (refused.code, "014" in refused.err) == (64, False)
    assert dialctl(command, "020 7946 0018", "--country", "ZZ", "--reason", "x").code == 64


@ON_BOTH
@pytest.mark.usefixtures("applied")
def test_an_ad_hoc_call(dialctl):
    """R-ADHOC-1: the one line on stdout is the contact's id; everything that was asked for is stored."""
    speaking = ["--agent-id", "agent-x", "--agent-version", "7", "--agent-number", "+12125550123"]
    placed = dialctl("call", "212 555 0199", "--country", "US", *speaking, "--data", '{"name": "Ada"}')
    assert (placed.code, placed.err) == (0, "")
    [row] = query(select(contact).where(contact.c.id == UUID(placed.out.strip())))
    assert (row.phone_numbers, row.data) == ([NEW], {"name": "Ada"})
    assert (row.agent_id, row.agent_version, row.agent_number) == ("agent-x", 7, "+12125550123")


@ON_BOTH
@pytest.mark.usefixtures("applied")
def test_an_ad_hoc_call_that_waits_says_so(dialctl, tmp_path):
    """R-HOLD-1, R-ADHOC-1: a call under a hold, or for later, is taken, and says what it waits for."""
    later = dialctl("call", NEW, "--agent-id", "x", "--scheduled-at", "2099-03-09T15:00:00-05:00")
    assert (later.code, later.err) == (0, "due at 2099-03-09 20:00:00 UTC\n")
    dialctl("stop", "--agent", "x", "--reason", "storm")
    (tmp_path / "agent.json").write_text('{"prompt": "hello"}')
    inline = dialctl("call", NEW, "--agent-config", "@agent.json")
    assert (inline.code, inline.err) == (0, "")
    held = dialctl("call", NEW, "--agent-id", "x")
    assert held.code == 0
    assert held.err.startswith("it waits: held by ")


@pytest.mark.usefixtures("applied")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([NEW], "who shall speak?"),
        (["2125550199", "--agent-id", "x"], "is not a valid number in E.164"),
        ([NEW, "--agent-id", "x", "--data", "{secret"], "--data is no JSON"),
        ([NEW, "--agent-id", "x", "--data", "[1]"], "--data must be a JSON object"),
        ([NEW, "--agent-config", "@gone.json"], "--agent-config: cannot read gone.json"),
        ([NEW, "--agent-id", "x", "--agent-number", "12"], "--agent-number: is not a number in E.164"),
        ([NEW, "--agent-id", "x", "--scheduled-at", "noon"], "--scheduled-at: 'noon' is not a date"),
        ([NEW, "--agent-id", "x", "--scheduled-at", "2099-03-09T15:00"], "has no UTC offset"),
    ],
)  # fmt: skip
def test_an_ad_hoc_call_that_makes_no_sense(dialctl, arguments, message):
    """R-ADHOC-1, R-PLAN-8: what is wrong is named by its option, exits 64, and shows nothing personal."""
    refused = dialctl("call", *arguments)
    assert (refused.code, refused.out) == (64, "")
    assert message in refused.err
    assert not any(text in refused.err for text in ("2125550199", "secret"))
    assert query("SELECT count(*) FROM contact WHERE external_id IS NULL") == [(0,)]


@pytest.mark.usefixtures("applied")
def test_an_ad_hoc_call_to_a_suppressed_number(dialctl):
    """R-SUP-1: exits 1, and says that it is suppressed."""
    dialctl("suppress", ADA)
    refused = dialctl("call", ADA, "--agent-id", "x")
    assert (refused.code, refused.out) == (1, "")
    assert refused.err.startswith("+1********42 must not be called: it is suppressed in organization default")


@pytest.mark.usefixtures("applied")
def test_closing_for_ever_is_asked_at_a_terminal(at_terminal):
    """R-LIFE-3: closed is final, so a person is told how many are left to call, and can still say no."""
    refused = at_terminal("close", "spring", answer="n")
    assert "Close spring for ever, with 3 left to call? [y/N]" in refused.out
    assert (refused.code, status()) == (1, "active")
    assert at_terminal("close", "spring", answer="y").code == 0
    assert status() == "closed"


@pytest.mark.usefixtures("applied")
def test_a_requeue_says_how_many_and_asks(dialctl, at_terminal):
    """R-CONTACT-1: without --yes a person is asked, with the number; a script must say --yes."""
    change("UPDATE contact SET status = 'exhausted', attempts = 3, last_outcome = 'busy'")
    change("UPDATE tally SET name = 'exhausted' WHERE name = 'pending'")
    change("UPDATE contact SET expires_at = '2020-01-01 00:00:00' WHERE external_id = 'bob'")
    unasked = dialctl("requeue", "spring", "--outcome", "busy")
    assert (unasked.code, unasked.err.splitlines()[:2]) == (
        64, ["1 contact left out: their expires_at has passed", "2 contacts would be called again"],
    )  # fmt: skip
    refused = at_terminal("requeue", "spring", "--status", "exhausted", answer="n")
    assert (refused.code, "Call 2 contacts of campaign spring again?" in refused.out) == (1, True)
    assert query("SELECT DISTINCT status FROM contact") == [("exhausted",)]
    done = dialctl("requeue", "spring", "ada", "--yes")
    assert done.out == "1 contact of campaign spring requeued, due now\n"
    page = dialctl("describe", "contact", "spring", "ada").out
    assert "\nAttempts  0 used of 3 since its requeue; the 3 before do not count (UTC)\n" in page
    assert at_terminal("requeue", "spring", "--status", "exhausted", answer="y").code == 0
    counts = "SELECT status, count(*) FROM contact GROUP BY status ORDER BY status"
    assert query(counts) == [("exhausted", 1), ("pending", 2)]
    assert dialctl("requeue", "spring", "--outcome", "machine").out == "nothing to requeue\n"


@pytest.mark.usefixtures("applied")
def test_a_requeue_says_which_contacts(dialctl):
    """R-CONTACT-1: nobody requeues a whole campaign by leaving a word out."""
    assert dialctl("requeue", "spring").code == 64
    pending = dialctl("requeue", "spring", "ada", "--yes")
    assert (pending.code, pending.err.splitlines()[0]) == (1, "cannot requeue contact ada: it is pending")


@pytest.mark.usefixtures("applied")
def test_resolving_what_is_not_unknown(dialctl):
    """R-CONTACT-1: only an unknown call waits for a person's word; anything else exits 1."""
    refused = dialctl("resolve", "spring", "ada", "--outcome", "completed")
    assert (refused.code, refused.err.splitlines()[0]) == (
        1, "cannot resolve contact ada of campaign spring: it is pending, not unknown",
    )  # fmt: skip
    assert dialctl("resolve", "spring", "ada", "--outcome", "provider_fault").code == 64


@pytest.mark.usefixtures("applied")
@pytest.mark.parametrize(
    "arguments",
    [
        ["start", "sprng"], ["pause", "sprng"], ["close", "sprng"], ["stop", "--campaign", "sprng"],
        ["release", "campaign/sprng"], ["requeue", "sprng", "--status", "error"],
        ["resolve", "sprng", "ada", "--outcome", "busy"],
    ],
)  # fmt: skip
def test_a_name_that_there_is_not(dialctl, arguments):
    """R-ID-2: a campaign that there is not exits 1, and the nearest name is suggested."""
    refused = dialctl(*arguments)
    assert (refused.code, refused.out) == (1, "")
    assert refused.err == (
        "there is no campaign 'sprng' in organization default\nhint: did you mean 'spring'?\n"
    )


def test_the_words_of_options_are_those_of_the_rules():
    """R-MAN-3: the outcomes and statuses that options take are exactly those that the operations take."""
    assert set(get_args(contacts.Resolvable)) == set(RESOLVABLE)
    assert set(get_args(contacts.LastOutcome)) == set(Outcome)
    assert set(contacts.Requeuable) == set(REQUEUABLE)


def test_run_refuses_a_path_that_does_not_exist(dialctl, applied):
    """A slip of the pen in a path makes no calls, rather than calls without their manifests."""
    finished = dialctl("run", "campaings", "--until-idle")
    assert finished.code == 64
    assert finished.err == (
        "campaings: there is no such file or folder\nhint: nothing was done; mend the path\n"
    )
