"""`dialctl diff` beside octoDNS and Terraform, each with as many objects, none of which has changed.

Usage: python -m benchmarks.manifests [--help]

Every process is measured as a whole, from its start to its end, all of them in turn within each round. Prints
a table for each number of objects, and writes every figure to a file.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.manifests.contacts import contacts, rows
from benchmarks.manifests.process import Contender, Figures, measure
from benchmarks.manifests.records import records
from benchmarks.manifests.resources import installed, resources

Runs = Mapping[Contender, Sequence[Figures]]


def main() -> None:
    """Measure beside both, print the tables, and write every figure to a file."""
    options = _parser().parse_args()
    console, progress = Console(width=120), Console(stderr=True)
    figures = []
    with tempfile.TemporaryDirectory() as name:
        for peer, (count, beside) in {
            "octodns": (options.records, _beside_octodns),
            "terraform": (options.resources, _beside_terraform),
        }.items():
            if peer not in (options.only or peer):
                continue
            folder = Path(name) / peer
            folder.mkdir()
            progress.print(f"[dim]{peer}: writing and applying {count:,}[/]")
            contenders, missing = beside(folder, count)
            runs = in_turn(contenders, options.rounds, progress)
            console.print(table(f"{count:,} objects, nothing changed", runs, missing))
            figures += [
                {"objects": count, "what": contender.name, **found.as_dict()}
                for contender, of_it in runs.items()
                for found in of_it
            ]
            written = {"conditions": _conditions(), "figures": figures}
            options.json.write_text(json.dumps(written, indent=2) + "\n")


def in_turn(contenders: Sequence[Contender], rounds: int, progress: Console) -> Runs:
    """Measure each once in every round, so that what slows the machine down slows all of them."""
    runs: dict[Contender, list[Figures]] = {contender: [] for contender in contenders}
    for number in range(rounds):
        for contender, found in runs.items():
            found.append(measure(contender))
            progress.print(f"[dim]round {number + 1}: {contender.name}: {found[-1].wall_s:.2f} s[/]")
    return runs


def table(title: str, runs: Runs, missing: Sequence[str]) -> Table:
    """Show each beside the first, which is ours: how many times as long it takes, and how much memory."""
    shown = Table("", title=title, title_justify="left")
    for column in ("least s", "median s", "CPU s", "peak MB", "times our time", "times our memory"):
        shown.add_column(column, justify="right")
    own_wall, _, own_peak = _medians(next(iter(runs.values())))
    for contender, found in runs.items():
        wall, cpu, peak = _medians(found)
        ratios = ("", "") if contender.ours else (f"{wall / own_wall:.1f}", f"{peak / own_peak:.1f}")
        least = min(one.wall_s for one in found)
        shown.add_row(contender.name, f"{least:.2f}", f"{wall:.2f}", f"{cpu:.2f}", f"{peak:.0f}", *ratios)
    for name in missing:
        shown.add_row(f"{name}: not installed")
    return shown


def _beside_octodns(folder: Path, count: int) -> tuple[list[Contender], list[str]]:
    own = contacts(folder / "ours", count)
    names = [row["external_id"] for row in rows(folder / "ours")]
    return [*own, *records(folder / "octodns", names)], []


def _beside_terraform(folder: Path, count: int) -> tuple[list[Contender], list[str]]:
    own = contacts(folder / "ours", count)
    found = installed()
    theirs = [one for name in found for one in resources(folder, name, rows(folder / "ours"))]
    return [*own, *theirs], [] if found else ["terraform, tofu"]


def _medians(found: Sequence[Figures]) -> tuple[float, float, float]:
    return (
        statistics.median(one.wall_s for one in found),
        statistics.median(one.cpu_s for one in found),
        statistics.median(one.peak_mb for one in found),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--records", type=int, default=100_000, help="objects beside octoDNS")
    parser.add_argument("--resources", type=int, default=1_000, help="objects beside Terraform")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=("octodns", "terraform"))
    parser.add_argument(
        "--json", type=Path, default=Path("benchmarks-manifests.json"), help="for every figure"
    )
    return parser


def _conditions() -> dict[str, object]:
    load = os.getloadavg()[0]
    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "load": load,
    }


if __name__ == "__main__":
    main()
