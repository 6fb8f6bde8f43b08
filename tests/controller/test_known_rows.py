"""Rows that are known are not read again, and nobody can tell by the plan."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from unittest.mock import patch

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from databases import ON_POSTGRESQL, ON_SQLITE, scratch_url
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, text, update
from support import inline_lists

from reconciler.clock import VirtualClock
from reconciler.controller.planning import ReadSource, Source
from reconciler.core.plan.guards import GUARDS
from reconciler.core.plan.plan import PlanOptions
from reconciler.errors import FaultsFound, PlanRefused
from reconciler.ids import Uuid7
from reconciler.manifests import left_out, load, row_texts
from reconciler.store import tables
from reconciler.store.apply import apply
from reconciler.store.engine import open_database
from reconciler.store.events import Actor
from reconciler.store.schema import create_scratch

COLUMNS = ("external_id", "phone", "timezone", "plan")
NOW = datetime(2026, 3, 4, 17, 0, tzinfo=UTC)
MANIFESTS = """\
apiVersion: campaigns/v1
kind: Configuration
metadata: {{name: hours}}
spec: {{agent_id: agent-a, dialing: {{default_country: {country}}}}}
---
apiVersion: campaigns/v1
kind: Campaign
metadata: {{name: spring}}
spec: {{configuration: hours}}
---
apiVersion: campaigns/v1
kind: ContactList
metadata: {{name: crm, campaign: spring}}
spec: {{from: crm.{kind}, mode: {mode}}}
---
apiVersion: campaigns/v1
kind: ContactList
metadata: {{name: web, campaign: spring}}
spec: {{key: phone, from: web.csv}}
"""
DOCUMENT = """\
---
apiVersion: campaigns/v1
kind: Contact
metadata: {{name: {name}, campaign: {campaign}}}
spec: {{phone_numbers: ["{number}"]{zone}}}
"""
documents = st.lists(
    st.tuples(
        st.sampled_from(["ada", "fay", "gus", "hal"]),
        st.sampled_from(["spring", "spring", "spring", "default"]),
        st.sampled_from(["+12125550142", "+12125550170", "212 555 0171", "+442079460018"]),
        st.sampled_from(["", ", timezone: EST", ", timezone: Europe/Paris"]),
    ),
    max_size=3,
    unique_by=lambda one: one[:2],
)
rows = st.lists(
    st.tuples(
        st.sampled_from(["ada", "bob", "cyd", "dan", "eve", ""]),
        st.sampled_from(
            ["+12125550142", "212 555 0143", "020 7946 0018", "+12125550144, +12125550145", "+1 555", "x", ""]
        ),
        st.sampled_from(["", "America/Chicago", "EST", "Mars/Olympus"]),
        st.sampled_from(["", "gold"]),
    ),
    max_size=7,
)
files = st.fixed_dictionaries(
    {
        "crm": rows,
        "web": st.lists(st.sampled_from(["+12125550142", "+12125550150", "+12125550151", "y"]), max_size=4),
        "country": st.sampled_from(["US", "US", "GB"]),
        "mode": st.sampled_from(["mirror", "mirror", "append"]),
        "kind": st.sampled_from(["csv", "csv", "jsonl", "parquet"]),
        "ones": documents,
        "desk": st.none() | inline_lists.lists,
    }
)
BY_HAND = {
    "nothing": None,
    "a number": update(tables.contact).values(phone_numbers=["+12125550199"]),
    "a zone": update(tables.contact).values(timezone="Asia/Tokyo"),
    "a withdrawal": update(tables.contact).values(status="withdrawn"),
    "a request": update(tables.contact).values(withdraw_requested=True),
    "a call": update(tables.contact).values(status="in_progress", attempts=1),
}
histories = st.lists(
    st.tuples(files, st.sampled_from(sorted(BY_HAND)), st.sampled_from(["ada", "bob", "ivy"])),
    min_size=1,
    max_size=4,
)


class Place:
    """Manifests in a folder, and a database."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.clock, self.ids = VirtualClock(NOW), Uuid7(Random(1))
        self.database = open_database(scratch_url())
        create_scratch(self.database, self.ids, NOW, bytes(32))

    def write(self, *, crm, web, country, mode, kind, ones=(), desk=None):
        self.folder.joinpath("all.yaml").write_text(MANIFESTS.format(country=country, mode=mode, kind=kind))
        write = {"csv": csv_text, "jsonl": jsonl_text, "parquet": parquet}[kind]
        self.folder.joinpath(f"crm.{kind}").write_bytes(write(crm))
        texts = (
            DOCUMENT.format(name=name, campaign=campaign, number=number, zone=zone)
            for name, campaign, number, zone in ones
        )
        self.folder.joinpath("ones.yaml").write_text("# one by one\n" + "".join(texts))
        self.folder.joinpath("desk.yaml").write_text(inline_lists.text_of(**desk) if desk else "# nobody\n")
        self.folder.joinpath("web.csv").write_text("\n".join(["phone", *web]) + "\n")

    def plan(self, *, read_all=False):
        """Give everything that a plan says, or why there is none; and the plan."""
        source = Source([str(self.folder)], io.BytesIO(), "default", read_all=read_all)
        try:
            with self.database.read() as connection:
                planned = ReadSource(source).plan(connection, PlanOptions(NOW, allowed=frozenset(GUARDS)))
        except (FaultsFound, PlanRefused) as refused:
            return str(refused), None
        made = planned.plan
        contacts = [
            change._replace(position=0) for change in made.contacts
        ]  # places among rows that were read
        said = (
            made.digest, made.objects, contacts, made.summary(), made.notices, made.effects, made.sweeps,
            planned.bad_rows, [guard.detail for guard in planned.passed],
        )  # fmt: skip
        return said, made

    def both(self):
        """Plan without reading what is known, and reading all; gives what they say, and the plan."""
        (said, made), (said_of_all, _) = self.plan(), self.plan(read_all=True)
        assert said == said_of_all
        return made

    def apply(self, made):
        apply(self.database, made, Actor("person", "ada"), self.clock, self.ids)

    def meddle(self, how, name):
        if how is not None:
            with self.database.write() as connection:
                connection.execute(how.where(tables.contact.c.external_id == name))

    def known(self):
        with self.database.read() as connection:
            return connection.execute(select(func.count(tables.contact.c.text_hash))).scalar_one()


def csv_text(crm):
    lines = [f'{name},"{numbers}",{zone},{plan}' for name, numbers, zone, plan in crm]
    return ("\n".join([",".join(COLUMNS), *lines]) + "\n").encode()


def jsonl_text(crm):
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in crm]
    rows = rows or [{"external_id": "zoe", "phone": "+12125550160"}]
    return "".join(f"{json.dumps(row)}\n" for row in rows).encode()


def parquet(crm):
    columns = zip(*crm, strict=True) if crm else [()] * len(COLUMNS)
    stream = io.BytesIO()
    cells = zip(COLUMNS, columns, strict=True)
    pq.write_table(pa.table({name: pa.array(list(texts), pa.string()) for name, texts in cells}), stream)
    return stream.getvalue()


@pytest.fixture(autouse=True)
def _known_from_the_second_row_on():
    with (
        patch.object(row_texts, "ALWAYS_READ", 1),
        patch.object(left_out, "WORTH_LEAVING_OUT", 1),
    ):
        yield


def replay(history):
    with TemporaryDirectory() as folder:
        here = Place(folder)
        for declared, how, name in history:
            here.write(**declared)
            made = here.both()
            if made is not None:
                here.apply(made)
                assert here.both().in_sync
            here.meddle(BY_HAND[how], name)
            here.both()
        here.database.close()


@ON_SQLITE
@settings(max_examples=120, deadline=None)
@given(histories)
def test_plans_are_the_same_whether_or_not_known_rows_are_read(history):
    """R-PLAN-1: changes, notices, guards, effects, bad rows and digest, after applies and edits by hand."""
    replay(history)


@ON_POSTGRESQL
@settings(max_examples=10, deadline=None)
@given(histories)
def test_plans_on_a_server_are_the_same_whether_or_not_known_rows_are_read(history):
    """R-PLAN-1: the same on the other engine."""
    replay(history)


CRM = [(f"c{n}", f"+1212555{1000 + n}", "", "") for n in range(9)]
DECLARED = {"crm": CRM, "web": [], "country": "US", "mode": "mirror", "kind": "csv"}


@pytest.fixture
def applied(tmp_path, engine):
    here = Place(tmp_path)
    here.write(**DECLARED)
    here.apply(here.both())
    yield here
    here.database.close()


def examined(place):
    """Give how many rows of the list were not read."""
    with place.database.read() as connection:
        source = ReadSource(Source([str(place.folder)], io.BytesIO(), "default"))
        source.plan(connection, PlanOptions(NOW))
        return sum(len(rows.known.met) + rows.unread for rows in source._examined[2].desired.lists.values())


def loaded_by(place):
    """Give the objects that the next plan is made of."""
    with place.database.read() as connection:
        source = ReadSource(Source([str(place.folder)], io.BytesIO(), "default"))
        source.plan(connection, PlanOptions(NOW))
        return source._examined[2].desired.objects


def test_a_header_among_the_rows_makes_no_later_row_a_sample(applied):
    """R-PHONE-2: what columns hold is judged by the same rows, whether or not others are known."""
    joined = [COLUMNS, *CRM]
    applied.write(**{**DECLARED, "crm": joined})
    applied.apply(applied.both())
    applied.write(**{**DECLARED, "crm": [*joined, ("new", "+12125550190", "", "+12125550191")]})
    assert [change.key.name for change in applied.both().contacts] == ["new"]


def test_documents_that_are_as_they_were_applied_are_not_read(applied):
    """R-PLAN-1: nor parsed, until their text changes, or anything that contacts are read by."""
    ones = [(f"d{n}", "spring", f"+1212555{2000 + n}", "") for n in range(5)]
    applied.write(**DECLARED, ones=ones)
    applied.apply(applied.both())
    with patch.object(load.ContactText, "read", side_effect=AssertionError("it was read")):
        assert applied.plan()[1].in_sync
    ones[2] = (*ones[2][:3], ", timezone: Europe/Paris")
    applied.write(**DECLARED, ones=ones)
    assert [change.key.name for change in applied.both().contacts] == ["d2"]
    applied.write(**{**DECLARED, "country": "GB"}, ones=ones)
    with (
        patch.object(load.ContactText, "read", side_effect=AssertionError("it was read")),
        pytest.raises(AssertionError, match="it was read"),
    ):
        applied.plan()


def test_a_file_that_is_as_it_was_applied_is_not_read(applied):
    """R-PLAN-1: none of its rows; of one with a row more, all known ones but the first, which is a sample."""
    assert (applied.known(), examined(applied)) == (9, 9)
    applied.write(**{**DECLARED, "crm": [*CRM, ("new", "+12125551099", "", "")]})
    assert examined(applied) == 8


def test_an_edit_has_the_file_read_again(applied):
    """R-PLAN-3: the sum over the contacts is another one once any of them is edited, withdrawn or gone."""
    for meddled in (
        update(tables.contact).values(timezone="Asia/Tokyo").where(tables.contact.c.external_id == "c3"),
        update(tables.contact).values(status="withdrawn").where(tables.contact.c.external_id == "c4"),
        delete(tables.contact).where(tables.contact.c.external_id == "c5"),
    ):
        before = examined(applied)
        with applied.database.write() as connection:
            connection.execute(meddled)
        assert examined(applied) < before


@pytest.mark.parametrize(
    "changed",
    [
        {"country": "GB"},
        {"crm": [(*row[:3], "gold") for row in CRM]},
    ],
)
def test_what_may_mean_something_else_is_read(applied, changed):
    """R-CONF-1: another country, another row."""
    applied.write(**{**DECLARED, **changed})
    assert examined(applied) == 0


def test_one_row_that_changes_is_read_alone(applied):
    """R-PLAN-2: the others are not."""
    applied.write(**{**DECLARED, "crm": [*CRM[:-1], (*CRM[-1][:3], "gold")]})
    assert examined(applied) == 7
    [change] = applied.both().contacts
    assert [field.path for field in change.fields] == ["spec.data.plan"]


WINTER = """\
apiVersion: campaigns/v1
kind: Campaign
metadata: {name: winter}
spec: {configuration: hours}
---
apiVersion: campaigns/v1
kind: Contact
metadata: {name: c5, campaign: winter}
spec: {phone_numbers: ["+12125550160"]}
"""
AGAIN = """\
apiVersion: campaigns/v1
kind: ContactList
metadata: {name: again, campaign: spring}
spec: {from: {campaign: winter, where: {status: completed}, as_of: "2026-03-04T17:00:00Z"}}
"""


def test_whom_a_list_calls_again_may_stand_in_a_known_row(applied):
    """R-ID-4: a contact of the file stays what it is there, read or not, and is not created once more."""
    applied.folder.joinpath("winter.yaml").write_text(WINTER)
    applied.apply(applied.both())
    with applied.database.write() as connection:
        called = update(tables.contact).where(tables.contact.c.list_id.is_(None))
        connection.execute(called.values(status="completed"))
    applied.folder.joinpath("again.yaml").write_text(AGAIN)
    made = applied.both()
    assert (list(made.contacts), [change.key.name for change in made.objects]) == ([], ["again"])


def test_other_metadata_of_numbers_has_all_rows_read(applied):
    """R-PHONE-1: a number may have become valid, or another region's."""
    with patch.object(row_texts.phonenumbers, "__version__", "99.0.0"):
        assert examined(applied) == 0


@pytest.mark.parametrize("edit", ["phone_numbers = '[\"+12125550199\"]'", "timezone = 'Asia/Tokyo'"])
def test_an_edit_by_hand_in_sql_is_seen(applied, edit):
    """R-PLAN-3: whoever writes past the program changes a contact; the plan says drift."""
    with applied.database.write() as connection:
        connection.execute(text(f"UPDATE contact SET {edit} WHERE external_id = 'c5'"))
    assert applied.known() == 8
    [change] = applied.both().contacts
    assert (change.key.name, change.cause.value) == ("c5", "drift")


def test_what_a_dialer_writes_is_no_edit(applied):
    """R-CONTACT-1: status, attempts and due time are no row's business."""
    with applied.database.write() as connection:
        settled = {"status": "completed", "attempts": 2, "lane_id": Uuid7()(NOW)}
        connection.execute(update(tables.contact).values(settled))
    assert applied.known() == 9


DESK = [(f"d{n}", f"+1212555{3000 + n}", "America/Chicago") for n in range(5)]


@pytest.mark.parametrize("style", inline_lists.STYLES)
def test_an_inline_list_that_is_as_it_was_applied_is_not_read(applied, style):
    """R-PLAN-1: however it is written; where its contacts can be left out, they are not parsed either."""
    applied.write(**DECLARED, desk={"contacts": DESK, "style": style})
    applied.apply(applied.both())
    assert examined(applied) == 14


def test_an_inline_list_that_is_known_is_not_parsed(applied):
    """R-PLAN-1: what is loaded of it is all but its contacts; the summary of kinds and its limits stay."""
    applied.write(**DECLARED, desk={"contacts": DESK, "tail": "  expect_rows: {max: 5}\n"})
    applied.apply(applied.both())
    with patch.object(load.Document, "read", side_effect=AssertionError("it was read")):
        assert applied.plan()[1].in_sync


def test_a_contact_of_an_inline_list_that_changes_stands_on_its_line(applied):
    """R-PLAN-2: one change, at the line of the file; the others keep what the database knows of them."""
    applied.write(**DECLARED, desk={"contacts": DESK})
    applied.apply(applied.both())
    known, changed = applied.known(), [*DESK[:2], (*DESK[2][:2], "America/Denver"), *DESK[3:]]
    applied.write(**DECLARED, desk={"contacts": changed})
    made = applied.both()
    [change] = made.contacts
    assert (change.key.name, change.origin.line, len(made.stamps)) == ("d2", 9, 0)
    applied.apply(made)
    assert (applied.known(), examined(applied)) == (known, 14)


@pytest.mark.parametrize("meddled", ["timezone = 'Asia/Tokyo'", "status = 'withdrawn'", "data = '{}'"])
def test_an_edit_has_an_inline_list_read_again(applied, meddled):
    """R-PLAN-3: whoever edits a contact makes the sum over the list another one."""
    applied.write(**DECLARED, desk={"contacts": DESK})
    applied.apply(applied.both())
    with applied.database.write() as connection:
        connection.execute(text(f"UPDATE contact SET {meddled} WHERE external_id = 'd3'"))
    assert examined(applied) == 9
    applied.both()


@pytest.mark.parametrize("remarkable", [("+12125550180", "EST"), DESK[0][1:]])
def test_an_inline_list_of_which_something_is_said_is_never_known(applied, remarkable):
    """R-ID-4: a number that two have, a zone that is an abbreviation: it is said again with every plan."""
    applied.write(**DECLARED, desk={"contacts": [*DESK, ("ivy", *remarkable)]})
    applied.apply(applied.both())
    assert examined(applied) == 9


def test_an_inline_list_that_is_put_back_is_compared_with_what_came_between(applied):
    """R-PLAN-1: its text may be remembered still; its contacts are others."""
    for zone in ("America/Chicago", "EST"):
        applied.write(**DECLARED, desk={"contacts": [*DESK[:-1], (*DESK[-1][:2], zone)]})
        applied.apply(applied.both())
    applied.write(**DECLARED, desk={"contacts": DESK})
    assert [change.key.name for change in applied.both().contacts] == ["d4"]


MISLEADING = """\
apiVersion: campaigns/v1
kind: ContactList
metadata: {name: desk, campaign: spring}
spec:
  contacts:
  - external_id: ivy
    phone_numbers: "+12125550180"
    initial_context: "a text of several lines:
  mode: append
  # and it ends here"
"""


def test_an_inline_list_that_reads_otherwise_without_its_contacts_is_read_as_a_whole(applied):
    """R-MAN-4: its mode is mirror, though a line of a contact looks as if it said append."""
    applied.folder.joinpath("desk.yaml").write_text(MISLEADING)
    applied.apply(applied.both())
    assert applied.both().in_sync
    [desk] = [one for one in loaded_by(applied) if one.key.name == "desk"]
    assert desk.spec["mode"] == "mirror"
