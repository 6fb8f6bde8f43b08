"""What an idle dialer leaves behind: each contact that is not final is counted once, by the first reason."""

from __future__ import annotations

from datetime import timedelta

import pytest
from declared import campaign, configuration, contact, state
from installation import Installation

from reconciler.core.leftovers import Waits
from reconciler.store.book import BookReader
from reconciler.store.reads.leftovers import leftovers

LATER = "2100-01-01T00:00:00Z"


@pytest.fixture
def small():
    installation = Installation()
    people = [contact("ada"), contact("bob"), contact("cyd", scheduled_at=LATER)]
    others = [contact("dan", campaign="autumn")]
    installation.apply(
        state(configuration(), campaign(), campaign("autumn", status="paused"), contacts=people + others)
    )
    return installation


def left(installation, only=None):
    with installation.database.read() as connection:
        book, _ = BookReader().read(connection)
        keys = None if only is None else {key for key, one in book.terms.items() if one.name == only}
        return leftovers(connection, book, installation.clock.now(), "simulator", keys)


def test_inside_the_window_only_a_limit_keeps_contacts_back(small):
    """R-DIAL-1: due contacts of open lanes wait for a limit or a breaker, the others for their time."""
    assert left(small) == {Waits.NOT_ACTIVE: 1, Waits.LATER: 1, Waits.LIMITED: 2}
    assert left(small, only="spring") == {Waits.LATER: 1, Waits.LIMITED: 2}


def test_at_night_they_wait_for_their_windows(small):
    """R-WIN-1: who is due waits for the window; who is not, waits for that first."""
    small.clock.advance(timedelta(hours=12))
    assert left(small, only="spring") == {Waits.LATER: 1, Waits.WINDOW: 2}


def test_a_hold_is_told_before_all_else(small):
    """R-HOLD-1: nothing else matters while a hold covers them."""
    small.pause("spring")
    assert left(small, only="spring") == {Waits.HELD: 3}
