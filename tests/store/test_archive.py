"""Archiving: a row is in the database or in a complete file, whatever happens in between."""

from __future__ import annotations

import gzip
import hashlib
import json
import stat
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from databases import ON_POSTGRESQL, ON_SQLITE
from sqlalchemy import select, text, update
from support.bench import ALWAYS, ANA, Bench, campaign, configuration, crowd

from reconciler.core.months import Month
from reconciler.core.outcomes import Outcome
from reconciler.errors import DialctlError, SomebodyElseIsApplying
from reconciler.ports import Accepted, CannotTell, Ended
from reconciler.store import partitions, patience, tables
from reconciler.store.archive import files, removal
from reconciler.store.archive.archiving import Archiving
from reconciler.store.archive.survey import count_of_unfinished, require_over, survey
from reconciler.store.attempts import complete
from reconciler.store.book import BookReader
from reconciler.store.engine import open_database
from reconciler.store.history import ATTEMPTS
from reconciler.store.identity import find_campaign, find_organization
from reconciler.store.months_ahead import make_ahead
from reconciler.store.reads.archives import archived_months, file_of
from reconciler.store.reads.contact_views import contact_view
from reconciler.store.reads.names import find_contact_row

MARCH, APRIL = Month(2026, 3), Month(2026, 4)
JUNE = datetime(2026, 6, 10, 15, tzinfo=UTC)
SPRING = (configuration(schedule=ALWAYS, dialing="{max_attempts: 2, retry_delay: 1h}"), campaign())
ENDED = (Outcome.COMPLETED, Outcome.BUSY, Outcome.COMPLETED)


class Killed(BaseException):
    """What ends a process at once: no `except` of the program's stands in its way."""


@pytest.fixture
def bench(tmp_path):
    """Three calls in March, of which one is to be made again; it is June."""
    bench = Bench(*SPRING, crowd(3))
    call(bench, *ENDED)
    bench.clock.move_to(JUNE)
    make_ahead(bench.database, JUNE)
    return bench


def call(bench, *outcomes):
    bench.step()
    for row, outcome in zip(bench.open(), outcomes, strict=True):
        now = bench.clock.now()
        said = [{"agent": "Hello?"}] if outcome is Outcome.COMPLETED else []
        bench.carrier.tell(Accepted(row.id, now, "ref"), Ended(row.id, now, outcome, transcript=said))
    bench.step()


def archiving(bench, folder, pause=lambda: None):
    return Archiving(bench.database, folder, ANA, bench.clock, bench.ids, pause)


def holdings(bench, before=APRIL):
    with bench.database.read() as connection:
        return survey(connection, before)


def archive_all(bench, folder, before=APRIL, pause=lambda: None):
    work = archiving(bench, folder, pause)
    return [work.archive(holding) for holding in holdings(bench, before)]


def read(file):
    with gzip.open(file.path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def test_every_row_of_old_months_goes_into_a_file_and_no_other(bench, tmp_path):
    """R-ATT-1: evidence leaves the database whole, with the names that its ids stand for."""
    attempts, conversations = bench.attempts(), bench.rows(tables.conversation)
    events = bench.rows(tables.event)
    of_attempts, of_conversations, of_events = archive_all(bench, tmp_path / "old")
    assert [one["id"] for one in read(of_attempts)] == [str(row.id) for row in attempts]
    assert [one["id"] for one in read(of_conversations)] == [str(row.id) for row in conversations]
    assert [one["seq"] for one in read(of_events)] == [row.seq for row in events]
    first = read(of_attempts)[0]
    assert list(first)[:3] == ["org", "campaign", "contact"]
    assert (first["org"], first["campaign"], first["contact"]) == ("default", "spring", "c0")
    assert (first["number"], first["outcome"]) == (attempts[0].number, "completed")
    assert first["ended_at"] == "2026-03-02T15:00:00Z"
    assert set(first) >= {column.name for column in tables.attempt.c}
    assert read(of_conversations)[0]["transcript"] == [{"agent": "Hello?"}]
    assert (bench.attempts(), bench.rows(tables.conversation)) == ([], [])
    assert [row.action for row in bench.rows(tables.event)] == ["archive"] * 3


def test_files_are_for_their_owner_alone_and_known_by_their_hash(bench, tmp_path):
    """Phone numbers stand in them in the clear; the database remembers each file, the log who wrote it."""
    written = archive_all(bench, tmp_path / "old")
    names = [f"{what}-2026-03.jsonl.gz" for what in ("attempts", "conversations", "events")]
    assert sorted(path.name for path in (tmp_path / "old").iterdir()) == names
    for file in written:
        assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
        assert hashlib.sha256(file.path.read_bytes()).hexdigest() == file.sha256
    known = {
        (row.history, row.month, row.row_count, row.file, row.sha256) for row in bench.rows(tables.archive)
    }
    assert known == {
        (file.path.name.partition("-")[0], "2026-03", file.rows, str(file.path), file.sha256)
        for file in written
    }
    logged = bench.rows(tables.event)
    assert {(row.actor, row.kind, row.count) for row in logged} == {
        ("ana", "History", 3),
        ("ana", "History", len(read(written[2]))),
    }
    assert {row.name for row in logged} == {"attempts 2026-03", "conversations 2026-03", "events 2026-03"}


def test_months_that_are_not_meant_stay(bench, tmp_path):
    """Only what is before the month that is named, to the instant."""
    call(bench, Outcome.COMPLETED)
    late = bench.attempts()[-1]
    archive_all(bench, tmp_path, before=Month(2026, 6))
    assert [row.id for row in bench.attempts()] == [late.id]
    assert len(bench.rows(tables.conversation)) == 1


def test_nothing_is_to_be_done_twice(bench, tmp_path):
    """A second archive finds no row; partitions of months without a row go without a file."""
    archive_all(bench, tmp_path)
    assert [one for one in holdings(bench) if one.rows] == []
    assert [file for file in archive_all(bench, tmp_path) if file] == []
    assert len(bench.rows(tables.archive)) == 3


def test_tallies_stay_and_contacts_say_what_is_archived(bench, tmp_path):
    """R-ATT-1: `describe contact` tells of attempts that it cannot show; caps count on."""
    tallies = bench.rows(tables.tally)
    archive_all(bench, tmp_path)
    assert bench.rows(tables.tally) == tallies
    view = described(bench, "c1")
    assert (view["history"], view["archived_attempts"], view["attempts"]) == ([], 1, 1)
    call(bench, Outcome.BUSY)
    view = described(bench, "c1")
    assert [one["attempt"] for one in view["history"]] == [2]
    assert (view["archived_attempts"], view["status"]) == (1, "exhausted")


def described(bench, name):
    with bench.database.read() as connection:
        place = find_campaign(connection, find_organization(connection, "default"), "spring")
        book, _ = BookReader().read(connection)
        row = find_contact_row(connection, place, name)
        return contact_view(connection, place, row, book, bench.clock.now())


def test_what_was_archived_is_known_by_month(bench, tmp_path):
    """An id tells its month, and the month its file."""
    asked = bench.attempts()[0].id
    with bench.database.read() as connection:
        assert archived_months(connection) is None
        assert file_of(connection, "attempts", asked) is None
    file = archive_all(bench, tmp_path)[0]
    with bench.database.read() as connection:
        assert archived_months(connection, "attempts") == (MARCH, MARCH)
        assert file_of(connection, "attempts", asked) == str(file.path)


def test_attempts_of_contacts_still_to_be_called_are_counted(bench):
    """Whoever archives is told of them before it happens."""
    with bench.database.read() as connection:
        assert count_of_unfinished(connection, APRIL) == 1


def test_a_month_with_an_open_call_is_refused(bench):
    """R-CRASH-2: what becomes of the call would have nowhere to be written."""
    bench.step()
    with bench.database.read() as connection:
        require_over(connection, [MARCH, Month(2026, 5)])
        with pytest.raises(DialctlError, match="2026-06: 1 call is still open"):
            require_over(connection, [MARCH, Month(2026, 6)])


def test_a_month_with_an_unknown_fate_is_refused_until_somebody_tells_it(tmp_path):
    """R-CRASH-2, R-CONTACT-1: a late proof, or a person, needs the attempt's row."""
    bench = Bench(*SPRING, crowd(1))
    bench.step()
    [lost] = bench.open()
    bench.carrier.tell(CannotTell(lost.id, bench.clock.now()))
    bench.step(timedelta(seconds=1))
    bench.step(timedelta(hours=2))
    assert not bench.open()
    bench.clock.move_to(JUNE)
    with pytest.raises(DialctlError, match="2026-03: of 1 call nobody knows what became"):
        archive_all(bench, tmp_path)
    assert [row.state for row in bench.attempts()] == ["unknown"]
    assert bench.rows(tables.archive) == []
    bench.carrier.tell(Ended(lost.id, bench.clock.now(), Outcome.COMPLETED))
    bench.step()
    assert archive_all(bench, tmp_path)[0].rows == 1


STAGES = {
    "file written": (files, "_sync_folder"),
    "taken out": (partitions, "take_out"),
    "before dropping": (removal, "drop_taken_out"),
    "rows deleted": (removal, "_delete_batch"),
}


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("stage", STAGES)
def test_whatever_kills_it_no_row_is_lost(bench, tmp_path, monkeypatch, stage, after):
    """Killed before or after any stage, rows stand in the database or a complete file; run again, it ends."""
    wanted = {str(row.id) for row in bench.attempts()}
    monkeypatch.setattr(removal, "BATCH", 1)
    place, name = STAGES[stage]
    with monkeypatch.context() as patch, suppress(Killed):
        patch.setattr(place, name, killed(getattr(place, name), after))
        archive_all(bench, tmp_path)
    assert ids_in(bench, tmp_path) == wanted
    archive_all(bench, tmp_path)
    assert ids_in_files(tmp_path) == wanted
    assert bench.attempts() == []
    assert [one for one in holdings(bench) if one.rows or one.taken_out] == []
    assert [path.name for path in tmp_path.glob("attempts*.gz")] == ["attempts-2026-03.jsonl.gz"]
    assert len([row for row in bench.rows(tables.archive) if row.history == "attempts"]) == 1


def killed(does, after):
    def stage(*given, **named):
        if not after:
            raise Killed
        does(*given, **named)
        raise Killed

    return stage


def ids_in(bench, folder):
    """Give the ids of attempts that are in the database, taken out of it half, or in complete files."""
    found = {str(row.id) for row in bench.attempts()} | ids_in_files(folder)
    for holding in holdings(bench):
        if holding.taken_out and holding.history.name == "attempts":
            with bench.database.read() as connection:
                left = select(partitions.leaving(holding.history, holding.month))
                found |= {str(row.id) for row in connection.execute(left)}
    return found


def ids_in_files(folder):
    return {json.loads(line)["id"] for path in folder.glob("attempts*.gz") for line in files.lines_of(path)}


def test_a_file_that_cannot_be_written_takes_nothing_out(bench, tmp_path):
    """The folder is somebody's file: the error names it, and every row is where it was."""
    before = bench.attempts()
    (tmp_path / "old").write_text("my notes")
    with pytest.raises(DialctlError, match="old: "):
        archive_all(bench, tmp_path / "old")
    assert bench.attempts() == before
    assert (tmp_path / "old").read_text() == "my notes"


def test_no_file_is_ever_written_over(bench, tmp_path):
    """A file of the same name that holds other rows stays; the next name is taken."""
    other = tmp_path / "attempts-2026-03.jsonl.gz"
    other.write_bytes(gzip.compress(b'{"id": "of another installation"}\n'))
    broken = tmp_path / "events-2026-03.jsonl.gz"
    broken.write_bytes(b"no gzip")
    before = other.read_bytes()
    written = archive_all(bench, tmp_path)
    assert [file.path.name for file in written] == [
        "attempts-2026-03-2.jsonl.gz",
        "conversations-2026-03.jsonl.gz",
        "events-2026-03-2.jsonl.gz",
    ]
    assert (other.read_bytes(), broken.read_bytes()) == (before, b"no gzip")


def test_what_a_late_event_adds_meanwhile_is_not_lost(bench, tmp_path, monkeypatch):
    """R-ATT-2: rows that change between writing and taking out are written once more, or stay."""
    [first, *_] = bench.attempts()
    write = files.write

    def written_before_an_event(*given):
        file = write(*given)
        monkeypatch.setattr(files, "write", write)
        meanwhile.append(first.id)
        return file

    meanwhile = []
    monkeypatch.setattr(files, "write", written_before_an_event)
    work = archiving(bench, tmp_path)
    holding = holdings(bench)[0]
    note = Archiving._note

    def noted_after_an_event(self, one):
        add_late(bench, meanwhile)
        return note(self, one)

    monkeypatch.setattr(Archiving, "_note", noted_after_an_event)
    try:
        file = work.archive(holding)
    except DialctlError:  # in a file database rows stay that are not as the file has them
        assert len(bench.attempts()) == 3
        file = archiving(bench, tmp_path).archive(holding)
    assert read(file)[0]["gateway_ref"] == "told late"
    assert bench.attempts() == []


def add_late(bench, meanwhile):
    """Write what a late event tells, once there is a file."""
    while meanwhile:
        id_, now = meanwhile.pop(), bench.clock.now()
        times = {f"new_{name}_at": now for name in ("placed", "ringing", "answered")}
        new = {"id_": id_, "new_gateway_ref": "told late", "new_conversation_id": None, **times}
        with bench.database.write() as connection:
            complete(connection, [new])


def test_a_dialer_works_on_in_between(bench, tmp_path, monkeypatch):
    """Between two transactions of an archive a step places calls and settles them."""
    monkeypatch.setattr(removal, "BATCH", 1)
    steps = []
    work = archiving(bench, tmp_path, pause=lambda: steps.append(bench.step()))
    for holding in holdings(bench):
        work.archive(holding)
        call_open(bench)
    assert bench.statuses() == {"c0": "completed", "c1": "exhausted", "c2": "completed"}
    assert [row.attempt for row in bench.attempts()] == [2]


def call_open(bench):
    bench.step()
    for row in bench.open():
        bench.carrier.tell(Ended(row.id, bench.clock.now(), Outcome.BUSY))
    bench.step()


@ON_POSTGRESQL
def test_somebody_who_reads_for_long_is_asked_to_be_waited_for(bench, tmp_path, monkeypatch):
    """The write lock is held for a moment at a time; after many tries it is told, and nothing is lost."""
    monkeypatch.setattr(patience, "TRIES", 2)
    before, pauses = bench.attempts(), []
    other = open_database(bench.url)
    with other.read() as reader:
        reader.execute(text("SELECT count(*) FROM attempt"))
        with pytest.raises(SomebodyElseIsApplying):
            archive_all(bench, tmp_path, pause=lambda: pauses.append(1))
    other.close()
    assert (bench.attempts(), pauses) == (before, [1])
    assert archive_all(bench, tmp_path)[0].path.name == "attempts-2026-03.jsonl.gz"


@ON_POSTGRESQL
def test_a_month_leaves_with_its_partition(bench, tmp_path):
    """No row is deleted: the partition is gone, and the months after it stand."""
    archive_all(bench, tmp_path)
    with bench.database.read() as connection:
        made = partitions.months_made(connection, ATTEMPTS)
        names = connection.execute(text("SELECT relname FROM pg_class WHERE relname LIKE '%2026_03%'")).all()
    assert (MARCH not in made, APRIL in made, names) == (True, True, [])


@ON_SQLITE
def test_rows_of_a_file_database_go_in_batches(bench, tmp_path, monkeypatch):
    """One process writes at a time: others get their turn after each batch."""
    monkeypatch.setattr(removal, "BATCH", 2)
    pauses = []
    archiving(bench, tmp_path, pause=lambda: pauses.append(len(bench.attempts()))).archive(holdings(bench)[0])
    assert pauses == [1]


@ON_SQLITE
def test_rows_that_are_not_as_the_file_has_them_stay(bench, tmp_path, monkeypatch):
    """What changed is told, and stands in the database until the command is run again."""
    [_, second, _] = bench.attempts()
    write = files.write

    def changed_after(*given):
        file = write(*given)
        changes.append(second.id)
        return file

    changes = []
    monkeypatch.setattr(files, "write", changed_after)
    monkeypatch.setattr(removal, "BATCH", 1)
    work = archiving(bench, tmp_path, pause=lambda: change(bench, changes))
    with pytest.raises(DialctlError, match=r"attempts of 2026-03 changed while they were written"):
        work.archive(holdings(bench)[0])
    assert len(bench.attempts()) == 2
    file = archiving(bench, tmp_path).archive(holdings(bench)[0])
    assert (file.path.name, file.rows) == ("attempts-2026-03-2.jsonl.gz", 2)
    assert read(file)[0]["reason"] == "told late"


def change(bench, ids):
    with bench.database.write() as connection:
        while ids:
            late = update(tables.attempt).where(tables.attempt.c.id == ids.pop())
            connection.execute(late.values(reason="told late"))
