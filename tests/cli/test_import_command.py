"""`dialctl import`: a batch by hand, or out of quarantine; and how feeds are shown."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from support.feeds import web_server
from support.golden import is_golden
from support.present_database import ON_BOTH, present_url, query
from support.spring import SPRING

from reconciler.cli import session
from reconciler.clock import VirtualClock
from reconciler.controller.batches import Workplace
from reconciler.controller.feeding import FeedKeeper
from reconciler.controller.telling import silent
from reconciler.ids import Uuid7
from reconciler.store.engine import open_database

START = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
FEED = """\
---
apiVersion: campaigns/v1
kind: ContactFeed
metadata: {name: export, campaign: spring}
spec:
  from: incoming
  columns: {phone_numbers: Mobile}
  interval: 1h
  expect_rows: {min: 2, max: 1000}
"""
DAY1 = "external_id,Mobile\ndan,+12125550145\neve,+12125550146\n"
DAY2 = "external_id,Mobile\ndan,+12125550145\nfay,+1212555\n"
HAND = "external_id,phone\ndan,+12125550145\neve,+12125550146\n"


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still, and ids from a seed."""
    clock, ids = VirtualClock(START), Uuid7(Random(1))
    monkeypatch.setattr(session, "SystemClock", lambda: clock)
    monkeypatch.setattr(session, "Uuid7", lambda: ids)
    monkeypatch.setenv("COLUMNS", "100")
    return clock


@pytest.fixture
def fed(dialctl, spring, clock):
    """`spring` with a feed, applied."""
    (spring / "spring.yaml").write_text(SPRING + FEED)
    Path("incoming").mkdir()
    assert dialctl("apply", spring, "--yes", "--actor", "ana").code == 0
    return clock


def arrive(clock, name, content):
    file = Path("incoming", name)
    file.write_text(content)
    at = (clock.now() - timedelta(minutes=1)).timestamp()
    os.utime(file, (at, at))


def look(clock, after=timedelta(hours=1)):
    """Let the controller look at its feeds."""
    clock.advance(after)
    database = open_database(present_url())
    FeedKeeper(Workplace(database, clock, Uuid7(Random(2))), "main", os.environ, silent).look_at_due()
    database.close()


def people():
    return dict(query("SELECT external_id, status FROM contact WHERE status <> 'withdrawn'"))


@ON_BOTH
def test_a_file_is_added_to_a_campaign(dialctl, applied):
    """Without a feed the contacts belong to a list and a source of their own; git leaves them alone."""
    Path("hand.csv").write_text(HAND)
    done = dialctl("import", "hand.csv", "--campaign", "spring", "--yes")
    assert done.code == 0
    assert "+ create ContactList default/spring/import  (hand.csv:1)" in done.out
    assert done.out.endswith("Applied: 3 created (serial 2).\n")
    assert set(people()) == {"ada", "bob", "cyd", "dan", "eve"}
    assert query("SELECT source FROM contact WHERE external_id = 'dan'") == [
        ("import/default/spring/import",)
    ]
    assert dialctl("diff", applied, "--prune").code == 0
    again = dialctl("import", "hand.csv", "--campaign", "spring", "--yes")
    assert again.out == "No changes: 3 unchanged.\nApplied: no changes (serial 2).\n"
    assert query("SELECT number, name, state FROM feed_batch ORDER BY number") == [
        (1, "hand.csv", "applied"), (2, "hand.csv", "applied"),
    ]  # fmt: skip


def test_a_dry_run_changes_nothing_and_exits_as_diff_does(dialctl, applied):
    """0 in sync, 2 with changes, 3 where a guard would refuse; in each format of diff; and no event."""
    Path("hand.csv").write_text(HAND)
    shown = dialctl("import", "hand.csv", "--campaign", "spring", "--dry-run", "--format", "json")
    assert shown.code == 2
    assert json.loads(shown.out)["summary"]["create"] == 3
    assert json.loads(shown.out)["source"] == "import/default/spring/import"
    assert "+12125550145" not in shown.out
    assert dialctl("import", "hand.csv", "--campaign", "spring", "--yes").code == 0
    assert dialctl("import", "hand.csv", "--campaign", "spring", "--dry-run").code == 0
    Path("hand.csv").write_text(HAND.rpartition("eve")[0])
    mirror = ("import", "hand.csv", "--campaign", "spring", "--mode", "mirror", "--allow", "withdraw")
    assert dialctl(*mirror[:-2], "--dry-run").code == 3
    assert dialctl(*mirror, "--dry-run", "--format", "markdown").code == 2
    assert len(people()) == 5
    assert query("SELECT count(*) FROM feed_batch") == [(1,)]
    assert dialctl(*mirror, "--yes").code == 0
    assert len(people()) == 4


def test_a_guard_refuses_and_names_what_passes_it(dialctl, applied):
    """R-PLAN-6: exit code 3, nothing changed, nothing in quarantine: somebody stands by."""
    Path("hand.csv").write_text(HAND)
    mirror = ("import", "hand.csv", "--campaign", "spring", "--mode", "mirror", "--yes")
    assert dialctl(*mirror).code == 0
    Path("hand.csv").write_text(HAND.rpartition("eve")[0])
    done = dialctl(*mirror)
    assert done.code == 3
    assert "hint: nothing was changed; to go on, add --allow withdraw" in done.err
    assert query("SELECT count(*) FROM feed_batch") == [(1,)]


def test_bad_rows_and_faults_are_told_with_their_place(dialctl, applied):
    """R-PHONE-2: bad rows are left out, errors under --strict; a fault is file:line, exit code 1."""
    Path("in").mkdir()
    Path("in/hand.csv").write_text("external_id,phone\ndan,+12125550145\nfay,+1212555\n")
    strict = dialctl("import", "in/hand.csv", "--campaign", "spring", "--yes", "--strict")
    assert (strict.code, strict.out) == (1, "")
    assert strict.err.startswith("in/hand.csv:3:phone: ")
    assert dialctl("import", "in/hand.csv", "--campaign", "spring", "--yes").code == 0
    assert set(people()) == {"ada", "bob", "cyd", "dan"}
    Path("hand.pdf").write_bytes(b"%PDF")
    other = dialctl("import", "hand.pdf", "--campaign", "spring", "--yes")
    assert other.err.startswith("hand.pdf:1:1: 'hand.pdf' is no kind of data file that is supported")


@pytest.mark.parametrize(
    ("arguments", "says", "code"),
    [
        (["hand.csv"], "import adds contacts to a campaign: name it", 64),
        (["--campaign", "spring"], "import takes a file, or a batch that is in quarantine", 64),
        (["hand.csv", "--campaign", "spring", "--feed", "f", "--batch", "1"], "import takes a file, or", 64),
        (["--campaign", "spring", "--batch", "1"], "--batch counts the batches of a feed: name it", 64),
        (["hand.csv", "--campaign", "spring", "--feed", "f", "--mode", "mirror"], "--mode goes without", 64),
        (["hand.csv", "--campaign", "spring", "--allow", "everything"], "--allow everything: there", 64),
        (["hand.csv", "--campaign", "default", "--yes"], "--campaign default: import adds", 64),
        (["hand.csv", "--campaign", "sprung", "--yes"], "there is no campaign 'sprung'", 1),
        (["hand.csv", "--campaign", "spring", "--feed", "exprot", "--yes"], "there is no feed 'exprot'", 1),
        (["nothing.csv", "--campaign", "spring", "--yes"], "nothing.csv cannot be read: No such file", 1),
    ],
)  # fmt: skip
def test_a_command_line_that_makes_no_sense(dialctl, applied, arguments, says, code):
    """Usage is exit code 64, what is not there 1; nothing is changed."""
    Path("hand.csv").write_text(HAND)
    if code == 64 and "--yes" not in arguments:
        arguments = [*arguments, "--yes"]
    done = dialctl("import", *arguments)
    assert (done.code, done.out) == (code, "")
    assert done.err.startswith(says)
    assert len(people()) == 3


def test_nobody_to_ask(dialctl, applied, at_terminal):
    """Without a terminal --yes is needed; at one, no is no."""
    Path("hand.csv").write_text(HAND)
    assert dialctl("import", "hand.csv", "--campaign", "spring").code == 64
    said = at_terminal("import", "hand.csv", "--campaign", "spring", answer="n")
    assert said.code == 1
    assert "not applied: nothing was changed" in said.out
    assert len(people()) == 3


def test_a_closed_campaign_takes_no_batch(dialctl, applied):
    """R-LIFE-8: nobody there is called any more."""
    Path("hand.csv").write_text(HAND)
    assert dialctl("close", "spring", "--reason", "over").code == 0
    done = dialctl("import", "hand.csv", "--campaign", "spring", "--yes")
    assert (done.code, done.err) == (1, "campaign spring is closed: nobody in it is called any more\n")


def test_a_file_by_hand_follows_the_contract_of_its_feed(dialctl, fed):
    """`--feed`: its columns, its bounds, its owner; it counts among its batches, and as the newest."""
    Path("by-hand.csv").write_text(DAY1)
    done = dialctl(
        "import", "by-hand.csv", "--campaign", "spring", "--feed", "export", "--yes", "--actor", "ana"
    )
    assert done.code == 0
    assert query("SELECT source FROM contact WHERE external_id = 'dan'") == [("feed/default/spring/export",)]
    arrive(fed, "older.csv", DAY1.replace("eve", "gus"))
    look(fed, timedelta(0))
    assert query("SELECT number, name, state, actor FROM feed_batch ORDER BY number") == [
        (1, "by-hand.csv", "applied", "ana"), (2, "older.csv", "passed_over", "export"),
    ]  # fmt: skip
    Path("short.csv").write_text("external_id,Mobile\ndan,+12125550145\n")
    short = dialctl("import", "short.csv", "--campaign", "spring", "--feed", "export", "--yes")
    assert short.code == 1
    assert short.err.startswith("short.csv:1:1: 1 rows, but at least 2 are expected")


def test_a_batch_is_released_from_quarantine(dialctl, fed):
    """Kept aside by a guard, allowed by a person: where it arrived it is read once more, and applied."""
    arrive(fed, "day1.csv", DAY1)
    look(fed)
    arrive(fed, "day2.csv", DAY2)
    look(fed)
    release = ("import", "--campaign", "spring", "--feed", "export", "--batch", "2", "--yes")
    refused = dialctl(*release)
    assert refused.code == 3
    assert "withdraw" in refused.err
    assert "Refused" in dialctl("status").out
    done = dialctl(*release, "--allow", "withdraw", "--actor", "ana")
    assert done.code == 0
    assert "eve" not in people()
    assert query("SELECT state, actor FROM feed_batch WHERE number = 2") == [("applied", "ana")]
    assert "Refused" not in dialctl("status").out
    again = dialctl(*release)
    assert (again.code, again.err) == (1, "batch #2 is not in quarantine: it is applied\n")
    missing = dialctl(*release[:-2], "7", "--yes")
    assert (missing.code, missing.err.splitlines()[0]) == (1, "feed export has no batch #7")


def test_a_batch_that_cannot_be_released_says_why(dialctl, fed):
    """Its file is gone or another one, or a newer batch was applied: its content is kept nowhere else."""
    release = ("import", "--campaign", "spring", "--feed", "export", "--batch", "1", "--yes")
    arrive(fed, "day1.csv", "external_id,Mobile\ndan,+12125550145\n")
    look(fed)
    Path("incoming/day1.csv").rename("day1.csv")
    assert dialctl(*release).err == "day1.csv is no longer in incoming\n"
    arrive(fed, "day1.csv", DAY1)
    assert dialctl(*release).err.startswith(
        "day1.csv has other content by now, which is a batch of its own\n"
    )
    Path("day1.csv").rename("incoming/day1.csv")
    arrive(fed, "day2.csv", DAY1)
    look(fed)
    late = dialctl(*release)
    assert late.err.startswith("batch #1 is older than #2, day2.csv, which was applied\nhint: ")


def test_feeds_and_batches_as_users_read_them(dialctl, fed):
    """To the letter: what arrived, what became of it, and why."""
    assert dialctl("get", "batches").err == "no batches to show in organization default\n"
    is_golden("describe-feed-new.txt", dialctl("describe", "feed", "export").out)
    arrive(fed, "day1.csv", DAY1)
    look(fed)
    arrive(fed, "day2.csv", DAY2)
    look(fed)
    arrive(fed, "day3.csv", "external_id,Mobile\ndan,+12125550145\n")
    look(fed)
    is_golden("describe-feed.txt", dialctl("describe", "feed", "export").out)
    is_golden("get-feeds.txt", dialctl("get", "feeds").out)
    is_golden("get-batches.txt", dialctl("get", "batches").out)
    kept_aside = json.loads(dialctl("get", "batches", "--status", "quarantined", "--format", "json").out)
    assert [one["batch"] for one in kept_aside] == [2, 3]
    assert "12125550145" not in dialctl("get", "batches", "--format", "json").out
    (one,) = json.loads(dialctl("get", "feeds", "--format", "json", "--campaign", "spring").out)
    assert (one["condition"], one["quarantined"]) == ("Faulty", {"batch": 3, "name": "day3.csv"})
    view = json.loads(dialctl("describe", "feed", "export", "--format", "json").out)
    assert [batch["status"] for batch in view["last_batches"]] == ["applied", "quarantined", "quarantined"]
    assert dialctl("get", "contactfeeds").err.splitlines()[1].startswith("hint: dialctl get feeds")


def test_a_secret_of_a_feed_is_shown_nowhere(dialctl, fed, spring, monkeypatch):
    """Passwords come from the environment, and stand in no plan, page, condition or event."""
    monkeypatch.setenv("DIALCTL_FEED_TOKEN", "s3cr3t")
    with web_server({"/crm.csv": (500, {}, b"")}) as (url, _):
        address = f"{url}/crm.csv?token=${{DIALCTL_FEED_TOKEN}}"
        (spring / "spring.yaml").write_text(SPRING + FEED.replace("from: incoming", f"from: {address}"))
        shown = dialctl("apply", spring, "--yes")
        look(fed)
    pages = [
        dialctl("describe", "feed", "export"),
        dialctl("status"),
        dialctl("get", "events", "--format", "json"),
    ]
    said = "".join(page.out + page.err for page in (shown, *pages))
    assert "the server answers 500" in " ".join(said.split())
    assert "${DIALCTL_FEED_TOKEN}" in said
    assert "s3cr3t" not in said


def test_a_simulation_reads_no_feed_and_says_so(dialctl, spring):
    """What arrives beside git is none of a simulation's."""
    (spring / "spring.yaml").write_text(SPRING + FEED)
    done = dialctl("simulate", spring, "--for", "1d", "--start", "2026-03-02T00:00:00Z")
    assert done.code == 0
    assert "warning: ContactFeed default/spring/export: a simulation reads no feed" in done.err
