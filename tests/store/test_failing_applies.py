"""An apply that fails, wherever it does, has changed nothing; the next one arrives."""

from __future__ import annotations

import pytest
from databases import shared_url
from declared import (
    campaign,
    configuration,
    contact,
    contact_list,
    dialer,
    organization,
    state,
    suppression_list,
)
from installation import Installation
from support.contents import Contents, difference
from support.failing import Failing

from reconciler.core.desired import ListRows, ObjectKey, WholeFile
from reconciler.core.text_hashes import TextSum
from reconciler.errors import DatabaseUnusable

CRM, WEB = contact_list(), contact_list("web", campaign="winter")
FIRST, SECOND, THIRD = "+12125550142", "+12125550143", "+442079460018"
RELEASED = ObjectKey("Campaign", "default", None, "winter")
BEFORE = state(
    configuration(),
    configuration("unused"),
    campaign(),
    campaign("autumn"),
    campaign("winter"),
    CRM,
    WEB,
    suppression_list(FIRST, ("+12125550197", "2027-01-01"), "+12125550198"),
    contacts=[
        contact("edited", [FIRST, SECOND], list_=CRM),
        contact("gone", list_=CRM),
        contact("on the phone", list_=CRM),
        contact("read anew", list_=CRM, source_hash="as it was written first"),
        contact("used up", list_=CRM),
        contact("as it was", list_=CRM),
        contact("autumnal", campaign="autumn"),
        contact("wintry", campaign="winter", list_=WEB)._replace(text_hash=7),
    ],
)
AFTER = state(
    dialer(60),
    organization("acme", concurrency_limit=3),
    configuration(org="acme"),
    campaign(org="acme"),
    configuration(dialing={"max_attempts": 1}),
    campaign(priority=5),
    campaign("autumn", status="closed"),
    campaign("winter"),
    CRM,
    WEB,
    suppression_list(THIRD, ("+12125550197", "2028-01-01")),
    contacts=[
        contact("new", [THIRD, SECOND], list_=CRM),
        contact("newer", list_=CRM, timezone="America/Chicago", data={"plan": "gold"}),
        contact("edited", [THIRD, FIRST], list_=CRM, timezone="Europe/London"),
        contact("read anew", list_=CRM, source_hash="as it is written now"),
        contact("used up", list_=CRM),
        contact("as it was", list_=CRM),
        contact("wintry", campaign="winter", list_=WEB)._replace(text_hash=7),
        contact("far", org="acme"),
    ],
    rows={WEB.key: ListRows(1, file=WholeFile("the file", TextSum(1, 7)))},
)
TOUCHED = {
    "campaign", "configuration", "contact", "contact_number", "event", "hold", "installation", "inventory",
    "lane", "organization", "suppression", "tally",
}  # fmt: skip
LAST = "the answer to COMMIT"


class Scene:
    """An installation whose next apply changes whatever an apply can change, on a driver that may fail."""

    def __init__(self, folder):
        folder.mkdir()
        self.installation = Installation(shared_url(folder))
        self.installation.apply(BEFORE)
        self.installation.edit_contact("on the phone", status="in_progress", attempts=1)
        self.installation.edit_contact("used up", attempts=1, last_outcome="busy")
        self.installation.edit_contact("as it was", timezone="Asia/Tokyo")
        self.installation.pause("winter")
        self.failing = Failing(self.installation.database.engine)
        self.before = self.contents()

    def contents(self):
        with self.installation.database.read() as connection:
            return Contents(connection)

    def plan(self):
        return self.installation.plan(AFTER, prune=True, releases=[RELEASED])

    def apply(self, made, at=None):
        """Apply a plan; gives the steps that were gone. Of these, the one of a number fails."""
        with self.failing.watched(at) as steps:
            self.installation.apply_plan(made)
        return steps

    def fail(self, made, at):
        """Apply a plan, and fail at a step."""
        with pytest.raises(DatabaseUnusable, match=f"at step {at}: "):
            self.apply(made, at)

    def changes(self):
        """Give what the database holds, without what two applies can never have alike."""
        return self.contents().apart_from_what_is_new(self.before)

    def close(self):
        self.installation.database.close()


@pytest.fixture
def scene(tmp_path):
    """Give scenes that are alike, on databases of their own."""
    scenes = []

    def make():
        scenes.append(Scene(tmp_path / f"{len(scenes)}"))
        return scenes[-1]

    yield make
    for one in scenes:
        one.close()


def test_an_apply_that_fails_at_any_step_leaves_the_old_state_and_the_next_one_arrives(scene):
    """R-PLAN-7: at each statement, amid its rows, and at the commit; nothing is in the next one's way."""
    undisturbed, victim = scene(), scene()
    steps = undisturbed.apply(undisturbed.plan())
    assert undisturbed.contents().tables_unlike(undisturbed.before) == TOUCHED
    assert steps[-1] == LAST
    made, old = victim.plan(), victim.before.exactly()
    for number, step in enumerate(steps[:-1], 1):
        victim.fail(made, number)
        assert difference(victim.contents().exactly(), old) == ([], []), step
    planned_again = victim.plan()
    assert planned_again.digest == made.digest
    victim.apply(planned_again)
    assert difference(victim.changes(), undisturbed.changes()) == ([], [])
    assert victim.plan().in_sync


def test_an_apply_that_never_hears_of_its_commit_has_left_the_new_state(scene):
    """R-PLAN-7: all of it; planned again, nothing is left to do, and the serial rose once."""
    undisturbed, victim = scene(), scene()
    steps = undisturbed.apply(undisturbed.plan())
    victim.fail(victim.plan(), len(steps))
    assert difference(victim.changes(), undisturbed.changes()) == ([], [])
    assert victim.plan().in_sync
    assert victim.installation.serial() == undisturbed.installation.serial()
