"""The reconcile loop: what a look comes to; a bad one becomes a condition, and what was applied stays."""

from __future__ import annotations

import io
import threading
from datetime import timedelta

import pytest
from sqlalchemy import insert
from support.bench import ANA, OFFICE, Bench, campaign, configuration, contact, crowd, document

from reconciler.controller.planning import Source
from reconciler.controller.reconciling import Reconciler
from reconciler.errors import DatabaseUnusable, SchemaOutOfRange
from reconciler.store.conditions import Condition
from reconciler.store.reads.installations import source_records
from reconciler.store.tables import schema_revision

BASE = (configuration(schedule=OFFICE), campaign())
SOON_S = 20


class Here:
    """A bench, a directory of manifests, and a reconciler of it."""

    def __init__(self, folder, *manifests, stdin=b"", paths=None, tell=None):
        self.bench = Bench()
        self.folder = folder
        self.write(*manifests)
        self.told = []
        self.reconciler = Reconciler(
            self.bench.database, Source(paths or [str(folder)], io.BytesIO(stdin), "default"), "main", ANA,
            clock=self.bench.clock, ids=self.bench.ids, revision=lambda: "r7",
            tell=tell or (lambda happening, /, **values: self.told.append((happening, values))),
        )  # fmt: skip

    def write(self, *manifests):
        (self.folder / "all.yaml").write_text("---\n".join(manifests))

    def look(self):
        self.bench.clock.advance(timedelta(minutes=1))
        return self.reconciler.reconcile()

    @property
    def source(self):
        with self.bench.database.read() as connection:
            [found] = source_records(connection)
        return found


@pytest.fixture
def here(tmp_path):
    return Here(tmp_path, *BASE, crowd(4))


def test_the_first_look_applies_and_the_next_finds_nothing_to_do(here):
    """R-PLAN-1: applied once; a look without a change applies nothing and says nothing."""
    assert here.look().condition is Condition.SYNCED
    assert here.bench.statuses() == dict.fromkeys(["c0", "c1", "c2", "c3"], "pending")
    assert [name for name, _ in here.told] == ["applied"]
    assert here.told[0][1]["create"] > 0
    serial = here.look().applied.serial
    assert len(here.told) == 1
    assert here.look().applied.serial == serial
    assert (here.source["condition"], here.source["revision"]) == ("Synced", "r7")


def test_a_faulty_source_is_a_condition_and_mends(here):
    """R-MAN-2: no plan for a faulty source; what was applied last stays until it is mended."""
    here.look()
    here.write(*BASE, crowd(4), document("Campaign", "autumn", "{configuration: nowhere, statsu: active}"))
    result = here.look()
    assert result.condition is Condition.FAULTY
    assert result.detail.startswith(f"{here.folder}/all.yaml:")
    assert here.source["detail"] == result.detail
    assert len(here.bench.statuses()) == 4
    here.write(*BASE, crowd(5))
    assert here.look().condition is Condition.SYNCED
    assert (here.source["condition"], here.source["detail"]) == ("Synced", None)
    assert len(here.bench.statuses()) == 5


def test_several_faults_are_counted(here):
    """A condition names the first fault, and how many more there are: one more fault is no plural."""
    here.write(*BASE, contact("ada", "nonsense"), contact("bob", "rubbish"))
    assert here.look().detail.endswith(", and 1 more fault")


def test_a_refused_plan_is_a_condition_and_changes_nothing(here):
    """R-PLAN-6: a guard refuses; nobody is withdrawn, and the reason stands in the condition."""
    here.look()
    here.write(*BASE, crowd(1))
    result = here.look()
    assert (result.condition, result.detail.split(":")[0]) == (Condition.REFUSED, "withdraw")
    assert set(here.bench.statuses().values()) == {"pending"}
    assert here.told[-1] == ("manifests refused", {"detail": result.detail})


def test_a_removed_directory_is_a_fault_and_withdraws_nobody(here):
    """R-MAN-2: an unreadable source is never taken for "everything was removed"."""
    here.look()
    (here.folder / "all.yaml").unlink()
    here.folder.rmdir()
    assert here.look().condition is Condition.FAULTY
    assert set(here.bench.statuses().values()) == {"pending"}


def test_drift_is_set_back_and_counted(here):
    """R-PLAN-3: a field that somebody changed by hand is set back, and the log says that it was drift."""
    here.look()
    here.bench.edit_campaign(priority=7)
    assert here.look().drifted == 1
    assert here.told[-1][1]["drifted"] == 1
    assert here.bench.campaign().priority != 7


def test_bad_rows_are_told_once_and_masked(here):
    """R-PHONE-2, R-PLAN-8: rows that were left out are told with their place, not again with every resync."""
    (here.folder / "crm.csv").write_text("external_id,phone\nada,+12125550142\nbob,+1212555\n")
    here.write(*BASE, document("ContactList", "crm", "{from: crm.csv}", campaign="spring"))
    assert here.look().condition is Condition.SYNCED
    here.look()
    told = [values["detail"] for name, values in here.told if name == "bad rows left out"]
    assert len(told) == 1
    assert "crm.csv:3:phone" in told[0]
    assert "+1212555" not in told[0]


def test_standard_input_is_kept(tmp_path):
    """`run -`: standard input can be read once; later looks see what was read, not an empty source."""
    here = Here(tmp_path, stdin="---\n".join([*BASE, crowd(2)]).encode(), paths=["-"])
    assert here.look().condition is Condition.SYNCED
    assert here.look().condition is Condition.SYNCED
    assert len(here.bench.statuses()) == 2


def test_another_apply_in_between_is_planned_again(here, monkeypatch):
    """R-PLAN-7: the state moved on between plan and apply: planned anew, and applied."""
    here.look()
    here.write(*BASE, crowd(5))
    plan = Reconciler._plan
    meddled = []

    def plan_and_meddle(self, manifests):
        made = plan(self, manifests)
        if not meddled:
            meddled.append(here.bench.edit_campaign(priority=7))
        return made

    monkeypatch.setattr(Reconciler, "_plan", plan_and_meddle)
    assert here.look().condition is Condition.SYNCED
    assert len(here.bench.statuses()) == 5
    assert here.bench.campaign().priority != 7


def running(reconciler, stop):
    thread = threading.Thread(target=reconciler.run, args=(stop, timedelta(days=1)))
    thread.start()
    assert reconciler.looked.wait(SOON_S)
    return thread


def test_a_failing_database_is_told_and_tried_again(here, monkeypatch):
    """A look that the database fails ends nothing: it is said, and `looked` is set all the same."""

    def fail():
        raise DatabaseUnusable("disk I/O error")

    monkeypatch.setattr(here.reconciler, "reconcile", fail)
    stop = threading.Event()
    thread = running(here.reconciler, stop)
    assert thread.is_alive()
    stop.set()
    thread.join(SOON_S)
    assert here.told == [("reconcile failed", {"error": "disk I/O error"})]


def test_a_fault_of_ours_keeps_nobody_waiting(here, monkeypatch):
    """Whoever waits for the first look goes on though the loop has broken down."""
    monkeypatch.setattr(here.reconciler, "reconcile", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        here.reconciler.run(threading.Event(), timedelta(days=1))
    assert here.reconciler.looked.is_set()


def test_a_schema_that_leaves_this_release_behind_ends_the_loop(here):
    """No look mends it and none may write: the loop ends, and nobody waits for a first look."""
    here.look()
    with here.bench.database.write() as connection:
        row = {"revision": "9999", "oldest_release": "9999"}
        connection.execute(insert(schema_revision), row)
    looked_at = here.source["looked_at"]
    with pytest.raises(SchemaOutOfRange, match="knows version 9999"):
        here.reconciler.run(threading.Event())
    assert here.reconciler.looked.is_set()
    assert here.source["looked_at"] == looked_at
