"""Tallies: contacts per campaign and status, and attempts made, kept in the transactions that change them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import Connection, bindparam

from reconciler.store import dialect
from reconciler.store.columns import AnyRow
from reconciler.store.prepared import Prepared
from reconciler.store.tables import Tally, tally

USED_ATTEMPTS = "used_attempts"
UNUSED_ATTEMPTS = "unused_attempts"

_insert = dialect.insert(Tally).values(
    {name: bindparam(name) for name in ("org_id", "campaign_key", "name", "count")}
)
_ADD = Prepared(
    _insert.on_conflict_do_update(
        index_elements=["campaign_key", "name"], set_={"count": tally.c.count + _insert.excluded.count}
    )
)


class TallyChange:
    """Collects changes of tallies and writes them with one statement."""

    def __init__(self) -> None:
        self._deltas: defaultdict[tuple[UUID, str], int] = defaultdict(int)
        self._org_of: dict[UUID, UUID] = {}

    def add(self, org_id: UUID, campaign_key: UUID, name: str, count: int = 1) -> None:
        """Count something more, or with a negative count less."""
        self._deltas[campaign_key, name] += count
        self._org_of[campaign_key] = org_id

    def move(self, org_id: UUID, campaign_key: UUID, before: str, after: str, count: int = 1) -> None:
        """Count contacts that went from one status to another."""
        self.add(org_id, campaign_key, before, -count)
        self.add(org_id, campaign_key, after, count)

    def move_all(self, rows: Iterable[AnyRow], before: str, after: str) -> None:
        """Count contacts, by their rows, that all went from one status to another."""
        counts = Counter((row.org_id, row.campaign_key) for row in rows)
        for (org_id, campaign_key), count in counts.items():
            self.move(org_id, campaign_key, before, after, count)

    def write(self, connection: Connection) -> None:
        """Write what has been collected."""
        rows = [
            {"org_id": self._org_of[key], "campaign_key": key, "name": name, "count": count}
            for (key, name), count in sorted(self._deltas.items())
            if count
        ]
        _ADD.run_many(connection, rows)
        self._deltas.clear()
