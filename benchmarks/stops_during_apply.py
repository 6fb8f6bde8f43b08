"""How long the stop of a campaign takes while an apply writes very many contacts into it.

Usage: PYTHONPATH=tests python benchmarks/stops_during_apply.py [--contacts 1000000] [--engine postgresql]

A campaign without contacts is applied first. Then one process applies a list of so many contacts, while
this one sets the hold that `pause` sets before anything else, and which dialers obey, and lifts it again,
until the apply ends. What is timed is the transaction on an open connection. Prints one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import postgres
from diff import HEAD, csv

from reconciler.cli.session import acting, open_session
from reconciler.store.holds import holds_on_campaign, release_holds
from reconciler.store.identity import find_campaign, find_organization
from reconciler.store.operations.lifecycle import hold_back
from reconciler.store.operations.operation import operating_on_holds

BETWEEN = 0.05
"""Seconds between two stops."""


def dialctl(*arguments: str, url: str) -> subprocess.Popen[bytes]:
    """Start a command."""
    program = Path(sys.executable).with_name("dialctl")
    environment = {**os.environ, "DIALCTL_DATABASE_URL": url}
    return subprocess.Popen([program, *arguments], env=environment, stdout=subprocess.DEVNULL)


def stop_and_go(url: str, while_it_runs: subprocess.Popen[bytes]) -> list[float]:
    """Stop the campaign again and again; give how many seconds each stop took."""
    took: list[float] = []
    with open_session(url) as session:
        on_holds = (session.database, acting("bench"), session.clock, session.ids)
        while while_it_runs.poll() is None:
            began = time.perf_counter()
            with operating_on_holds(*on_holds) as operation:
                org = find_organization(operation.connection, "default")
                which = find_campaign(operation.connection, org, "everybody")
                hold_back(operation, which, reason="bench")
            took.append(time.perf_counter() - began)
            with operating_on_holds(*on_holds) as operation:
                holds = holds_on_campaign(operation.connection, which.key)
                release_holds(operation.connection, holds, operation.actor, operation.now)
            time.sleep(BETWEEN)
    return took


def main() -> None:
    """Apply and stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contacts", type=int, default=1_000_000)
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), default="postgresql")
    wishes = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = (
            postgres.url_of(postgres.new_database())
            if wishes.engine == "postgresql"
            else f"sqlite:///{folder}/dial.db"
        )
        (folder / "contacts.yaml").write_text(HEAD)
        assert dialctl("apply", name, "--yes", "--allow", "windows-legal", url=url).wait() == 0
        csv(folder, wishes.contacts, 0)
        began = time.perf_counter()
        applying = dialctl("apply", name, "--yes", "--allow", "callable", url=url)
        took = stop_and_go(url, applying)
        whole = time.perf_counter() - began
    assert applying.returncode == 0
    hundredths = statistics.quantiles(took, n=100)
    print(json.dumps({
        "engine": wishes.engine, "contacts": wishes.contacts, "apply_s": round(whole, 1), "stops": len(took),
        "median_ms": round(hundredths[49] * 1e3, 1), "p99_ms": round(hundredths[98] * 1e3, 1),
        "longest_ms": round(max(took) * 1e3, 1),
    }))  # fmt: skip


if __name__ == "__main__":
    main()
