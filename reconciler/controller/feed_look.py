"""One look at one feed: what lies where its batches arrive is compared with what was decided about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

from reconciler.controller.batches import (
    BatchToJudge,
    Workplace,
    apply_batch,
    digest_of,
    report_on,
    report_on_error,
    why,
    write_decision,
)
from reconciler.controller.telling import Tell
from reconciler.core.feeds import Arrival, BatchState, History, choose
from reconciler.errors import FaultsFound, PlanRefused, SomebodyElseIsApplying
from reconciler.manifests.feeds.places import Arrived, Place, PlaceUnreadable
from reconciler.spec.contact_feed import ContactFeedSpec
from reconciler.store.dialect import Lock
from reconciler.store.events import Actor
from reconciler.store.feeds import Contract, Decision, history, note_version, write_batch
from reconciler.store.schema import hash_key
from reconciler.store.schema_range import writing

TRIES = 3
"""A batch is planned anew so often when the state moves on while it is being applied."""

ACTOR_KIND = "feed"
_SHOWN = 3


class FeedLook:
    """Takes what is new. A batch that is faulty, or that a guard refuses, is kept aside, with its report.

    `problem` is what could not be read.
    """

    def __init__(self, work: Workplace, contract: Contract, spec: ContactFeedSpec, tell: Tell) -> None:
        self.problem: str | None = None
        self._work = work
        self._contract = contract
        self._spec = spec
        self._tell = tell
        self._by = Actor(contract.key.name, ACTOR_KIND)

    def take_all(self, opened: Callable[[], Place], stopping: Callable[[], bool]) -> bool:
        """Take what is new, until `stopping`; gives False where something is still being written.

        Raises SomebodyElseIsApplying where others do so all the time.
        """
        now = self._work.clock.now()
        try:
            place = opened()
            left = {arrival.name: arrival for arrival in place.arrivals(now)}
        except PlaceUnreadable as fault:
            self.problem = f"{self._spec.from_}: {fault}"
            return True
        while True:
            known, mirror = self._history(), self._spec.mode == "mirror"
            choice = choose(left.values(), known, self._contract.digest, now, mirror=mirror)
            for arrival in choice.late:
                del left[arrival.name]
            with suppress(SomebodyElseIsApplying):  # whoever it is notes the same; if not, the next look does
                self._pass_over(known, [Decision(one, None, BatchState.PASSED_OVER) for one in choice.late])
            if not choice.take or stopping():
                return not choice.wait
            self._take(place, left.pop(choice.take[0].name), known)

    def _take(self, place: Place, arrival: Arrival, known: History) -> None:
        """Read one, unless it is as it was when it was decided about, and judge it."""
        last = known.latest.get(arrival.name)
        decided = last is not None and known.is_decided(last, self._contract.digest)
        try:
            arrived = place.read(arrival, last.version if last is not None and decided else None)
        except PlaceUnreadable as fault:
            self.problem = self.problem or f"{self._spec.from_}: {fault}"
            return
        if arrived is not None:
            self._judge_whatever_happens(arrived, known)

    def _judge_whatever_happens(self, arrived: Arrived, known: History) -> None:
        for _ in range(TRIES - 1):
            try:
                self._judge(arrived, known)
            except SomebodyElseIsApplying:
                known = self._history()
                continue
            return
        self._judge(arrived, known)

    def _judge(self, arrived: Arrived, known: History) -> None:
        """Decide about a batch that was read. Raises SomebodyElseIsApplying."""
        arrival, contract = arrived.arrival, self._contract
        with self._work.database.read() as connection:
            digest = digest_of(arrived.content, hash_key(connection))
        last = known.latest.get(arrival.name)
        same = last if last is not None and last.digest == digest else None
        if same is not None and known.is_decided(same, contract.digest):
            if same.version != arrival.version:
                with writing(self._work.database, (Lock.STATE,)) as connection:
                    note_version(connection, contract.source, same, arrival.version)
        elif known.is_late(arrival):
            self._pass_over(known, [Decision(arrival, digest, BatchState.PASSED_OVER)])
        else:
            batch = BatchToJudge(
                contract,
                self._spec,
                arrived,
                arrival.name,
                number=same.number if same is not None else known.next_number,
                digest=digest,
                judged_by=same.contract if same is not None else None,
            )
            self._settle(batch)

    def _settle(self, batch: BatchToJudge) -> None:
        """Apply a batch, or keep it aside."""
        actor, manifests = batch.actor(self._by, self._work), batch.manifests()
        told = {
            "feed": str(self._contract.key),
            "batch": f"#{batch.number}",
            "name": batch.arrived.arrival.name,
        }
        try:
            with self._work.database.read() as connection:
                planned = manifests.plan(connection, batch.options(self._work))
        except (FaultsFound, PlanRefused) as error:
            report = report_on_error(error)
        else:
            report = report_on(planned)
            if not planned.plan.guards:
                result = apply_batch(self._work, batch, planned, actor, rows=manifests.rows())
                done = {action: count for action, count in report["changes"].items() if count}
                self._tell("batch applied", **told, **done, serial=result.serial)
                return
        decision = batch.decision(BatchState.QUARANTINED, manifests.rows(), report)
        write_decision(self._work, batch, decision, actor)
        self._tell("batch in quarantine", **told, detail=why(report))

    def _pass_over(self, known: History, late: Sequence[Decision]) -> None:
        """Write down that batches came after one that is newer."""
        if not late:
            return
        actor = Actor(self._by.name, ACTOR_KIND, source=self._contract.source)
        now = self._work.clock.now()
        with writing(self._work.database, (Lock.STATE,)) as connection:
            for number, decision in enumerate(late, known.next_number):
                write_batch(connection, self._contract, number, decision, actor, now=now, ids=self._work.ids)
        names = ", ".join(one.arrival.name for one in late[:_SHOWN])
        self._tell("batches passed over", feed=str(self._contract.key), count=len(late), names=names)

    def _history(self) -> History:
        with self._work.database.read() as connection:
            return history(connection, self._contract.source)
