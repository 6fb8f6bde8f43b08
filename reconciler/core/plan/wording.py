"""The words and numbers that every rendering of a plan for people shares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.core.canonical import canonical_json, instant_text
from reconciler.core.desired import Json, Origin
from reconciler.core.masking import masked_field, masked_name
from reconciler.core.plan.change import Action, AnyChange, Change, ContactChange, FieldChange
from reconciler.core.plan.contact_groups import SAMPLES, ContactGroup
from reconciler.core.plan.counting import counted
from reconciler.core.plan.plan import Effect, Plan
from reconciler.core.plan.schedule_text import schedule_text
from reconciler.core.plan.suppressions import NUMBERS_PATH

_DATA = "spec.data."
_LONGEST_VALUE = 200
_DONE = {
    Action.CREATE: "created",
    Action.ADOPT: "adopted",
    Action.UPDATE: "updated",
    Action.WITHDRAW: "withdrawn",
}
_EFFECTS = {
    "newly_callable": "newly callable",
    "callable_later": "callable once a suppression runs out",
    "suppressed": "suppressed",
    "edited_in_call": "edited while on the phone",
    "withdrawn": "withdrawn",
    "withdrawn_in_call": "of them in a call that goes on",
    "exhausted": "exhausted by a lower cap",
    "cured": "cured of an error",
    "without_agent": "without an agent",
}


def shown(field: FieldChange, *, show_pii: bool) -> FieldChange:
    """Mask a field, where it is personal, or a person may have written a number into it (R-PLAN-8)."""
    if show_pii:
        return field
    before, after = masked_field(field.path, field.before), masked_field(field.path, field.after)
    return FieldChange(field.path, before, after)


def shown_name(name: str, *, show_pii: bool) -> str:
    """Mask a name that is a phone number."""
    return name if show_pii else masked_name(name)


def sample_lines(change: ContactChange, *, show_pii: bool) -> Iterator[str]:
    """Write the fields of a contact; masked data, all of whose values look alike, as one number of fields."""
    hidden = [] if show_pii else [field for field in change.fields if field.path.startswith(_DATA)]
    for field in change.fields:
        if field not in hidden:
            yield _field_line(shown(field, show_pii=show_pii))
    if hidden:
        yield f"{_DATA}*: {counted(len(hidden), 'masked field')}"


def field_lines(change: AnyChange, *, show_pii: bool) -> Iterator[str]:
    """Write each field as `path: before → after`; of a suppression list's entries, a few and their number."""
    entries = [field for field in change.fields if field.path == NUMBERS_PATH]
    for field in change.fields:
        if field.path != NUMBERS_PATH or field in entries[:SAMPLES]:
            yield _field_line(shown(field, show_pii=show_pii))
    if len(entries) > SAMPLES:
        yield f"… and {counted(len(entries) - SAMPLES, 'more entry', 'more entries')}"


def done(group: ContactGroup) -> str:
    """Say what happens to the contacts of a group."""
    return _DONE[group.action]


def effect_text(effect: Effect) -> str:
    """Say what the plan means for the people in a campaign: `3 newly callable, 1 withdrawn`."""
    counts = ((getattr(effect, name), words) for name, words in _EFFECTS.items())
    text = ", ".join(f"{count:,} {words}" for count, words in counts if count)
    return f"at most {text}" if effect.at_most else text  # those newly callable come first


def summary_text(plan: Plan) -> str:
    """Write the last line of every rendering."""
    counts = plan.summary()
    unchanged = f"{counts.pop('unchanged'):,} unchanged"
    if plan.in_sync:
        return f"No changes: {unchanged}."
    parts = [f"{count:,} to {action}" for action, count in counts.items() if count]
    return f"Plan: {', '.join(parts)}; {unchanged}."


def origin_text(origin: Origin | None) -> str:
    """Write `file:line`, or '' where a change has no place in a file."""
    if origin is None:
        return ""
    return origin.file if origin.line is None else f"{origin.file}:{origin.line}"


def drift_text(change: Change | ContactChange) -> str:
    """Say who moved a live object, and when, as far as the log knows."""
    if change.changed_by is None:
        return "changed by hand"
    return f"changed by {change.changed_by.actor} at {instant_text(change.changed_by.at)}"


def _field_line(field: FieldChange) -> str:
    if field.path == NUMBERS_PATH:
        return _entry_line(field)
    if field.before is None:
        return f"{field.path}: {_value(field.after)}"
    return f"{field.path}: {_value(field.before)} → {_value(field.after)}"


def _entry_line(field: FieldChange) -> str:
    if field.before is None:
        return f"{field.after['number']} added{_until(field.after)}"
    if field.after is None:
        return f"{field.before['number']} removed"
    return f"{field.after['number']} changed{_until(field.after)}"


def _until(entry: Mapping[str, Json]) -> str:
    return f" until {entry['expires_at']}" if entry["expires_at"] else ""


def _value(value: Json) -> str:
    if value is None:
        return "none"
    text = value if isinstance(value, str) else schedule_text(value) or canonical_json(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"
