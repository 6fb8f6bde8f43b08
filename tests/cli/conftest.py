"""The command line as users have it: `dialctl` in this process, in its own process, and at a terminal."""

from __future__ import annotations

import io
import os
import pty
import select
import signal
import subprocess
import sys
from contextlib import redirect_stdout
from dataclasses import dataclass

import databases
import pytest
from support.age import VARIABLES as AGE_VARIABLES
from support.spring import write_spring

from reconciler.cli.main import main
from reconciler.cli.revision import CI_VARIABLES

PROGRAM = [sys.executable, "-c", "import sys; from reconciler.cli.main import main; sys.exit(main())"]


@dataclass(frozen=True)
class Finished:
    """What a command line came to."""

    code: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def engine(request):
    """The engine of the database: SQLite, unless a test is marked to run on both."""
    with databases.chosen(getattr(request, "param", "sqlite")) as chosen:
        yield chosen


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch, engine):
    """Work in a directory of its own, with an environment that says nothing but where an empty server is."""
    monkeypatch.chdir(tmp_path)
    for name in ("DIALCTL_DATABASE_URL", "DIALCTL_ACTOR", "NO_COLOR", "CI", *CI_VARIABLES, *AGE_VARIABLES):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    if engine != "sqlite":
        monkeypatch.setenv("DIALCTL_DATABASE_URL", databases.empty_url(tmp_path))


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
            _insist(terminal, child)
            interrupt = False
    return shown


def _insist(terminal, child):
    """Press Ctrl-C until something is said: Python misses one that comes right before it waits for a line."""
    child.send_signal(signal.SIGINT)
    while not select.select([terminal], [], [], 1)[0]:
        child.send_signal(signal.SIGINT)


def _read(terminal):
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other side is closed
        return b""


@pytest.fixture
def spring():
    """A directory of manifests: one configuration, one campaign, three contacts."""
    return write_spring()


@pytest.fixture(scope="session")
def templates(tmp_path_factory):
    """Give URLs of databases that are made once, for that takes a while, by what makes them and by engine."""
    made = {}

    def template(make, engine):
        if (make, engine) not in made:
            directory = tmp_path_factory.mktemp("template")
            with pytest.MonkeyPatch.context() as patch, redirect_stdout(io.StringIO()):
                patch.chdir(directory)
                patch.setenv("DIALCTL_DATABASE_URL", url := databases.empty_url(directory))
                assert main(["apply", str(make()), "--yes", "--allow", "windows-legal"]) == 0
            made[make, engine] = url
        return made[make, engine]

    return template


@pytest.fixture
def copied(templates, engine, tmp_path, monkeypatch):
    """Work on a copy of what applying makes: `copied(make)`, where `make()` writes the manifests."""

    def copy(make):
        url = databases.copy_of(templates(make, engine), tmp_path)
        if engine != "sqlite":  # a file is where the default looks for it
            monkeypatch.setenv("DIALCTL_DATABASE_URL", url)

    return copy


@pytest.fixture
def applied(copied, spring):
    """The manifests of `spring`, and the database that applying them makes."""
    copied(write_spring)
    return spring
