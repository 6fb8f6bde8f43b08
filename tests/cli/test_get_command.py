"""`dialctl get`: tables, JSON, YAML and CSV of every kind, and how one asks for less or for one."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime

import pytest
import yaml

from reconciler.cli import session
from reconciler.clock import VirtualClock
from reconciler.store.reads.kinds import KINDS


@pytest.fixture
def stopped_clock(applied, monkeypatch):
    """Have every command run at one instant, in an open window: who may be called now is shown with it."""
    monkeypatch.setattr(session, "SystemClock", lambda: VirtualClock(datetime(2100, 1, 4, 15, tzinfo=UTC)))


@pytest.mark.usefixtures("stopped_clock")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("output", ["table", "json", "yaml", "csv"])
def test_every_kind_in_every_format(applied, dialctl, kind, output):
    """Singular and plural mean the same, and no format lacks a kind."""
    finished = dialctl("get", kind, "--format", output)
    assert finished.code == 0
    assert dialctl("get", KINDS[kind].singular, "--format", output).out == finished.out
    if output == "json":
        assert isinstance(json.loads(finished.out), list)
    if output == "yaml":
        assert isinstance(yaml.safe_load(finished.out), list)


def test_contacts_are_masked_in_every_format(applied, dialctl):
    """R-PLAN-8: numbers only with --show-pii."""
    for output in ("table", "json", "yaml", "csv"):
        assert "+12125550142" not in dialctl("get", "contacts", "--format", output).out
        assert "+12125550142" in dialctl("get", "contacts", "--format", output, "--show-pii").out


@pytest.mark.usefixtures("stopped_clock")
def test_one_by_name_is_an_object(applied, dialctl):
    """A name gives the object itself, not a list of one."""
    ada = json.loads(dialctl("get", "contact", "ada", "--format", "json").out)
    assert (ada["external_id"], ada["status"], ada["campaign"]) == ("ada", "pending", "spring")
    assert yaml.safe_load(dialctl("get", "contact", "ada", "--format", "yaml").out) == ada


def test_csv_can_be_read_back(applied, dialctl):
    """One line per contact under the field names; lists are JSON in their cell."""
    rows = list(csv.DictReader(io.StringIO(dialctl("get", "contacts", "--format", "csv", "--show-pii").out)))
    assert [row["external_id"] for row in rows] == ["ada", "bob", "cyd"]
    assert json.loads(rows[0]["phone_numbers"]) == ["+12125550142"]


def test_due_is_when_a_window_opens_too(applied, dialctl, monkeypatch):
    """R-DIAL-1: a contact whose due time is past shows when its window opens, `now` if it is open."""
    for at, due in (("2100-01-04T08:00:00-05:00", "2100-01-04 14:00"), ("2100-01-04T09:30:00-05:00", "now")):
        monkeypatch.setattr(session, "SystemClock", lambda at=at: VirtualClock(datetime.fromisoformat(at)))
        assert f"      0  {due}\n" in dialctl("get", "contacts", "--campaign", "spring").out


def test_who_is_suppressed_says_so_before_the_dialer_finds_out(applied, dialctl):
    """R-SUP-1: REASON of a contact whose numbers are suppressed, whether or not it was its turn since."""
    assert dialctl("suppress", "+12125550142", "--reason", "asked").code == 0
    ada, bob = json.loads(dialctl("get", "contacts", "--format", "json", "--limit", "2").out)
    assert (ada["reason"], ada["callable_at"]) == ("every number is suppressed", None)
    assert bob["reason"] is None


def test_a_limit_says_how_many_more_there_are(applied, dialctl):
    """What is left out is told on standard error; 0 is all."""
    finished = dialctl("get", "contacts", "--limit", "2")
    assert finished.err == "1 more; --limit 0 shows all\n"
    assert len(finished.out.splitlines()) == 3
    assert dialctl("get", "contacts", "--limit", "3").err == ""
    assert len(dialctl("get", "contacts", "--limit", "0").out.splitlines()) == 4


def test_nothing_found_is_told_beside_the_result(applied, dialctl):
    """An empty list is a result, exit 0, and says on standard error where to look."""
    finished = dialctl("get", "holds")
    assert (finished.code, finished.out) == (0, "")
    assert finished.err == "no holds to show in organization default\n"
    assert dialctl("get", "holds", "--format", "json").out == "[]\n"


@pytest.mark.parametrize(("arguments", "code", "message"), [
    (["contcts"], 64, "there is no kind 'contcts'\nhint: did you mean 'contacts'?\n"),
    (["contacts", "--status", "pendin"], 64,
     "no contact is ever 'pendin'\nhint: did you mean 'pending'?\n"),
    (["configurations", "--status", "active"], 64, "--status does not apply to configurations\n"),
    (["contact", "adda", "--campaign", "spring"], 1,
     "there is no contact 'adda' in campaign spring\nhint: did you mean 'ada'?\n"),
    (["campaign", "sprign"], 1, "there is no campaign 'sprign'\nhint: did you mean 'spring'?\n"),
    (["contacts", "--org", "defualt"], 1,
     "there is no organization 'defualt'\nhint: did you mean 'default'?\n"),
])  # fmt: skip
def test_what_is_not_there_is_told_with_what_was_meant(applied, dialctl, arguments, code, message):
    """R-ID-2: wrong usage is exit 64, a name that is not there exit 1; each says what was perhaps meant."""
    finished = dialctl("get", *arguments)
    assert (finished.code, finished.out, finished.err) == (code, "", message)


def test_tables_fit_eighty_columns(applied, dialctl, monkeypatch):
    """On a narrow terminal nothing is wider than it; in a pipe nothing is cut off."""
    monkeypatch.setenv("COLUMNS", "80")
    for kind in KINDS:
        assert all(len(line) <= 80 for line in dialctl("get", kind).out.splitlines()), kind


def test_without_a_database_it_says_what_makes_one(dialctl):
    """Reading creates nothing."""
    finished = dialctl("get", "contacts")
    assert finished.code == 1
    assert "dialctl apply creates it" in finished.err
