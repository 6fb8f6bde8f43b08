"""Feeds: each batch by itself, a faulty one kept aside, the last good state as it is; never drift to git."""

from __future__ import annotations

import io
import os
import threading
from dataclasses import replace
from datetime import timedelta

import databases
import pytest
from sqlalchemy import insert, update
from support.age import RECIPIENT, SECRET, encrypt_for
from support.bench import GUARDS, contact, document, number_of
from support.feeds import BASE, LONG_ENOUGH, SOURCE, FeedBench, feed, rows, web_server

from reconciler.controller import batches
from reconciler.controller.feed_look import FeedLook
from reconciler.controller.feeding import FeedKeeper
from reconciler.controller.planning import Source, plan_source
from reconciler.core.feeds import Arrival, BatchState
from reconciler.core.plan.change import Action
from reconciler.core.plan.plan import PlanOptions
from reconciler.errors import DatabaseUnusable, PlanRefused, SchemaOutOfRange, SomebodyElseIsApplying
from reconciler.store import tables
from reconciler.store.apply import apply
from reconciler.store.engine import open_database
from reconciler.store.events import Actor
from reconciler.store.feeds import Decision, contracts, write_batch

SOON_S = 20
APPEND = "mode: append\n"


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "incoming"
    place.mkdir()
    return place


@pytest.fixture
def here(folder):
    return FeedBench(folder)


def events(here):
    return [
        (row.actor_kind, row.actor, row.action, row.kind, row.source, row.revision, row.count)
        for row in here.bench.rows(tables.event, tables.event.c.source == SOURCE)
    ]


def test_a_batch_is_applied_and_owned_by_the_feed(here):
    """R-PLAN-5: its contacts belong to a source of the feed's own, and the log says which batch it was."""
    here.arrive("day1.csv", rows("c1", "c2"))
    assert here.look()
    assert here.people == {"c1", "c2"}
    assert here.bench.contact("c1").source == SOURCE
    assert here.batches == [("day1.csv", "applied")]
    assert here.condition == ("Synced", None)
    assert events(here) == [
        ("feed", "crm", "create", "ContactList", SOURCE, "#1", 1),
        ("feed", "crm", "create", "Contact", SOURCE, "#1", 2),
        ("feed", "crm", "import", "ContactFeed", SOURCE, "#1", 2),
    ]
    (batch,) = here.bench.rows(tables.feed_batch)
    assert (batch.row_count, batch.report["changes"]["create"]) == (2, 2)
    assert len({row.apply_id for row in here.bench.rows(tables.event, tables.event.c.source == SOURCE)}) == 1


def test_contacts_of_a_feed_are_no_drift_to_git(here):
    """R-PLAN-3, R-PLAN-4: an apply from git, with --prune too, leaves them, and a diff is empty."""
    here.arrive("day1.csv", rows("c1", "c2"))
    here.look()
    assert here.bench.plan(*BASE, feed(here.place)).in_sync
    here.bench.apply(*BASE)
    assert here.people == {"c1", "c2"}


def test_git_may_not_declare_a_contact_of_a_feed_nor_its_list(here):
    """R-PLAN-5: one owner; the conflict names it."""
    here.arrive("day1.csv", rows("c1"))
    here.look()
    with pytest.raises(PlanRefused, match=f"belongs to source '{SOURCE}'"):
        here.bench.plan(*BASE, feed(here.place), contact("c1"))
    list_ = document("ContactList", "crm", "{contacts: []}", campaign="spring")
    with pytest.raises(PlanRefused, match="declare it in one source only"):
        here.bench.plan(*BASE, list_)


def test_a_contact_of_git_keeps_a_batch_out(folder):
    """R-PLAN-5: the other way round; the batch is kept aside, and says whose the contact is."""
    here = FeedBench(folder, base=(*BASE, contact("c1")))
    here.arrive("day1.csv", rows("c1", "c2"))
    here.look()
    assert here.batches == [("day1.csv", "quarantined")]
    assert "belongs to source 'main'" in here.report(1)["refused"]
    assert here.condition[0] == "Refused"
    assert here.people == {"c1"}


def test_a_mirror_withdraws_who_is_gone_and_an_append_nobody(here):
    """R-MAN-4: `mode` means what it means for a list."""
    here.declare("allow: [withdraw]\n")
    here.arrive("day1.csv", rows("c1", "c2"))
    here.look()
    here.arrive("day2.csv", rows("c1", "c3"))
    here.look()
    assert here.people == {"c1", "c3"}
    here.declare(APPEND)
    here.arrive("day3.csv", rows("c4"))
    here.look()
    assert here.people == {"c1", "c3", "c4"}
    assert here.batches == [(f"day{n}.csv", "applied") for n in (1, 2, 3)]


def test_a_guard_keeps_a_batch_aside_until_the_contract_allows_it(here):
    """R-PLAN-6: the last good state stays, `status` says why; allowed in git, the same batch comes in."""
    here.arrive("day1.csv", rows("c1", "c2"))
    here.look()
    here.arrive("day2.csv", rows("c1"))
    here.look()
    assert here.people == {"c1", "c2"}
    assert here.batches[-1] == ("day2.csv", "quarantined")
    assert here.condition[0] == "Refused"
    assert here.condition[1].startswith("batch #2, day2.csv, is in quarantine: withdraw: of 2 contacts")
    assert here.told[-1][0] == "batch in quarantine"
    here.look()
    assert len(here.batches) == 2
    here.declare("allow: [withdraw]\n")
    here.look(timedelta(0))
    assert here.people == {"c1"}
    assert here.batches == [("day1.csv", "applied"), ("day2.csv", "applied")]
    assert here.condition == ("Synced", None)
    assert here.report(2)["passed"][0]["guard"] == "withdraw"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "day2.csv: has 0 bytes"),
        (b"\xff\xfe", "day2.csv:1: is UTF-16"),
        (rows("c1").encode(), "day2.csv:1:1: 1 rows, but at least 2 are expected"),
    ],
    ids=["empty", "unreadable", "truncated"],
)
def test_a_faulty_batch_is_kept_aside_and_later_ones_go_on(folder, content, says):
    """R-MAN-2: a faulty batch is never taken for "everybody was removed"; the next good one mends it."""
    here = FeedBench(folder, "expect_rows: {min: 2}\n")
    here.arrive("day1.csv", rows("c1", "c2"))
    here.look()
    here.arrive("day2.csv", content)
    here.look()
    assert here.people == {"c1", "c2"}
    assert here.report(2)["faults"][0].startswith(says)
    assert here.condition[0] == "Faulty"
    here.arrive("day3.csv", rows("c1", "c2", "c3"))
    here.look()
    assert here.people == {"c1", "c2", "c3"}
    assert here.condition == ("Synced", None)


def test_bad_rows_are_left_out_and_reported_masked(here):
    """R-PHONE-2, R-PLAN-8: good rows come in; the report says which did not, and holds no number."""
    here.arrive("day1.csv", rows("c1") + "c2,+1212555\n")
    here.look()
    assert here.people == {"c1"}
    report = here.report(1)
    assert report["bad_row_count"] == 1
    assert report["bad_rows"][0].startswith("day1.csv:3:phone: ")
    assert "1212555" not in str(report)


def test_a_strict_contract_takes_no_bad_row(folder):
    """`strict` means what --strict does."""
    here = FeedBench(folder, "strict: true\n")
    here.arrive("day1.csv", rows("c1") + "c2,+1212555\n")
    here.look()
    assert here.people == set()
    assert here.report(1)["faults"][0].startswith("day1.csv:3:phone: ")


def test_an_encrypted_batch_is_read_and_one_without_key_is_kept_aside(here, monkeypatch):
    """R-MAN-4: batches are read by what reads data files; `.age` is decrypted in memory."""
    here.arrive("day1.csv.age", encrypt_for(RECIPIENT, rows("c1").encode()))
    monkeypatch.delenv("DIALCTL_AGE_KEY_FILE", raising=False)
    monkeypatch.delenv("DIALCTL_AGE_KEY", raising=False)
    here.look()
    assert "no key is given" in here.report(1)["faults"][0]
    monkeypatch.setenv("DIALCTL_AGE_KEY", SECRET)
    here.arrive("day2.csv.age", encrypt_for(RECIPIENT, rows("c1", "c2").encode()))
    here.look()
    assert here.people == {"c1", "c2"}


def test_the_same_content_is_not_applied_again(here):
    """A file that is written again as it was is the same batch; a new name with it changes nothing."""
    here.arrive("day1.csv", rows("c1", "c2"))
    here.look()
    serial = here.bench.rows(tables.installation)[0].state_serial
    here.arrive("day1.csv", rows("c1", "c2"))
    here.look()
    assert here.batches == [("day1.csv", "applied")]
    here.arrive("day2.csv", rows("c1", "c2"))
    here.look()
    assert here.batches[1:] == [("day2.csv", "applied")]
    assert here.bench.rows(tables.installation)[0].state_serial == serial


def test_an_older_batch_is_passed_over(here):
    """What arrives late, with an older date, never undoes what a newer batch said."""
    here.arrive("day2.csv", rows("c1", "c2"))
    here.look()
    here.arrive("day1.csv", rows("c1", "c9"), ago=timedelta(days=1))
    here.look()
    assert here.people == {"c1", "c2"}
    assert here.batches == [("day2.csv", "applied"), ("day1.csv", "passed_over")]
    here.look()
    assert len(here.batches) == 2


def test_of_several_lists_a_mirror_takes_the_newest_alone(here):
    """After a stop of days nobody is called because of a list that was replaced meanwhile."""
    for day in (1, 2, 3):
        here.arrive(f"day{day}.csv", rows(f"c{day}"), ago=timedelta(days=9 - day))
    here.look()
    assert set(here.bench.statuses()) == {"c3"}
    assert here.batches == [
        ("day3.csv", "applied"), ("day1.csv", "passed_over"), ("day2.csv", "passed_over"),
    ]  # fmt: skip


def test_an_append_takes_several_in_the_order_of_their_arrival(folder):
    """The newest says last what is true of a contact."""
    here = FeedBench(folder, APPEND)
    for day in (2, 1, 3):
        here.arrive(f"day{day}.csv", rows(f"c{day}"), ago=timedelta(days=9 - day))
    here.look()
    assert here.batches == [(f"day{day}.csv", "applied") for day in (1, 2, 3)]
    assert here.people == {"c1", "c2", "c3"}


def test_a_file_that_is_being_written_is_waited_for(here):
    """A truncated upload is no batch: the look goes on until the file is quiet."""
    here.arrive("day1.csv", rows("c1"), ago=timedelta(0))
    assert not here.look(timedelta(0))
    assert here.batches == []
    assert here.look(LONG_ENOUGH)
    assert here.people == {"c1"}


def test_a_feed_is_looked_at_when_it_is_due(here):
    """`interval` is kept over restarts: what was looked at stands in the database."""
    here.look()
    here.arrive("day1.csv", rows("c1"), ago=timedelta(hours=1))
    here.look(timedelta(minutes=14))
    assert here.batches == []
    here.keeper = here.another_keeper()
    here.look(timedelta(minutes=1))
    assert here.people == {"c1"}


def test_a_place_that_cannot_be_read_is_a_condition_and_withdraws_nobody(here):
    """R-MAN-2: a folder that is gone is no empty list; it is told once, and mends."""
    here.arrive("day1.csv", rows("c1"))
    here.look()
    (here.place / "day1.csv").unlink()
    here.place.rmdir()
    here.look()
    here.look()
    assert here.people == {"c1"}
    assert here.condition == ("Faulty", f"{here.place}: cannot be read: No such file or directory")
    assert [name for name, _ in here.told].count("feed unreadable") == 1
    here.place.mkdir()
    here.look()
    assert here.condition == ("Synced", None)


def test_a_batch_whose_file_is_gone_stays_applied(here):
    """Whoever clears the folder changes nothing: a batch is done once it is applied."""
    here.arrive("day1.csv", rows("c1")).unlink()
    here.arrive("day2.csv", rows("c1"))
    here.look()
    (here.place / "day2.csv").unlink()
    here.look()
    assert here.people == {"c1"}
    assert here.condition == ("Synced", None)


def test_a_feed_of_a_closed_campaign_is_not_read(here):
    """R-LIFE-8: nobody there is called any more."""
    here.bench.edit_campaign(status="closed")
    here.arrive("day1.csv", rows("c1"))
    here.look()
    assert here.batches == []


def test_a_pruned_feed_is_read_no_more_and_its_contacts_stay(here):
    """R-PLAN-4: git says that no more batches come; what became of its looks is not told for ever."""
    here.arrive("day1.csv", rows("c1", "c2"))
    here.look()
    here.arrive("day2.csv", b"")
    here.look()
    made = here.bench.plan(*BASE)
    assert [(notice.notice, notice.key.kind) for notice in made.notices] == [("orphan", "ContactFeed")]
    prune(here)
    here.arrive("day3.csv", rows("c1", "c2", "c3"))
    here.look()
    assert here.people == {"c1", "c2"}
    assert here.bench.rows(tables.source_state, tables.source_state.c.name == SOURCE) == []


def prune(here):
    """Apply manifests in which the feed is gone, with --prune."""
    source = Source(["-"], io.BytesIO("---\n".join(BASE).encode()), "default")
    options = PlanOptions(here.bench.clock.now(), prune=True, allowed=frozenset(GUARDS))
    with here.bench.database.read() as connection:
        made = plan_source(connection, source, options).plan
    assert [change.action for change in made.changes] == [Action.DELETE]
    apply(here.bench.database, made, Actor("ci", "cli"), here.bench.clock, here.bench.ids)


def test_another_source_declares_what_another_controller_reads(here):
    """A controller reads the feeds of its own manifests: a folder is one of its own machine."""
    here.arrive("day1.csv", rows("c1"))
    stranger = FeedKeeper(here.keeper._work, "other", {}, here.tell)
    assert stranger.look_at_due()
    assert here.batches == []


def test_the_state_that_moves_on_meanwhile_is_planned_again(here, monkeypatch):
    """R-PLAN-7: somebody changed the state between plan and apply: planned anew, applied once."""
    here.arrive("day1.csv", rows("c1"))
    settle, meddled = FeedLook._settle, []

    def meddle_once(self, batch):
        if not meddled:
            meddled.append(here.bench.edit_campaign(priority=7))
            raise SomebodyElseIsApplying("moved")
        settle(self, batch)

    monkeypatch.setattr(FeedLook, "_settle", meddle_once)
    here.look()
    assert here.batches == [("day1.csv", "applied")]


def test_two_controllers_apply_a_batch_once(tmp_path, folder):
    """Several controllers look at one feed in the same moment: one batch, one apply, one set of events."""
    here = FeedBench(folder, url=databases.shared_url(tmp_path))
    here.arrive("day1.csv", rows(*(f"c{n}" for n in range(20))))
    here.bench.clock.advance(timedelta(minutes=15))
    handles = [open_database(here.bench.url) for _ in range(3)]
    keepers = [here.another_keeper(handle) for handle in handles]
    errors = []

    def look(keeper):
        try:
            keeper.look_at_due()
        except SomebodyElseIsApplying as busy:
            errors.append(busy)

    threads = [threading.Thread(target=look, args=(keeper,)) for keeper in keepers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SOON_S)
    for handle in handles:
        handle.close()
    assert here.batches == [("day1.csv", "applied")]
    assert [one[2] for one in events(here)] == ["create", "create", "import"]
    assert len(here.people) == 20


def test_the_loop_waits_for_the_manifests_and_ends_when_told(here):
    """A feed may only just be declared: the first look comes after the first reconciliation."""
    here.arrive("day1.csv", rows("c1"))
    stop, reconciled = threading.Event(), threading.Event()
    thread = threading.Thread(target=here.keeper.run, args=(stop, reconciled))
    thread.start()
    assert not here.keeper.looked.is_set()
    reconciled.set()
    assert here.keeper.looked.wait(SOON_S)
    assert here.people == {"c1"}
    stop.set()
    thread.join(SOON_S)
    assert not thread.is_alive()


def test_a_schema_that_leaves_this_release_behind_ends_the_loop(here):
    """No look mends it, and none may write."""
    with here.bench.database.write() as connection:
        connection.execute(insert(tables.schema_revision), {"revision": "9999", "oldest_release": "9999"})
    ready = threading.Event()
    ready.set()
    with pytest.raises(SchemaOutOfRange):
        here.keeper.run(threading.Event(), ready)
    assert here.keeper.looked.is_set()


def test_known_rows_of_a_feed_are_not_read_again(folder):
    """The second export of a large list costs what has changed; the counts are those of reading all."""
    here = FeedBench(folder, "allow: [withdraw]\n")
    names = [f"c{n}" for n in range(90)]
    here.arrive("day1.csv", rows(*names))
    here.look()
    here.arrive("day2.csv", rows(*names[:-1], "c99"))
    here.look()
    changes = here.report(2)["changes"]
    assert (changes["create"], changes["withdraw"], changes["unchanged"]) == (1, 1, 89)
    assert here.bench.contact("c99").phone_numbers == [number_of("c99")]


def test_a_batch_and_what_is_written_down_of_it_are_one_transaction(here, monkeypatch):
    """R-PLAN-7: whoever is killed between the two leaves neither; the next look takes the batch whole."""
    here.arrive("day1.csv", rows("c1"))
    write = batches.write_batch

    def fail(*_, **__):
        raise DatabaseUnusable("disk I/O error")

    monkeypatch.setattr(batches, "write_batch", fail)
    with pytest.raises(DatabaseUnusable):
        here.look()
    assert (here.people, here.batches) == (set(), [])
    monkeypatch.setattr(batches, "write_batch", write)
    here.look(timedelta(0))
    assert (here.people, here.batches) == ({"c1"}, [("day1.csv", "applied")])


def test_a_web_document_has_a_batch_for_each_content():
    """One URL: A, then B, then A again are three batches; what is as it was is none."""
    answers = {"/crm.csv": rows("c1", "c2").encode()}
    with web_server(answers) as (url, _):
        here = FeedBench(f"{url}/crm.csv", "allow: [withdraw]\n")
        here.look()
        here.look()
        assert here.people == {"c1", "c2"}
        answers["/crm.csv"] = rows("c3").encode()
        here.look()
        assert here.people == {"c3"}
        answers["/crm.csv"] = rows("c1", "c2").encode()
        here.look()
        assert here.people == {"c1", "c2"}
        assert here.batches == [("crm.csv", "applied")] * 3
        answers["/crm.csv"] = (503, {}, b"")
        here.look()
    assert here.people == {"c1", "c2"}
    assert here.condition == ("Faulty", f"{url}/crm.csv: cannot be fetched: the server answers 503")


def test_a_web_document_that_goes_back_in_time_is_passed_over():
    """A server behind which several stand may give an older copy: what is newer stays."""

    def written(hour, content):
        return 200, {"Last-Modified": f"Mon, 02 Mar 2026 {hour}:00:00 GMT"}, content.encode()

    answers = {"/crm.csv": written(14, rows("c1", "c2"))}
    with web_server(answers) as (url, _):
        here = FeedBench(f"{url}/crm.csv")
        here.look()
        answers["/crm.csv"] = written(13, rows("c1", "c2", "c9"))
        here.look()
        here.look()
    assert here.people == {"c1", "c2"}
    assert here.batches == [("crm.csv", "applied"), ("crm.csv", "passed_over")]


def test_batches_of_a_bucket_are_taken(folder):
    """The extra `feeds`: what fsspec sees is read as everything else is, in any format."""
    here = FeedBench(f"file://{folder}", APPEND + "key: phone\n")
    here.place = folder
    here.arrive("day1.csv", "phone\n+12125550101\n")
    here.arrive("day2.jsonl", '{"phone": "+12125550102", "plan": "gold"}\n')
    here.look()
    found = {tuple(row.phone_numbers): row.data for row in here.bench.rows(tables.contact)}
    assert found == {("+12125550101",): None, ("+12125550102",): {"plan": "gold"}}


def test_a_name_that_no_database_can_keep_stops_nothing(here):
    """On a disk a name is bytes: it is written down so that it can be printed."""
    (here.place / os.fsdecode(b"day\xff\n1.csv")).write_text(rows("c1"))
    here.look()
    assert here.people == {"c1"}
    assert here.batches == [("day\\udcff\\u000a1.csv", "applied")]


def test_a_fault_of_ours_is_a_condition_and_ends_no_calls(here, monkeypatch):
    """R-PLAN-8: what arrives comes from outside; it is told by its place, and nothing of what it holds."""
    here.arrive("day1.csv", rows("c1"))

    def fail(*_):
        raise KeyError("+12125550101")

    monkeypatch.setattr(FeedLook, "_settle", fail)
    assert here.look()
    assert here.condition[0] == "Faulty"
    assert here.condition[1].startswith("internal error: KeyError at test_feeds.py:")
    assert "2125550101" not in here.condition[1]


def test_a_contract_of_a_newer_release_is_told(here):
    """Two releases side by side: what this one cannot read it leaves to the other."""
    spec = {"from": str(here.place), "colour": "blue", "labels": {}}
    with here.bench.database.write() as connection:
        is_feed = tables.inventory.c.kind == "ContactFeed"
        connection.execute(update(tables.inventory).where(is_feed).values(applied=spec))
    here.arrive("day1.csv", rows("c1"))
    here.look()
    assert here.batches == []
    assert "newer release" in here.condition[1]


def test_what_became_of_a_feed_that_is_no_more_is_forgotten(here):
    """`status` tells nobody for ever of the feed of a campaign that is closed."""
    here.arrive("day1.csv", b"")
    here.look()
    assert here.condition[0] == "Faulty"
    here.bench.edit_campaign(status="closed")
    here.look()
    assert here.bench.rows(tables.source_state, tables.source_state.c.name == SOURCE) == []


def test_two_controllers_never_write_over_the_batch_of_each_other(here):
    """A number that somebody else gave to another batch meanwhile is refused, in quarantine, too."""
    here.arrive("day1.csv", b"")
    here.look()
    with here.bench.database.read() as connection:
        (contract,) = contracts(connection)
    stale = Decision(Arrival("day2.csv", here.bench.clock.now()), "digest", BatchState.QUARANTINED)
    for decision in (stale, replace(stale, judged_by="another contract")):
        with pytest.raises(SomebodyElseIsApplying), here.bench.database.write() as connection:
            write_batch(
                connection, contract, 1, decision, Actor("crm", "feed"), now=here.bench.clock.now(),
                ids=here.bench.ids,
            )  # fmt: skip
    assert here.batches == [("day1.csv", "quarantined")]
