"""All benchmarks of dialing in one run: the dialer, the floor and the peers in turn, on both databases.

Usage: python -m benchmarks.dialing [--help]

Starts a durable PostgreSQL server of its own, unless one is given. Each figure is the median of several runs,
each in a process of its own on a fresh copy of a filled database.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
from pathlib import Path

import postgres
from rich.console import Console

from benchmarks.dialing.parts import PARTS
from benchmarks.dialing.run import Run
from benchmarks.dialing.stock import PostgresStock, SqliteStock

DURABLE = ("shared_buffers=512MB", "max_wal_size=8GB", "checkpoint_timeout=30min")
DEPTHS = (10_000, 100_000, 1_000_000, 5_000_000)
HISTORY = 20_000_000


def main() -> None:
    """Run the parts, print their tables, and write every figure to a file."""
    options = _parser().parse_args()
    console = Console(width=120)
    server = options.postgresql or postgres.start(settings=DURABLE)
    with tempfile.TemporaryDirectory() as folder:
        stocks = (PostgresStock(server), SqliteStock(Path(folder)))
        run = Run(
            stocks=[stock for stock in stocks if options.engine in (None, stock.engine)],
            depths=options.depth or DEPTHS,
            history=options.history,
            rounds=options.rounds,
            seconds=options.seconds,
            console=Console(stderr=True),
        )
        for name in options.only or PARTS:
            console.print(PARTS[name](run))
            written = {"conditions": _conditions(), "figures": run.figures}
            options.json.write_text(json.dumps(written, indent=2) + "\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--depth", type=int, action="append", help="contacts waiting; may be repeated")
    parser.add_argument("--history", type=int, default=HISTORY, help="finished attempts")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8, help="of each measurement")
    parser.add_argument("--json", type=Path, default=Path("benchmarks.json"), help="file for every figure")
    parser.add_argument("--postgresql", metavar="URL", help="a server, without a database")
    parser.add_argument("--engine", choices=("postgresql", "sqlite"))
    parser.add_argument("--only", action="append", choices=PARTS, help="this part; may be repeated")
    return parser


def _conditions() -> dict[str, object]:
    return {"python": platform.python_version(), "system": platform.platform(), "cores": os.cpu_count()}


if __name__ == "__main__":
    main()
