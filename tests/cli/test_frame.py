"""The frame: exit codes, where messages go, and what no user ever sees."""

from __future__ import annotations

import subprocess
import sys

import pytest

from reconciler import __version__
from reconciler.cli import main as frame
from reconciler.errors import DialctlError


def test_the_version_is_told(dialctl):
    """`--version` is a result: it goes to standard output."""
    assert dialctl("--version") == (finished := dialctl("--version"))
    assert (finished.code, finished.out) == (0, f"dialctl {__version__}\n")


@pytest.mark.parametrize("arguments", [["--help"], *([name, "--help"] for name in frame.COMMANDS)])
def test_every_command_has_help(dialctl, arguments):
    """Every command explains itself, and each of its options."""
    finished = dialctl(*arguments)
    assert finished.code == 0
    assert "Usage: dialctl" in finished.out
    bare = [line for line in finished.out.splitlines() if line.startswith("  --") and len(line.split()) == 1]
    assert not bare


@pytest.mark.parametrize("asked", [["help"], ["-h"], ["help", "stop"], ["stop", "-h"], ["db", "check", "-h"]])
def test_help_is_asked_for_in_any_way(dialctl, asked):
    """`help`, `-h` and `--help` are the same, of the program and of each command."""
    named = [word for word in asked if word not in {"help", "-h"}]
    assert dialctl(*asked) == dialctl(*named, "--help")


@pytest.mark.parametrize("family", frame.FAMILIES)
def test_every_family_has_help(dialctl, family):
    """`dialctl db --help` lists the commands of the family."""
    finished = dialctl(family, "--help")
    assert finished.code == 0
    assert all(f"  {name} " in finished.out for name in frame.FAMILIES[family][1])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["diff"], "Missing argument 'PATH'.\nhint: dialctl diff --help\n"),
        (["diff", "--prun"], "--prun — did you mean '--prune'?\nhint: dialctl diff --help\n"),
        (["apply", "x", "--force"], "No such option: --force\nhint: dialctl apply --help\n"),
        (["status", "spring"], "hint: dialctl describe campaign NAME shows one campaign\n"),
        (["get"], "name the kind to show\nhint: kinds: dialer, organizations, "),
        (["get", "contactlists"], "hint: dialctl get contacts shows what is on lists, "),
        (["get", "suppression-list"], "hint: dialctl get suppressions shows what is on lists, "),
        (["simulate", "x", "--start", "2026-03-02"], "'2026-03-02' is not a date and time; write 20"),
        (["dif", "x"], "No such command 'dif'. Did you mean 'diff'?\nhint: dialctl --help\n"),
        (["diff", "x", "--allow"], "Option '--allow' requires an argument.\nhint: dialctl --help\n"),
        (["db", "environment", "alive"], "not one of 'sandbox', 'live'"),
        (["diff", "x", "--format", "xml"], "not one of 'text', 'json', 'markdown'"),
        (["apply", "x"], "nobody can be asked\nhint: add --yes\n"),
        ([], "Usage: dialctl"),
        (["db"], "Usage: dialctl db"),
    ],
)  # fmt: skip
def test_wrong_usage_exits_64(process, arguments, told):
    """Usage errors exit 64, never 2, which would read as "there are changes"; nothing goes to stdout."""
    finished = process(*arguments)
    assert (finished.code, finished.out) == (64, "")
    assert told in finished.err


def test_an_unforeseen_exception_is_one_line(dialctl, monkeypatch, spring):
    """No traceback, and no text of the exception, which may be personal (R-PLAN-8), unless --debug."""
    monkeypatch.setitem(frame.COMMANDS, "validate", _fails_with(KeyError("+12125550142")))
    finished = dialctl("validate", spring)
    assert finished.code == 1
    assert finished.err.startswith("internal error: KeyError at test_frame.py:")
    assert finished.err.endswith("; run again with --debug for the traceback\n")
    assert "2125550142" not in finished.err
    assert finished.err.count("\n") == 1


@pytest.mark.parametrize("arguments", [["--debug", "validate", "x"], ["validate", "x", "--debug"]])
def test_debug_shows_the_traceback(capsys, monkeypatch, arguments):
    """`--debug` is taken before and after the command, and shows all."""
    monkeypatch.setitem(frame.COMMANDS, "validate", _fails_with(KeyError("where")))
    assert frame.main(arguments) == 1
    err = capsys.readouterr().err
    assert err.startswith("Traceback (most recent call last)")
    assert "KeyError: 'where'" in err


def test_a_hint_stands_on_its_own_line(dialctl, monkeypatch):
    """An error's message and hint are two lines of standard error; its exit code is the error's own."""
    error = DialctlError("the bucket has a hole", hint="use straw")
    error.exit_code = 75
    monkeypatch.setitem(frame.COMMANDS, "validate", _fails_with(error))
    finished = dialctl("validate", "x")
    assert (finished.code, finished.out, finished.err) == (75, "", "the bucket has a hole\nhint: use straw\n")


def test_ctrl_c_exits_130_with_one_line(dialctl, monkeypatch):
    """Ctrl-C is no error of ours: one line, and the exit code that shells know."""
    monkeypatch.setitem(frame.COMMANDS, "validate", _fails_with(KeyboardInterrupt()))
    finished = dialctl("validate", "x")
    assert (finished.code, finished.out, finished.err) == (130, "", "interrupted\n")


def test_a_closed_pipe_is_silent(spring, spawn):
    """`dialctl … | head` says nothing about the pipe, however Python buffers."""
    child = spawn("diff", spring)
    child.stdout.close()
    assert child.stderr.read() == ""
    child.stderr.close()
    assert child.wait(timeout=60) == 1


def test_a_text_that_the_terminal_cannot_show_is_no_fault(spring, process, monkeypatch):
    """A Latin-1 terminal gets escapes for what it lacks, not an exception."""
    (spring / "spring.yaml").write_text((spring / "spring.yaml").read_text().replace("crm", "名"))
    (spring / "crm.csv").rename(spring / "名.csv")
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    finished = process("diff", spring)
    assert (finished.code, finished.err) == (2, "")
    assert r"\u540d" in finished.out


def test_help_imports_nothing_heavy():
    """`--help` stays fast: it imports no database, no models, no YAML and no rich."""
    program = (
        "import sys; from reconciler.cli.main import main; main(['--help']);"
        "sys.exit(any(name in sys.modules for name in ('sqlalchemy', 'pydantic', 'rich', 'yaml')))"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, check=False).returncode == 0


def _fails_with(error):
    def failing(paths: list[str]) -> None:
        raise error

    return failing
