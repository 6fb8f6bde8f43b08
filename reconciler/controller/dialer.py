"""The dialer: one step of work at a time, the same for real calls, for tests and for simulations.

    step():  keep the lease, recover ─▶ settle events and claim: intents committed
             ─▶ admit: placing committed ─▶ gateway.submit

A step does one batch of database work, in two short transactions, and says when it wants to be called again.
No gateway call happens inside a transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import Connection

from reconciler.controller.admitting import Admitted, admit
from reconciler.controller.careful_gateway import CarefulGateway
from reconciler.controller.claiming import Claimed, claim
from reconciler.controller.cycle import Cycle
from reconciler.controller.handing_over import HandOver, Succession
from reconciler.controller.hanging_up import calls_to_end
from reconciler.controller.hearing import heard
from reconciler.controller.lane_directory import LaneDirectory
from reconciler.controller.recovering import Recovered, recover
from reconciler.controller.settling import settle_events
from reconciler.controller.telling import Tell, silent
from reconciler.controller.tidying import tidy
from reconciler.core.holds import Hold
from reconciler.errors import GatewayUnusable, SomebodyElseIsApplying
from reconciler.gateways.registry import misfit
from reconciler.ports import Clock, Gateway, GatewayEvent, Ids
from reconciler.store import leases, open_attempts
from reconciler.store.book import BookReader
from reconciler.store.breakers import Shelf
from reconciler.store.dialect import Lock
from reconciler.store.engine import Database
from reconciler.store.holds import newest_seq
from reconciler.store.leases import Lease, Process
from reconciler.store.schema_range import writing

LEASE = timedelta(seconds=60)
HEARTBEATS_PER_LEASE = 6
PATIENCE = timedelta(seconds=0.5)
"""How long a step waits for an apply on a server: holds are looked at in between (R-LIFE-4)."""

DIALERS: tuple[Lock, ...] = ()
"""The locks for a write to dialers' rows alone: none, for no apply and no operation writes them."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Where a dialer runs, for people to find it."""

    host: str
    pid: int


@dataclass(frozen=True, slots=True)
class StepResult:
    """What a step did, and when to step again at the latest, events aside.

    `callable_at` is when a contact becomes callable by time alone (None: none will; now where a claim was
    released again: who looks once more knows), told where no call is open, and `paced_at` when a campaign's
    pace allows its next call; `open_calls` counts every active call of the database.
    """

    next_wake: datetime
    callable_at: datetime | None
    paced_at: datetime | None
    open_calls: int
    started: int
    ended: int


class Dialer:
    """Dials what the database says, through one gateway, under one lease."""

    def __init__(
        self,
        database: Database,
        gateway: Gateway,
        clock: Clock,
        ids: Ids,
        identity: Identity,
        *,
        lease: timedelta = LEASE,
        only: frozenset[UUID] | None = None,
        tell: Tell = silent,
    ) -> None:
        self._database = database
        self._gateway = CarefulGateway(gateway, tell)
        self._misfit = partial(misfit, gateway)
        self._barred: GatewayUnusable | None = None
        self._clock = clock
        self._ids = ids
        self._lease_length = lease
        self._tell = tell
        self._lanes = LaneDirectory(gateway.name, only)
        self._unsettled: list[GatewayEvent] = []
        self._draining = False
        self._succession = Succession(gateway.name)
        self._has_left = False
        process = Process(ids(clock.now()), gateway.name, identity.host, identity.pid)
        self._books = BookReader(process.dialer_id)
        with writing(database, DIALERS) as connection:
            self._confirmed = newest_seq(connection)
            self._lease = leases.join(connection, process, clock.now(), lease, self._confirmed)
        self._renewed_at = self._renew_at = clock.now()

    @property
    def lease(self) -> Lease:
        """The present lease."""
        return self._lease

    @property
    def barred(self) -> GatewayUnusable | None:
        """Why the gateway must not dial this database any more, once its stamp was changed (R-ENV-1).

        Such a dialer starts no more calls, whatever the stamp becomes; running ones go on being settled.
        """
        return self._barred

    def drain(self) -> None:
        """Start no more calls; running ones go on being settled."""
        self._draining = True

    def running_calls(self) -> int:
        """Count the calls that this dialer has sent and that are not over."""
        with self._database.read() as connection:
            return len(open_attempts.running(connection, self._lease.dialer_id))

    def hand_over(self) -> HandOver:
        """Give running calls and the lease up to other dialers, where the gateway allows it; after `drain`.

        To be called anew, with steps in between, until the calls are over or have gone to `dialers`; then
        this one must not step any more. Raises SchemaOutOfRange where this release must not write any more.
        """
        if not self._gateway.hands_over:
            return HandOver()
        try:
            with writing(self._database) as connection:
                given = self._succession.hand_over(connection, self._lease, self._clock.now())
        except BaseException:
            self._succession = Succession(self._gateway.name)  # nobody has heard the knock
            raise
        self._has_left = bool(given.dialers)
        return given

    def resign(self) -> None:
        """Give the lease up, so that what is still open is recovered at once: by others, or the next start.

        Raises SchemaOutOfRange, and gives up nothing, where this release must not write any more.
        """
        if self._has_left:
            return
        with writing(self._database, DIALERS) as connection:
            now = self._clock.now()
            peers = leases.peers(connection, self._lease, self._gateway.name, now)
            leases.resign(connection, self._lease, now)
            leases.knock(connection, peers)

    def step(self) -> StepResult:
        """Do what is to be done now.

        While somebody applies, the lease is kept and holds are obeyed nevertheless, where the database lets
        two write; then raises SomebodyElseIsApplying.
        """
        try:
            # A clock that was set back would leave a lease for hours, also once this process is dead.
            if not self._renewed_at <= self._clock.now() < self._renew_at:
                self._keep_lease()
                self._take_over(self._recover())
            claimed, ended = self._settle_and_claim()
            admitted = self._admit(claimed) if claimed.picks else Admitted()
        except SomebodyElseIsApplying:
            self._obey_new_holds()
            raise
        wakes = (self._renew_at, claimed.callable_at, claimed.lanes_change_at, claimed.tidy_at)
        paces = (claimed.paced_at, admitted.next_start_at)
        return StepResult(
            next_wake=min(at for at in wakes if at is not None),
            callable_at=self._clock.now() if admitted.refused else claimed.callable_at,
            paced_at=min((at for at in paces if at is not None), default=None),
            open_calls=claimed.active + len(admitted.calls),
            started=len(admitted.calls),
            ended=ended,
        )

    @contextmanager
    def _cycle(self) -> Iterator[Cycle]:
        """Open a transaction with everything that a part of the step looks at."""
        try:
            with self._database.write(patience=PATIENCE) as connection:
                yield self._look(connection)
        except BaseException:
            self._lanes.forget()
            self._books.forget()
            self._renew_at = self._clock.now()  # the next step looks after what this one may have left
            raise

    def _look(self, connection: Connection) -> Cycle:
        book, holds = self._books.read(connection)
        self._answer_a_knock()
        self._barred = self._barred or self._misfit(book.environment)
        return Cycle(
            connection=connection,
            now=self._clock.now(),
            book=book,
            holds=holds,
            lanes=self._lanes,
            gateway=self._gateway.name,
            lease=self._lease,
            ids=self._ids,
            breakers=Shelf(connection),
            barred=self._barred,
        )

    def _answer_a_knock(self) -> None:
        """Renew the lease with the next step if somebody shortened it: calls may wait here (leases.knock)."""
        written = self._books.own_lease_until
        if written is not None and written < self._lease.until:
            self._renew_at = self._clock.now()

    def _keep_lease(self) -> None:
        """Renew the lease."""
        with writing(self._database, DIALERS) as connection:
            now = self._clock.now()
            self._lease = leases.renew(connection, self._lease, now, self._lease_length)
        self._renewed_at, self._renew_at = now, now + self._lease_length / HEARTBEATS_PER_LEASE

    def _recover(self) -> Recovered:
        """Take over what dead dialers left."""
        with self._cycle() as cycle:
            return recover(cycle)

    def _take_over(self, recovered: Recovered) -> None:
        """Find out what became of calls that others had, and end those that were to end."""
        if recovered.inquiries:
            self._tell("taking over", calls=len(recovered.inquiries))
            self._gateway.ask(recovered.inquiries)
            self._gateway.hang_up(recovered.to_end)

    def _obey_new_holds(self) -> None:
        """End the calls that new holds want ended, and say that they are obeyed: no call starts meanwhile."""
        with self._database.read() as connection:
            cycle = self._look(connection)
            new_holds = self._new_holds(cycle)
            to_end = calls_to_end(cycle, new_holds)
        self._gateway.hang_up(to_end)
        if new_holds:
            with self._database.write(DIALERS) as connection:
                newest = self._confirm(connection, new_holds)
            self._confirmed = newest

    def _new_holds(self, cycle: Cycle) -> list[Hold]:
        return [hold for hold in cycle.holds if hold.seq > self._confirmed]

    def _confirm(self, connection: Connection, new_holds: Sequence[Hold]) -> int:
        """Say that these holds are obeyed; gives the number of the newest that is."""
        newest = max((hold.seq for hold in new_holds), default=self._confirmed)
        if newest > self._confirmed:
            leases.confirm_hold(connection, self._lease, newest)
        return newest

    def _settle_and_claim(self) -> tuple[Claimed, int]:
        """Settle what has happened and claim what comes next, in one transaction.

        Events stay here until they are committed: a gateway tells them once.
        """
        self._unsettled += heard(self._gateway.events(), self._tell)
        with self._cycle() as cycle:
            ended = settle_events(cycle, self._unsettled)
            if ended:  # the end of a call may have set a hold, or lifted one
                _, holds = self._books.read(cycle.connection)
                cycle = replace(cycle, holds=holds)  # noqa: PLW2901 - the same cycle, seen later
            new_holds = self._new_holds(cycle)
            to_end = calls_to_end(cycle, new_holds)
            tidied = tidy(cycle)
            claimed = claim(cycle, tidy_at=tidied.next_at, draining=self._draining)
            newest = self._confirm(cycle.connection, new_holds)
        self._unsettled.clear()
        self._confirmed = newest
        self._gateway.hang_up(to_end)
        self._gateway.ask(tidied.overdue)
        return claimed, ended

    def _admit(self, claimed: Claimed) -> Admitted:
        with self._cycle() as cycle:
            admitted = admit(cycle, claimed.picks)
            settle_events(cycle, admitted.refused)
        self._gateway.submit(admitted.calls)
        return admitted
