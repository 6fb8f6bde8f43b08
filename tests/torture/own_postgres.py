"""A PostgreSQL of the torture's own: durable, on a disk of its own, killed and started again."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import postgres
import psycopg

SETTINGS = (
    "fsync=on", "full_page_writes=on", "synchronous_commit=on", "shared_buffers=64MB", "max_wal_size=64MB",
    "min_wal_size=32MB", "wal_recycle=off", "listen_addresses=127.0.0.1", "unix_socket_directories=",
)  # fmt: skip
PATIENCE = 60.0
"""Seconds."""


class OwnPostgres:
    """The server, its port, and the database `torture` in it."""

    def __init__(self, disk: Path, log: Path) -> None:
        self.port = postgres.free_port()
        self._folder = Path(tempfile.mkdtemp(prefix="dialctl-torture-"))
        self._identity = postgres.identity()
        self._binaries = postgres.binaries(self._folder, copy=bool(self._identity))
        self._data, self._log = disk / "data", log.open("wb")
        self._data.mkdir(mode=0o700)
        if self._identity:
            self._folder.chmod(0o711)
            os.chown(self._data, postgres.NOBODY, postgres.NOBODY)
        self._run("initdb", "-D", self._data, "-U", "dialctl", "-A", "trust", "--no-locale", "-E", "UTF8")
        self.start()
        self.wait()
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute("CREATE DATABASE torture TEMPLATE template0")

    @property
    def url(self) -> str:
        return self._url("torture")

    @property
    def is_dead(self) -> bool:
        return self._process.poll() is not None

    def url_through(self, port: int) -> str:
        """Give the database's URL behind another port."""
        return self.url.replace(str(self.port), str(port))

    def start(self) -> None:
        options = [word for setting in (*SETTINGS, f"port={self.port}") for word in ("-c", setting)]
        self._process = subprocess.Popen(
            [self._binaries / "postgres", "-D", self._data, *options],
            stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log, cwd=self._folder, **self._identity,
        )  # fmt: skip

    def wait(self) -> None:
        """Return once it takes connections; one that has ended is started again."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                psycopg.connect(self._url("postgres"), connect_timeout=2).close()
            except psycopg.OperationalError:
                assert time.monotonic() < deadline, f"PostgreSQL does not come up: {self._log.name}"
                if self.is_dead:
                    self.start()
                time.sleep(0.1)
            else:
                return

    def kill(self) -> None:
        """End the server and all its processes at once, as a machine that stops does."""
        postgres.kill(self._process)

    def need_room(self) -> None:
        """Have it begin a new file of its log, for which a full disk has no room."""
        with (
            suppress(psycopg.Error),
            psycopg.connect(self._url("postgres"), autocommit=True, connect_timeout=2) as connection,
        ):
            connection.execute("SELECT pg_switch_wal()")

    def close(self) -> None:
        self.kill()
        self._log.close()
        subprocess.run(["rm", "-rf", self._folder], check=True)

    def _url(self, database):
        return f"postgresql://dialctl@127.0.0.1:{self.port}/{database}"

    def _run(self, program, *arguments):
        subprocess.run(
            [self._binaries / program, *arguments],
            check=True, stdout=subprocess.DEVNULL, stderr=self._log, cwd=self._folder, **self._identity,
        )  # fmt: skip
