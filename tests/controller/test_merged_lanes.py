"""Lanes read in chunks and merged give what sorting all their contacts would give."""

from __future__ import annotations

from types import SimpleNamespace
from typing import NamedTuple
from unittest.mock import patch
from uuid import UUID

from databases import ON_POSTGRESQL, ON_SQLITE
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update
from support.bench import MONDAY, SECOND, Bench, campaign, configuration, crowd

from reconciler.controller import merged_lanes
from reconciler.controller.merged_lanes import MergedLanes
from reconciler.core.rooms import Rooms
from reconciler.store import queue, tables

SEVERAL = 24
LANES = [UUID(int=number) for number in range(1, 5)]
LIMITS = [("campaign", 1, None), ("campaign", 2, None), ("caller_id", 3, None)]


class Case(NamedTuple):
    """Who waits in which lane and since how many seconds; what limits the lanes; how they are read.

    `known`: the lanes whose heads are known beforehand.
    """

    waiting: list[tuple[UUID, int]]
    limits: list[list[tuple]]
    free: dict[tuple, int]
    chunk: int
    lanes_at_a_time: int
    need: int
    known: list[UUID]


cases = st.builds(
    Case,
    st.lists(st.tuples(st.sampled_from(LANES), st.integers(-2, 6)), max_size=SEVERAL),
    st.lists(st.lists(st.sampled_from(LIMITS), unique=True), min_size=len(LANES), max_size=len(LANES)),
    st.dictionaries(st.sampled_from(LIMITS), st.integers(0, 5)),
    st.integers(1, 4),
    st.integers(1, 4),
    st.integers(1, SEVERAL),
    st.lists(st.sampled_from(LANES), unique=True),
)


def put(bench, places):
    """Have contacts wait in lanes, each from so many seconds ago; the others are not pending."""
    with bench.database.write() as connection:
        rows = ids_of_contacts(connection)
        connection.execute(update(tables.contact).values(status="completed"))
        for id_, (lane_id, ago) in zip(rows, places, strict=False):
            connection.execute(
                update(tables.contact)
                .where(tables.contact.c.id == id_)
                .values(status="pending", lane_id=lane_id, due_at=MONDAY - ago * SECOND)
            )


def ids_of_contacts(connection):
    return sorted(
        connection.execute(tables.contact.select().with_only_columns(tables.contact.c.id)).scalars()
    )


def heads_of(connection, lanes):
    due = connection.execute(
        select(tables.contact)
        .where(tables.contact.c.status == "pending", tables.contact.c.due_at <= MONDAY)
        .order_by(tables.contact.c.due_at.desc(), tables.contact.c.id.desc())
    )
    return {row.lane_id: queue.Due(row.due_at, row.id) for row in due if row.lane_id in lanes}


def expected(connection, views, rooms, need):
    """Go through all contacts in order, as R-DIAL-2 says it."""
    by_lane = {view.id: view for view in views}
    due = connection.execute(
        select(tables.contact).where(tables.contact.c.status == "pending", tables.contact.c.due_at <= MONDAY)
    )
    taken = []
    for row in sorted(due, key=lambda row: (row.due_at, row.id)):
        view = by_lane[row.lane_id]
        if len(taken) < need and rooms.have_place(view.limits):
            rooms.take(view.limits)
            taken.append((row.id, view))
    return taken


def check(bench, case):
    put(bench, case.waiting)
    views = [
        SimpleNamespace(id=id_, limits=tuple(limits)) for id_, limits in zip(LANES, case.limits, strict=True)
    ]
    with (
        patch.object(merged_lanes, "SMALLEST_CHUNK", case.chunk),
        patch.object(merged_lanes, "LANES_AT_A_TIME", case.lanes_at_a_time),
        bench.database.read() as connection,
    ):
        merged = MergedLanes(connection, MONDAY, views, heads_of(connection, case.known), Rooms(case.free))
        assert merged.take(case.need) == expected(connection, views, Rooms(case.free), case.need)


def bench():
    return Bench(configuration(), campaign(), crowd(SEVERAL))


@ON_SQLITE
@settings(max_examples=40, deadline=None)
@given(cases)
def test_the_longest_due_come_first_whatever_lane_they_wait_in(case):
    """R-DIAL-2, R-DIAL-3: by due time and id, and nobody waits behind a limit that is not theirs."""
    check(bench(), case)


@ON_POSTGRESQL
def test_one_statement_reads_many_lanes_as_many_statements_do():
    """R-DIAL-2: PostgreSQL stops reading where enough is found, and goes on from there."""
    on_server = bench()

    @settings(max_examples=60, deadline=None)
    @given(cases)
    def on_one_database(case):
        check(on_server, case)

    on_one_database()


def test_a_lane_is_read_from_behind_a_place_on():
    """R-DIAL-2: contacts that are due at one instant come in the order of their ids."""
    one = bench()
    put(one, [(LANES[0], 3)] * 5)
    with one.database.read() as connection:
        ids = ids_of_contacts(connection)[:5]
        last = queue.Due(MONDAY - 3 * SECOND, ids[1])
        found, read_to = queue.due_contacts(connection, {LANES[0]: last}, MONDAY, 9, 9)
    assert [due.id for due in found[LANES[0]]] == ids[2:]
    assert read_to is None
