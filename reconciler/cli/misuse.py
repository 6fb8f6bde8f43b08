"""A command line that makes no sense, told in words that help."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from typer.exceptions import TyperException

from reconciler.cli.terminal import note
from reconciler.errors import EXIT_USAGE

NEAR = 0.75
"""How alike two options are, without their dashes, of which one may stand for the other by mistake."""

_TYPER_USAGE = 2
_EXTRA = "Got unexpected extra argument"

_OF_EXTRA: Mapping[str, str] = {"dialctl status": "dialctl describe campaign NAME shows one campaign"}
"""What was perhaps wanted by a word that a command does not take."""


def tell_misuse(error: TyperException, program: str) -> int:
    """Say what is wrong; gives the exit code. Typer's own, 2, would read as "there are changes"."""
    message = _message(error)
    note(message)
    if not message.startswith("Usage:"):
        context = getattr(error, "ctx", None)
        path = context.command_path if context else program
        wanted = _OF_EXTRA.get(path) if message.startswith(_EXTRA) else None
        note(f"hint: {wanted or f'{path} --help'}")
    return EXIT_USAGE if error.exit_code == _TYPER_USAGE else error.exit_code


def _message(error: TyperException) -> str:
    """Write what is wrong; of an option that there is not, with what is near enough to be a slip."""
    option, known = getattr(error, "option_name", None), getattr(error, "possibilities", None)
    if not option or not known:
        return error.format_message().replace("Value error, ", "")
    by_word = {name.lstrip("-"): name for name in known}
    near = get_close_matches(option.lstrip("-"), by_word, n=1, cutoff=NEAR)
    return f"No such option: {option}" + (f" — did you mean '{by_word[near[0]]}'?" if near else "")
