"""The command `dialctl`: every command by name, and every error with its exit code.

A command is a function of its group's module, with options in groups (settings.py). It imports what it works
with while it runs, so that `--help` stays fast; it raises DialctlError, and `typer.Exit` with a code of
errors.py where a result is no error.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException
from typer.main import get_command

from reconciler import __version__
from reconciler.cli import (
    adhoc,
    applying,
    archiving,
    carrier,
    cloning,
    contacts,
    db,
    dialing,
    encrypting,
    importing,
    ledger,
    lifecycle,
    planning,
    reading,
    releasing,
    schema,
    simulating,
    stopping,
    validating,
)
from reconciler.cli.misuse import tell_misuse
from reconciler.cli.settings import Command, with_groups
from reconciler.cli.terminal import note
from reconciler.collector import collector_rare
from reconciler.errors import EXIT_ERROR, DialctlError

PROGRAM = "dialctl"
DEBUG = "--debug"
HELP = ("-h", "--help")
EXIT_INTERRUPTED = 130

COMMANDS: Mapping[str, Command] = {
    "validate": validating.validate,
    "diff": planning.diff,
    "apply": applying.apply,
    "import": importing.import_batch,
    "run": dialing.run,
    "simulate": simulating.simulate,
    "encrypt": encrypting.encrypt,
    "schema": schema.schema,
    "get": reading.get,
    "status": reading.status,
    "start": lifecycle.start,
    "pause": lifecycle.pause,
    "close": lifecycle.close,
    "stop": stopping.stop,
    "release": releasing.release,
    "suppress": ledger.suppress,
    "unsuppress": ledger.unsuppress,
    "resolve": contacts.resolve,
    "requeue": contacts.requeue,
    "call": adhoc.call,
    "carrier": carrier.carrier,
}
"""Every command that stands by itself, in the order of `--help`."""

FAMILIES: Mapping[str, tuple[str, Mapping[str, Command]]] = {
    "describe": (
        "One object: its history, and what it waits for.",
        {
            "campaign": reading.describe_campaign,
            "contact": reading.describe_contact,
            "feed": reading.describe_feed,
        },
    ),
    "clone": (
        "A new manifest from what there is.",
        {"campaign": cloning.clone_campaign},
    ),
    "db": (
        "The database: its schema, its history, and its stamp.",
        {
            "upgrade": db.upgrade,
            "current": db.current,
            "check": db.check,
            "archive": archiving.archive,
            "environment": db.environment,
        },
    ),
}
"""Commands of two words, by their first one, with its help."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line; gives the exit code that interface.md promises. Only --debug shows a traceback."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    _print_whatever_comes()
    try:
        with collector_rare():  # starting makes much of which nothing is garbage
            code = _run(_asking([argument for argument in given if argument != DEBUG]))
        sys.stdout.flush()
    except KeyboardInterrupt:
        return _interrupted()
    except BrokenPipeError:
        _drop_output()
        return EXIT_ERROR
    except Exception as error:  # noqa: BLE001 - the last resort: nobody else will tell the user
        return _internal_error(error, debug=DEBUG in given)
    return code


def make_app() -> typer.Typer:
    """Build the Typer application."""
    app = typer.Typer(
        name=PROGRAM,
        rich_markup_mode=None,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": list(HELP)},
    )
    app.callback()(_program)
    for name, command in COMMANDS.items():
        app.command(name)(with_groups(command))
    for family, (text, commands) in FAMILIES.items():
        group = typer.Typer(help=text, no_args_is_help=True, rich_markup_mode=None)
        for name, command in commands.items():
            group.command(name)(with_groups(command))
        app.add_typer(group, name=family)
    return app


def _show_version(asked: bool) -> None:  # noqa: FBT001 - Typer's own signature of a callback
    if asked:
        typer.echo(f"{PROGRAM} {__version__}")
        raise typer.Exit


def _program(
    *,
    _version: Annotated[
        bool, typer.Option("--version", help="Show the version.", is_eager=True, callback=_show_version)
    ] = False,
    _debug: Annotated[
        bool, typer.Option(DEBUG, help="Show the traceback of an internal error (with any command).")
    ] = False,
) -> None:
    """GitOps for outbound phone campaigns by voice agents: diff, apply, dial."""


def _asking(arguments: list[str]) -> list[str]:
    """Read `help apply` as `apply --help`."""
    return [*arguments[1:], HELP[-1]] if arguments[:1] == ["help"] else arguments


def _run(arguments: Sequence[str]) -> int:
    try:
        code = get_command(make_app()).main(arguments, prog_name=PROGRAM, standalone_mode=False)
    except DialctlError as error:
        note(error.message)
        if error.hint:
            note(f"hint: {error.hint}")
        return error.exit_code
    except TyperException as error:
        return tell_misuse(error, PROGRAM)
    except typer.Abort:
        return _interrupted()
    if code == EXIT_INTERRUPTED:
        return _interrupted()
    return int(code or 0)


def _interrupted() -> int:
    note("interrupted")
    return EXIT_INTERRUPTED


def _internal_error(error: Exception, *, debug: bool) -> int:
    """Report a fault of ours, by its sort and place only: its text may hold personal data (R-PLAN-8)."""
    if debug:
        traceback.print_exception(error)
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(frame.filename).name}:{frame.lineno}"
    again = "" if debug else f"; run again with {DEBUG} for the traceback"
    note(f"internal error: {type(error).__name__} at {place}{again}")
    return EXIT_ERROR


def _print_whatever_comes() -> None:
    """Let no character, and no byte of a file's name, keep a message from being printed."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _drop_output() -> None:
    """Nobody reads any more: let Python's own flush at exit go nowhere, silently."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
