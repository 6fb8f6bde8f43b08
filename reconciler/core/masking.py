"""Masking of personal data: phone numbers and whatever is known of a contact (R-PLAN-8).

Masked text shows that something is there, and never what; it is never applied.
"""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.core.desired import Json
from reconciler.core.phones import mask_number, mask_numbers_in, reads_as_number

MASK = "***"

_FREE_FIELDS = ("spec.data", "spec.agent_config", "spec.initial_context")


def masked_field(path: str, value: Json) -> Json:
    """Mask the value of a field by its dotted path: contacts' fields, and what people wrote in any."""
    if value is None:
        return None
    if path == "spec.phone_numbers":
        return [mask_number(number) for number in value]
    if path == "spec.numbers":
        return {**value, "number": mask_number(value["number"]), "reason": masked_text(value.get("reason"))}
    if path == "spec.schedule.blackouts":
        return [{**blackout, "reason": masked_text(blackout.get("reason"))} for blackout in value]
    if path.startswith("metadata.labels") and isinstance(value, str):
        return masked_text(value)
    if path.startswith(_FREE_FIELDS):
        return masked_leaves(value)
    return value


def masked_leaves(value: Json) -> Json:
    """Mask every leaf of a JSON value, keeping its shape and its keys."""
    if isinstance(value, Mapping):
        return {name: masked_leaves(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [masked_leaves(item) for item in value]
    return None if value is None else MASK


def masked_text(text: str | None) -> str | None:
    """Mask the phone numbers in what a person wrote."""
    return None if text is None else mask_numbers_in(text)


def masked_name(name: str) -> str:
    """Mask an external id that is itself a phone number, however it is written."""
    return mask_number(name) if reads_as_number(name) else name
