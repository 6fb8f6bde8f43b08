"""One plan with everything in it, in each rendering, compared to the letter.

`DIALCTL_UPDATE_GOLDEN=1 pytest tests/golden` writes the files anew; read the difference before committing it.
"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
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

from reconciler.core.desired import Cases, ListRows, Notice, Origin
from reconciler.core.plan.render_json import render_json
from reconciler.core.plan.render_markdown import render_markdown
from reconciler.core.plan.render_text import render_text

UPDATE = "DIALCTL_UPDATE_GOLDEN"
HERE = Path(__file__).parent
RENDERINGS = {
    "plan.txt": lambda made: "\n".join(render_text(made)) + "\n",
    "plan.json": lambda made: "".join(render_json(made)),
    "plan.md": lambda made: "\n".join(render_markdown(made)) + "\n",
}


def the_plan():
    """Plan the manifests of today, where those of yesterday were applied and people were at work since."""
    scratch = Installation()
    scratch.apply(yesterday())
    scratch.edit_contact("crm-003", status="in_progress")
    scratch.edit_contact("crm-002", attempts=2, last_number="+12125550102", last_outcome="busy")
    scratch.clock.advance(timedelta(hours=1))
    scratch.pause("held-by-ana", reason="complaints about the script")
    scratch.edit_campaign("closed-by-ana", status="closed")
    scratch.edit_campaign("drifted", priority=500)
    scratch.edit_contact("crm-005", timezone="Asia/Tokyo")
    scratch.remember_call("+12125550107", timedelta(days=29), campaign="forgotten")
    scratch.remember_call("+12125550108", timedelta(days=31), campaign="forgotten")
    scratch.clock.advance(timedelta(hours=1))
    return scratch.plan(today(), allowed=())


def yesterday():
    crm = contact_list(campaign="edited")
    return state(
        dialer(), organization("acme", concurrency_limit=20), configuration(dialing={"max_attempts": 3}),
        *(campaign(name) for name in ("edited", "paused", "closed", "held-by-ana", "closed-by-ana")),
        campaign("drifted"),
        campaign("forgotten"), suppression_list("+12125550198", "+12125550199"), crm,
        contacts=[
            *(listed(crm, number) for number in range(1, 7)),
            contact("solo", "+12125550120", campaign="closed"),
        ],
    )  # fmt: skip


def today():
    crm = contact_list(campaign="edited")
    found = state(
        dialer(80), organization("acme", concurrency_limit=20),
        configuration(dialing={"max_attempts": 2}, labels={"team": "growth"}),
        campaign("edited", priority=100), campaign("paused", status="paused"),
        campaign("closed", status="closed"), campaign("held-by-ana"), campaign("closed-by-ana"),
        campaign("drifted"), campaign("new", agent_id="agent-b"),
        suppression_list("+12125550198", ("+12125550197", "2027-01-01")), crm,
        contacts=[
            *(listed(crm, number) for number in (1, 2, 5, 6)),
            *(listed(crm, number, data={"first_name": "Ada"}) for number in range(7, 12)),
            contact("solo", "+12125550120", campaign="closed"),
        ],
        rows={crm.key: ListRows(10, 1, frozenset({"crm-004"}))},
    )  # fmt: skip
    return type(found)(
        found.objects, found.contacts, found.lists, (bad_rows(crm.key, 1), bad_rows(crm.key, 5))
    )


def bad_rows(key, count):
    first = [f"contacts/crm.csv:{line}:phone: has no phone number" for line in range(5, 5 + min(count, 3))]
    skipped = "1 of 10 rows is skipped" if count == 1 else f"{count} of 10 rows are skipped"
    detail = f"{skipped}: {'; '.join(first)}{'; …' * (count > 3)}"
    return Notice("bad-rows", key, detail, Origin("contactlists/crm.yaml", 1), Cases(skipped, count, first))


def listed(crm, number, **fields):
    return contact(f"crm-{number:03}", f"+121255501{number:02}", campaign="edited", list_=crm, **fields)


@pytest.mark.parametrize("name", RENDERINGS)
def test_rendering(name):
    """R-PLAN-2, R-PLAN-3, R-PLAN-8, R-HOLD-2, R-LIFE-3: what a reviewer reads, to the letter."""
    path, found = HERE / name, RENDERINGS[name](the_plan())
    if os.environ.get(UPDATE):
        path.write_text(found, encoding="utf-8")
    assert found == path.read_text(encoding="utf-8")
