"""The command line as users have it: `dialctl` in this process, in its own process, and at a terminal."""

from __future__ import annotations

import io
import os
import pty
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from reconciler.cli.main import main
from reconciler.cli.revision import CI_VARIABLES

PROGRAM = [sys.executable, "-c", "import sys; from reconciler.cli.main import main; sys.exit(main())"]

SPRING = """\
apiVersion: campaigns/v1
kind: Configuration
metadata: {name: hours}
spec:
  schedule: {default_windows: [{days: [mon, tue, wed, thu, fri], start: "09:00", end: "17:00"}]}
  agent_id: agent-a
---
apiVersion: campaigns/v1
kind: Campaign
metadata: {name: spring}
spec: {configuration: hours}
---
apiVersion: campaigns/v1
kind: ContactList
metadata: {name: crm, campaign: spring}
spec: {from: crm.csv}
"""
ROWS = """\
external_id,phone
ada,+12125550142
bob,+12125550143
cyd,+12125550144
"""


@dataclass(frozen=True)
class Finished:
    """What a command line came to."""

    code: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    """Work in a directory of its own, with an environment that says nothing."""
    monkeypatch.chdir(tmp_path)
    for name in ("DIALCTL_DATABASE_URL", "DIALCTL_ACTOR", "NO_COLOR", "CI", *CI_VARIABLES):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))


@pytest.fixture
def dialctl(capsys, monkeypatch):
    """Run a command line in this process: nobody is at a terminal."""

    def run(*arguments, stdin=""):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        code = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return Finished(code, out, err)

    return run


@pytest.fixture
def spawn():
    """Start a command line in a process of its own, where nobody is at a terminal."""

    def start(*arguments):
        return subprocess.Popen(
            [*PROGRAM, *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


@pytest.fixture
def process(spawn):
    """Run a command line in a process of its own to its end."""

    def run(*arguments):
        child = spawn(*arguments)
        out, err = child.communicate(timeout=60)
        return Finished(child.returncode, out, err)

    return run


@pytest.fixture
def at_terminal():
    """Run a command line at a terminal; give it an answer, or Ctrl-C, once it asks."""

    def run(*arguments, answer=None, interrupt=False):
        ours, theirs = pty.openpty()
        child = subprocess.Popen(
            [*PROGRAM, *map(str, arguments)],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
        )
        os.close(theirs)
        try:
            shown = _converse(ours, child, answer, interrupt)
            return Finished(child.wait(timeout=60), shown.decode().replace("\r\n", "\n"), "")
        finally:
            os.close(ours)
            child.kill()
            child.wait()

    return run


def _converse(terminal, child, answer, interrupt):
    shown = b""
    while chunk := _read(terminal):
        shown += chunk
        if b"[y/N]" in shown and answer is not None:
            os.write(terminal, f"{answer}\n".encode())
            answer = None
        elif b"[y/N]" in shown and interrupt:
            child.send_signal(signal.SIGINT)
            interrupt = False
    return shown


def _read(terminal):
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other side is closed
        return b""


@pytest.fixture
def spring():
    """A directory of manifests: one configuration, one campaign, three contacts."""
    return _write_spring()


@pytest.fixture(scope="session")
def applied_database(tmp_path_factory):
    """The file that applying `spring` creates; made once, for it takes a while."""
    directory = tmp_path_factory.mktemp("applied")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(directory)
        assert main(["apply", str(_write_spring()), "--yes", "--database-url", "sqlite:///dialctl.db"]) == 0
    return directory / "dialctl.db"


@pytest.fixture
def applied(applied_database, spring):
    """The manifests of `spring`, applied to ./dialctl.db."""
    shutil.copy(applied_database, "dialctl.db")
    return spring


def _write_spring():
    directory = Path("spring")
    directory.mkdir()
    (directory / "spring.yaml").write_text(SPRING)
    (directory / "crm.csv").write_text(ROWS)
    return directory
