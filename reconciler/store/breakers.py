"""Rows of breakers: loaded as values, saved where they changed (R-RETRY-4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, bindparam, delete, select

from reconciler.core.breaker import Breaker
from reconciler.core.holds import HoldScope
from reconciler.store import dialect
from reconciler.store.prepared import Prepared
from reconciler.store.tables import Breaker as BreakerTable
from reconciler.store.tables import breaker

NO_ORG = UUID(int=0)
"""Stands for "all organizations" in a breaker's key: a gateway serves them all."""


class BreakerKey(NamedTuple):
    """What a breaker watches: a gateway, or an agent of one organization."""

    scope: str
    org_id: UUID
    value: str


_insert = dialect.insert(BreakerTable).values(
    {name: bindparam(name) for name in ("scope", "org_id", "value", "state")}
)
_SAVE = Prepared(
    _insert.on_conflict_do_update(
        index_elements=["scope", "org_id", "value"], set_={"state": _insert.excluded.state}
    )
)

_ALL = Prepared(select(breaker))


def gateway_key(name: str) -> BreakerKey:
    """Give the key of a gateway's breaker."""
    return BreakerKey(HoldScope.GATEWAY.value, NO_ORG, name)


def agent_key(org_id: UUID, agent_id: str) -> BreakerKey:
    """Give the key of an agent's breaker."""
    return BreakerKey(HoldScope.AGENT.value, org_id, agent_id)


class Shelf:
    """The breakers as one transaction sees them: read at the first need, and only once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._states: dict[BreakerKey, Breaker] | None = None

    def states(self) -> Mapping[BreakerKey, Breaker]:
        """Give every breaker that is not as good as new."""
        if self._states is None:
            self._states = load(self._connection)
        return self._states

    def save(self, changed: Mapping[BreakerKey, Breaker]) -> None:
        """Write breakers."""
        save(self._connection, changed)
        fresh = Breaker()
        after = {**self.states(), **changed}
        self._states = {key: state for key, state in after.items() if state != fresh}


def load(connection: Connection) -> dict[BreakerKey, Breaker]:
    """Give every breaker that is not as good as new."""
    return {
        BreakerKey(row.scope, row.org_id, row.value): Breaker.from_json(row.state)
        for row in _ALL.rows(connection)
    }


def save(connection: Connection, changed: Mapping[BreakerKey, Breaker]) -> None:
    """Write breakers; one that is as good as new needs no row."""
    fresh = Breaker()
    worn = [
        {**key._asdict(), "state": state.to_json()}
        for key, state in sorted(changed.items())
        if state != fresh
    ]
    _SAVE.run_many(connection, worn)
    forget(connection, (key for key, state in changed.items() if state == fresh))


def forget(connection: Connection, keys: Iterable[BreakerKey]) -> None:
    """Make breakers as good as new."""
    for key in keys:
        connection.execute(
            delete(breaker).where(
                breaker.c.scope == key.scope, breaker.c.org_id == key.org_id, breaker.c.value == key.value
            )
        )
