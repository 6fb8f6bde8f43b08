"""Contracts of feeds as they were applied, and their batches: read, and written down once each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from reconciler.core.canonical import content_hash
from reconciler.core.desired import Json, ObjectKey
from reconciler.core.feeds import Arrival, Batch, BatchState, History
from reconciler.errors import SomebodyElseIsApplying
from reconciler.ports import Ids
from reconciler.spec.contact_feed import ContactFeedSpec
from reconciler.store.columns import AnyRow
from reconciler.store.events import Actor, EventRecord, write_events
from reconciler.store.tables import IS_APPLIED, campaign, feed_batch, inventory, organization, source_state

FEEDS = "feed/"
"""How the names of sources start that own the contacts of feeds."""

IMPORTS = "import/"
"""How those start that own contacts which came by hand, and belong to no feed."""

_NO_PART = frozenset({"labels", "interval"})
"""What a contract says that has nothing to do with what becomes of a batch."""


_BATCHES = select(
    feed_batch.c.number, feed_batch.c.name, feed_batch.c.arrived_at, feed_batch.c.state,
    feed_batch.c.version, feed_batch.c.digest, feed_batch.c.contract,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Contract:
    """A ContactFeed as it was applied, or, with `by_hand`, what stands for one where a file comes by hand.

    `spec` is None where this release cannot read it. `looked_at` is when a controller looked for batches
    last, and `looked_by` the digest of the contract by which it did.
    """

    org_id: UUID
    key: ObjectKey
    spec: ContactFeedSpec | None
    campaign_status: str
    object_id: UUID | None = None
    document: str | None = None
    owner: str | None = None
    condition: str | None = None
    detail: str | None = None
    looked_at: datetime | None = None
    changed_at: datetime | None = None
    looked_by: str | None = None
    by_hand: bool = False

    @property
    def is_open(self) -> bool:
        """Tell whether batches are of any use: nobody of a closed campaign is called (R-LIFE-8)."""
        return self.campaign_status != "closed"

    def is_due(self, now: datetime) -> bool:
        """Tell whether it is time to look for batches: after each interval, and after each change."""
        if self.spec is None or self.looked_at is None or self.looked_by != self.digest:
            return True
        return now >= self.looked_at + self.spec.interval

    @property
    def campaign(self) -> str:
        """Give the name of its campaign."""
        return self.key.campaign or ""

    @property
    def source(self) -> str:
        """Give the name of the source that owns its contacts (R-PLAN-5)."""
        start = IMPORTS if self.by_hand else FEEDS
        return f"{start}{self.key.org}/{self.campaign}/{self.key.name}"

    @property
    def list_key(self) -> ObjectKey:
        """Give the identity of the list that its contacts are on."""
        return self.key._replace(kind="ContactList")

    @property
    def digest(self) -> str:
        """Give what tells whether a batch would be judged in the same way."""
        if self.spec is None:
            return ""
        said = self.spec.model_dump(mode="json", by_alias=True)
        return content_hash({name: value for name, value in said.items() if name not in _NO_PART})


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of a batch: its state, the rows that it has, and a report without personal data.

    `judged_by` is the digest of the contract that kept it in quarantine until now; None for a new batch.
    """

    arrival: Arrival
    digest: str | None
    state: BatchState
    rows: int = 0
    report: Mapping[str, Json] | None = None
    judged_by: str | None = None


def contracts(connection: Connection, *where: ColumnElement[bool]) -> Iterator[Contract]:
    """Give the feeds that were applied, by organization, campaign and name."""
    campaign_name = inventory.c.campaign
    source = FEEDS + organization.c.name + "/" + campaign_name + "/" + inventory.c.name
    statement = (
        select(
            inventory, organization.c.name.label("org"), campaign.c.status, source_state.c.condition,
            source_state.c.detail, source_state.c.looked_at, source_state.c.changed_at,
            source_state.c.revision.label("looked_by"),
        )
        .join(organization, organization.c.id == inventory.c.org_id)
        .join(campaign, (campaign.c.org_id == inventory.c.org_id) & (campaign.c.external_id == campaign_name))
        .outerjoin(source_state, source_state.c.name == source)
        .where(inventory.c.kind == "ContactFeed", *where)
        .order_by(organization.c.name, campaign_name, inventory.c.name)
    )  # fmt: skip
    for row in connection.execute(statement):
        yield Contract(
            org_id=row.org_id,
            key=ObjectKey("ContactFeed", row.org, row.campaign, row.name),
            spec=_spec(row.applied),
            campaign_status=row.status,
            object_id=row.object_id,
            document=row.document,
            owner=row.source,
            condition=row.condition,
            detail=row.detail,
            looked_at=row.looked_at,
            changed_at=row.changed_at,
            looked_by=row.looked_by,
        )


def owned_by(source: str) -> ColumnElement[bool]:
    """Narrow `contracts` down to those that manifests of this source declare."""
    return inventory.c.source == source


def named(org_id: UUID, name: str | None = None, campaign_name: str | None = None) -> ColumnElement[bool]:
    """Narrow `contracts` down to those of an organization, of this name, and of this campaign."""
    found = inventory.c.org_id == org_id
    if name is not None:
        found &= inventory.c.name == name
    return found if campaign_name is None else found & (inventory.c.campaign == campaign_name)


def history(connection: Connection, source: str) -> History:
    """Give what is known of the batches of a source."""
    of_source = feed_batch.c.source == source
    newest = select(func.max(feed_batch.c.number)).where(of_source).group_by(feed_batch.c.name)
    latest = [
        _batch(row) for row in connection.execute(_BATCHES.where(of_source, feed_batch.c.number.in_(newest)))
    ]
    applied = connection.execute(
        _BATCHES.where(of_source, IS_APPLIED)
        .order_by(feed_batch.c.arrived_at.desc(), feed_batch.c.name.desc(), feed_batch.c.number.desc())
        .limit(1)
    ).first()
    return History(
        {batch.name: batch for batch in latest},
        _batch(applied) if applied else None,
        max((batch.number for batch in latest), default=0) + 1,
    )


def batch_of(connection: Connection, source: str, number: int) -> Batch | None:
    """Give a batch of a source."""
    its_row = (feed_batch.c.source == source, feed_batch.c.number == number)
    found = connection.execute(_BATCHES.where(*its_row)).first()
    return _batch(found) if found else None


def write_batch(
    connection: Connection,
    contract: Contract,
    number: int,
    decision: Decision,
    actor: Actor,
    *,
    now: datetime,
    ids: Ids,
) -> None:
    """Write down what became of a batch, and log it, in the caller's transaction, which holds the state lock.

    Raises SomebodyElseIsApplying where another process has decided about it, or about this number, meanwhile.
    """
    values: dict[str, Any] = {
        "version": decision.arrival.version,
        "digest": decision.digest,
        "contract": contract.digest,
        "state": decision.state.value,
        "row_count": decision.rows,
        "report": dict(decision.report or {}),
        "apply_id": actor.apply_id,
        "actor": actor.name,
        "decided_at": now,
    }
    if decision.judged_by is not None:
        kept_aside = (
            feed_batch.c.source == contract.source,
            feed_batch.c.number == number,
            feed_batch.c.state == BatchState.QUARANTINED.value,
            feed_batch.c.contract == decision.judged_by,
        )
        _require(
            connection.execute(update(feed_batch).where(*kept_aside).values(values)).rowcount == 1, contract
        )
    else:
        newest = select(func.max(feed_batch.c.number)).where(feed_batch.c.source == contract.source)
        _require((connection.execute(newest).scalar_one() or 0) + 1 == number, contract)
        born = {
            "id": ids(now),
            "org_id": contract.org_id,
            "campaign": contract.campaign,
            "feed": None if contract.by_hand else contract.key.name,
            "source": contract.source,
            "number": number,
            "name": decision.arrival.name,
            "arrived_at": decision.arrival.arrived_at,
            "seen_at": now,
        }
        connection.execute(insert(feed_batch).values(values | born))
    if decision.state is not BatchState.PASSED_OVER:
        write_events(connection, actor, now, [_event(contract, number, decision)])


def report_of(connection: Connection, source: str, number: int) -> Mapping[str, Json]:
    """Give the report on a batch."""
    its_row = (feed_batch.c.source == source, feed_batch.c.number == number)
    found: Mapping[str, Json] = connection.execute(select(feed_batch.c.report).where(*its_row)).scalar_one()
    return found


def note_version(connection: Connection, source: str, batch: Batch, version: str | None) -> None:
    """Remember by which version a batch is recognised, whose file was written again as it was."""
    its_row = (feed_batch.c.source == source, feed_batch.c.number == batch.number)
    connection.execute(update(feed_batch).where(*its_row).values(version=version))


def look_again(connection: Connection, source: str) -> None:
    """Have controllers look at a feed at once: a person has changed what its last look came to."""
    connection.execute(delete(source_state).where(source_state.c.name == source))


def forget_conditions(connection: Connection, standing: Sequence[Contract]) -> None:
    """Drop what became of feeds that are no more, so that nobody is told of it for ever."""
    is_of_feed = source_state.c.name.startswith(FEEDS, autoescape=True)
    known = [contract.source for contract in standing]
    connection.execute(delete(source_state).where(is_of_feed, source_state.c.name.not_in(known)))


def any_forgotten(connection: Connection, standing: Sequence[Contract]) -> bool:
    """Tell whether there is something that `forget_conditions` would drop."""
    is_of_feed = source_state.c.name.startswith(FEEDS, autoescape=True)
    known = [contract.source for contract in standing]
    others = select(source_state.c.name).where(is_of_feed, source_state.c.name.not_in(known)).limit(1)
    return connection.execute(others).first() is not None


def _require(is_ours: bool, contract: Contract) -> None:  # noqa: FBT001 - private
    if not is_ours:
        raise SomebodyElseIsApplying(
            f"somebody else took a batch of {contract.key} in the same moment", hint="try again"
        )


def _batch(row: AnyRow) -> Batch:
    return Batch(
        row.number, row.name, row.arrived_at, BatchState(row.state), row.version, row.digest, row.contract
    )


def _spec(applied: Mapping[str, Json]) -> ContactFeedSpec | None:
    said = {name: value for name, value in applied.items() if name != "labels"}
    try:
        return ContactFeedSpec.model_validate(said)
    except ValidationError:  # a newer release knows more fields
        return None


def _event(contract: Contract, number: int, decision: Decision) -> EventRecord:
    action = "import" if decision.state is BatchState.APPLIED else "quarantine"
    return EventRecord(
        action,
        "ContactList" if contract.by_hand else "ContactFeed",
        contract.key.name,
        org_id=contract.org_id,
        object_id=contract.object_id,
        campaign=contract.campaign,
        count=decision.rows,
        reason=f"batch #{number}, {decision.arrival.name}",
    )
