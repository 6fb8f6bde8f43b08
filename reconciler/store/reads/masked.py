"""Records without personal data: what anybody may see who may use the tool (R-PLAN-8)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from reconciler.core.desired import Json
from reconciler.core.masking import MASK, masked_leaves, masked_name, masked_text
from reconciler.core.phones import mask_number
from reconciler.store.reads.contacts import Record


def masked(record: Record) -> Record:
    """Mask the personal fields of a record of any kind, and of the records in it, keeping its shape."""
    return {name: _field(name, value) for name, value in record.items()}


def _field(name: str, value: Json) -> Json:
    if name in _MASKS:
        return _MASKS[name](value)
    if name in _IMPERSONAL:
        return value
    if isinstance(value, Mapping):
        return masked(dict(value))
    return [_field("", item) for item in value] if isinstance(value, list) else value


def _numbers(value: list[str]) -> list[str]:
    return [mask_number(number) for number in value]


def _name(value: str | None) -> str | None:
    return None if value is None else masked_name(value)


def _number(value: str | None) -> str | None:
    return None if value is None else mask_number(value)


def _labels(value: Mapping[str, str]) -> Json:
    return {name: masked_text(text) for name, text in value.items()}


def _whole(value: Json) -> Json:
    return None if value is None else MASK


_MASKS: Mapping[str, Callable[[Any], Json]] = {
    "phone_numbers": _numbers,
    "number": _number,
    "data": masked_leaves,
    "agent_config": masked_leaves,
    "initial_context": _whole,
    "transcript": masked_leaves,
    "recording_url": _whole,
    "external_id": _name,
    "contact": _name,
    "reason": masked_text,
    "labels": _labels,
}
"""How each personal field is masked; a caller ID is the caller's own number, and no secret."""

_IMPERSONAL = frozenset({"caller_ids", "columns"})
"""Fields that hold no personal data, whatever the fields in them are called."""
