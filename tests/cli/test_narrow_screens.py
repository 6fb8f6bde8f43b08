"""Narrow terminals: whole columns are left out, least important first; no name or number is cut for a bar."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from rich.console import Console

from reconciler.cli.rendering.forecast_page import forecast_page
from reconciler.cli.rendering.status_table import status_table
from reconciler.cli.rendering.tables import table_of
from reconciler.core.forecast import Outlook
from reconciler.store.reads.progress import BUCKETS, CampaignProgress, Sync

AT = datetime(2026, 3, 2, 14, tzinfo=UTC)
NAMES = ("spring-renewals", "autumn-renewals")


def progress(name, org="default"):
    counts = dict.fromkeys(BUCKETS, 0) | {"completed": 7, "pending": 3}
    return CampaignProgress(UUID(int=1), org, name, "active", Sync.OUT_OF_SYNC, 1, counts, 12, 4, 10)


def attempt(contact):
    return {
        "started_at": AT, "ended_at": AT + timedelta(seconds=1233), "campaign": "spring-renewals",
        "contact": contact, "number": "+1********42", "attempt": 2, "outcome": "completed",
        "disposition": "callback", "state": "ended",
    }  # fmt: skip


def drawn(width, *parts):
    console = Console(width=width, no_color=True)
    with console.capture() as captured:
        console.print(*parts, sep="\n")
    return captured.get().splitlines()


@pytest.mark.parametrize("width", [100, 80, 60, 50, 42])
def test_status_cuts_no_name(width):
    """The bar shrinks, then the organization that all share goes, then AVG, the bar or SYNC."""
    lines = drawn(width, *status_table([progress(name) for name in NAMES], width))
    assert max(map(len, lines)) <= width
    assert all(name in "\n".join(lines) for name in NAMES)
    assert all(f"{org}/{name}" in "\n".join(lines) for org in ("default",) for name in NAMES) == (width >= 80)
    assert all(" 70%" in line and line.endswith(" 4/10") for line in lines if "active" in line)


def test_status_keeps_organizations_that_differ():
    """Two campaigns of one name are told apart."""
    text = "\n".join(drawn(60, *status_table([progress("spring", "acme"), progress("spring", "globex")], 60)))
    assert "acme/spring" in text
    assert "globex/spring" in text


@pytest.mark.parametrize("width", [100, 60, 50])
def test_the_forecast_cuts_no_name(width):
    """Figures go, MINUTES first; when a campaign is finished stays."""
    found = [Outlook(f"default/{name}", contacts=9, reached=9, finished_at=AT, starts=[AT]) for name in NAMES]
    lines = [line.plain for line in forecast_page(found, AT, AT + timedelta(days=1), width)]
    assert max(map(len, lines)) <= width
    assert all(any(name in line and "2026-03-02 14:00" in line for line in lines) for name in NAMES)


@pytest.mark.parametrize("width", [120, 80, 60, 50])
def test_tables_cut_no_number(width):
    """`get attempts`: what is shown of a figure is all of it; columns that have no room are named."""
    table, left_out = table_of("attempts", [attempt("ada"), attempt("bob")], AT, width=width)
    lines = drawn(width, table)
    assert max(map(len, lines)) <= width
    assert ("LASTED" in lines[0]) == ("LASTED" not in left_out)
    if "LASTED" in lines[0]:
        assert "1,233 s" in "\n".join(lines)
    assert bool(left_out) == (width < 120)
