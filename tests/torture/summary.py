"""The summary of a storm: what was done, and what was found."""

from __future__ import annotations

from collections import Counter

from torture.accounts import UNUSED_IN_A_ROW
from torture.stops import worst_lag


def summary(scene, storm, operator, evidence, faults) -> str:
    """Give it as text for people."""
    done = storm.journal.counted()
    not_done = Counter(entry.what for entry in evidence.journal if entry.done is None)
    lines = [f"{'done':28}{'times':>8}{'unclear':>9}"]
    lines += [f"{what:28}{count:>8}{not_done[what] or '':>9}" for what, count in sorted(done.items())]
    kills = sum(count for what, count in done.items() if what.startswith("kill"))
    if not scene.disk.is_real:
        lines.append("disk full: left out, for only root can mount a disk to fill")
    lines += [f"{'kills in all':28}{kills:>8}", f"{'started again by itself':28}{scene.restarts:>8}", ""]
    calls = evidence.calls
    outcomes = Counter(call.outcome or call.state for call in calls)
    statuses = Counter(row.status for _, _, row in evidence.contacts)
    found = {
        "contacts": len(evidence.contacts),
        "of them " + ", ".join(f"{status} {count}" for status, count in sorted(statuses.items())): "",
        "attempts": len(calls),
        "of them used": sum(bool(call.used) for call in calls),
        "rings in the ledger": sum(len(call.rings) for call in calls),
        "started by a wrong clock, the last hour included": sum(bool(call.wrong_by) for call in calls),
        "placed, and never with the carrier": sum(call.placed and not call.orders for call in calls),
        "fenced by the carrier": sum(call.fenced for call in calls),
        "outcomes " + ", ".join(f"{name} {count}" for name, count in outcomes.most_common()): "",
        f"contacts given up after {UNUSED_IN_A_ROW} unused attempts": statuses["error"],
        "looks at the open calls": len(evidence.samples),
        "words of a full disk in the logs": sum(_words_of_a_full_disk(log) for log in evidence.logs),
        "latest start after a pause or hold, s": f"{worst_lag(evidence):.3f}",
        "breaches": len(faults),
    }
    lines += [f"{what:52}{value:>8}" for what, value in found.items()]
    lines += [f"  {fault}" for fault in faults[:40]]
    lines += [f"  the operator gave up: {what}" for what in operator.gave_up]
    return "\n".join(lines)


def _words_of_a_full_disk(log):
    text = log.read_text(errors="replace")
    return text.count("is full") + text.count("No space left")
