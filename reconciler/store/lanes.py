"""Rows of lanes: found by key, made where they are missing."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, bindparam, delete, func, insert, select

from reconciler.core.lanes import LaneKey
from reconciler.ports import Ids
from reconciler.store.prepared import Prepared
from reconciler.store.tables import lane

_ids_and_keys = select(lane.c.id, *(lane.c[name] for name in LaneKey._fields))
_OF_CAMPAIGNS = _ids_and_keys.where(lane.c.campaign_key.in_(bindparam("campaigns", expanding=True)))
_THESE = Prepared(_ids_and_keys.where(lane.c.id.in_(bindparam("ids", expanding=True))))
_ALL = Prepared(_ids_and_keys)
_COUNT = Prepared(select(func.count()).select_from(lane))


def count(connection: Connection) -> int:
    """Count all lanes."""
    [row] = _COUNT.rows(connection)
    return int(row[0])


def keys(connection: Connection) -> dict[UUID, LaneKey]:
    """Give the keys of all lanes."""
    return {row[0]: LaneKey(*row[1:]) for row in _ALL.rows(connection)}


def keys_of(connection: Connection, ids: Collection[UUID]) -> dict[UUID, LaneKey]:
    """Give the keys of these lanes."""
    return {row[0]: LaneKey(*row[1:]) for row in _THESE.rows(connection, {"ids": list(ids)})}


def lane_ids(
    connection: Connection, org_of: dict[UUID, UUID], keys: Iterable[LaneKey], ids: Ids, now: datetime
) -> dict[LaneKey, UUID]:
    """Give the id of every lane of these keys, making those that do not exist.

    `org_of` maps each campaign key to its organization. Runs inside the caller's write transaction.
    """
    wanted = set(keys)
    if not wanted:
        return {}
    campaigns = {key.campaign_key for key in wanted}
    rows = connection.execute(_OF_CAMPAIGNS, {"campaigns": sorted(campaigns)})
    found = {LaneKey(*row[1:]): row[0] for row in rows}
    missing = {key: ids(now) for key in sorted(wanted - found.keys())}
    if missing:
        connection.execute(
            insert(lane),
            [
                {"id": id_, "org_id": org_of[key.campaign_key], **key._asdict()}
                for key, id_ in missing.items()
            ],
        )
    return {key: id_ for key, id_ in (found | missing).items() if key in wanted}


def drop_lanes(connection: Connection, campaigns: Iterable[UUID]) -> None:
    """Drop the lanes of closed campaigns: their contacts are never claimed (R-LIFE-8)."""
    connection.execute(delete(lane).where(lane.c.campaign_key.in_(sorted(campaigns))))
