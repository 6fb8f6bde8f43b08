"""Real processes for the crash tests: a carrier, dialers that can be killed, and a way to wait for things.

Nothing here sleeps for a while and hopes. `wait_until` looks again and again, a few milliseconds apart, and
fails at a deadline with what it waited for: between processes there is nothing else to wait on.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import databases
from sqlalchemy import Executable, Row, text

from reconciler.store.engine import open_database

HERE = Path(__file__).parent
PROGRAM = [sys.executable, "-c", "import sys; from reconciler.cli.main import main; sys.exit(main())"]
LEDGER_GATEWAY = "ledger_gateway:LedgerGateway"
LOOK_EVERY, LOOK_CLOSELY = 0.02, 0.002
PATIENCE = 60.0
"""Seconds after which a condition is given up: far more than it takes, for the machine may be busy."""


def wait_until(
    condition: Callable[[], object], what: str, every: float = LOOK_EVERY, patience: float = PATIENCE
) -> None:
    """Return once a condition is true; fail if it is not in time."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, f"waited {patience:g} s in vain for: {what}"
        time.sleep(every)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger: a ring, or the end of a call; `wall` in seconds since the epoch."""

    what: str
    id: str
    number: str
    organization: str
    wall: float
    monotonic: float


class Carrier:
    """The carrier's process."""

    def __init__(self, ledger: Path, *options: object) -> None:
        self.ledger = ledger
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "carrier.py"), str(ledger), *map(str, options)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.address = self._process.stdout.readline().strip()

    def entries(self, what: str = "ring") -> list[Entry]:
        """Read the ledger's rings, or its ends, in order."""
        lines = [Entry(**json.loads(line)) for line in self.ledger.read_text().splitlines()]
        return [entry for entry in lines if entry.what == what]

    def rings(self) -> int:
        return self.ledger.read_bytes().count(b'"ring"')

    def calls_up(self) -> int:
        """Count the calls that ring or talk now."""
        text = self.ledger.read_bytes()
        return text.count(b'"ring"') - text.count(b'"end"')

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait(PATIENCE)
        self._process.stdout.close()


class Dialctl:
    """A running `dialctl` command; what it prints and logs goes to files beside the database."""

    def __init__(
        self, arguments: list[str], directory: Path, environment: dict[str, str], within: Sequence[str] = ()
    ) -> None:
        stem = f"{arguments[0]}-{time.monotonic_ns()}"
        self.log, self.printed = directory / f"{stem}.log", directory / f"{stem}.out"
        with self.log.open("wb") as log, self.printed.open("wb") as printed:
            self.process = subprocess.Popen(
                [*within, *PROGRAM, *arguments],
                cwd=directory,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=log,
            )

    @property
    def is_dead(self) -> bool:
        return self.process.poll() is not None

    @property
    def is_frozen(self) -> bool:
        """Tell whether SIGSTOP has stopped it: its state in the process table is T."""
        state = subprocess.run(
            ["ps", "-o", "state=", "-p", str(self.process.pid)], capture_output=True, text=True, check=False
        )
        return state.stdout.strip().startswith("T")

    def send(self, which: signal.Signals) -> None:
        self.process.send_signal(which)

    def wait_until(self, condition: Callable[[], object], what: str) -> None:
        """Return once a condition is true; fail at once if the process ends before."""
        wait_until(lambda: self.is_dead or condition(), what)
        assert condition(), f"the process ended before: {what}\n{self.log.read_text()}"

    def kill(self) -> None:
        """End it as `kill -9` does; it may be frozen, or dead already."""
        self.process.kill()
        self.process.wait()

    def finish(self, patience: float = PATIENCE) -> str:
        """Wait for its end, which must be a good one; gives what it printed."""
        assert self.process.wait(patience) == 0, self.log.read_text()
        return self.printed.read_text()


class World:
    """A database, a carrier, and whatever processes a test starts on them."""

    def __init__(self, directory: Path, url: str) -> None:
        self.directory = directory
        self.url = url
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("DIALCTL_")},
            "DIALCTL_DATABASE_URL": self.url,
            "PYTHONPATH": os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")]),
        }
        self.carrier: Carrier | None = None
        self._started: list[Dialctl] = []
        self._reader = open_database(url, read_only=True)

    def open_carrier(self, *options: object) -> Carrier:
        self.carrier = Carrier(self.directory / "ledger.jsonl", *options)
        self.carrier.ledger.touch()
        self.environment["LEDGER_CARRIER"] = self.carrier.address
        self.environment["DIALCTL_GATEWAY"] = LEDGER_GATEWAY
        return self.carrier

    def start(
        self,
        *arguments: object,
        release: Path | None = None,
        within: Sequence[str] = (),
        **environment: str,
    ) -> Dialctl:
        """Start a dialctl command, of this release or of one in a folder.

        `within`: a command that replaces itself by the one behind it, in other surroundings.
        """
        if release is not None:
            path = os.pathsep.join([str(release), self.environment["PYTHONPATH"]])
            environment = {**environment, "PYTHONPATH": path}
        process = Dialctl(
            [str(argument) for argument in arguments], self.directory, self.environment | environment, within
        )
        self._started.append(process)
        return process

    def run(self, *arguments: object, release: Path | None = None) -> str:
        """Run a dialctl command to its good end; gives what it printed."""
        return self.start(*arguments, release=release).finish()

    def ask(self, query: Executable) -> list[Row]:
        """Look at the database beside the processes, read-only."""
        with self._reader.read() as connection:
            return connection.execute(query).all()

    def count(self, rows: str) -> int:
        """Count rows: `count("open_attempt WHERE state = 'intent'")`."""
        return self.ask(text(f"SELECT count(*) FROM {rows}"))[0][0]

    def is_locked(self, for_seconds: float = 0.5) -> bool:
        """Tell whether the write lock cannot be had for so long; a dialer's transactions are far shorter."""
        return databases.is_locked(self.url, for_seconds)

    def freeze(self, process: Dialctl, *, locking: bool) -> None:
        """Stop a process by SIGSTOP, inside one of its write transactions or outside of them all."""

        def is_caught() -> bool:
            process.send(signal.SIGSTOP)
            wait_until(lambda: process.is_frozen, "the freeze")
            if self.is_locked() is locking:
                return True
            process.send(signal.SIGCONT)
            return False

        wait_until(is_caught, f"a moment {'inside' if locking else 'outside'} a transaction")

    def close(self) -> None:
        for process in self._started:
            process.kill()
        if self.carrier is not None:
            self.carrier.close()
        self._reader.close()
