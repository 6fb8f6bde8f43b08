"""Lists reach PostgreSQL as text of an array, and arrive there as they were."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

from databases import ON_POSTGRESQL, scratch_url
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import BigInteger, Boolean, String, Uuid, select

from reconciler.store.arrays import table_of
from reconciler.store.columns import Json, UtcDateTime, VersionText
from reconciler.store.engine import open_database
from reconciler.store.prepared import Prepared

texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)
awkward = st.sampled_from(["", "NULL", "null", '"', "\\", '\\"', "{}", ",", " a ", "é\n\t", "'"])
documents = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | texts | awkward,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
century = (datetime(1950, 1, 1), datetime(2050, 1, 1))  # noqa: DTZ001 - hypothesis takes bounds without zone
zones = st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30)), timezone(timedelta(hours=-9))])
rows = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.none() | st.builds(UUID, int=st.integers(0, 2**128 - 1)),
            "at": st.none() | st.datetimes(*century, timezones=zones),
            "count": st.none() | st.integers(-(2**63), 2**63 - 1),
            "on": st.none() | st.booleans(),
            "text": st.none() | texts | awkward,
            "version": st.none() | st.integers(0, 99) | st.sampled_from(["v1", "1.0"]),
            "document": documents,
        }
    ),
    max_size=5,
)
TYPES = {
    "id": Uuid(), "at": UtcDateTime(), "count": BigInteger(), "on": Boolean(), "text": String(),
    "version": VersionText(), "document": Json,
}  # fmt: skip
_TABLE = table_of(TYPES)
ALL = Prepared(select(*(_TABLE.c[name] for name in TYPES)))


@ON_POSTGRESQL
def test_values_of_every_type_arrive_as_they_were(engine):
    """R-MAN-1: whatever stands in a text or in data, quotes and backslashes included, is stored as it is."""
    database = open_database(scratch_url())

    @settings(max_examples=150, deadline=None)
    @given(rows)
    def arrive(given_rows):
        with database.read() as connection:
            columns = {name: [row[name] for row in given_rows] for name in TYPES}
            found = [row._asdict() for row in ALL.rows(connection, columns)]
        assert found == given_rows

    arrive()
