"""Database URLs: what they name, several servers too, and how they are told to people."""

from __future__ import annotations

import postgres
import pytest
from databases import ON_SQLITE, chosen, scratch_url
from sqlalchemy import text

from reconciler.errors import DatabaseUnusable
from reconciler.store.engine import open_database
from reconciler.store.urls import parse_url, shown

pytestmark = ON_SQLITE

BOTH = {"host": "db1,db2", "port": "5433,"}


@pytest.mark.parametrize(
    "written",
    [
        "postgresql://ana:secret@db1:5433,db2/calls?sslmode=require",
        "postgresql://ana:secret@/calls?host=db1:5433&host=db2&sslmode=require",
        "postgresql://ana:secret@/calls?host=db1,db2&port=5433,&sslmode=require",
        "postgresql+psycopg://ana:secret@db1:5433,db2/calls?sslmode=require",
    ],
)
def test_several_servers_are_named_as_libpq_or_sqlalchemy_do(written):
    """Whoever has used either writes what he knows; people read libpq's way, which is the shorter one."""
    url = parse_url(written)
    assert (url.username, url.password, url.database) == ("ana", "secret", "calls")
    assert dict(url.query) == {**BOTH, "sslmode": "require"}
    assert shown(url) == "postgresql://ana:***@db1:5433,db2/calls?sslmode=require"


@pytest.mark.parametrize(
    ("written", "query"),
    [
        ("postgresql://db1,db2/", {"host": "db1,db2"}),
        ("postgresql://[::1]:5433,[fe80::2]/calls", {"host": "::1,fe80::2", "port": "5433,"}),
        ("postgresql://db/calls", {}),
        ("postgresql:///calls?host=/run/postgresql", {"host": "/run/postgresql"}),
    ],
)
def test_a_url_that_is_shown_can_be_written(written, query):
    """What stands in a message can be copied from there."""
    assert dict(parse_url(written).query) == query
    assert shown(parse_url(written)) == written


@pytest.mark.parametrize(
    "login", ["ana:a,b@", "ana:a/b,c@", "ana:a:b@", "a%40b:p%2Cw@", "ana:@"], ids=lambda login: login
)
def test_what_stands_before_the_servers_is_left_alone(login):
    """A comma, a slash or a colon in a password names no server."""
    url = parse_url(f"postgresql://{login}db1,db2/calls")
    assert url.query["host"] == "db1,db2"
    assert url == parse_url(f"postgresql://{login}/calls").set(query={"host": "db1,db2"})
    assert parse_url(f"postgresql://{login}db/calls").host == "db"


def test_no_password_is_shown_wherever_it_stands():
    """Messages end up in logs."""
    url = parse_url("postgresql://ana@db/calls?password=secret&sslpassword=secret&sslmode=require")
    assert shown(url) == "postgresql://ana@db/calls?password=***&sslpassword=***&sslmode=require"
    with pytest.raises(DatabaseUnusable) as error:
        parse_url("postgresql://ana:secret@db:port/calls")
    assert error.value.message == "'postgresql://ana:***@db:port/calls' is no database URL"


@pytest.mark.parametrize(
    "written",
    [
        "postgresql://db:port/calls",
        "postgresql://db1:5432,db2:port/calls",
        "postgresql:///calls?host=db1,db2&port=1,2,3",
    ],
)
def test_a_url_that_names_no_servers_is_told(written):
    """The message says what was given, the hint what to write."""
    with pytest.raises(DatabaseUnusable) as error:
        open_database(written)
    assert "postgresql://user@host/database" in error.value.hint


def test_of_several_servers_each_is_told_with_its_failure():
    """In one line, so that a log has one; the driver writes ten."""
    places = [f"{postgres.LOCALHOST}:{postgres.free_port()}" for _ in range(2)]
    url = f"postgresql://ana@{','.join(places)}/calls"
    with pytest.raises(DatabaseUnusable) as error, open_database(url).read():
        pass
    refused = "; ".join(f"{place}: Connection refused" for place in places)
    assert error.value.message == f"{url}: {refused}"
    assert "is the server running" in error.value.hint


def test_options_of_the_url_reach_the_server():
    """What libpq knows can stand behind the `?`; times are UTC all the same."""
    with chosen("postgresql"):
        url = scratch_url()
    database = open_database(f"{url}?options=-cwork_mem%3D7MB")
    with database.read() as connection:
        [told] = connection.execute(text("SELECT current_setting('work_mem'), current_setting('timezone')"))
    assert tuple(told) == ("7MB", "UTC")
    database.close()
