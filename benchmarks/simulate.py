"""How many attempts per second of wall time a simulation makes, with wide and with narrow limits.

Usage: python benchmarks/simulate.py [--contacts 10000] [--limit 1000 --limit 10] [--profile]
"""

from __future__ import annotations

import argparse
import cProfile
import io
import json
import pstats
import time
from datetime import UTC, datetime, timedelta

from reconciler.controller.planning import Source
from reconciler.controller.simulation import Scenario, Simulation

AREA_CODES = (212, 213, 312, 404, 415, 503, 602, 617, 702, 713)
LINES_PER_AREA_CODE = 10_000
START = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)


def manifests(contacts: int, limit: int) -> str:
    """Give manifests of one campaign that dials around the clock."""
    head = f"""
apiVersion: campaigns/v1
kind: Dialer
metadata: {{name: default}}
spec: {{global_concurrency_limit: {limit}}}
---
apiVersion: campaigns/v1
kind: Organization
metadata: {{name: bench}}
spec: {{concurrency_limit: {limit}}}
---
apiVersion: campaigns/v1
kind: Configuration
metadata: {{name: always, org: bench}}
spec:
  schedule:
    default_windows: [{{days: [mon, tue, wed, thu, fri, sat, sun], start: "00:00", end: "24:00"}}]
  agent_id: agent-bench
---
apiVersion: campaigns/v1
kind: Campaign
metadata: {{name: everybody, org: bench}}
spec: {{configuration: always}}
---
apiVersion: campaigns/v1
kind: ContactList
metadata: {{name: everybody, org: bench, campaign: everybody}}
spec:
  contacts:
"""
    rows = (
        f'    - {{external_id: "c{number:06d}", phone_numbers: ["{phone(number)}"]}}\n'
        for number in range(contacts)
    )
    return head + "".join(rows)


def phone(number: int) -> str:
    """Give a valid number that is never dialled: the simulated carrier calls nobody."""
    area, line = divmod(number, LINES_PER_AREA_CODE)
    return f"+1{AREA_CODES[area]}555{line:04d}"


def measure(contacts: int, limit: int, *, profile: bool) -> dict[str, object]:
    """Simulate until nobody is left to call, and give the figures."""
    world = Simulation(Scenario(start=START, length=timedelta(days=30)))
    text = manifests(contacts, limit).encode()
    world.load(Source(["-"], io.BytesIO(text), "default"))
    profiler = cProfile.Profile()
    began = time.perf_counter()
    if profile:
        profiler.enable()
    world.run_until(world.scenario.end)
    profiler.disable()
    seconds = time.perf_counter() - began
    if profile:
        pstats.Stats(profiler).sort_stats("tottime").print_stats(35)
    return {
        "contacts": contacts,
        "limit": limit,
        "attempts": world.calls,
        "steps": world.steps,
        "seconds": round(seconds, 2),
        "attempts_per_second": round(world.calls / seconds),
    }


def main() -> None:
    """Print one line of JSON per limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contacts", type=int, default=10_000)
    parser.add_argument("--limit", type=int, action="append")
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    for limit in options.limit or [1000, 10]:
        print(json.dumps(measure(options.contacts, limit, profile=options.profile)))


if __name__ == "__main__":
    main()
