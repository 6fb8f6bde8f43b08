"""Where the storm rages: a database on a small disk, a carrier, three dialers, cables between them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing, suppress
from pathlib import Path

import httpx
import postgres
from torture.cables import Cable
from torture.own_postgres import OwnPostgres
from torture.small_disk import SmallDisk

from reconciler.store.engine import open_database

DIALERS = 3
LEASE = 6.0
"""Seconds; calls are void, and clocks may be wrong by, a twelfth of it."""

SHIFTED = Path(__file__).with_name("shifted.py")
CALLS = {
    "outcomes": {"completed": 5, "no_answer": 6, "busy": 2, "rejected": 1, "invalid_number": 0.3,
                 "opt_out": 0.3},
    "dispositions": {"success": 1}, "accept_seconds": [0, 0.1], "dial_seconds": [0, 0.1],
    "ring_seconds": [0.1, 0.5], "no_answer_seconds": [0.2, 0.8], "talk_seconds": [0.2, 1.5],
    "forgets_ids": True,
}  # fmt: skip
"""Short calls of a carrier that would ring twice for an order that is sent twice."""

GOOD_NETWORK = {
    "lost_answers": 0, "lost_orders": 0, "answer_seconds": [0, 0], "requests_per_second": None,
    "lost_events": 0, "late_events": 0, "late_seconds": [0, 0], "repeated_events": 0, "reordered_calls": 0,
}  # fmt: skip


class Process:
    """One place for a process: what runs there, with its clock, is killed, frozen and started again."""

    def __init__(self, folder: Path, name: str, environment: dict[str, str]) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self.record = folder / "calls.jsonl"
        self.wanted = False
        self._environment = environment
        self._folder = folder
        self._clock = folder / f"{name}.clock"
        self.process: subprocess.Popen | None = None
        self.set_clock(0)

    def set_clock(self, wrong_by: float) -> None:
        """Set its clock wrong by so many seconds."""
        file = os.open(self._clock, os.O_WRONLY | os.O_CREAT, 0o600)
        os.pwrite(file, f"{wrong_by:<24}".encode(), 0)
        os.close(file)

    def start(self, *arguments: object, **environment: str) -> None:
        self.wanted = True
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(SHIFTED), str(self._clock), str(self.record), *map(str, arguments)],
                cwd=self._folder, env=self._environment | environment,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip

    @property
    def is_dead(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def send(self, which: signal.Signals) -> None:
        if not self.is_dead:
            self.process.send_signal(which)

    def kill(self) -> None:
        self.wanted = False
        if not self.is_dead:
            self.process.kill()
            self.process.wait()

    def wait(self, patience: float) -> int:
        """Wait for its end; gives its exit code."""
        self.wanted = False
        return self.process.wait(patience)


class Scene:
    """Everything that runs; `cables` by what they lead to."""

    def __init__(self, folder: Path, engine: str) -> None:
        self.folder, self.engine = folder, engine
        self._own = Path(tempfile.mkdtemp(prefix="dialctl-torture-"))
        self._own.chmod(0o711)  # a database server that root starts runs as somebody else
        self.disk = SmallDisk(self._own / "disk")
        self.server = (
            OwnPostgres(self.disk.folder, folder / "postgres.log") if engine == "postgresql" else None
        )
        self.url = self.server.url if self.server else f"sqlite:///{self.disk.folder / 'dialctl.db'}"
        self.reader = open_database(self.url, read_only=True)
        self.ledger = folder / "ledger.jsonl"
        self.ledger.touch()
        self._profile: dict = {}
        self._carrier_port = postgres.free_port()
        self.cables = {"carrier": Cable(self._carrier_port)}
        if self.server:
            self.cables["database"] = Cable(self.server.port)
        self.carrier = Process(folder, "carrier", self.environment())
        self.dialers = [Process(folder, f"dialer-{n}", self.environment(n)) for n in range(DIALERS)]
        self.restarts = 0
        self.server_wanted = True

    def environment(self, dialer: int | None = None) -> dict[str, str]:
        """Give what a process is told; a dialer's ways to the database and to the carrier are cables.

        All but the first dialer's to the carrier: that one is told where nobody listens.
        """
        port, url = self._carrier_port, self.url
        if dialer is not None:
            port = (
                self.cables["carrier"].port if dialer else port
            )  # the first one is told that nobody listens
            url = self.server.url_through(self.cables["database"].port) if self.server else url
        plain = {name: value for name, value in os.environ.items() if not name.startswith("DIALCTL_")}
        return plain | {
            "DIALCTL_DATABASE_URL": url,
            "DIALCTL_GATEWAY": "http",
            "DIALCTL_HTTP_URL": f"http://127.0.0.1:{port}",
        }

    def start_carrier(self) -> None:
        self.carrier.start(
            "carrier", self.ledger, "--listen", f"127.0.0.1:{self._carrier_port}",
            "--profile", self._write_profile(),
        )  # fmt: skip

    def start_dialer(self, dialer: Process) -> None:
        dialer.start("run", "--lease", f"{LEASE:g}s", "--log-format", "json")

    def set_network(self, network: dict) -> None:
        """Change how the carrier's network is, now and after its next start."""
        self._profile = network
        self._write_profile()
        with suppress(
            httpx.HTTPError
        ):  # dead or frozen: it reads the file when it starts, or stays as it was
            httpx.patch(f"http://127.0.0.1:{self._carrier_port}/profile", json=network, timeout=2)

    def supervise(self) -> None:
        """Start again what has ended by itself, as a service manager does."""
        if self.server and self.server.is_dead and self.server_wanted:
            self.server.start()
            self.restarts += 1
        if self.carrier.wanted and self.carrier.is_dead:
            self.start_carrier()
            self.restarts += 1
        for dialer in self.dialers:
            if dialer.wanted and dialer.is_dead:
                self.start_dialer(dialer)
                self.restarts += 1

    def wait_for_carrier(self, patience: float = 60) -> None:
        deadline = time.monotonic() + patience
        while True:
            try:
                httpx.get(f"http://127.0.0.1:{self._carrier_port}/profile", timeout=5)
            except httpx.HTTPError:
                assert time.monotonic() < deadline, "the carrier does not come up"
                self.supervise()
                time.sleep(0.1)
            else:
                return

    def calls_recorded(self) -> int:
        """Give the size of what dialers have recorded of calls: it grows with each that is placed."""
        record = self.dialers[0].record
        return record.stat().st_size if record.exists() else 0

    def fill_the_disk(self) -> None:
        """Leave no room, and none in files that are there already and would be written anew."""
        if self.server is None:
            with closing(sqlite3.connect(self.disk.folder / "dialctl.db", timeout=0.5)) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        self.disk.fill()
        if self.server is not None:
            self.server.need_room()

    def close(self) -> None:
        for process in (*self.dialers, self.carrier):
            process.send(signal.SIGCONT)
            process.kill()
        self.reader.close()
        for cable in self.cables.values():
            cable.close()
        if self.server:
            self.server.close()
        self.disk.close()
        shutil.rmtree(self._own, ignore_errors=True)

    def _write_profile(self) -> Path:
        path = self.folder / "profile.json"
        path.write_text(json.dumps(CALLS | self._profile))
        return path
