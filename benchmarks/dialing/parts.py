"""The parts of the benchmark of dialing, each a table: what is compared is measured in turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.table import Table

from benchmarks.dialing.run import Figures, Place, Run, median

DEEP = 1_000_000
PEERS = ("procrastinate", "pgqueuer")
CALLS_IN_FLIGHT = 10_000
OF_SEVERAL = 100_000


def cycles(run: Run) -> Table:
    """Whole cycles beside the floor, and the peers at a million or the most that waits."""
    table = _table("Whole cycles per second, batches of 1,000", "waiting", "dialer", "floor", "of the floor",
                   *(name for peer in PEERS for name in (peer, "times")))  # fmt: skip
    with_peers = DEEP if DEEP in run.depths else max(run.depths)
    for stock in run.stocks:
        for depth in run.depths:
            peers = PEERS if stock.engine == "postgresql" and depth == with_peers else ()
            rates: dict[str, list[Figures]] = {name: [] for name in ("cycles", "floor", *peers)}
            place = Place(stock, depth)
            for _ in range(run.rounds):
                for name, found in rates.items():
                    found.append(run.measure_peer(name, place) if name in PEERS else run.measure(name, place))
            table.add_row(stock.engine, f"{depth:,}", *_compared(rates))
    return table


def _compared(rates: dict[str, list[Figures]]) -> list[str]:
    own, floor, *peers = (median(found, "cycles_per_second") for found in rates.values())
    compared = [text for rate in peers for text in (f"{rate:,.0f}", f"{own / rate:.2f}")]
    return [f"{own:,.0f}", f"{floor:,.0f}", f"{own / floor:.2f}", *compared]


def claims(run: Run) -> Table:
    """Claims of a hundred, and polls that find nothing."""
    table = _table("Claims of 100 out of 1,000 lanes", "waiting", "campaigns shut", "contacts/s",
                   "claim p50 ms", "claim p99 ms", "step p50 ms", "statements", "buffers a step")  # fmt: skip
    for stock in run.stocks:
        for depth in run.depths:
            for shut in ("0.0", "0.5", "1.0"):
                runs = [run.measure("claims", Place(stock, depth), "--shut", shut) for _ in range(run.rounds)]
                figures = (
                    "claims_per_second", "claim_ms_p50", "claim_ms_p99", "step_ms_p50", "statements_per_step",
                    "buffers_per_step",
                )  # fmt: skip
                table.add_row(stock.engine, f"{depth:,}", shut, *(_shown(runs, name) for name in figures))
    return table


def several(run: Run) -> Table:
    """Two dialers on one server, with the lock and without."""
    table = _table("Dialers on one server: limits of 200, and of 7 a campaign", "dialers", "lock",
                   "cycles/s", "snapshots", "most open", "of a campaign", "called twice")  # fmt: skip
    for stock in run.stocks:
        if stock.engine != "postgresql":
            continue
        for dialers, options in ((1, ()), (2, ()), (2, ("--unlocked",))):
            given = ("--dialers", dialers, *options)
            runs = [run.measure("several", Place(stock, OF_SEVERAL), *given) for _ in range(run.rounds)]
            worst = (
                max(int(str(found[name])) for found in runs)
                for name in ("most_open", "most_open_of_a_campaign", "called_twice")
            )
            means = (_shown(runs, name) for name in ("cycles_per_second", "snapshots"))
            table.add_row(stock.engine, str(dialers), "no" if options else "yes", *means, *map(str, worst))
    return table


def databases(run: Run) -> Table:
    """Organizations over several databases of one server, a dialer each."""
    table = _table("Dialers on databases of their own, batches of 200", "databases", "cycles/s", "times")
    for stock in run.stocks:
        first = 0.0
        for names in (("copy",), ("copy", "copy2")):
            place = Place(stock, OF_SEVERAL)
            rate = median(
                [run.measure_together(place, *names) for _ in range(run.rounds)], "cycles_per_second"
            )
            first = first or rate
            table.add_row(stock.engine, str(len(names)), f"{rate:,.0f}", f"{rate / first:.2f}")
    return table


def in_flight(run: Run) -> Table:
    """Ten thousand calls in one process."""
    table = _table(f"{CALLS_IN_FLIGHT:,} calls in flight in one process", "all placed in s",
                   "share of a core", "peak MB", "pause noticed in s")  # fmt: skip
    for stock in run.stocks:
        found = run.measure_in_flight(Place(stock, CALLS_IN_FLIGHT))
        figures = ("ramp_s", "busy_share_of_a_core", "peak_mb", "pause_noticed_s")
        table.add_row(stock.engine, *(str(found[name]) for name in figures))
    return table


def history(run: Run) -> Table:
    """The same figures with and without years of finished attempts."""
    table = _table(f"{DEEP:,} waiting, without and with {run.history:,} finished attempts", "figure",
                   "without", "with", "as fast")  # fmt: skip
    cases = (
        ("cycles", (), "cycles_per_second", 1),
        ("claims", (), "claims_per_second", 1),
        ("claims", ("--shut", "1.0"), "step_ms_p50", -1),
    )
    for stock in run.stocks:
        for what, options, name, sign in cases:
            without, loaded = [], []
            for _ in range(run.rounds):
                without.append(run.measure(what, Place(stock, DEEP), *options))
                loaded.append(run.measure(what, Place(stock, DEEP, run.history), *options))
            before, after = median(without, name), median(loaded, name)
            ratio = f"{(after / before) ** sign:.2f}"
            figure = " ".join((what, *options, name))
            table.add_row(stock.engine, figure, f"{before:,.1f}", f"{after:,.1f}", ratio)
    return table


PARTS: dict[str, Callable[[Run], Table]] = {
    part.__name__: part for part in (cycles, claims, several, databases, in_flight, history)
}


def _table(title: str, *columns: str) -> Table:
    table = Table("engine", title=title, title_justify="left")
    for column in columns:
        table.add_column(column, justify="right")
    return table


def _shown(runs: Sequence[Figures], name: str) -> str:
    return f"{median(runs, name):,.6g}" if all(name in found for found in runs) else ""
