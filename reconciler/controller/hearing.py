"""What a gateway reports, heard with care: its faults neither stop the dialer nor ring a phone too soon."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from reconciler.controller.telling import Tell
from reconciler.core.outcomes import Disposition, Outcome
from reconciler.ports import Accepted, Ended, Found, GatewayEvent
from reconciler.store.columns import AnyRow

_to_json = json.JSONEncoder(ensure_ascii=False).encode
_LARGEST_COST = 2**63 - 1
_LONGEST_REST = timedelta(days=1)


def heard(events: Iterable[object], tell: Tell) -> list[GatewayEvent]:
    """Keep the events that make sense; of an end, at least that it is one.

    A call whose only events are dropped here is asked about once it should be over (R-CRASH-2).
    """
    kept = []
    for event in events:
        sound = _sound(event)
        if sound is None:
            tell("gateway reported nonsense", event=type(event).__name__)
        else:
            kept.append(sound)
    return kept


def on_our_clock(event: GatewayEvent, row: AnyRow, now: datetime) -> GatewayEvent:
    """Give an event whose instant lies between the order to place the call and now, or the call's end.

    A carrier's clock may be wrong. What follows an end counts from it: one that seems to be hours ago would
    have the phone ring again at once, and one in the future would lose the contact (R-RETRY-3).
    """
    earliest = row.placing_at or event.at
    if isinstance(event, Ended):
        return event if earliest <= event.at <= now else replace(event, at=now)
    latest = min(row.ended_at or now, now)
    at = max(earliest, min(event.at, latest))
    return event if at == event.at else replace(event, at=at)


def _sound(event: object) -> GatewayEvent | None:
    if not isinstance(event, GatewayEvent):
        return None
    if not isinstance(event.attempt_id, UUID) or not _is_instant(event.at):
        return None
    if isinstance(event, Accepted | Found):
        plain = isinstance(event.reference, str) and event.reference.isascii()
        return event if plain else replace(event, reference=_text(event.reference) or "")
    if isinstance(event, Ended):
        return event if _is_plain(event) else _sound_end(event)
    return event


def _is_plain(ended: Ended) -> bool:
    """Tell whether an end is sound as it is, as nearly all are: then it is kept as it is."""
    texts = (ended.carrier_code, ended.reason, ended.cost_currency, ended.recording_url)
    return (
        type(ended.outcome) is Outcome
        and (ended.disposition is None or type(ended.disposition) is Disposition)
        and (ended.callback_at is None or _is_instant(ended.callback_at))
        and all(text is None or (isinstance(text, str) and text.isascii()) for text in texts)
        and ended.retry_after is None
        and _cost(ended.cost_micros) == ended.cost_micros
        and (not ended.transcript or _transcript(ended.transcript) == ended.transcript)
    )


def _sound_end(ended: Ended) -> Ended | None:
    """Keep an end whose outcome is known; what else it says is left out where it cannot be kept."""
    if ended.outcome not in tuple(Outcome):
        return None
    known = ended.disposition in tuple(Disposition)
    return replace(
        ended,
        outcome=Outcome(ended.outcome),
        disposition=Disposition(ended.disposition) if known and ended.disposition else None,
        callback_at=ended.callback_at if _is_instant(ended.callback_at) else None,
        carrier_code=_text(ended.carrier_code),
        reason=_text(ended.reason),
        retry_after=_rest(ended.retry_after),
        cost_micros=_cost(ended.cost_micros),
        cost_currency=_text(ended.cost_currency),
        transcript=_transcript(ended.transcript),
        recording_url=_text(ended.recording_url),
    )


def _is_instant(value: object) -> bool:
    return isinstance(value, datetime) and value.utcoffset() is not None


def _text(value: object) -> str | None:
    """Give a text that a database can hold."""
    return None if value is None else str(value).encode("utf-8", "replace").decode()


def _rest(value: object) -> timedelta | None:
    return min(value, _LONGEST_REST) if isinstance(value, timedelta) else None


def _cost(value: object) -> int | None:
    return value if isinstance(value, int) and abs(value) <= _LARGEST_COST else None


def _transcript(value: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    try:
        _to_json(value).encode()
    except (TypeError, ValueError, RecursionError):
        return ()
    return value
