"""Calling contacts of a campaign again, as command lines: checked offline, shown with a count, done once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from support.present_database import ON_BOTH, change, query

from reconciler.clock import SystemClock
from reconciler.core.canonical import instant_text

AUTUMN = """\
apiVersion: campaigns/v1
kind: Campaign
metadata: {{name: autumn}}
spec: {{configuration: hours}}
---
apiVersion: campaigns/v1
kind: ContactList
metadata: {{name: again, campaign: autumn}}
spec:
  from:
    campaign: spring
    where: {{status: exhausted, outcome: no_answer}}
    as_of: {as_of}
"""
GAVE_UP = "UPDATE contact SET status = 'exhausted', last_outcome = 'no_answer', attempts = 3"


def write_autumn(directory, as_of="2020-01-01T00:00:00Z", also=""):
    at = as_of if isinstance(as_of, str) else instant_text(as_of)
    (directory / "autumn.yaml").write_text(AUTUMN.format(as_of=at) + also)


def now() -> datetime:
    return SystemClock().now()


def test_validate_checks_everything_but_the_selection(dialctl, spring):
    """Offline it says what would be selected, from where; the instant must be over."""
    write_autumn(spring)
    finished = dialctl("validate", spring)
    assert (finished.code, finished.err) == (0, "")
    assert finished.out.splitlines()[2:6] == [
        "Contacts:",
        "  default/autumn: 0",
        (
            "    ContactList again: to be selected from campaign spring: exhausted, last outcome no_answer, "
            "as of 2020-01-01T00:00:00Z"
        ),
        "  default/spring: 3",
    ]
    write_autumn(spring, now() + timedelta(hours=1))
    finished = dialctl("validate", spring)
    assert finished.code == 1
    assert finished.err.startswith(f"{spring}/autumn.yaml:13:12: as_of is still to come: 2")


@pytest.mark.parametrize("command", [("diff",), ("apply", "--yes")])
def test_without_a_database_nobody_can_be_called_again(dialctl, spring, tmp_path, command):
    """The campaign has called nobody yet: an error at the place where it is named, and no database."""
    write_autumn(spring)
    finished = dialctl(*command, spring)
    assert (finished.code, finished.out) == (1, "")
    assert finished.err == (
        f"{spring}/autumn.yaml:11: campaign 'spring' is not in the database yet, so it has nobody to call "
        "again; apply it without this list first\nhint: nothing was changed\n"
    )
    assert not (tmp_path / "dialctl.db").exists()


@ON_BOTH
def test_the_diff_counts_who_is_selected_and_the_apply_freezes_them(dialctl, applied):
    """The first apply copies them; from then on the same manifests are in sync, whatever becomes of them."""
    change(GAVE_UP)
    change("UPDATE contact SET last_outcome = 'busy' WHERE external_id = 'cyd'")
    at = now()
    write_autumn(applied, at)
    shown = dialctl("diff", applied)
    assert shown.code == 2
    chosen = f"campaign spring: exhausted, last outcome no_answer, as of {instant_text(at)}"
    assert f"      selected: 2 contacts of {chosen}\n" in shown.out
    assert '        ada  spec.phone_numbers: ["+1********42"]  (spring/autumn.yaml:11)\n' in shown.out
    assert dialctl("apply", applied, "--yes").out.endswith("Applied: 4 created (serial 2).\n")
    copies = "SELECT external_id, status, attempts FROM contact WHERE attempts = 0 ORDER BY id"
    assert query(copies) == [("ada", "pending", 0), ("bob", "pending", 0)]
    change("UPDATE contact SET status = 'pending', last_outcome = NULL WHERE attempts = 3")
    assert dialctl("diff", applied).out == "No changes: 10 unchanged.\n"


def test_expected_rows_bound_a_selection(dialctl, applied):
    """R-MAN-4: too many or too few are refused at `expect_rows`, and nothing is changed."""
    change(GAVE_UP)
    write_autumn(applied, now(), also="  expect_rows: {max: 2}\n")
    finished = dialctl("apply", applied, "--yes")
    assert finished.code == 1
    assert finished.err.startswith(f"{applied}/autumn.yaml:14: 3 contacts of campaign spring: exhausted")
    assert "; at most 2 are expected\n" in finished.err


def test_a_simulation_goes_on_without_them(dialctl, spring):
    """Nothing real is read: the list is empty there, and that is said; it may play at any time."""
    write_autumn(spring, now() - timedelta(hours=1))
    finished = dialctl("simulate", spring, "--for", "2d", "--start", "2020-03-02T08:00:00Z")
    assert finished.code == 0
    assert finished.err == (
        "warning: ContactList default/autumn/again: nobody is on it in a simulation: whom it calls again "
        "stands in a database\n"
    )
    assert "default/spring" in finished.out
