"""The loop of feeds: looks where batches arrive whenever it is time, and says what became of it.

It acts on the level, like the reconcile loop. Whatever a place or a batch is like, it becomes a condition
that `status` shows; what was applied last stays, later batches go on, and dialing goes on meanwhile.
"""

from __future__ import annotations

import threading
import traceback
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from reconciler.controller.batches import Workplace, why
from reconciler.controller.feed_look import FeedLook
from reconciler.controller.telling import Tell
from reconciler.errors import DialctlError, SchemaOutOfRange
from reconciler.manifests.feeds.places import Place, open_place
from reconciler.spec.contact_feed import ContactFeedSpec
from reconciler.store.conditions import Condition, record_condition
from reconciler.store.dialect import Lock
from reconciler.store.feeds import (
    Contract,
    any_forgotten,
    contracts,
    forget_conditions,
    history,
    report_of,
)
from reconciler.store.schema_range import require_range, writing

BEAT = timedelta(seconds=1)
_TOO_NEW = "its contract was written for a newer release of dialctl; install that one here"


class FeedKeeper:
    """Takes the batches of the feeds that one source of manifests declares."""

    def __init__(self, work: Workplace, source_name: str, environ: Mapping[str, str], tell: Tell) -> None:
        self._work = work
        self._source_name = source_name
        self._environ = environ
        self._tell = tell
        self._stop = threading.Event()
        self._told: dict[str, str | None] = {}
        self.looked = threading.Event()

    def run(self, stop: threading.Event, reconciled: threading.Event) -> None:
        """Look whenever it is time, once `reconciled` is set, until told to stop.

        `looked` is set once there is nothing left to look at for the first time, and at the latest when this
        ends. Raises SchemaOutOfRange where the schema no longer carries this release.
        """
        self._stop = stop
        try:
            reconciled.wait()
            while not stop.is_set():
                try:
                    if self.look_at_due():
                        self.looked.set()
                except SchemaOutOfRange:
                    raise
                except DialctlError as error:
                    self._tell("feeds failed", error=error.message)
                stop.wait(BEAT.total_seconds())
        finally:
            self.looked.set()

    def look_at_due(self) -> bool:
        """Look at every feed for which it is time; tells whether nothing is left that cannot wait."""
        with self._work.database.read() as connection:
            require_range(connection)
            standing = [one for one in contracts(connection) if one.is_open]
            forgotten = any_forgotten(connection, standing)
        if forgotten:
            with writing(self._work.database, (Lock.STATE,)) as connection:
                forget_conditions(connection, standing)
        now = self._work.clock.now()
        settled = True
        for contract in standing:
            if contract.owner == self._source_name and contract.is_due(now) and not self._stop.is_set():
                settled &= self._look(contract)
        return settled

    def _look(self, contract: Contract) -> bool:
        """Look at one feed, and take what is new. Gives False where something is still being written."""
        if contract.spec is None:
            self._record(contract, _TOO_NEW)
            return True
        spec = contract.spec
        look = FeedLook(self._work, contract, spec, self._tell)
        try:
            settled, problem = look.take_all(lambda: self._opened(spec), self._stop.is_set), look.problem
        except DialctlError:
            raise
        except Exception as error:  # noqa: BLE001 - what arrives comes from outside, and must not end the calls
            settled, problem = True, _internal_error(error)
        if settled:
            self._record(contract, problem)
        return settled

    def _opened(self, spec: ContactFeedSpec) -> Place:
        return open_place(spec, self._environ, self._stop.is_set)

    def _record(self, contract: Contract, problem: str | None) -> None:
        """Write down what became of the look, for `status` to show, and say a new problem once."""
        condition, detail = Condition.SYNCED, problem
        with self._work.database.read() as connection:
            kept_aside = history(connection, contract.source).quarantined
            report = report_of(connection, contract.source, kept_aside.number) if kept_aside else {}
        if problem is not None:
            condition = Condition.FAULTY
        elif kept_aside is not None:
            condition = Condition.FAULTY if "faults" in report else Condition.REFUSED
            detail = f"batch #{kept_aside.number}, {kept_aside.name}, is in quarantine: {why(report)}"
        with writing(self._work.database, (Lock.STATE,)) as connection:
            record_condition(
                connection,
                contract.source,
                condition,
                self._work.clock.now(),
                revision=contract.digest,
                detail=detail,
            )
        if problem is not None and self._told.get(contract.source) != problem:
            self._tell("feed unreadable", feed=str(contract.key), detail=problem)
        self._told[contract.source] = problem


def _internal_error(error: Exception) -> str:
    """Report a fault of ours by its sort and place only: its text may hold personal data (R-PLAN-8)."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"internal error: {type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}"
