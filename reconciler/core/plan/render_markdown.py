"""A plan as Markdown for a pull request: who would be called comes first, values never unmasked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from reconciler.core.plan.change import Cause, Change
from reconciler.core.plan.plan import Plan
from reconciler.core.plan.wording import (
    drift_text,
    effect_text,
    field_lines,
    origin_text,
    shown_name,
    summary_text,
)


def render_markdown(plan: Plan, *, show_pii: bool = False) -> Iterator[str]:
    """Give the lines of a comment: guards, effects, lifecycle, fields, contacts, drift and notices."""
    yield f"### dialctl plan for source {_code(plan.source)}"
    yield from ("", f"**{summary_text(plan)}**", "")
    yield from _table(
        "Guards refuse this plan",
        ("Guard", "Why", "To go on"),
        ([_code(guard.guard), guard.detail, _code(guard.allow)] for guard in plan.guards),
    )
    yield from _table(
        "Who would be called",
        ("Campaign", "Contacts"),
        ([str(effect.campaign), effect_text(effect)] for effect in plan.effects),
    )
    yield from _table(
        "Lifecycle",
        ("Campaign", "Transition", "Cause", "Where"),
        (
            [str(change.key), f"**{change.transition}**", change.cause, origin_text(change.origin)]
            for change in plan.objects
            if change.transition
        ),
    )
    for title, cause in (("Changes", Cause.MANIFEST), ("Drift that an apply sets back", Cause.DRIFT)):
        rows = [_row(change, show_pii=show_pii) for change in plan.objects if change.cause is cause]
        yield from _table(title, ("Action", "Object", "Fields", "Where"), rows)
    yield from _table(
        "Contacts", ("List", "Action", "Cause", "Count", "For example"), _contact_rows(plan, show_pii)
    )
    yield from _table(
        "Notices",
        ("Notice", "About", "Detail"),
        ([notice.notice, str(notice.key or ""), notice.detail] for notice in plan.notices),
    )


def _row(change: Change, *, show_pii: bool) -> list[str]:
    lines = [_code(line) for line in field_lines(change, show_pii=show_pii)]
    place = origin_text(change.origin)
    if change.cause is Cause.DRIFT:
        place = f"{place}, {drift_text(change)}" if place else drift_text(change)
    return [change.action, str(change.key), "<br>".join(lines), place]


def _contact_rows(plan: Plan, show_pii: bool) -> Iterator[list[str]]:  # noqa: FBT001 - passed on by one caller
    for found in plan.groups:
        names = ", ".join(_code(shown_name(sample.key.name, show_pii=show_pii)) for sample in found.samples)
        yield [str(found.group), found.action, found.cause, f"{found.count:,}", names]


def _table(title: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    lines = [_line(row) for row in rows]
    if lines:
        yield from (f"#### {title}", "", _line(header), _line(["---"] * len(header)), *lines, "")


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '&#124;').replace(chr(10), ' ') for cell in cells)} |"


def _code(text: str) -> str:
    return f"`{text.replace('`', chr(39))}`"
