"""What a person sees while `run` dials: the page of `status`, redrawn; in a log, a line now and then."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from reconciler.cli.telling import LogFormat
from reconciler.cli.terminal import shows_colours

if TYPE_CHECKING:
    from uuid import UUID

    from reconciler.controller.dialer import StepResult
    from reconciler.ports import Clock
    from reconciler.store.engine import Database
    from reconciler.store.reads.overview import Overview

    Watch = Callable[[StepResult], None]

REDRAW = timedelta(seconds=0.5)
LINE = timedelta(seconds=5)


@contextmanager
def watcher(
    database: Database, clock: Clock, log_format: LogFormat, only: frozenset[UUID] | None
) -> Iterator[Watch]:
    """Give what is told every step; it looks at the database no more often than it shows something.

    `only`: show these campaigns; None means all.
    """
    look = _Look(database, clock, only)
    if shows_colours(sys.stderr) and log_format == "text":
        with _page(look) as watch:
            yield watch
    else:
        yield _NowAndThen(look, LINE, _line(log_format))


class _Look:
    """Looks at the database."""

    def __init__(self, database: Database, clock: Clock, only: frozenset[UUID] | None) -> None:
        from reconciler.store.book import BookReader

        self.clock = clock
        self._database = database
        self._only = only
        self._books = BookReader()

    def __call__(self) -> Overview:
        from reconciler.store.reads.overview import read_overview

        with self._database.read() as connection:
            book, _ = self._books.read(connection)
            overview = read_overview(connection, book, self.clock.now())
        if self._only is None:
            return overview
        return replace(overview, campaigns=[one for one in overview.campaigns if one.key in self._only])


class _NowAndThen:
    """Shows a look when a step did something, but only after a while."""

    def __init__(self, look: _Look, pause: timedelta, show: Callable[[Overview], None]) -> None:
        self._look = look
        self._pause = pause
        self._show = show
        self._shown_at: datetime | None = None
        self._stale = True

    def __call__(self, result: StepResult) -> None:
        self._stale = self._stale or bool(result.started or result.ended)
        now = self._look.clock.now()
        if self._stale and (self._shown_at is None or now >= self._shown_at + self._pause):
            self._show(self._look())
            self._shown_at, self._stale = now, False


def _line(log_format: LogFormat) -> Callable[[Overview], None]:
    from reconciler.cli.rendering.status_page import summary
    from reconciler.cli.telling import teller

    tell = teller(log_format)
    if log_format == "text":
        return lambda overview: tell(f"progress: {summary(overview)}")

    def as_json(overview: Overview) -> None:
        for one in overview.campaigns:
            tell("progress", **one.record())

    return as_json


@contextmanager
def _page(look: _Look) -> Iterator[Watch]:
    from rich.console import Console, Group
    from rich.live import Live

    from reconciler.cli.rendering.status_page import status_page

    console = Console(stderr=True, highlight=False)
    with Live(console=console, auto_refresh=False, vertical_overflow="crop") as live:

        def show(overview: Overview) -> None:
            live.update(Group(*status_page(overview, console.width)), refresh=True)

        yield _NowAndThen(look, REDRAW, show)
        show(look())
