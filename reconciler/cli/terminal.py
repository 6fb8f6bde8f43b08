"""What a person at a terminal sees, and a script does not: colours, questions, a moving bar."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TextIO

import typer

_REFRESHED_EVERY = 0.1
"""Seconds between two pictures of a bar."""

_MARKED = re.compile(r"^ {2,4}([+~!-]) ")
_COLOURS = {"+": "32", "~": "33", "-": "31", "!": "35"}


def print_lines(lines: Iterable[str]) -> None:
    """Write lines of a result to standard output."""
    sys.stdout.writelines(f"{line}\n" for line in lines)


def print_plan(lines: Iterable[str]) -> None:
    """Write a plan's lines to standard output, on a terminal coloured by their markers."""
    coloured = shows_colours(sys.stdout)
    print_lines(colour_by_marker(line) if coloured else line for line in lines)


def note(text: str) -> None:
    """Write a line that is no result to standard error."""
    sys.stderr.write(f"{text}\n")


def colour_by_marker(line: str) -> str:
    """Colour a line of a plan: + green, ~ yellow, - red, a guard's ! magenta."""
    found = _MARKED.match(line)
    return f"\033[{_COLOURS[found[1]]}m{line}\033[0m" if found else line


def shows_colours(stream: TextIO) -> bool:
    """Tell whether a stream is a terminal that wants colours, and escape codes at all (https://no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def can_ask() -> bool:
    """Tell whether a person sees what is printed and can answer."""
    return all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))


def agrees(question: str) -> bool:
    """Ask a person; anything but yes is no."""
    sys.stdout.flush()
    try:
        return typer.confirm(question, err=True)
    except typer.Abort:
        note("")  # what is said next begins on a line of its own
        raise


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar on standard error while a person watches, with the rate and the time that is left.

    Gives what to tell it: (done, total), where a total of 0 is one that nobody knows.
    """
    if not shows_colours(sys.stderr):
        yield _unseen
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    # no thread that refreshes it: a process with threads reads by itself (manifests/several_processes.py)
    with Progress(*columns, console=Console(stderr=True), transient=True, auto_refresh=False) as progress:
        task = progress.add_task(title, total=None, rate="")
        told = 0.0

        def tell(done: int, total: int) -> None:
            nonlocal told
            speed = progress.tasks[task].speed
            rate = f"{speed:,.0f}/s" if speed else ""
            progress.update(task, completed=done, total=total or None, rate=rate)
            if (now := time.monotonic()) >= told + _REFRESHED_EVERY or done == total:
                progress.refresh()
                told = now

        yield tell


def _unseen(_done: int, _total: int) -> None:
    """Nobody watches."""
