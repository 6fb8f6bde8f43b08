"""One run of benchmarks: what is measured on which databases, and every figure so far."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from rich.console import Console

from benchmarks.dialing.stock import Stock

Figures = dict[str, object]


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is measured: on which engine, with how many waiting and how many past attempts."""

    stock: Stock
    depth: int
    history: int = 0


@dataclass
class Run:
    """Measures, each time in a process of its own, and keeps what was found."""

    stocks: Sequence[Stock]
    depths: Sequence[int]
    history: int
    rounds: int
    seconds: float
    console: Console
    figures: list[Figures] = field(default_factory=list)

    def measure(self, what: str, place: Place, *options: object) -> Figures:
        """Measure on a fresh copy of a filled database."""
        self._tell(what, place, options)
        url = place.stock.copy(place.depth, place.history)
        found = call(f"benchmarks.dialing.{what}", url, *options, "--seconds", self.seconds)
        return self._keep(what, place, options, found)

    def measure_peer(self, peer: str, place: Place) -> Figures:
        """Measure a job queue, which fills an empty database itself."""
        self._tell(peer, place, ())
        depth = ("--depth", place.depth, "--seconds", self.seconds)
        return self._keep(
            peer, place, (), call("benchmarks.dialing.peers", peer, place.stock.empty(), *depth)
        )

    def measure_in_flight(self, place: Place) -> Figures:
        """Measure calls in flight, which are applied and placed by the program itself."""
        self._tell("in_flight", place, ())
        found = call("benchmarks.dialing.in_flight", place.stock.empty(), "--calls", place.depth)
        return self._keep("in_flight", place, (), found)

    def measure_together(self, place: Place, *names: str) -> Figures:
        """Measure whole cycles on several databases at a time, one dialer each; gives their sum."""
        self._tell(f"cycles on {len(names)} databases", place, ())
        urls = [place.stock.copy(place.depth, place.history, name) for name in names]
        with ThreadPoolExecutor(len(urls)) as pool:
            runs = pool.map(
                lambda url: call("benchmarks.dialing.cycles", url, "--batch", 200, "--seconds", self.seconds),
                urls,
            )
            found = [float(str(one["cycles_per_second"])) for one in runs]
        return self._keep("databases", place, names, {"cycles_per_second": round(sum(found))})

    def _tell(self, what: str, place: Place, options: Sequence[object]) -> None:
        past = f", {place.history:,} past" if place.history else ""
        words = " ".join(map(str, (what, *options)))
        self.console.print(f"[dim]{words}: {place.stock.engine}, {place.depth:,} waiting{past}[/]")

    def _keep(self, what: str, place: Place, options: Sequence[object], found: Figures) -> Figures:
        about = {
            "what": what,
            "engine": place.stock.engine,
            "depth": place.depth,
            "history": place.history,
            "options": list(map(str, options)),
        }
        self.figures.append({**about, **found})
        return found


def call(module: str, *arguments: object) -> Figures:
    """Run a benchmark's module; it prints one line of JSON at its end."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: Figures = json.loads(done.stdout.splitlines()[-1])
    return found


def median(runs: Sequence[Figures], name: str) -> float:
    """Give the median of one figure over several runs."""
    return statistics.median(float(str(found[name])) for found in runs)
