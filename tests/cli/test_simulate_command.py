"""`dialctl simulate`: the forecast letter by letter, repeatable to the byte, and nothing real touched."""

from __future__ import annotations

import json
import os
import re
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from reconciler.cli.rendering.forecast_page import forecast_page
from reconciler.core.forecast import Outlook

GOLDEN = Path(__file__).parents[1] / "golden"
START = ("--start", "2026-03-02T09:00:00-05:00")
POLICY = "  dialing: {max_attempts: 3, calls_per_second: 5, retry_delay: 3h}\n"


@pytest.fixture
def crowd(spring):
    """`spring` with 40 contacts, a pace of five calls a second, and a row that is no good."""
    rows = "".join(f"c{n},+12125550{100 + n}\n" for n in range(40))
    (spring / "crm.csv").write_text(f"external_id,phone\n{rows}bad,+1212555\n")
    manifest = spring / "spring.yaml"
    manifest.write_text(
        manifest.read_text().replace("  agent_id: agent-a\n", f"{POLICY}  agent_id: agent-a\n")
    )
    return spring


def attempts(file="attempts.jsonl"):
    return [json.loads(line) for line in Path(file).read_text().splitlines()]


def is_golden(name, text):
    """Compare with a golden file; `DIALCTL_UPDATE_GOLDEN=1` writes it anew, to be looked at in the diff."""
    file = GOLDEN / name
    if os.environ.get("DIALCTL_UPDATE_GOLDEN"):
        file.write_text(text)
    assert text == file.read_text()


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("length", ["1d", "7d"])
def test_the_forecast_page(dialctl, crowd, monkeypatch, width, length):
    """Calls over time, outcomes and figures, in the width that there is."""
    monkeypatch.setenv("COLUMNS", str(width))
    page = dialctl("simulate", crowd, *START, "--for", length).out
    assert max(map(len, page.splitlines())) <= width
    is_golden(f"forecast-{length}-{width}.txt", page)


def test_the_same_seed_gives_the_same_bytes_and_another_others(dialctl, crowd):
    """A simulation can be repeated to the byte; ids of attempts and conversations included."""
    pages, files = [], []
    for seed in (4, 4, 5):
        pages.append(dialctl("simulate", crowd, *START, "--seed", seed, "--attempts", "a.jsonl").out)
        files.append(Path("a.jsonl").read_bytes())
    assert pages[0] == pages[1] != pages[2]
    assert files[0] == files[1] != files[2]


def test_the_figures_agree_with_the_attempts(dialctl, crowd):
    """CALLS counts the used attempts, which the outcomes add up to; contacts are reached, or are not."""
    page = dialctl("simulate", crowd, *START, "--attempts", "attempts.jsonl").out
    figures = re.search(r"\w  +(\d+) +(\d+) +(\d+) +\d+$", page, re.MULTILINE)
    contacts, reached, calls = map(int, figures.groups())
    outcomes = [int(count) for count in re.findall(r"█ +(\d+) +[\d.]+ %$", page, re.MULTILINE)]
    unreached = int(re.search(r"(\d+) contacts? not reached", page)[1])
    assert calls == len(attempts()) == sum(outcomes) > 0
    assert contacts == reached + unreached == 40


def test_bad_rows_are_warnings(dialctl, crowd):
    """R-PHONE-2: the row that was left out is named on standard error, masked."""
    finished = dialctl("simulate", crowd, *START, "--for", "1h")
    assert finished.code == 0
    [line] = finished.err.splitlines()
    assert line.startswith("warning: spring/crm.csv:42:phone: ")
    assert "+1212555" not in line
    assert dialctl("simulate", crowd, *START, "--strict").code == 1


def test_attempts_are_written_in_the_promised_shape(dialctl, crowd):
    """interface.md, `simulate --attempts`: these fields, whole numbers, in the order of time."""
    dialctl("simulate", crowd, *START, "--for", "1d", "--attempts", "attempts.jsonl")
    found = attempts()
    assert set(found[0]) == {
        "id", "org", "campaign", "contact", "number", "attempt", "started_at", "ended_at", "timezone",
        "outcome", "disposition", "used", "state", "conversation_id", "agent_id", "agent_version",
        "agent_number", "gateway",
    }  # fmt: skip
    assert all(re.fullmatch(r"\+12125550\d{3}", one["number"]) for one in found)
    starts = [datetime.fromisoformat(one["started_at"]) for one in found]
    assert starts == sorted(starts)


def test_all_lists_also_the_attempts_that_were_not_used(dialctl, crowd, monkeypatch):
    """R-RETRY-1: what never rang has no attempt number, and only `--all` lists it."""
    Path("carrier.json").write_text('{"faults": 0.5}')
    monkeypatch.setenv("DIALCTL_SIMULATOR", "carrier.json")
    dialctl("simulate", crowd, *START, "--for", "1d", "--attempts", "used.jsonl")
    dialctl("simulate", crowd, *START, "--for", "1d", "--attempts", "all.jsonl", "--all")
    used, everything = attempts("used.jsonl"), attempts("all.jsonl")
    unused = [one for one in everything if one["used"] is False]
    assert unused
    assert all(one["attempt"] is None for one in unused)
    assert used == [one for one in everything if one["used"] is not False]


def test_the_pace_is_kept_to_the_instant(dialctl, crowd):
    """R-DIAL-5: five calls a second start 0.2 s apart, though wake-ups are rounded up to a tick of 1 s."""
    dialctl("simulate", crowd, *START, "--for", "2s", "--tick", "1s", "--attempts", "attempts.jsonl")
    starts = [datetime.fromisoformat(one["started_at"]) for one in attempts()]
    assert len(starts) == 10
    assert {b - a for a, b in pairwise(starts)} == {timedelta(seconds=0.2)}


@pytest.mark.parametrize("target", ["nowhere/a.jsonl", "."])
def test_an_attempts_file_that_cannot_be_written(dialctl, crowd, target, monkeypatch):
    """Found out before the simulation runs, not after it: one line that names the file, exit 64."""
    monkeypatch.setattr("reconciler.controller.simulation.simulate", lambda *_: 1 / 0)
    finished = dialctl("simulate", crowd, "--attempts", target)
    assert (finished.code, finished.out) == (64, "")
    assert finished.err.startswith(f"--attempts {target}: cannot be written: ")


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ("--for", "0s"), ("--for", "-1d"), ("--for", "week"), ("--tick", "0s"), ("--tick", "fast"),
        ("--start", "yesterday"), ("--start", "2026-03-02"), ("--start", "2026-03-02T09:00:00"),
        ("--start", "0001-01-01T00:00:00Z"), ("--start", "9999-12-31T00:00:00Z"), ("--seed", "x"),
        ("--start", "9999-12-30T00:00:00Z"), ("--start", "9999-12-31T23:59:59-23:00"),
        ("--start", "0001-01-01T00:00:00+14:00"),
    ],
)  # fmt: skip
def test_wrong_usage(dialctl, crowd, option, text):
    """Exit 64, and the option that is wrong is named."""
    finished = dialctl("simulate", crowd, option, text)
    assert (finished.code, finished.out) == (64, "")
    assert finished.err.split()[0].rstrip(":") == option or option in finished.err


def test_the_database_is_never_touched(dialctl, crowd, monkeypatch):
    """A simulation lives in memory: no file is made, and a database that is named is not opened."""
    monkeypatch.setenv("DIALCTL_DATABASE_URL", "sqlite:///real.db")
    Path("real.db").write_bytes(b"no database at all")
    before = sorted(Path().rglob("*"))
    assert dialctl("simulate", crowd, *START, "--for", "1h").code == 0
    assert sorted(Path().rglob("*")) == before
    assert Path("real.db").read_bytes() == b"no database at all"


def test_guards_refuse_no_simulation(dialctl, crowd):
    """Nothing real can happen, so windows at night need no `--allow` here."""
    manifest = crowd / "spring.yaml"
    manifest.write_text(manifest.read_text().replace('"09:00"', '"00:00"').replace('"17:00"', '"24:00"'))
    assert dialctl("simulate", crowd, *START, "--for", "1h").code == 0


def test_nobody_to_call(dialctl, spring):
    """Manifests without contacts: said in a sentence, exit 0; so is a time without an open window."""
    finished = dialctl("simulate", spring, "--start", "2026-03-07T09:00:00-05:00", "--for", "1d")
    assert finished.code == 0
    assert "no call was made" in finished.out
    (spring / "crm.csv").write_text("external_id,phone\n")
    finished = dialctl("simulate", spring, *START)
    assert (finished.code, finished.out) == (0, "nobody to call: the manifests declare no contacts\n")


def test_who_is_suppressed_for_ever_is_not_waited_for(dialctl, spring):
    """R-SUP-1: the forecast says when everybody else was finished, and how many are suppressed."""
    (spring / "no.yaml").write_text(
        "apiVersion: campaigns/v1\nkind: SuppressionList\nmetadata: {name: no}\n"
        "spec: {numbers: ['+12125550142', {number: '+12125550143', expires_at: 2026-06-01}]}\n"
    )
    page = dialctl("simulate", spring, *START, "--for", "30d").out
    assert "not by the end" in page
    (spring / "no.yaml").write_text((spring / "no.yaml").read_text().replace(", expires_at: 2026-06-01", ""))
    page = dialctl("simulate", spring, *START, "--for", "30d").out
    assert "not by the end" not in page
    assert re.search(
        r"^default/spring: \d contacts not reached; finished but for 2 suppressed$", page, re.MULTILINE
    )
    assert "2  every number is suppressed for ever" in page


def test_calls_that_are_still_going_on_are_not_denied(dialctl, crowd):
    """A simulation that ends amid its first calls says that they were started."""
    page = dialctl("simulate", crowd, *START, "--for", "1s").out
    assert "5 calls started; none has an outcome that counts" in page
    assert "5  its call was still going on" in page


def test_faulty_manifests(dialctl, crowd):
    """R-MAN-1: every fault with its place, exit 1, and no forecast."""
    (crowd / "bad.yaml").write_text("apiVersion: campaigns/v1\nkind: Campain\n")
    finished = dialctl("simulate", crowd)
    assert (finished.code, finished.out) == (1, "")
    assert finished.err.startswith("spring/bad.yaml:2:")


def test_long_names_are_clipped_to_the_screen():
    """The page keeps to its width, whatever a campaign is called."""
    begin = datetime.fromisoformat("2026-03-02T14:00:00+00:00")
    end = begin + timedelta(days=7)
    found = [Outlook(f"acme/{'long-' * 12}{n}", contacts=1, starts=[begin, end]) for n in range(2)]
    for width in (50, 60, 70, 80, 120):
        assert max(len(line.plain) for line in forecast_page(found, begin, end, width)) <= width


def test_the_axis_says_what_day_it_is():
    """Slots begin with hours and days; the axis names the day where it begins, and midnights."""
    begin = datetime.fromisoformat("2026-03-02T14:20:00+00:00")
    end = begin + timedelta(hours=30)
    found = [Outlook("acme/spring", contacts=1, starts=[begin, end - timedelta(minutes=1)])]
    title, axis, row, *_ = (line.plain for line in forecast_page(found, begin, end, 80))
    assert title == "Calls started per hour (UTC)"
    assert axis.split() == ["02", "Mar", "03", "Mar", "12:00"]
    assert row.index("█") == axis.index("02 Mar")
    assert row[axis.index("03 Mar")] == "┊"
