"""One batch of a feed: planned by itself, judged by the guards, and applied with what is written down of it.

The way that a controller and `dialctl import` have in common. What is read is a list of the batch's own, and
its source is the feed's own, too: so its contacts belong to nobody else, and are no drift to git (R-PLAN-5).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from io import BytesIO

from sqlalchemy import Connection

from reconciler.controller.planning import Planned, ReadSource, Source
from reconciler.core.desired import Json
from reconciler.core.feeds import BatchState
from reconciler.core.plan.plan import Plan, PlanOptions
from reconciler.errors import DialctlError, Fault, FaultsFound
from reconciler.manifests.feeds.batch import batch_manifests
from reconciler.manifests.feeds.places import Arrived
from reconciler.ports import Clock, Ids
from reconciler.spec.contact_feed import ContactFeedSpec
from reconciler.store.apply import ApplyResult, apply
from reconciler.store.apply_progress import Progressing, unwatched
from reconciler.store.dialect import Lock
from reconciler.store.engine import Database
from reconciler.store.events import Actor
from reconciler.store.feeds import Contract, Decision, write_batch
from reconciler.store.schema_range import writing

REPORTED = 20
"""So many faults, and so many bad rows, are kept in a report; the others are counted."""


@dataclass(frozen=True, slots=True)
class Workplace:
    """What batches are worked on with."""

    database: Database
    clock: Clock
    ids: Ids


@dataclass(frozen=True, slots=True)
class BatchToJudge:
    """A batch that was read. `shown` is what faults call it; `number` the one that it has, or will have."""

    contract: Contract
    spec: ContactFeedSpec
    arrived: Arrived
    shown: str
    number: int
    digest: str
    strict: bool = False
    judged_by: str | None = None

    def manifests(self) -> ReadSource:
        """Read it, as far as that needs no database."""
        loaded = batch_manifests(self.contract.list_key, self.spec, self.shown, self.arrived.content)
        strict = self.strict or self.spec.strict
        return ReadSource(Source([], BytesIO(), self.contract.key.org, strict), loaded)

    def options(self, work: Workplace, allow: Iterable[str] = ()) -> PlanOptions:
        """Say how it is planned: passing the guards that the contract allows, and these."""
        allowed = frozenset({*self.spec.allow, *allow})
        return PlanOptions(work.clock.now(), self.contract.source, allowed=allowed)

    def actor(self, by: Actor, work: Workplace) -> Actor:
        """Say who changes something, and by which batch."""
        apply_id = work.ids(work.clock.now())
        return Actor(by.name, by.kind, apply_id, self.contract.source, f"#{self.number}")

    def decision(self, state: BatchState, rows: int, report: Mapping[str, Json]) -> Decision:
        """Say what became of it."""
        return Decision(self.arrived.arrival, self.digest, state, rows, report, self.judged_by)


def digest_of(content: bytes, hash_key: bytes) -> str:
    """Give what tells contents apart, and from which nobody can guess a small one back."""
    return blake2b(content, key=hash_key, digest_size=16).hexdigest()


def apply_batch(
    work: Workplace,
    batch: BatchToJudge,
    planned: Planned,
    actor: Actor,
    *,
    rows: int,
    progressing: Progressing = unwatched,
) -> ApplyResult:
    """Apply a batch's plan, and write the batch down, in one transaction.

    Raises what `apply` raises, and SomebodyElseIsApplying where the batch was taken meanwhile.
    """
    decision = batch.decision(BatchState.APPLIED, rows, report_on(planned))
    written = []

    def also(connection: Connection) -> None:
        now = work.clock.now()
        write_batch(connection, batch.contract, batch.number, decision, actor, now=now, ids=work.ids)
        written.append(batch.number)

    result = apply(
        work.database, planned.plan, actor, work.clock, work.ids, progressing=progressing, also=also
    )
    if not written:
        write_decision(work, batch, decision, actor)
    return result


def write_decision(work: Workplace, batch: BatchToJudge, decision: Decision, actor: Actor) -> None:
    """Write down what became of a batch that changes nothing."""
    with writing(work.database, (Lock.STATE,)) as connection:
        now = work.clock.now()
        write_batch(connection, batch.contract, batch.number, decision, actor, now=now, ids=work.ids)


def report_on(planned: Planned) -> dict[str, Json]:
    """Tell what a plan does to contacts, what it leaves out, and which guards refuse it or were passed."""
    return {
        "changes": _of_contacts(planned.plan),
        "guards": [{"guard": one.guard, "detail": one.detail} for one in planned.plan.guards],
        "passed": [{"guard": one.guard, "detail": one.detail} for one in planned.passed],
        **_bad_rows(planned.bad_rows),
    }


def report_on_error(error: DialctlError) -> dict[str, Json]:
    """Tell why there is no plan: faults, each with its place, or another reason."""
    if isinstance(error, FaultsFound):
        first = [_kept(str(fault)) for fault in error.faults[:REPORTED]]
        return {"faults": first, "fault_count": len(error.faults)}
    return {"refused": _kept(error.message)}


def why(report: Mapping[str, Json]) -> str:
    """Give the first reason that a report has for a quarantine."""
    reasons = [*report.get("faults", ()), *report.get("refused", "").splitlines()]
    reasons += [f"{one['guard']}: {one['detail']}" for one in report.get("guards", ())]
    return str(reasons[0]) if reasons else ""


def _of_contacts(plan: Plan) -> dict[str, int]:
    """Count the changes of contacts by action: without the list that they are on, which is one object."""
    of_objects = Counter(change.action.value for change in plan.objects) or {"unchanged": 1}
    return {action: count - of_objects.get(action, 0) for action, count in plan.summary().items()}


def _kept(text: str) -> str:
    """Write a text so that every database can keep it: what it quotes came from outside."""
    return text.replace("\0", "\\0").encode("utf-8", "backslashreplace").decode()


def _bad_rows(rows: Iterable[Fault]) -> dict[str, Json]:
    told = [_kept(str(fault)) for fault in rows]
    return {"bad_row_count": len(told), "bad_rows": told[:REPORTED]} if told else {}
