"""The dial loop: steps the dialer on the real clock, until it is told to stop or there is nothing to do."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from reconciler.collector import collector_rare
from reconciler.controller.dialer import Dialer, StepResult
from reconciler.controller.handing_over import HandOver
from reconciler.controller.telling import Tell, silent
from reconciler.errors import DatabaseUnusable, SchemaOutOfRange, SomebodyElseIsApplying
from reconciler.ports import Clock, Gateway
from reconciler.spec.scalars import format_duration

POLL = timedelta(milliseconds=500)
"""The database is looked at so often, whatever happens: a pause is noticed within a second (R-LIFE-4)."""

LOOK_FOR_HEIRS = timedelta(milliseconds=100)
SHORTEST_WAIT = timedelta(milliseconds=5)
AFTER_FAILURE = timedelta(seconds=2)
TRIES = 5
"""A loop that is to end by itself gives an unusable database up after so many failed steps in a row."""

T = TypeVar("T")


class DialLoop:
    """Runs one dialer. `watch` is told the result of every step; `between` is run before each."""

    def __init__(
        self,
        dialer: Dialer,
        gateway: Gateway,
        clock: Clock,
        *,
        idle_after: timedelta | None = None,
        ready: Callable[[], bool] = lambda: True,
        watch: Callable[[StepResult], None] = lambda _: None,
        between: Callable[[], None] = lambda: None,
        tell: Tell = silent,
    ) -> None:
        self._dialer = dialer
        self._gateway = gateway
        self._clock = clock
        self._idle_after = idle_after
        self._ready = ready
        self._watch = watch
        self._between = between
        self._tell = tell
        self._failed = 0
        self._busy = self._unshown = False

    def run(self, stop: threading.Event, drain: timedelta, give_up: threading.Event) -> bool:
        """Dial until `stop` is set, or nothing is left to do; tells whether it was the latter.

        Then start no new call, and hand those that run over to other dialers; where there are none, or the
        gateway does not allow it, wait for them up to `drain` (`give_up` cuts that short). Give up the lease:
        what is still open is recovered by others, or at the next start. Raises GatewayUnusable, after the
        same, where the database's stamp no longer allows this gateway (R-ENV-1). Raises SchemaOutOfRange at
        once where the schema no longer carries this release: it must write nothing more, and a dialer of a
        newer one takes over when the lease is over.
        """
        try:
            with collector_rare():
                self._dial(stop)
            barred = self._dialer.barred
            if barred is not None:
                self._tell("stamp changed", error=barred.message)
            if barred is not None or stop.is_set():
                self._end(drain, give_up)
            if barred is not None:
                raise barred
            return not stop.is_set()
        finally:
            self._dialer.resign()

    def _dial(self, stop: threading.Event) -> None:
        while not stop.is_set():
            self._between()
            result = self._step()
            if self._dialer.barred is not None:
                return
            if result is not None and self._is_idle(result):
                return
            stop.wait(self._wait(result).total_seconds())

    def _end(self, drain: timedelta, give_up: threading.Event) -> None:
        self._tell(
            "stopping", detail="no new calls; press Ctrl-C again to leave running ones to the next start"
        )
        self._dialer.drain()
        self._step()
        left = self._part_with_calls(drain, give_up)
        self._tell("stopped", left_to_recovery=left)

    def _part_with_calls(self, drain: timedelta, give_up: threading.Event) -> int:
        """Hand running calls over as soon as there are heirs, and wait for them until then.

        Gives how many are left.
        """
        deadline, told = self._clock.now() + drain, False
        running = self._dialer.running_calls()
        while running and self._clock.now() < deadline and not give_up.is_set():
            given = self._tried(self._dialer.hand_over) or HandOver()
            if given.dialers:
                self._tell("handed over", calls=given.calls, dialers=given.dialers)
                return self._dialer.running_calls()
            if not told and not given.pending:
                self._tell("draining", calls=running, up_to=format_duration(drain))
                told = True
            give_up.wait((LOOK_FOR_HEIRS if given.pending else POLL).total_seconds())
            self._step()
            running = self._dialer.running_calls()
        return running

    def _step(self) -> StepResult | None:
        """Step once, as `_tried` says."""
        result = self._tried(self._dialer.step)
        if result is not None:
            self._show(result)
        return result

    def _show(self, result: StepResult) -> None:
        """Have a step shown; whatever keeps that from being done ends no call. Told once in a row."""
        try:
            self._watch(result)
        except Exception as error:  # noqa: BLE001 - of a database, a terminal, a table drawn wrong
            if not self._unshown:
                self._tell("progress not shown", error=f"{type(error).__name__}: {error}")
            self._unshown = True
        else:
            self._unshown = False

    def _tried(self, work: Callable[[], T]) -> T | None:
        """Do work on the database; what is busy is skipped, and what the database fails is tried again.

        A service waits for its database for as long as it takes; a loop that ends when it is idle would be
        waited for, and raises DatabaseUnusable after TRIES failures in a row.
        """
        try:
            result = work()
        except SomebodyElseIsApplying:
            if not self._busy:
                self._tell("busy", detail="the database is locked; steps are skipped until it is not")
            self._busy = True
            return None
        except SchemaOutOfRange as error:
            self._tell("schema changed", error=error.message)
            raise
        except DatabaseUnusable as error:
            self._busy = False
            self._failed += 1
            if self._idle_after is not None and self._failed >= TRIES:
                self._tell("giving up", error=error.message, tries=self._failed)
                raise
            self._tell("database unusable", error=error.message, retry_in=str(AFTER_FAILURE))
            return None
        self._failed, self._busy = 0, False
        return result

    def _is_idle(self, result: StepResult) -> bool:
        if self._idle_after is None or result.open_calls or not self._ready():
            return False
        soon = self._clock.now() + self._idle_after
        return all(at is None or at > soon for at in (result.callable_at, result.paced_at))

    def _wait(self, result: StepResult | None) -> timedelta:
        if result is None:
            return POLL if self._busy else AFTER_FAILURE
        now = self._clock.now()
        wakes: list[datetime | None] = [result.next_wake, result.paced_at, self._gateway.next_event_at()]
        nearest = min((at for at in wakes if at is not None), default=now + POLL)
        return max(SHORTEST_WAIT, min(nearest - now, POLL))
