"""The reconcile loop: manifests are compared with the database again and again, and applied.

It acts on the level, never on the edge: a changed file, a resync or a start all mean "look again". A plan
that a guard or the planner refuses, and manifests with faults, become a condition that `status` shows;
dialing goes on meanwhile with what was applied last.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from io import BytesIO

from reconciler.controller.planning import Planned, ReadSource, Source
from reconciler.controller.telling import Tell
from reconciler.core.plan.change import Cause
from reconciler.core.plan.counting import counted
from reconciler.core.plan.plan import PlanOptions
from reconciler.errors import (
    DialctlError,
    Fault,
    FaultsFound,
    GuardRefused,
    PlanRefused,
    SchemaOutOfRange,
    SomebodyElseIsApplying,
)
from reconciler.manifests.discovery import MAX_BYTES, STDIN
from reconciler.manifests.watching import looks
from reconciler.ports import Clock, Ids
from reconciler.store.apply import ApplyResult, apply
from reconciler.store.conditions import Condition, record_condition
from reconciler.store.engine import Database
from reconciler.store.events import Actor
from reconciler.store.schema_range import require_range, writing

RESYNC = timedelta(seconds=60)
TRIES = 3
"""A plan is made anew so often when the state moves on while it is being applied."""

_UNWATCHED = (
    "changes are found with every --resync only; where inotify is used up, "
    "raise fs.inotify.max_user_watches and fs.inotify.max_user_instances"
)


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What a look came to. `bad_rows` are those of data files that were left out (R-PHONE-2)."""

    condition: Condition
    detail: str | None = None
    drifted: int = 0
    bad_rows: Sequence[Fault] = ()
    applied: ApplyResult | None = None


class Reconciler:
    """Keeps the database what one source of manifests says."""

    def __init__(
        self,
        database: Database,
        source: Source,
        source_name: str,
        actor: Actor,
        *,
        clock: Clock,
        ids: Ids,
        revision: Callable[[], str | None],
        tell: Tell,
    ) -> None:
        self._database = database
        self._source = source
        self._source_name = source_name
        self._actor = actor
        self._clock = clock
        self._ids = ids
        self._revision = revision
        self._tell = tell
        self._stdin: bytes | None = None
        self._bad_rows: Sequence[Fault] = ()
        self._warned = False
        self.looked = threading.Event()

    def run(self, stop: threading.Event, resync: timedelta = RESYNC) -> None:
        """Reconcile at first, after every change, and every `resync`, until told to stop.

        `looked` is set after the first look, and at the latest when this ends, however it does. Raises
        SchemaOutOfRange where the schema no longer carries this release: nothing it could do will mend that.
        """
        try:
            for _ in looks(self._source.paths, stop, resync, self._unwatched):
                try:
                    self.reconcile()
                except SchemaOutOfRange:
                    raise
                except DialctlError as error:
                    self._tell("reconcile failed", error=error.message)
                self.looked.set()
        finally:
            self.looked.set()

    def _unwatched(self, reason: str) -> None:
        """Say once that a changed file is found late; what the level is, every resync finds out anyway."""
        if not self._warned:
            self._tell("files not watched", error=reason, detail=_UNWATCHED)
        self._warned = True

    def reconcile(self) -> Reconciliation:
        """Look once, and apply what is to be applied. Raises DatabaseUnusable."""
        with self._database.read() as connection:
            require_range(connection)
        revision = self._revision()
        try:
            result = self._settle(revision)
        except FaultsFound as found:
            result = Reconciliation(Condition.FAULTY, _first(found.faults, "fault"))
        except (GuardRefused, PlanRefused) as refused:
            result = Reconciliation(Condition.REFUSED, refused.message)
        with writing(self._database) as connection:
            record_condition(
                connection,
                self._source_name,
                result.condition,
                self._clock.now(),
                revision=revision,
                detail=result.detail,
            )
        self._report(result)
        return result

    def _settle(self, revision: str | None) -> Reconciliation:
        manifests = self._read()
        for last in (False,) * (TRIES - 1) + (True,):
            planned = self._plan(manifests)
            try:
                applied = self._apply(planned, revision)
            except SomebodyElseIsApplying:
                if last:
                    raise
                continue
            drifted = sum(change.cause is Cause.DRIFT for change in planned.plan.changes)
            return Reconciliation(
                Condition.SYNCED, drifted=drifted, bad_rows=planned.bad_rows, applied=applied
            )
        raise AssertionError("the last try returns or raises")

    def _read(self) -> ReadSource:
        """Read the manifests as they are now; standard input can be read only once, and is kept."""
        if self._stdin is None:
            self._stdin = self._source.stdin.read(MAX_BYTES + 1) if STDIN in self._source.paths else b""
        return ReadSource(replace(self._source, stdin=BytesIO(self._stdin)))

    def _plan(self, manifests: ReadSource) -> Planned:
        options = PlanOptions(self._clock.now(), self._source_name)
        with self._database.read() as connection:
            return manifests.plan(connection, options)

    def _apply(self, planned: Planned, revision: str | None) -> ApplyResult:
        actor = replace(
            self._actor,
            apply_id=self._ids(self._clock.now()),
            source=self._source_name,
            revision=revision,
        )
        return apply(self._database, planned.plan, actor, self._clock, self._ids)

    def _report(self, result: Reconciliation) -> None:
        if result.condition is not Condition.SYNCED:
            self._tell(f"manifests {result.condition.value.lower()}", detail=result.detail)
        elif result.applied is not None:
            done = {action: count for action, count in result.applied.summary.items() if count}
            done.pop("unchanged", None)
            if done:
                self._tell("applied", **done, drifted=result.drifted, serial=result.applied.serial)
            if result.bad_rows and result.bad_rows != self._bad_rows:
                self._tell("bad rows left out", detail=_first(result.bad_rows, "bad row"))
            self._bad_rows = result.bad_rows


def _first(faults: Sequence[Fault], noun: str) -> str:
    """Write the first one, and how many more there are."""
    more = f", and {counted(len(faults) - 1, f'more {noun}')}" if len(faults) > 1 else ""
    return f"{faults[0]}{more}"
