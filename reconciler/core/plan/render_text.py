"""A plan as text for a terminal: lines that start with the marker that a terminal may colour them by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.core.desired import Notice
from reconciler.core.plan.change import Action, Cause, Change, ContactChange
from reconciler.core.plan.contact_groups import ContactGroup
from reconciler.core.plan.plan import Plan
from reconciler.core.plan.wording import (
    done,
    drift_text,
    effect_text,
    field_lines,
    origin_text,
    sample_lines,
    shown_name,
    summary_text,
)

MARKERS = {
    Action.CREATE: "+",
    Action.ADOPT: "~",
    Action.UPDATE: "~",
    Action.WITHDRAW: "-",
    Action.CLOSE: "-",
    Action.DELETE: "-",
}
GUARD_MARKER = "!"


def render_text(plan: Plan, *, show_pii: bool = False) -> Iterator[str]:
    """Give the lines of a plan, without line ends: changes, drift, effects, notices, guards, a summary."""
    for title, cause in (
        ("Changes from the manifests:", Cause.MANIFEST),
        ("Drift, changed behind the manifests, that an apply sets back:", Cause.DRIFT),
    ):
        objects = [change for change in plan.objects if change.cause is cause]
        contacts = [group for group in plan.groups if group.cause is cause]
        if objects or contacts:
            yield from (title, "")
            yield from _objects(objects, show_pii=show_pii)
            yield from _contacts(contacts, show_pii=show_pii)
    yield from _section("What it means for the people called:", [
        f"  {effect.campaign}: {effect_text(effect)}" for effect in plan.effects
    ])  # fmt: skip
    yield from _section("Notices:", [line for notice in plan.notices for line in _notice(notice)])
    yield from _section("Guards refuse this plan:", [
        f"  {GUARD_MARKER} {guard.guard}: {guard.detail}; to go on: {guard.allow}" for guard in plan.guards
    ])  # fmt: skip
    yield summary_text(plan)


def _objects(changes: Sequence[Change], *, show_pii: bool) -> Iterator[str]:
    for change in changes:
        yield f"  {MARKERS[change.action]} {change.action} {change.key}{_at(origin_text(change.origin))}"
        if change.cause is Cause.DRIFT:
            yield f"      {drift_text(change)}"
        if change.transition:
            yield f"      transition: {change.transition}"
        for line in field_lines(change, show_pii=show_pii):
            yield f"      {line}"
        yield ""


def _contacts(groups: Sequence[ContactGroup], *, show_pii: bool) -> Iterator[str]:
    previous = None
    for found in groups:
        if found.group != previous:
            yield from ([""] if previous else [])
            yield f"  contacts of {found.group}"
            previous = found.group
        example = ", for example" if found.count > len(found.samples) else ""
        yield f"    {MARKERS[found.action]} {found.count:,} {done(found)}{example}:"
        for sample in found.samples:
            yield f"        {_sample(sample, show_pii=show_pii)}"
    if previous:
        yield ""


def _sample(change: ContactChange, *, show_pii: bool) -> str:
    name = shown_name(change.key.name, show_pii=show_pii)
    texts = list(sample_lines(change, show_pii=show_pii))
    if change.cause is Cause.DRIFT:
        texts.insert(0, drift_text(change))
    return f"{name}  {'; '.join(texts)}{_at(origin_text(change.origin))}"


def _notice(notice: Notice) -> Iterator[str]:
    """Write a notice; of one about many cases the count, and the first of them each on a line of its own."""
    cases = notice.cases
    text = cases.headline if cases else notice.detail
    yield f"  {notice.notice}: {_about(notice.key)}{text}{_at(origin_text(notice.origin))}"
    if cases is not None:
        yield from (f"      {case}" for case in cases.first)
        if (more := cases.total - len(cases.first)) > 0:
            yield f"      … and {more:,} more: dialctl validate lists them all"


def _section(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield from (title, "", *lines, "")


def _at(place: str) -> str:
    return f"  ({place})" if place else ""


def _about(key: object) -> str:
    return f"{key}: " if key else ""
