"""Changes of contacts come back from the private database of a plan as they were planned."""

from __future__ import annotations

import pytest
from declared import campaign, configuration, contact, contact_list, state
from installation import START, Installation

from reconciler.core.plan.plan import PlanOptions
from reconciler.core.plan.planner import plan
from reconciler.scratch import changes as scratch_changes
from reconciler.scratch.database import Scratch
from reconciler.store.observe import observe


@pytest.fixture(autouse=True)
def _few_at_once(monkeypatch):
    monkeypatch.setattr(scratch_changes, "_AT_ONCE", 2)


def test_they_are_what_memory_would_hold():
    """R-PLAN-1: created, edited, adopted and withdrawn ones, in either order; a second plan begins anew."""
    here, crm = Installation(), contact_list()
    base = (configuration(), campaign(), crm)
    before = [contact(name, list_=crm, data={"n": [1, 2.5, None]}) for name in ("b", "c", "d")]
    here.apply(state(*base, contacts=before))
    after = [
        contact("z"),
        contact("b", list_=crm, timezone="Asia/Tokyo"),
        contact("c"),
        contact("a", list_=crm),
    ]
    wanted, scratch, options = state(*base, contacts=after), Scratch(), PlanOptions(START)
    for _ in range(2):
        with here.database.read() as connection:
            observed = observe(connection, wanted, "main", START)
            few = plan(wanted, observed, options)
            many = plan(wanted, observed, options, scratch.changes())
        assert (few.digest, few.summary(), few.effects) == (many.digest, many.summary(), many.effects)
        assert list(few.contacts) == list(many.contacts)
        assert len(few.contacts) == len(many.contacts) == 5
        created = [change.key.name for change in many.contacts.creations()]
        assert created == [change.key.name for change in few.contacts.creations()] == ["z", "a"]
        assert list(few.contacts.others()) == list(many.contacts.others())
