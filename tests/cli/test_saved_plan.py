"""Saved plans: `diff --out` and `apply --plan` (R-PLAN-7)."""

from __future__ import annotations

import json

import pytest

ROWS = "external_id,phone\nada,+12125550142\nbob,+12125550143\ncyd,+12125550144\n"
DEE, EVE = "dee,+12125550145\n", "eve,+12125550146\n"


@pytest.fixture
def saved(dialctl, applied):
    """A plan to create the contact dee, in plan.json."""
    (applied / "crm.csv").write_text(ROWS + DEE)
    assert dialctl("diff", applied, "--out", "plan.json").code == 2
    return applied


def test_a_saved_plan_is_applied(dialctl, saved):
    """R-PLAN-7: the same digest on the same serial: it is applied."""
    finished = dialctl("apply", saved, "--plan", "plan.json", "--yes")
    assert finished.code == 0
    assert finished.out.endswith("Applied: 1 created (serial 2).\n")


def test_it_holds_no_number(dialctl, saved, tmp_path):
    """R-PLAN-8: a plan's file never holds a number, whatever is shown beside it."""
    shown = dialctl("diff", saved, "--out", "plan.json", "--show-pii", "--format", "json")
    text = (tmp_path / "plan.json").read_text()
    assert "2125550145" in shown.out
    assert "2125550145" not in text
    assert json.loads(text)["changes"][0]["name"] == "dee"


def test_a_state_that_moved_on_is_refused(dialctl, saved, tmp_path):
    """R-PLAN-7: after any other apply, exit 75 with what changed since; nothing is applied."""
    (tmp_path / "later.yaml").write_text(
        "apiVersion: campaigns/v1\nkind: Configuration\nmetadata: {name: later}\nspec: {agent_id: agent-b}\n"
    )
    assert dialctl("apply", "later.yaml", "--yes", "--source", "other").code == 0
    finished = dialctl("apply", saved, "--plan", "plan.json", "--yes")
    assert (finished.code, finished.out) == (75, "")
    assert finished.err == (
        "plan.json was made at serial 1, and the state is at 2; changed since: Configuration later\n"
        "hint: make it anew: dialctl diff --out\n"
    )


def test_manifests_that_moved_on_are_refused(dialctl, saved):
    """R-PLAN-7: other manifests come to another digest: exit 1, nothing is applied."""
    (saved / "crm.csv").write_text(ROWS + EVE)
    finished = dialctl("apply", saved, "--plan", "plan.json", "--yes")
    assert (finished.code, finished.out) == (1, "")
    assert finished.err.startswith("plan.json is not what the manifests come to now")


def test_a_plan_of_another_source(dialctl, saved, tmp_path):
    """A plan is of one source; the flag that is missing is told."""
    plan = json.loads((tmp_path / "plan.json").read_text())
    (tmp_path / "plan.json").write_text(json.dumps({**plan, "source": "north"}))
    finished = dialctl("apply", saved, "--plan", "plan.json", "--yes")
    assert (finished.code, finished.err) == (
        1,
        "plan.json is a plan of source 'north', not 'main'\nhint: add --source north\n",
    )


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format_version": 2}', '{"format_version": 1}'])
def test_what_is_no_plan(dialctl, applied, tmp_path, text):
    """A file that is no plan is refused, whatever it holds."""
    (tmp_path / "plan.json").write_text(text)
    finished = dialctl("apply", applied, "--plan", "plan.json", "--yes")
    assert (finished.code, finished.out) == (1, "")
    assert finished.err.startswith("plan.json")


def test_without_a_database_there_is_nothing_to_save(dialctl, spring, tmp_path):
    """A digest is keyed by its database: of one that does not exist, no plan is saved or applied."""
    finished = dialctl("diff", spring, "--out", "plan.json")
    assert (finished.code, finished.out) == (1, "")
    assert finished.err.startswith("--out: there is no database yet")
    (tmp_path / "plan.json").write_text('{"format_version": 1, "source": "main", "serial": 0, "digest": "x"}')
    finished = dialctl("apply", spring, "--plan", "plan.json", "--yes")
    assert finished.err.startswith("there is no database at sqlite:///dialctl.db\n")
    assert not (tmp_path / "dialctl.db").exists()


def test_files_that_cannot_be_reached(dialctl, applied):
    """A place that cannot be written, and a file that is not there, are told plainly."""
    written = dialctl("diff", applied, "--out", "nowhere/plan.json")
    assert (written.code, written.err) == (
        1,
        "nowhere/plan.json: cannot be written: No such file or directory\n",
    )
    read = dialctl("apply", applied, "--plan", "plan.json", "--yes")
    assert (read.code, read.err) == (1, "plan.json: cannot be read: No such file or directory\n")
