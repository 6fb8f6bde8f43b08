"""Which rows of data files the database knows by their texts (manifests/row_texts.py)."""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Set as AbstractSet
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, bindparam, select

from reconciler.core.desired import ObjectKey
from reconciler.core.settlement import ContactStatus
from reconciler.store.observed.places import Place, lists_by_id, places
from reconciler.store.portions import chunks
from reconciler.store.tables import contact, contact_number

_OF_LIST = select(contact.c.text_hash).where(
    contact.c.list_id == bindparam("list_id"),
    contact.c.source == bindparam("source"),
    contact.c.text_hash.is_not(None),
    contact.c.applied_hash.is_not(None),
    contact.c.status != ContactStatus.WITHDRAWN.value,
    contact.c.withdraw_requested.is_(False),
)
_in_campaign = (
    contact.c.org_id == bindparam("org_id"),
    contact.c.campaign_key == bindparam("campaign_key"),
    contact.c.text_hash.is_not(None),
)
_OF_IDS = select(contact.c.text_hash).where(
    *_in_campaign, contact.c.external_id.in_(bindparam("values", expanding=True))
)
_OF_NUMBERS = (
    select(contact.c.text_hash)
    .join(contact_number, contact_number.c.contact_id == contact.c.id)
    .where(
        *_in_campaign,
        contact_number.c.org_id == bindparam("org_id"),
        contact_number.c.number.in_(bindparam("values", expanding=True)),
    )
)


class KnownRows:
    """Text hashes of contacts that a source has applied, and that stand as it applied them."""

    def __init__(self, connection: Connection, source: str) -> None:
        self._connection = connection
        self._source = source
        self._places = places(connection)
        self._lists = {key: id_ for id_, key in lists_by_id(connection).items()}

    def of_list(self, key: ObjectKey) -> AbstractSet[int]:
        """Give those of a list's contacts."""
        list_id = self._lists.get(key)
        if list_id is None:
            return frozenset()
        asked = {"list_id": list_id, "source": self._source}
        return set(self._connection.execute(_OF_LIST, asked).scalars())

    def of_ids(self, org: str, campaign: str | None, ids: Collection[str]) -> AbstractSet[int]:
        """Give those of contacts of a campaign that have one of these external ids."""
        return self._of_any(_OF_IDS, org, campaign, ids)

    def of_numbers(self, org: str, campaign: str | None, numbers: Collection[str]) -> AbstractSet[int]:
        """Give those of contacts of a campaign that have one of these numbers (E.164)."""
        return self._of_any(_OF_NUMBERS, org, campaign, numbers)

    def _of_any(
        self, statement: Select[Any], org: str, campaign: str | None, values: Collection[str]
    ) -> AbstractSet[int]:
        place = self._place(org, campaign)
        return {
            text
            for chunk in chunks(sorted(values))
            for text in self._connection.execute(statement, {"values": chunk, **place}).scalars()
        }

    def _place(self, org: str, campaign: str | None) -> dict[str, UUID]:
        org_id, campaign_key = self._places[Place(org, campaign or "")]
        return {"org_id": org_id, "campaign_key": campaign_key}
