"""`dialctl simulate`: what would happen, on a virtual clock and a scratch database."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.settings import Paths
from reconciler.cli.terminal import note, shows_colours
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from reconciler.controller.simulation import Progress, Scenario, Simulated

FIRST_YEAR, LAST_YEAR = 1970, 9899


def simulate(
    paths: Paths,
    *,
    start: Annotated[
        str | None,
        typer.Option("--start", help="From when, ISO 8601 with an offset; by default now.", metavar="TIME"),
    ] = None,
    length: Annotated[
        str, typer.Option("--for", help="For how long, such as 7d.", metavar="DURATION")
    ] = "7d",
    seed: Annotated[int, typer.Option("--seed", help="Same seed, same calls.")] = 0,
    tick: Annotated[
        str, typer.Option("--tick", help="Wake-ups are rounded up to it.", metavar="DURATION")
    ] = "1s",
    attempts: Annotated[
        str | None,
        typer.Option(
            "--attempts", help="Write every attempt to this file, one JSON object a line.", metavar="FILE"
        ),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="In that file, also the attempts that were not used.")
    ] = False,
    org: Annotated[
        str, typer.Option("--org", help="The organization of what names none.", metavar="NAME")
    ] = "default",
    strict: Annotated[bool, typer.Option("--strict", help="Take bad rows of data files for errors.")] = False,
) -> None:
    """Dial these manifests with the simulated carrier on a virtual clock. Nothing real happens."""
    from reconciler.controller.planning import Source
    from reconciler.controller.simulation import simulate as run_simulation

    scenario = _scenario(start, length, seed, tick)
    if attempts is not None:
        _check_writable(attempts)
    with _progress(scenario) as progress:
        done = run_simulation(Source(paths, sys.stdin.buffer, org, strict), scenario, progress)
    for warning in (*done.planned.bad_rows, *_left_empty(done)):
        note(f"warning: {warning}")
    if attempts is not None:
        _write_attempts(done, attempts, every=every)
    _show(done, scenario)


def _left_empty(done: Simulated) -> Iterator[str]:
    """Name the lists and feeds whose contacts stand elsewhere, where no simulation reads."""
    from reconciler.core.plan.redial import SIMULATED

    for change in done.planned.plan.objects:
        if change.key.kind == "ContactFeed":
            yield f"{change.key}: a simulation reads no feed; it calls whom the manifests name"
    for notice in done.planned.plan.notices:
        if notice.detail == SIMULATED:
            yield f"{notice.key}: {notice.detail}"


def _scenario(start: str | None, length: str, seed: int, tick: str) -> Scenario:
    from reconciler.clock import SystemClock
    from reconciler.controller.simulation import Scenario
    from reconciler.gateways.behaviour import behaviour_from_environment

    begin = SystemClock().now().replace(microsecond=0) if start is None else _instant(start)
    return Scenario(
        start=begin,
        length=_length(begin, length),
        seed=seed,
        tick=positive_duration("--tick", tick),
        behaviour=behaviour_from_environment(os.environ),
    )


def _instant(text: str) -> datetime:
    from datetime import datetime

    from reconciler.spec.scalars import parse_instant, require_offset

    try:
        instant = parse_instant(text)
        if not isinstance(instant, datetime):
            raise TypeError(text)
        return require_offset(instant)
    except ValueError as error:
        raise UsageError(f"--start {text}: {error}") from None


def _length(begin: datetime, text: str) -> timedelta:
    """Read --for. Beyond the last year there must be room for leases, and retries that fall due later."""
    from datetime import UTC, datetime

    found = positive_duration("--for", text)
    if not FIRST_YEAR <= begin.year <= LAST_YEAR:
        raise UsageError(f"--start: a simulation starts in a year from {FIRST_YEAR} to {LAST_YEAR}")
    if found > datetime(LAST_YEAR, 12, 31, tzinfo=UTC) - begin:
        raise UsageError(f"--for {text}: a simulation ends before the year {LAST_YEAR + 1}")
    return found


def positive_duration(option: str, text: str) -> timedelta:
    """Read the duration that an option was given. Raises UsageError where it is none, or zero."""
    from datetime import timedelta

    from reconciler.spec.scalars import parse_duration

    try:
        found = parse_duration(text)
    except ValueError as error:
        raise UsageError(f"{option} {text}: {error}") from None
    if not isinstance(found, timedelta) or not found:
        raise UsageError(f"{option} {text}: must be longer than nothing")
    return found


@contextmanager
def _progress(scenario: Scenario) -> Iterator[Progress | None]:
    """Show a bar of virtual time on standard error while a person watches."""
    if not shows_colours(sys.stderr):
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("Simulating"),
        BarColumn(),
        TextColumn("{task.fields[at]}  {task.fields[calls]:,} calls"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=scenario.length.total_seconds(), at="", calls=0)

        def tell(at: datetime, calls: int) -> None:
            done = (at - scenario.start).total_seconds()
            bar.update(task, completed=done, at=f"{at:%a %d %b %H:%M}", calls=calls)

        yield tell


def _write_attempts(done: Simulated, file: str, *, every: bool) -> None:
    """Write attempts in the shape of interface.md, with whole numbers: the file is the user's own."""
    import json
    from pathlib import Path

    from reconciler.cli.rendering.documents import plain
    from reconciler.store.reads.attempts import History, attempt_records
    from reconciler.store.reads.names import organizations

    try:
        with Path(file).open("w", encoding="utf-8") as sink, done.database.read() as connection:
            for org in organizations(connection):
                records = attempt_records(connection, History(org, unused=every))
                sink.writelines(json.dumps(plain(one), ensure_ascii=False) + "\n" for one in records)
    except OSError as error:
        raise _unwritable(file, error) from None


def _check_writable(file: str) -> None:
    """Find out before a long simulation what would otherwise be found out after it; changes no file."""
    from pathlib import Path

    try:
        Path(file).open("ab").close()
    except OSError as error:
        raise _unwritable(file, error) from None


def _unwritable(file: str, error: OSError) -> UsageError:
    return UsageError(f"--attempts {file}: cannot be written: {error.strerror}")


def _show(done: Simulated, scenario: Scenario) -> None:
    from reconciler.cli.rendering.forecast_page import forecast_page
    from reconciler.cli.rendering.screen import draw, result_console
    from reconciler.store.reads.outlook import read_outlooks

    console = result_console()
    with done.database.read() as connection:
        found = read_outlooks(connection)
    draw(console, *forecast_page(found, scenario.start, scenario.end, console.width))
