"""`dialctl run`: the controller. It reconciles manifests, and dials what the database says."""

from __future__ import annotations

import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.idling import tell_idle
from reconciler.cli.settings import Author, Place
from reconciler.cli.stop_signals import stop_signals
from reconciler.cli.telling import LogFormat, teller
from reconciler.cli.unread_output import unread_output_stops
from reconciler.cli.watching import watcher
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from datetime import timedelta
    from uuid import UUID

    from reconciler.cli.session import Session
    from reconciler.controller.dial_loop import DialLoop
    from reconciler.controller.dialer import Dialer, StepResult
    from reconciler.controller.feeding import FeedKeeper
    from reconciler.controller.reconciling import Reconciler
    from reconciler.controller.telling import Tell
    from reconciler.ports import Gateway

GATEWAY = "DIALCTL_GATEWAY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loops:
    """What the controller does, and until when."""

    no_dial: Annotated[bool, typer.Option("--no-dial", help="Reconcile only.")] = False
    no_reconcile: Annotated[bool, typer.Option("--no-reconcile", help="Dial only.")] = False
    until_idle: Annotated[
        bool, typer.Option("--until-idle", help="Exit when no call is open and none comes soon.")
    ] = False
    idle_after: Annotated[
        str, typer.Option("--idle-after", help="How soon is soon, for --until-idle.", metavar="DURATION")
    ] = "5s"
    campaign: Annotated[
        list[str], typer.Option("--campaign", help="Dial this campaign only; repeatable.", metavar="NAME")
    ] = field(default_factory=list)
    drain: Annotated[
        str, typer.Option("--drain", help="When stopped, wait so long for running calls.", metavar="DURATION")
    ] = "30s"
    lease: Annotated[
        str,
        typer.Option("--lease", help="A killed dialer's calls are taken over after it.", metavar="DURATION"),
    ] = "60s"
    resync: Annotated[
        str, typer.Option("--resync", help="Look at the manifests at least so often.", metavar="DURATION")
    ] = "60s"


def run(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PATH]...", help="Manifests to keep the database reconciled with."),
    ] = None,
    *,
    where: Place,
    loops: Loops,
    author: Author,
    gateway: Annotated[
        str, typer.Option("--gateway", envvar=GATEWAY, help="The carrier to dial through.", metavar="NAME")
    ] = "simulator",
    source: Annotated[
        str, typer.Option("--source", help="The name of this set of manifests: it owns them.", metavar="NAME")
    ] = "main",
    log_format: Annotated[
        LogFormat, typer.Option("--log-format", envvar="DIALCTL_LOG_FORMAT", help="How the log is written.")
    ] = "text",
) -> None:
    """Keep the database reconciled with PATH, and dial. SIGTERM or Ctrl-C ends it, and no call."""
    reconciles = bool(paths) and not loops.no_reconcile
    if loops.no_dial and not reconciles:
        raise UsageError("there is nothing to do: neither manifests to reconcile nor calls to make")
    if reconciles:
        _refuse_missing(paths or [])
    times = _times(loops)
    tell = teller(log_format)
    with (
        _session(where, creates=reconciles) as session,
        stop_signals() as (stop, give_up),
        unread_output_stops(stop),
    ):
        reconciler = (
            _reconciler(session, paths or [], where=where, source=source, author=author, tell=tell)
            if reconciles
            else None
        )
        feeds = _feeds(session, source, tell) if reconciles else None
        if loops.no_dial:
            with _reconciling(reconciler, feeds, stop, times):
                stop.wait()
            tell("stopped")
            return
        with _carrier(session, gateway) as carrier, _reconciling(reconciler, feeds, stop, times):
            if reconciler is not None and loops.campaign:
                reconciler.looked.wait()  # a campaign that is named may only just be declared
            only = _only(session, where.org, loops.campaign)
            dialer = _dialer(session, carrier, times, only=only, tell=tell)
            with watcher(session.database, session.clock, log_format, only) as watch:
                ready = feeds.looked.is_set if feeds is not None else lambda: True
                loop = _loop(session, dialer, carrier, times, ready=ready, watch=watch, tell=tell)
                was_idle = loop.run(stop, times.drain, give_up)
            if was_idle and times.idle_after is not None:
                tell_idle(session, carrier.name, only, times.idle_after, log_format)


def _refuse_missing(paths: list[str]) -> None:
    """Refuse a path with a slip of the pen in it: its manifests would stand faulty while calls are made."""
    for path in paths:
        if path != "-" and not Path(path).exists():
            raise UsageError(
                f"{path}: there is no such file or folder", hint="nothing was done; mend the path"
            )


@dataclass(frozen=True, slots=True)
class _Times:
    """The durations of `Loops`; `idle_after` is None where the command goes on for ever."""

    resync: timedelta
    lease: timedelta
    drain: timedelta
    idle_after: timedelta | None


def _times(loops: Loops) -> _Times:
    """Read the durations, before anything is opened or written. Raises UsageError."""
    from reconciler.cli.simulating import positive_duration

    idle_after = positive_duration("--idle-after", loops.idle_after)
    return _Times(
        resync=positive_duration("--resync", loops.resync),
        lease=positive_duration("--lease", loops.lease),
        drain=positive_duration("--drain", loops.drain),
        idle_after=idle_after if loops.until_idle else None,
    )


@contextmanager
def _session(where: Place, *, creates: bool) -> Iterator[Session]:
    from reconciler.cli.session import open_session, opened
    from reconciler.store.schema import ensure_schema

    if not creates:
        with open_session(where.database_url) as session:
            yield session
        return
    with opened(where.database_url) as session:
        ensure_schema(session.database, session.ids, session.clock.now())
        yield session


def _reconciler(
    session: Session, paths: list[str], *, where: Place, source: str, author: Author, tell: Tell
) -> Reconciler:
    from dataclasses import replace

    from reconciler.cli.revision import find_revision
    from reconciler.cli.session import acting
    from reconciler.controller.planning import Source
    from reconciler.controller.reconciling import Reconciler
    from reconciler.ids import Uuid7

    return Reconciler(
        session.database,
        Source(paths, sys.stdin.buffer, where.org),
        source,
        replace(acting(author.actor), kind="controller"),
        clock=session.clock,
        ids=Uuid7(),  # its thread needs a generator of its own
        revision=lambda: find_revision(None, paths),
        tell=tell,
    )


def _feeds(session: Session, source: str, tell: Tell) -> FeedKeeper:
    from reconciler.controller.batches import Workplace
    from reconciler.controller.feeding import FeedKeeper
    from reconciler.ids import Uuid7

    work = Workplace(session.database, session.clock, Uuid7())  # its thread needs a generator of its own
    return FeedKeeper(work, source, os.environ, tell)


@contextmanager
def _reconciling(
    reconciler: Reconciler | None, feeds: FeedKeeper | None, stop: threading.Event, times: _Times
) -> Iterator[None]:
    """Reconcile, and look at feeds, each in a thread of its own, which ends with the command.

    A fault of ours in either ends all.
    """
    if reconciler is None or feeds is None:
        yield
        return
    with ThreadPoolExecutor(2, thread_name_prefix="reconcile") as pool:
        both = (
            pool.submit(reconciler.run, stop, times.resync),
            pool.submit(feeds.run, stop, reconciler.looked),
        )
        for ended in both:
            ended.add_done_callback(lambda _: stop.set())
        try:
            yield
        finally:
            stop.set()
        for ended in both:
            ended.result()


@contextmanager
def _carrier(session: Session, name: str) -> Iterator[Gateway]:
    """Open the gateway, for as long as there are calls. Raises GatewayUnusable."""
    from reconciler.gateways.registry import check_environment, open_gateway
    from reconciler.store.schema import environment

    with closing(open_gateway(name, session.clock)) as gateway:
        with session.database.read() as connection:
            check_environment(gateway, environment(connection))
        yield gateway


def _dialer(
    session: Session, carrier: Gateway, times: _Times, *, only: frozenset[UUID] | None, tell: Tell
) -> Dialer:
    from reconciler.controller.dialer import Dialer, Identity

    identity = Identity(socket.gethostname(), os.getpid())
    dialer = Dialer(
        session.database,
        carrier,
        session.clock,
        session.ids,
        identity,
        lease=times.lease,
        only=only,
        tell=tell,
    )
    tell("dialing", gateway=carrier.name, dialer=str(dialer.lease.dialer_id))
    return dialer


def _loop(
    session: Session,
    dialer: Dialer,
    carrier: Gateway,
    times: _Times,
    *,
    ready: Callable[[], bool],
    watch: Callable[[StepResult], None],
    tell: Tell,
) -> DialLoop:
    from reconciler.controller.dial_loop import DialLoop
    from reconciler.controller.month_keeping import MonthKeeper

    return DialLoop(
        dialer,
        carrier,
        session.clock,
        idle_after=times.idle_after,
        ready=ready,
        watch=watch,
        between=MonthKeeper(session.database, session.clock, tell).keep,
        tell=tell,
    )


def _only(session: Session, org: str, names: list[str]) -> frozenset[UUID] | None:
    """Give the keys of the campaigns to dial; None for all. Raises NotFound."""
    if not names:
        return None
    from reconciler.store.identity import find_campaign, find_organization

    with session.database.read() as connection:
        place = find_organization(connection, org)
        return frozenset(find_campaign(connection, place, name).key for name in names)
