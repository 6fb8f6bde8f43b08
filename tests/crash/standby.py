"""Two PostgreSQL servers of a test's own: a primary, and a hot standby that follows it.

    primary ── walsender ──▶ standby: a synchronous commit waits until it has confirmed what it was sent

Either can be killed as a machine is that stops. Once the walsender is frozen, nothing reaches the standby any
more, and is there when it is promoted.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import postgres
import psycopg
from crash.processes import wait_until

PRIMARY, STANDBY = "primary", "standby"
SETTINGS = (
    "fsync=off", "full_page_writes=off", "shared_buffers=64MB", "unix_socket_directories=",
    "dynamic_shared_memory_type=mmap",
)  # fmt: skip
"""Their machine loses no power: what was written is there, also when they are killed. What they share in
memory lies in their folders, and goes with them."""


class Server:
    """One of them; `data` is where its files are, or will be."""

    def __init__(self, name: str, programs: Path, folder: Path) -> None:
        self.data = folder / name
        self.place = f"{postgres.LOCALHOST}:{postgres.free_port()}"
        self.url = f"postgresql://dialctl@{self.place}/postgres"
        self._programs, self._folder = programs, folder
        self._log = folder / f"{name}.log"
        self._process: subprocess.Popen | None = None

    def run(self, program: str, *arguments: object) -> None:
        """Run one of its programs to the end."""
        with self._log.open("ab") as log:
            subprocess.run([self._programs / program, *arguments], check=True, **self._surroundings(log))

    def start(self, *settings: str) -> None:
        """Start it, and wait until it answers."""
        host, port = self.place.split(":")
        given = (*SETTINGS, f"listen_addresses={host}", f"port={port}", *settings)
        options = [word for setting in given for word in ("-c", setting)]
        command = [self._programs / "postgres", "-D", self.data, *options]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, **self._surroundings(log))
        wait_until(self._answers, f"a server: {self._log}")

    def ask(self, statement: str) -> list[tuple]:
        """Run a statement as a superuser."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            return connection.execute(statement).fetchall()

    def kill(self) -> None:
        """End it with all its processes at once, as a machine that stops does."""
        postgres.kill(self._process)

    def stop(self) -> None:
        """End it, if it runs; it need not start again."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait()

    def _answers(self) -> bool:
        assert self._process.poll() is None, self._log.read_text()
        try:
            return bool(self.ask("SELECT 1"))
        except psycopg.OperationalError:
            return False

    def _surroundings(self, log) -> dict[str, object]:
        streams = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log}
        return {"cwd": self._folder, **streams, **postgres.identity()}


class Pair:
    """A primary and its standby, and the URL that names both."""

    def __init__(self, primary: Server, standby: Server) -> None:
        self.primary, self.standby = primary, standby
        self.url = f"postgresql://dialctl@{primary.place},{standby.place}/postgres"

    def start(self, *, synchronous: bool) -> None:
        """Start both; the standby follows, and commits wait for it if it is a synchronous one."""
        self.primary.run("initdb", "-N", "-D", self.primary.data, "-U", "dialctl", "-A", "trust")
        self.primary.start(f"synchronous_standby_names={STANDBY if synchronous else ''}")
        # what it was sent while it copied is in the copy: so it follows as soon as it has started
        self.standby.run(
            "pg_basebackup", "-N", "-R", "-c", "fast", "-D", self.standby.data, "-d", self.primary.url
        )
        self.standby.start(
            f"cluster_name={STANDBY}", "hot_standby_feedback=on", "wal_retrieve_retry_interval=100ms"
        )
        wanted = ("streaming", "sync" if synchronous else "async")
        wait_until(lambda: self._follower("state, sync_state") == wanted, f"a standby that is {wanted}")

    def freeze_walsender(self) -> None:
        """Have nothing more reach the standby."""
        [pid] = self._follower("pid")
        os.kill(pid, signal.SIGSTOP)

    def waiting_commits(self) -> int:
        """Count the commits that wait for the standby."""
        [(count,)] = self.primary.ask("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
        return count

    def promote(self) -> None:
        """Have the standby take writes; returns when it does."""
        assert self.standby.ask("SELECT pg_promote()") == [(True,)]

    def _follower(self, columns: str) -> tuple | None:
        found = self.primary.ask(
            f"SELECT {columns} FROM pg_stat_replication WHERE application_name = '{STANDBY}'"
        )
        return found[0] if found else None


@contextmanager
def pair(*, synchronous: bool = True) -> Iterator[Pair]:
    """Start both, for a while."""
    as_whom = postgres.identity()
    with ExitStack() as closing:
        folder = postgres.new_folder(in_memory=True)
        closing.callback(shutil.rmtree, folder, ignore_errors=True)
        programs = postgres.binaries(folder, copy=bool(as_whom))
        if as_whom:
            os.chown(folder, postgres.NOBODY, postgres.NOBODY)
        primary, standby = (Server(name, programs, folder) for name in (PRIMARY, STANDBY))
        closing.callback(primary.stop)
        closing.callback(standby.stop)
        both = Pair(primary, standby)
        both.start(synchronous=synchronous)
        yield both
