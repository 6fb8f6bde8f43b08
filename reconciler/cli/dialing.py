"""`dialctl run`: the controller. It reconciles manifests, and dials what the database says."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.settings import Author, Place
from reconciler.cli.telling import LogFormat, teller
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from uuid import UUID

    from reconciler.cli.session import Session
    from reconciler.controller.dialer import StepResult
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
    """Keep the database reconciled with PATH, and dial. Stops on SIGTERM or Ctrl-C, once calls are over."""
    reconciles = bool(paths) and not loops.no_reconcile
    if loops.no_dial and not reconciles:
        raise UsageError("there is nothing to do: neither manifests to reconcile nor calls to make")
    from reconciler.cli.watching import watcher

    tell = teller(log_format)
    with _session(where, creates=reconciles) as session, _signals(tell) as (stop, give_up):
        reconciler = (
            _reconciler(session, paths or [], where=where, source=source, author=author, tell=tell)
            if reconciles
            else None
        )
        with _reconciling(reconciler, stop, loops):
            if loops.no_dial:
                stop.wait()
                return
            if reconciler is not None and loops.campaign:
                reconciler.looked.wait()  # a campaign that is named may only just be declared
            only = _only(session, where.org, loops.campaign)
            with watcher(session.database, session.clock, log_format, only) as watch:
                dial = _dial(
                    session,
                    only=only,
                    loops=loops,
                    gateway_name=gateway,
                    reconciler=reconciler,
                    tell=tell,
                    watch=watch,
                )
                dial(stop, give_up)


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


@contextmanager
def _signals(tell: Tell) -> Iterator[tuple[threading.Event, threading.Event]]:
    """Turn the first SIGTERM or SIGINT into `stop`, and the second into `give_up`."""
    stop, give_up = threading.Event(), threading.Event()

    def on_signal(_number: int, _frame: object) -> None:
        if stop.is_set():
            give_up.set()
            return
        stop.set()
        tell("stopping", detail="no new calls; again to leave running ones to the next start")

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop, give_up
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


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


@contextmanager
def _reconciling(reconciler: Reconciler | None, stop: threading.Event, loops: Loops) -> Iterator[None]:
    """Reconcile in a thread of its own, which ends with the command."""
    if reconciler is None:
        yield
        return
    from reconciler.cli.simulating import positive_duration

    resync = positive_duration("--resync", loops.resync)
    thread = threading.Thread(target=reconciler.run, args=(stop, resync), name="reconcile", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _dial(
    session: Session,
    *,
    only: frozenset[UUID] | None,
    loops: Loops,
    gateway_name: str,
    reconciler: Reconciler | None,
    tell: Tell,
    watch: Callable[[StepResult], None],
) -> Callable[[threading.Event, threading.Event], None]:
    """Make the dial loop; gives what runs it."""
    from reconciler.cli.simulating import positive_duration
    from reconciler.controller.dial_loop import DialLoop
    from reconciler.controller.dialer import Dialer, Identity

    lease = positive_duration("--lease", loops.lease)
    idle_after = positive_duration("--idle-after", loops.idle_after) if loops.until_idle else None
    drain = positive_duration("--drain", loops.drain)
    carrier = _gateway(session, gateway_name)

    def dial(stop: threading.Event, give_up: threading.Event) -> None:
        dialer = Dialer(
            session.database,
            carrier,
            session.clock,
            session.ids,
            Identity(socket.gethostname(), os.getpid()),
            lease=lease,
            only=only,
            tell=tell,
        )
        loop = DialLoop(
            dialer,
            carrier,
            session.clock,
            idle_after=idle_after,
            ready=reconciler.looked.is_set if reconciler is not None else lambda: True,
            watch=watch,
            tell=tell,
        )
        tell("dialing", gateway=carrier.name, dialer=str(dialer.lease.dialer_id))
        try:
            loop.run(stop, drain, give_up)
        finally:
            carrier.close()

    return dial


def _gateway(session: Session, name: str) -> Gateway:
    from reconciler.gateways.registry import check_environment, open_gateway
    from reconciler.store.schema import environment

    gateway = open_gateway(name, session.clock)
    with session.database.read() as connection:
        check_environment(gateway, environment(connection))
    return gateway


def _only(session: Session, org: str, names: list[str]) -> frozenset[UUID] | None:
    """Give the keys of the campaigns to dial; None for all. Raises NotFound."""
    if not names:
        return None
    from reconciler.store.identity import find_campaign, find_organization

    with session.database.read() as connection:
        place = find_organization(connection, org)
        return frozenset(find_campaign(connection, place, name).key for name in names)
