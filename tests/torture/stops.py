"""The rule about pauses and holds: what a person stops has stopped a second later."""

from __future__ import annotations

NOTICED = 1.0
"""Seconds after which a pause or a hold is obeyed (R-LIFE-4)."""


def pauses_and_holds(evidence):
    """R-LIFE-4, R-HOLD-1: a second after a pause or hold was committed no call in its scope starts."""
    for call, stop in _stopped(evidence):
        if call.started > stop.done + NOTICED:
            yield f"{call} {call.started - stop.done:.3f} s after {stop.what} {stop.facts}"


def worst_lag(evidence) -> float:
    """Give how long after a pause or hold, at most, a call in its scope has started, in seconds."""
    return max((call.started - stop.done for call, stop in _stopped(evidence)), default=0.0)


def _stopped(evidence):
    """Give calls that started after a stop in whose scope they are, and before anybody began to lift it."""
    lifted = [e for e in evidence.journal if e.what in ("start", "release")]
    calls = evidence.started()
    for stop in evidence.journal:
        if stop.what not in ("pause", "hold") or stop.done is None:
            continue
        ends = min(
            (e.begun for e in lifted if e.begun >= stop.begun and _lifts(e, stop)), default=float("inf")
        )
        for call in calls:
            if stop.done < call.started < ends and _covers(stop, call):
                yield call, stop


def _lifts(entry, stop):
    if stop.what == "hold":
        return entry.what == "release"
    return entry.what == "start" and entry.facts["campaign"] == stop.facts["campaign"]


def _covers(stop, call):
    if stop.what == "pause":
        return call.campaign == stop.facts["campaign"]
    scope, value, org = stop.facts["scope"], stop.facts["value"], stop.facts["org"]
    if org is not None and call.org != org:
        return False
    return {
        "all": True, "org": call.org == value, "agent": f"agent-{call.campaign}" == value,
        "caller_id": call.caller_id == value, "country": call.number.startswith("+1"),
    }[scope]  # fmt: skip
