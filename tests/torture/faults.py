"""Each fault, and each act of the operator, as the storm has it happen."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import dataclass

from torture.declared import CALLER_ID, CAMPAIGNS, right_now
from torture.scene import GOOD_NETWORK, LEASE

NETWORKS = (
    {"lost_answers": 0.3},
    {"lost_orders": 0.3},
    {"answer_seconds": [0, 1.5]},
    {"late_events": 0.5, "late_seconds": [0.1, 3]},
    {"repeated_events": 0.5, "late_seconds": [0, 1]},
    {"reordered_calls": 0.5},
    {"lost_events": 0.1},
    {"requests_per_second": 3},
    {"lost_answers": 0.1, "lost_orders": 0.1, "answer_seconds": [0, 0.5], "reordered_calls": 0.3,
     "repeated_events": 0.3, "late_events": 0.3, "late_seconds": [0, 2]},
)  # fmt: skip
HOLDS = (
    ("all", "", None), ("org", "default", "default"), ("org", "acme", "acme"),
    ("agent", "agent-autumn", "default"), ("caller_id", CALLER_ID, None), ("country", "US", "acme"),
)  # fmt: skip
SMALL = LEASE / 12
"""Seconds by which clocks may be wrong."""

LARGE = (20, 60, 600, 3000)
"""Seconds by which a clock that is set by hand, or by nobody, may be wrong."""


@dataclass(frozen=True, eq=False)
class Fault:
    """Something that happens; `often`: how often in a full storm, by engine; `late`: only near its end."""

    happen: Callable
    often: dict
    late: bool = False
    needs_real_disk: bool = False

    def __call__(self, storm) -> None:
        self.happen(storm)


def kill_dialer(storm):
    """SIGKILL, also of one that is frozen or just starts; it is back within a second."""
    dialer = storm.luck.choice(storm.scene.dialers)
    dialer.kill()
    storm.journal.note("kill dialer", name=dialer.name)
    storm.after(storm.luck.uniform(0, 1), lambda: dialer.is_dead and storm.scene.start_dialer(dialer))


def kill_carrier(storm):
    carrier = storm.scene.carrier
    carrier.kill()
    storm.journal.note("kill carrier")
    down = storm.luck.uniform(0, 2)
    storm.after(down, lambda: carrier.is_dead and storm.scene.start_carrier())
    storm.after(down + 2, lambda: storm.operator.please(storm.operator.trust_the_carrier))


def kill_server(storm):
    """The database server and all its processes at once."""
    scene = storm.scene
    scene.server_wanted = False
    scene.server.kill()
    storm.journal.note("kill server")

    def back():
        scene.server_wanted = True

    storm.after(storm.luck.uniform(0, 1.5), back)


def kill_apply(storm):
    """An apply, somewhere between its start and its end."""
    terms = storm.operator.last_tried.edited(storm.luck, right_now())
    storm.journal.note("kill apply")
    storm.operator.please(storm.operator.apply, terms, kill_after=storm.luck.uniform(0.3, 2.5))


def freeze_dialer(storm):
    """SIGSTOP past the lease, at whatever line it is, also inside a transaction."""
    _freeze(storm, storm.luck.choice(storm.scene.dialers), LEASE + storm.luck.uniform(0.5, 3))


def freeze_carrier(storm):
    _freeze(storm, storm.scene.carrier, storm.luck.uniform(0.5, 3))


def _freeze(storm, process, seconds):
    asleep = process.process
    process.send(signal.SIGSTOP)
    storm.journal.note(f"freeze {process.name.split('-')[0]}", name=process.name, seconds=seconds)

    def wake():
        if process.process is asleep:
            process.send(signal.SIGCONT)

    storm.after(seconds, wake)


def cut_database(storm):
    _cut(storm, "database")


def cut_carrier(storm):
    _cut(storm, "carrier")


def _cut(storm, cable):
    storm.scene.cables[cable].cut()
    storm.journal.note(f"cut {cable}")


def stall_database(storm):
    _stall(storm, "database")


def stall_carrier(storm):
    _stall(storm, "carrier")


def _stall(storm, name):
    cable = storm.scene.cables[name]
    cable.stall()
    storm.journal.note(f"stall {name}")

    def end():
        if storm.luck.random() < 0.5:
            cable.cut()
        cable.flow()

    storm.after(storm.luck.uniform(0.5, 4), end)


def bad_network(storm):
    """Answers and orders get lost, late, repeated, reordered; requests are refused."""
    network = storm.luck.choice(NETWORKS)
    storm.scene.set_network(GOOD_NETWORK | network)
    storm.journal.note("bad network", **network)

    def good_again():
        storm.scene.set_network(GOOD_NETWORK)
        storm.operator.please(storm.operator.trust_the_carrier)

    storm.after(storm.luck.uniform(4, 10), good_again)


def dialer_clock(storm):
    """A clock that is a little wrong, as far as clocks may be."""
    _set(storm, _one_machine(storm), storm.luck.uniform(-SMALL, SMALL))


def carrier_clock(storm):
    _set(storm, [storm.scene.carrier], storm.luck.uniform(-SMALL, SMALL))


def far_dialer_clock(storm):
    """A clock that is wrong by far."""
    _set(storm, _one_machine(storm), _far(storm))


def far_carrier_clock(storm):
    _set(storm, [storm.scene.carrier], _far(storm))


def _one_machine(storm):
    """Give the dialers of one machine: one of them, or all where the database is a file."""
    scene = storm.scene
    return [storm.luck.choice(scene.dialers)] if scene.server else scene.dialers


def _far(storm):
    return storm.luck.choice((-1, 1)) * storm.luck.choice(LARGE)


def _set(storm, processes, seconds):
    for process in processes:
        process.set_clock(seconds)
    entry = storm.journal.begin(
        f"{'far ' if abs(seconds) > SMALL else ''}clock {processes[0].name.split('-')[0]}",
        wrong_by=seconds, names=[process.name for process in processes],
    )  # fmt: skip

    def right():
        for process in processes:
            process.set_clock(0)
        storm.journal.end(entry)

    storm.after(storm.luck.uniform(3, 9), right)


def disk_full(storm):
    storm.scene.fill_the_disk()
    storm.journal.note("disk full")
    storm.after(storm.luck.uniform(1, 4), storm.scene.disk.empty)


def pause(storm):
    """A person pauses a campaign, and starts it again a while later."""
    campaign = storm.luck.choice(list(CAMPAIGNS))
    storm.operator.please(storm.operator.pause, campaign)
    storm.after(storm.luck.uniform(3, 8), lambda: storm.operator.please(storm.operator.start, campaign))


def hold(storm):
    storm.operator.please(storm.operator.hold, *storm.luck.choice(HOLDS))
    storm.after(storm.luck.uniform(2, 5), lambda: storm.operator.please(storm.operator.release))


def suppress(storm):
    """A person suppresses a number of somebody who may just be called."""
    campaign = storm.luck.choice(list(CAMPAIGNS))
    person = storm.luck.choice(storm.operator.last_tried.people[campaign])
    storm.operator.please(storm.operator.suppress, CAMPAIGNS[campaign], person.number)


def apply(storm):
    terms = storm.operator.last_tried.edited(storm.luck, right_now())
    storm.operator.please(storm.operator.apply, terms)


def _both(count):
    return {"sqlite": count, "postgresql": count}


KILLS = (
    Fault(kill_dialer, {"sqlite": 220, "postgresql": 190}),
    Fault(kill_carrier, _both(45)),
    Fault(kill_apply, {"sqlite": 35, "postgresql": 25}),
    Fault(kill_server, {"sqlite": 0, "postgresql": 40}),
)
FAULTS = (
    Fault(freeze_dialer, _both(24)),
    Fault(freeze_carrier, _both(10)),
    Fault(cut_database, {"sqlite": 0, "postgresql": 16}),
    Fault(stall_database, {"sqlite": 0, "postgresql": 10}),
    Fault(cut_carrier, _both(16)),
    Fault(stall_carrier, _both(10)),
    Fault(bad_network, _both(30)),
    Fault(dialer_clock, _both(16)),
    Fault(carrier_clock, _both(10)),
    Fault(far_dialer_clock, _both(6), late=True),
    Fault(far_carrier_clock, _both(4), late=True),
    Fault(disk_full, _both(8), needs_real_disk=True),
    Fault(pause, _both(16)),
    Fault(hold, _both(16)),
    Fault(suppress, _both(24)),
    Fault(apply, _both(24)),
)
