"""A receipt of a hold as people read it (R-HOLD-3)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.core.holds import Hold
    from reconciler.store.operations.receipts import LiveDialer, Receipt
    from reconciler.store.operations.stopping import Stopped


def head_lines(stopped: Stopped, scope: str) -> Iterator[str]:
    """Write what stands from the commit on; `scope` says in words what is held."""
    hold, count = stopped.hold, len(stopped.open_then)
    until = _instant(hold.expires_at) if hold.expires_at else "released"
    yield f"held since {_instant(hold.created_at)}: {scope}: {hold.reason}"
    yield f"  hold               {hold.id}"
    yield f"  until              {until}"
    yield f"  calls open then    {count}{_WHAT_THEN[hold.hang_up] if count else ''}"


def dialer_line(dialer: LiveDialer) -> str:
    """Write that a dialer obeys."""
    return f"  obeyed by          {_name(dialer)}"


def result_lines(receipt: Receipt, waited: timedelta) -> Iterator[str]:
    """Write what came of it, and how it is lifted."""
    calls = receipt.calls
    started = _instant(receipt.last_started_at) if receipt.last_started_at else "none lately"
    yield f"  last call started  {started}"
    yield f"  calls cancelled    {calls.cancelled}"
    yield f"  ended otherwise    {calls.ended}"
    yield f"  never sent         {calls.unsent}"
    yield f"  ringing            {calls.ringing}"
    yield f"  talking            {calls.talking}"
    if calls.unknown:
        yield f"  fate unknown       {calls.unknown}"
    yield _conclusion(receipt, waited)


def lift_line(hold: Hold) -> str:
    """Write how a hold is lifted."""
    return f"lift it with: dialctl release {hold.id}"


_WHAT_THEN = {
    "none": ", which go on",
    "unanswered": "; those that nobody has answered are cancelled",
    "all": "; all of them are hung up",
}


def _conclusion(receipt: Receipt, waited: timedelta) -> str:
    from reconciler.spec.scalars import format_duration

    silent = [_name(dialer) for dialer in receipt.dialers if not dialer.confirmed]
    count = len(receipt.dialers)
    if not count:
        return "no dialer is running; any that starts obeys this hold"
    if silent:
        return (
            f"NOT CONFIRMED after {format_duration(waited)} by {len(silent)} of {count} dialers: "
            f"{', '.join(silent)}; look after it, or end its process"
        )
    dialers = "the one dialer that runs" if count == 1 else f"all {count} dialers"
    going_on = receipt.calls.ringing + receipt.calls.talking
    left = f"; {going_on} still going on" if going_on else ""
    return f"obeyed by {dialers}: no call in its scope starts any more{left}"


def _name(dialer: LiveDialer) -> str:
    return f"{dialer.host}, process {dialer.pid}"


def _instant(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
