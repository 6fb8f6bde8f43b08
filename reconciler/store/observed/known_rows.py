"""Which rows of data files the database knows by their texts (manifests/row_texts.py)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select

from reconciler.core.desired import ObjectKey, Place, WholeFile
from reconciler.core.known_rows import KnownContact
from reconciler.core.text_hashes import TextHashes
from reconciler.store.known_files import STANDS, known_file, sum_of_contacts
from reconciler.store.observed.places import lists_by_id, places
from reconciler.store.portions import chunks
from reconciler.store.prepared import Prepared
from reconciler.store.tables import contact, contact_number

_STANDING = select(contact.c.text_hash).distinct().where(*STANDS).order_by(contact.c.text_hash)
_OF_LIST = Prepared(_STANDING.where(contact.c.list_id == bindparam("list_id")))
_OF_DOCUMENTS = Prepared(
    _STANDING.where(
        contact.c.org_id == bindparam("org_id"),
        contact.c.campaign_key == bindparam("campaign_key"),
        contact.c.list_id.is_(None),
    )
)
_in_campaign = (
    contact.c.org_id == bindparam("org_id"),
    contact.c.campaign_key == bindparam("campaign_key"),
    contact.c.text_hash.is_not(None),
)
_OF_IDS = select(contact.c.list_id, contact.c.text_hash).where(
    *_in_campaign, contact.c.external_id.in_(bindparam("values", expanding=True))
)
_OF_NUMBERS = (
    select(contact.c.list_id, contact.c.text_hash)
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
        self._names = lists_by_id(connection)
        self._lists = {key: id_ for id_, key in self._names.items()}
        self._whole: dict[tuple[ObjectKey, str], WholeFile | None] = {}

    def whole_list(self, key: ObjectKey, digest: str) -> WholeFile | None:
        """Give the file of this digest if its rows are the list's contacts, all of them and nobody else.

        The contacts are added up once: an inline list is asked about before it is read, and again when it is.
        """
        asked = key, digest
        if asked not in self._whole:
            self._whole[asked] = self._found_whole(key, digest)
        return self._whole[asked]

    def _found_whole(self, key: ObjectKey, digest: str) -> WholeFile | None:
        list_id = self._lists.get(key)
        if list_id is None:
            return None
        known = known_file(self._connection, list_id)
        if known is None or known.digest != digest:
            return None
        return known if known.texts == sum_of_contacts(self._connection, list_id, self._source) else None

    def of_list(self, key: ObjectKey) -> TextHashes:
        """Give those of a list's contacts."""
        list_id = self._lists.get(key)
        if list_id is None:
            return TextHashes()
        asked = {"list_id": list_id, "source": self._source}
        return TextHashes(_OF_LIST.values(self._connection, asked))

    def of_documents(self) -> Mapping[Place, TextHashes]:
        """Give those of contacts that are on no list, by place."""
        found: dict[Place, TextHashes] = {}
        for place, (org_id, campaign_key) in self._places.items():
            asked = {"org_id": org_id, "campaign_key": campaign_key, "source": self._source}
            hashes = TextHashes(_OF_DOCUMENTS.values(self._connection, asked))
            if len(hashes):
                found[place] = hashes
        return found

    def of_ids(self, place: Place, ids: Iterable[str]) -> Iterator[KnownContact]:
        """Give the contacts of a place that have one of these external ids."""
        return self._of_any(_OF_IDS, place, ids)

    def of_numbers(self, place: Place, numbers: Iterable[str]) -> Iterator[KnownContact]:
        """Give the contacts of a place that have one of these numbers (E.164)."""
        return self._of_any(_OF_NUMBERS, place, numbers)

    def _of_any(self, statement: Select[Any], place: Place, values: Iterable[str]) -> Iterator[KnownContact]:
        org_id, campaign_key = self._places[place]
        here = {"org_id": org_id, "campaign_key": campaign_key}
        for chunk in chunks(values):
            for list_id, text_hash in self._connection.execute(statement, {"values": chunk, **here}):
                yield KnownContact(self._names.get(list_id), text_hash)
