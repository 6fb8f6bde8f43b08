"""How long `dialctl diff` of many contacts takes, as a whole process, and how much memory.

Usage: python benchmarks/diff.py [--contacts 10000] [--runs 5] [--form csv]

Cases on a SQLite file: cold (nothing applied yet), unchanged, and with 1 % of the contacts changed, with and
without what the database knows of their rows; the contacts as `Contact` documents, as the rows of one inline
ContactList, and as those of a CSV file. Prints one line of JSON per case.
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
LIST = "---\napiVersion: campaigns/v1\nkind: ContactList\nmetadata: {name: all, campaign: everybody}\n"
MANIFEST = "contacts.yaml"
AREAS = ("212", "312", "415", "617", "303")
IN_MEGABYTES = 1024


def documents(folder: Path, contacts: int, changed: int) -> None:
    """Write every contact as a document of its own; the first `changed` of them on another plan."""
    text = "".join(
        f"---\napiVersion: campaigns/v1\nkind: Contact\n"
        f"metadata: {{name: c{n:06d}, campaign: everybody}}\n"
        f'spec:\n  phone_numbers: ["{phone(n)}", "{phone(contacts + n)}"]\n'
        f"  data: {{first_name: Ada, city: Boston, plan: {plan(n, changed)}}}\n"
        for n in range(contacts)
    )
    (folder / MANIFEST).write_text(HEAD + text)


def inline(folder: Path, contacts: int, changed: int) -> None:
    """Write all contacts as rows of one list."""
    rows = "".join(
        f'    - {{external_id: c{n:06d}, phone_numbers: ["{phone(n)}", "{phone(contacts + n)}"], '
        f"data: {{first_name: Ada, city: Boston, plan: {plan(n, changed)}}}}}\n"
        for n in range(contacts)
    )
    (folder / MANIFEST).write_text(f"{HEAD}{LIST}spec:\n  contacts:\n{rows}")


def csv(folder: Path, contacts: int, changed: int) -> None:
    """Write all contacts as rows of a CSV file."""
    (folder / MANIFEST).write_text(f"{HEAD}{LIST}spec: {{from: contacts.csv}}\n")
    with (folder / "contacts.csv").open("w") as file:
        file.write("external_id,phone,mobile,first_name,city,plan\n")
        file.writelines(
            f"c{n:06d},{phone(n)},{phone(contacts + n)},Ada,Boston,{plan(n, changed)}\n"
            for n in range(contacts)
        )


def phone(number: int) -> str:
    """Give a number of its own to each of forty million."""
    return f"+1{AREAS[number % len(AREAS)]}{2_000_000 + number // len(AREAS)}"


def plan(number: int, changed: int) -> str:
    """Give what is changed of a contact."""
    return "gold" if number < changed else "silver"


def timed(folder: Path, runs: int, *options: str) -> dict[str, object]:
    """Run `diff` several times and give the median of its wall time, CPU time and peak memory."""
    walls, cpus, peaks = [], [], []
    for _ in range(runs):
        began = time.perf_counter()
        process = subprocess.Popen(
            [dialctl(), "diff", MANIFEST, "--exit-zero", *options], cwd=folder, stdout=subprocess.DEVNULL
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


def measure(form: str, write: Callable[[Path, int, int], None], contacts: int, runs: int) -> None:
    """Measure the cases of one form."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, contacts, 0)
        report(form, "cold", contacts, timed(folder, runs))
        began = time.perf_counter()
        subprocess.run(
            [dialctl(), "apply", MANIFEST, "--yes"], cwd=folder, check=True, stdout=subprocess.DEVNULL
        )
        report(form, "apply", contacts, {"wall_s": round(time.perf_counter() - began, 2)})
        report(form, "unchanged", contacts, timed(folder, runs))
        write(folder, contacts, contacts // 100)
        report(form, "1 % changed", contacts, timed(folder, runs))
        report(form, "1 % changed, all read", contacts, timed(folder, runs, "--no-cache"))


FORMS = {"documents": documents, "inline": inline, "csv": csv}


def report(form: str, case: str, contacts: int, figures: dict[str, object]) -> None:
    """Print one case."""
    print(json.dumps({"contacts": contacts, "form": form, "case": case, **figures}))


def main() -> None:
    """Measure the forms."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contacts", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--form", choices=FORMS, action="append", help="this one; may be repeated")
    options = parser.parse_args()
    for form in options.form or FORMS:
        measure(form, FORMS[form], options.contacts, options.runs)


if __name__ == "__main__":
    main()
