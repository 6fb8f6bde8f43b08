"""`dialctl db archive`, and what other commands say of months that are in files."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random

import pytest
from sqlalchemy import insert, select, text
from support.present_database import ON_BOTH, present_url, query

from reconciler.core.months import Month
from reconciler.ids import Uuid7
from reconciler.store import partitions, tables
from reconciler.store.engine import open_database
from reconciler.store.history import EVENTS

MARCH = datetime(2024, 3, 2, 15, tzinfo=UTC)
CLEAR = "phone numbers and transcripts stand in them in the clear"
SEEDS = count()


def made(at):
    """Make an id of back then: one generator never goes back in time."""
    return Uuid7(Random(next(SEEDS)))(at)


def place_past_call(connection, name, at, **fields):
    """Write the attempt and the conversation of a call that ended long ago, and count it with its contact."""
    row = connection.execute(select(tables.contact).where(tables.contact.c.external_id == name)).one()
    known = {"org_id": row.org_id, "campaign_key": row.campaign_key, "contact_id": row.id}
    attempt, said = made(at), made(at)
    times = dict.fromkeys(("intent_at", "placing_at", "placed_at", "ended_at"), at)
    evidence = {
        "number": row.phone_numbers[0], "number_hash": "x", "attempt": 1, "gateway": "simulator",
        "timezone_source": "default", "state": "ended", "used": True, "outcome": "busy",
        "dialer_id": made(at), **times, **fields,
    }  # fmt: skip
    connection.execute(insert(tables.attempt), {"id": attempt, "conversation_id": said, **known, **evidence})
    connection.execute(
        insert(tables.conversation),
        {"id": said, "attempt_id": attempt, "status": "ended", "created_at": at, **known},
    )
    connection.execute(
        tables.contact.update().where(tables.contact.c.id == row.id).values(attempts=row.attempts + 1)
    )
    return attempt


@pytest.fixture
def called(applied):
    """Two calls of March and one of April 2024, and an event of then; gives the first attempt's id."""
    database = open_database(present_url())
    with database.write() as connection:
        first = place_past_call(connection, "ada", MARCH)
        place_past_call(connection, "bob", MARCH + timedelta(days=1))
        place_past_call(connection, "ada", MARCH + timedelta(days=40))
        connection.execute(
            insert(tables.event),
            {"at": MARCH, "actor_kind": "person", "actor": "ana", "action": "pause", "kind": "Campaign",
             "name": "spring"},
        )  # fmt: skip
    database.close()
    return str(first)


DONE = f"""\
2024-03  2 attempts  old/attempts-2024-03.jsonl.gz
2024-03  2 conversations  old/conversations-2024-03.jsonl.gz
2024-03  1 event  old/events-2024-03.jsonl.gz
archived in 3 files that you alone may read; {CLEAR}
"""


@ON_BOTH
def test_old_months_go_into_files(dialctl, called, tmp_path):
    """What went where is told, logged, and listed; a second time there is nothing to do."""
    finished = dialctl("db", "archive", "--before", "2024-04", "--to", "old", "--yes", "--actor", "ana")
    assert (finished.code, finished.out, finished.err) == (0, DONE, "")
    with gzip.open(tmp_path / "old" / "attempts-2024-03.jsonl.gz", "rt") as lines:
        assert [json.loads(line)["contact"] for line in lines] == ["ada", "bob"]
    again = dialctl("db", "archive", "--before", "2024-04", "--to", "old", "--yes")
    assert (again.code, again.out) == (0, "nothing to archive before 2024-04\n")
    listed = dialctl("get", "archives", "--format", "json")
    assert [(one["name"], one["rows"], one["actor"]) for one in json.loads(listed.out)] == [
        ("attempts-2024-03", 2, "ana"), ("conversations-2024-03", 2, "ana"), ("events-2024-03", 1, "ana"),
    ]  # fmt: skip
    events = dialctl("get", "events", "--format", "json")
    assert [one["name"] for one in json.loads(events.out) if one["action"] == "archive"] == [
        "attempts 2024-03", "conversations 2024-03", "events 2024-03",
    ]  # fmt: skip


def test_what_was_archived_is_told_for_programs(dialctl, called):
    """The same as JSON, with the hash of each file."""
    out = dialctl("db", "archive", "--before", "2024-05", "--to", "old", "--yes", "--format", "json").out
    records = json.loads(out)
    assert [(one["month"], one["history"], one["rows"]) for one in records] == [
        ("2024-03", "attempts", 2), ("2024-03", "conversations", 2), ("2024-03", "events", 1),
        ("2024-04", "attempts", 1), ("2024-04", "conversations", 1),
    ]  # fmt: skip
    assert all(len(one["sha256"]) == 64 and one["file"].startswith("old/") for one in records)
    again = dialctl("db", "archive", "--before", "2024-05", "--to", "old", "--yes", "--format", "json")
    assert json.loads(again.out) == []


@ON_BOTH
def test_commands_say_what_is_archived(dialctl, called):
    """R-ATT-1: no command pretends that a contact was never called, nor that a list is whole."""
    dialctl("db", "archive", "--before", "2024-04", "--to", "old", "--yes")
    shown = dialctl("describe", "contact", "spring", "ada").out
    assert (
        "Attempts  2 used of 3 (UTC)\n      1 earlier attempt archived, in files\n   1  2024-04-11" in shown
    )
    assert "earlier" not in dialctl("describe", "contact", "spring", "cyd").out
    note = "attempts of 2024-03 are archived; dialctl get archives lists the files\n"
    assert dialctl("get", "attempts").err == note
    asked = dialctl("get", "attempts", called)
    assert (asked.code, asked.err.splitlines()[1].endswith("old/attempts-2024-03.jsonl.gz")) == (1, True)
    assert asked.err.splitlines()[1].startswith("hint: its month was archived: ")
    current = dialctl("db", "current").out
    assert current.endswith("archived: 2024-03; dialctl get archives lists the files\n")


@ON_BOTH
def test_a_call_whose_fate_is_unknown_keeps_its_month(dialctl, called):
    """R-CRASH-2: a late proof, or a person, needs the row; nothing at all is archived."""
    database = open_database(present_url())
    with database.write() as connection:
        place_past_call(connection, "cyd", MARCH, state="unknown", outcome=None)
        connection.execute(text("UPDATE contact SET status = 'unknown' WHERE external_id = 'cyd'"))
    database.close()
    finished = dialctl("db", "archive", "--before", "2024-05", "--to", "old", "--yes")
    assert (finished.code, finished.out) == (1, "")
    assert finished.err == (
        "2024-03: of 1 call nobody knows what became\n"
        "hint: nothing was changed; dialctl get contacts --status unknown lists whom they were to, "
        "dialctl resolve says what became of one\n"
    )
    assert query("SELECT count(*) FROM attempt") == [(4,)]


def test_the_present_month_is_no_history(dialctl, applied):
    """Only what is over is archived."""
    present = Month.of(datetime.now(UTC))
    finished = dialctl("db", "archive", "--before", str(present.plus(1)), "--to", "old", "--yes")
    assert finished.code == 64
    assert finished.err == (
        f"--before {present.plus(1)}: {present} is not over\nhint: --before {present} is as far as it goes\n"
    )


@pytest.mark.parametrize("month", ["2024", "2024-13", "last", "2024-03-01"])
def test_a_month_is_written_in_one_way(dialctl, applied, month):
    """Nothing is guessed about how much is meant to go."""
    finished = dialctl("db", "archive", "--before", month, "--to", "old", "--yes")
    assert (finished.code, finished.err) == (
        64,
        f"--before {month}: not a month\nhint: write it as 2026-03\n",
    )


def test_nothing_leaves_without_being_asked_for(dialctl, called, tmp_path):
    """Where nobody can be asked, --yes is needed; what would go is told."""
    finished = dialctl("db", "archive", "--before", "2024-04", "--to", "old")
    assert (finished.code, finished.out) == (64, "")
    assert finished.err == (
        "2024-03  2 attempts\n2024-03  2 conversations\n2024-03  1 event\n"
        "2 of these attempts were to contacts that are still to be called; "
        "how many each has used stays with the contact\n"
        "they would leave the database for files\nhint: add --yes where nobody can be asked\n"
    )
    assert not (tmp_path / "old").exists()


@pytest.mark.usefixtures("called")
@pytest.mark.parametrize(("answer", "code", "left"), [("y", 0, 1), ("n", 1, 3)])
def test_a_person_is_asked(at_terminal, answer, code, left):
    """A person sees what goes, and that personal data goes with it."""
    finished = at_terminal("db", "archive", "--before", "2024-04", "--to", "old", answer=answer)
    assert finished.code == code
    assert f"Move them into files in old? {CLEAR.capitalize()}. [y/N]" in finished.out.replace("\n", " ")
    assert query("SELECT count(*) FROM attempt") == [(left,)]


@ON_BOTH
def test_rows_outside_of_their_months_are_told_and_moved(dialctl, called, engine):
    """`db check` warns of them, `db upgrade` moves them; a file database has no months."""
    warned, moved = dialctl("db", "check"), dialctl("db", "upgrade")
    if engine == "sqlite":
        assert (warned.err, moved.out) == ("", "at version 0002 already\n")
        return
    assert warned.err == (
        "rows of 2024-03 to 2024-04 stand in no month's partition: dialctl db upgrade moves them\n"
    )
    assert moved.out == (
        "at version 0002 already\n"
        "moved 2 attempts into 2024-03\nmoved 1 attempt into 2024-04\n"
        "moved 2 conversations into 2024-03\nmoved 1 conversation into 2024-04\n"
        "moved 1 event into 2024-03\n"
    )
    assert dialctl("db", "check").err == ""


@ON_BOTH
def test_an_archive_that_was_cut_short_is_told_and_ended(dialctl, called, engine):
    """The rows are in the database still, and the same command ends what it began."""
    if engine == "sqlite":
        return
    dialctl("db", "upgrade")
    database = open_database(present_url())
    with database.write() as connection:
        partitions.take_out(connection, EVENTS, Month(2024, 3))
    database.close()
    assert dialctl("db", "check").err == (
        "an archive of 2024-03 was cut short: dialctl db archive --before 2024-04 ends it\n"
    )
    out = dialctl("db", "archive", "--before", "2024-04", "--to", "old", "--yes").out
    assert out.splitlines()[0] == "2024-03  1 event  old/events-2024-03.jsonl.gz"
    assert dialctl("db", "check").err == ""
