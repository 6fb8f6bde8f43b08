"""A plan as JSON, in the shape that interface.md promises: streamed, every change on a line of its own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from reconciler.core.desired import Json, Notice, Origin
from reconciler.core.plan.change import AnyChange
from reconciler.core.plan.plan import Plan
from reconciler.core.plan.wording import shown, shown_name

FORMAT_VERSION = 1


def render_json(plan: Plan, *, show_pii: bool = False) -> Iterator[str]:
    """Give the chunks of one JSON document; together they end with a line end. Contacts are masked."""
    head = {
        "format_version": FORMAT_VERSION,
        "in_sync": plan.in_sync,
        "source": plan.source,
        "serial": plan.serial,
        "digest": plan.digest,
        "summary": plan.summary(),
        "guards": [
            {"guard": guard.guard, "detail": guard.detail, "allow": guard.allow} for guard in plan.guards
        ],
    }
    yield _text(head)[:-1]
    yield ',\n "changes": ['
    yield from _rows(_change(change, show_pii=show_pii) for change in plan.changes)
    yield '],\n "notices": ['
    yield from _rows(_notice(notice, show_pii=show_pii) for notice in plan.notices)
    yield "]}\n"


def _rows(rows: Iterable[Json]) -> Iterator[str]:
    separator = "\n  "
    for row in rows:
        yield separator + _text(row)
        separator = ",\n  "


def _change(change: AnyChange, *, show_pii: bool) -> dict[str, Json]:
    fields = [shown(field, show_pii=show_pii) for field in change.fields]
    return {
        "action": change.action,
        "kind": change.key.kind,
        "org": change.key.org or None,
        "campaign": change.key.campaign,
        "name": shown_name(change.key.name, show_pii=show_pii),
        "transition": change.transition,
        "cause": change.cause,
        "fields": [{"path": field.path, "before": field.before, "after": field.after} for field in fields],
        "origin": _origin(change.origin),
    }


def _notice(notice: Notice, *, show_pii: bool) -> dict[str, Json]:
    key = notice.key
    return {
        "notice": notice.notice,
        "kind": key.kind if key else None,
        "org": (key.org or None) if key else None,
        "campaign": key.campaign if key else None,
        "name": shown_name(key.name, show_pii=show_pii) if key else None,
        "detail": notice.detail,
        "origin": _origin(notice.origin),
    }


def _origin(origin: Origin | None) -> Json:
    return {"file": origin.file, "line": origin.line} if origin else None


def _text(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)
