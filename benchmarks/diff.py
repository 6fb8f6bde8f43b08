"""How long `dialctl diff` of many contacts in YAML takes, as a whole process, and how much memory.

Usage: python benchmarks/diff.py [--contacts 10000] [--runs 5]

Three cases on a SQLite file: cold (nothing applied yet), unchanged, and with 1 % of the contacts changed; the
contacts as `Contact` documents, and as the rows of one inline ContactList. Prints one line of JSON per case.
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
from collections.abc import Callable
from pathlib import Path

from simulate import phone

HEAD = """apiVersion: campaigns/v1
kind: Configuration
metadata: {name: office}
spec:
  schedule: {default_windows: [{days: [mon, tue, wed, thu, fri], start: "09:00", end: "17:00"}]}
  agent_id: agent-bench
---
apiVersion: campaigns/v1
kind: Campaign
metadata: {name: everybody}
spec: {configuration: office}
"""
IN_MEGABYTES = 1024


def documents(contacts: int, changed: int) -> str:
    """Give every contact as a document of its own; the first `changed` of them on another plan."""
    return HEAD + "".join(
        f"---\napiVersion: campaigns/v1\nkind: Contact\n"
        f"metadata: {{name: c{n:06d}, campaign: everybody}}\n"
        f'spec:\n  phone_numbers: ["{phone(n)}", "{phone(contacts + n)}"]\n'
        f"  data: {{first_name: Ada, city: Boston, plan: {plan(n, changed)}}}\n"
        for n in range(contacts)
    )


def inline(contacts: int, changed: int) -> str:
    """Give all contacts as rows of one list."""
    head = (
        f"{HEAD}---\napiVersion: campaigns/v1\nkind: ContactList\n"
        "metadata: {name: all, campaign: everybody}\nspec:\n  contacts:\n"
    )
    return head + "".join(
        f'    - {{external_id: c{n:06d}, phone_numbers: ["{phone(n)}", "{phone(contacts + n)}"], '
        f"data: {{first_name: Ada, city: Boston, plan: {plan(n, changed)}}}}}\n"
        for n in range(contacts)
    )


def plan(number: int, changed: int) -> str:
    """Give what is changed of a contact."""
    return "gold" if number < changed else "silver"


def timed(folder: Path, runs: int) -> dict[str, object]:
    """Run `diff` several times and give the median of its wall time, CPU time and peak memory."""
    walls, cpus, peaks = [], [], []
    for _ in range(runs):
        began = time.perf_counter()
        process = subprocess.Popen(
            [dialctl(), "diff", "contacts.yaml", "--exit-zero"], cwd=folder, stdout=subprocess.DEVNULL
        )
        _, status, usage = os.wait4(process.pid, 0)
        walls.append(time.perf_counter() - began)
        cpus.append(usage.ru_utime + usage.ru_stime)
        peaks.append(usage.ru_maxrss / IN_MEGABYTES)
        if status:
            raise SystemExit(f"diff failed with status {status}")
    return {
        "wall_s": round(statistics.median(walls), 2),
        "cpu_s": round(statistics.median(cpus), 2),
        "peak_mb": round(max(peaks)),
    }


def dialctl() -> str:
    """Give the command that stands beside this Python."""
    return str(Path(sys.executable).parent / "dialctl")


def measure(form: str, write: Callable[[int, int], str], contacts: int, runs: int) -> None:
    """Measure the three cases of one form."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        manifest = folder / "contacts.yaml"
        manifest.write_text(write(contacts, 0))
        report(form, "cold", contacts, timed(folder, runs))
        subprocess.run(
            [dialctl(), "apply", "contacts.yaml", "--yes"], cwd=folder, check=True, stdout=subprocess.DEVNULL
        )
        report(form, "unchanged", contacts, timed(folder, runs))
        manifest.write_text(write(contacts, contacts // 100))
        report(form, "1 % changed", contacts, timed(folder, runs))


def report(form: str, case: str, contacts: int, figures: dict[str, object]) -> None:
    """Print one case."""
    print(json.dumps({"contacts": contacts, "form": form, "case": case, **figures}))


def main() -> None:
    """Measure both forms."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contacts", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    measure("documents", documents, options.contacts, options.runs)
    measure("inline list", inline, options.contacts, options.runs)


if __name__ == "__main__":
    main()
