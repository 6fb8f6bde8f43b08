"""Watching manifests: real files, a real watch; every wait is for a look, with a deadline."""

from __future__ import annotations

import shutil
import threading
from contextlib import contextmanager
from datetime import timedelta
from queue import Empty, Queue
from unittest.mock import Mock

import pytest
from watchfiles import Change, watch
from watchfiles._rust_notify import WatchfilesRustInternalError

from reconciler.manifests import watching as watching_module
from reconciler.manifests.watching import looks, may_matter

NEVER = timedelta(days=1)
PATIENCE_S = 20
QUIET_S = 0.8
"""Longer than a change takes to be seen."""


class Looks:
    """The looks of a watch in a thread of its own."""

    def __init__(self, paths, resync, stop):
        self._seen = Queue()
        self.unwatched = []
        self.thread = threading.Thread(target=self._watch, args=(paths, resync, stop))
        self.thread.start()

    def _watch(self, paths, resync, stop):
        for _ in looks([str(path) for path in paths], stop, resync, self.unwatched.append):
            self._seen.put(None)

    def await_one(self):
        """Wait for the next look; fail if none comes."""
        self._seen.get(timeout=PATIENCE_S)

    def forget(self):
        """Wait until nothing calls for a look any more."""
        while self.comes_one():
            continue

    def comes_one(self):
        try:
            self._seen.get(timeout=QUIET_S)
        except Empty:
            return False
        return True


@contextmanager
def watching(*paths, resync=NEVER):
    stop = threading.Event()
    looking = Looks(paths, resync, stop)
    try:
        yield looking
    finally:
        stop.set()
        looking.thread.join(PATIENCE_S)
        assert not looking.thread.is_alive()


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "manifests"
    (made / "contacts").mkdir(parents=True)
    (made / "spring.yaml").write_text("a: 1")
    return made


def test_the_first_look_needs_no_change(folder):
    """The level counts, not the edge: at the start there is one look, and without a change no other."""
    with watching(folder) as looking:
        looking.await_one()
        assert not looking.comes_one()


@pytest.mark.parametrize("name", ["spring.yaml", "new.yml", "contacts/crm.csv", "contacts/crm.jsonl"])
def test_a_changed_file_calls_for_a_look(folder, name):
    """A manifest or a data file that is edited or new is looked at without waiting for the resync."""
    with watching(folder) as looking:
        looking.await_one()
        (folder / name).write_text("b: 2")
        looking.await_one()


@pytest.mark.parametrize("name", ["dialctl.db", "dialctl.db-wal", "notes.md"])
def test_the_database_beside_the_manifests_calls_for_no_look(folder, name):
    """Each look writes to the database; that it lies beside the manifests must not call for the next one."""
    with watching(folder) as looking:
        looking.await_one()
        (folder / name).write_text("1")
        (folder / name).unlink()
        assert not looking.comes_one()


def test_a_busy_database_beside_the_manifests_starves_no_look(folder):
    """Writes that never pause keep neither the resync nor a changed file from being looked at."""
    done = threading.Event()

    def write():
        while not done.wait(0.01):
            (folder / "dialctl.db-wal").write_text("1")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        with watching(folder, resync=timedelta(seconds=1)) as looking:
            looking.await_one()
            looking.await_one()
    finally:
        done.set()
        writer.join()


def test_without_a_change_every_resync_calls_for_a_look(folder):
    """`--resync`: drift in the database is found though no file changes."""
    with watching(folder, resync=timedelta(seconds=0.2)) as looking:
        for _ in range(3):
            looking.await_one()


def test_a_file_that_an_editor_replaced_is_still_watched(folder):
    """Editors save by putting a new file in the old one's place; the second save is seen as well."""
    manifest = folder / "spring.yaml"
    with watching(manifest) as looking:
        looking.await_one()
        for text in ("b: 2", "c: 3"):
            (folder / "spring.new").write_text(text)
            (folder / "spring.new").replace(manifest)
            looking.await_one()
            looking.forget()


def test_a_directory_that_was_removed_is_watched_again_once_it_is_back(folder):
    """R-MAN-2: its removal is looked at (and is a fault); a change after its return is seen again."""
    with watching(folder) as looking:
        looking.await_one()
        shutil.rmtree(folder)
        looking.await_one()
        folder.mkdir()
        looking.forget()
        (folder / "spring.yaml").write_text("b: 2")
        looking.await_one()


def test_a_directory_that_was_replaced_between_two_looks_is_watched(folder):
    """R-MAN-2: file systems give an inode again at once; the old watch ended with the old directory."""
    with watching(folder) as looking:
        looking.await_one()
        for text in ("b: 2", "c: 3", "d: 4"):
            shutil.rmtree(folder)
            folder.mkdir()
            looking.forget()
            (folder / "spring.yaml").write_text(text)
            looking.await_one()
            looking.forget()


def test_standard_input_is_looked_at_with_every_resync():
    """`run -`: there is no file to watch."""
    with watching("-", resync=timedelta(seconds=0.2)) as looking:
        looking.await_one()
        looking.await_one()


@pytest.mark.parametrize(
    "error", [OSError("OS file watch limit reached"), WatchfilesRustInternalError("Too many open files")]
)
def test_where_nothing_can_be_watched_every_resync_still_looks(folder, monkeypatch, error):
    """R-MAN-2: without an inotify watch left the looks go on by `--resync`, and the reason is told."""
    monkeypatch.setattr(watching_module, "watch", Mock(side_effect=error))
    with watching(folder, resync=timedelta(seconds=0.2)) as looking:
        for _ in range(3):
            looking.await_one()
        assert looking.unwatched == [str(error)]


def test_watching_is_tried_again(folder, monkeypatch):
    """Once there are watches again, a changed file is seen at once again."""
    attempts = iter([OSError("OS file watch limit reached")])

    def limited(*folders, **options):
        if error := next(attempts, None):
            raise error
        return watch(*folders, **options)

    monkeypatch.setattr(watching_module, "watch", limited)
    monkeypatch.setattr(watching_module, "UNWATCHED_S", 0.2)
    with watching(folder) as looking:
        looking.await_one()
        looking.forget()
        (folder / "spring.yaml").write_text("b: 2")
        looking.await_one()


@pytest.mark.parametrize(
    ("path", "matters"),
    [
        ("/m/a.yaml", True), ("/m/a.YML", True), ("/m/a.csv", True), ("/m/gone", True),
        ("/m/a.csv.age", True), ("/m/a.NDJSON.age", True), ("/m/key.age", False),
        ("/m/.git/index", False), ("/m/a.yaml~", False), ("/m/dialctl.db-shm", False),
    ],
)  # fmt: skip
def test_what_may_matter(path, matters):
    """Manifests, data files and folders matter; git's own files, editors' copies and databases do not."""
    assert may_matter(Change.modified, path) is matters
