"""The inventory: what this source applied last, and the log of what it did."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import delete, select, update

from reconciler.core.desired import DesiredObject, ObjectKey
from reconciler.core.masking import masked_name
from reconciler.core.plan.change import Action, Change, FieldChange
from reconciler.core.plan.contact_groups import ContactGroup, ContactGroups
from reconciler.core.plan.suppressions import NUMBERS_PATH, remembered
from reconciler.store import dialect
from reconciler.store.apply_work import ApplyWork
from reconciler.store.events import EventRecord
from reconciler.store.tables import Inventory, inventory

_insert = dialect.insert(Inventory)
_REMEMBER = _insert.on_conflict_do_update(
    index_elements=["kind", "org_id", "campaign", "name"],
    set_={
        name: getattr(_insert.excluded, name)
        for name in ("source", "object_id", "document", "text_hash", "applied")
    },
)


def remember(work: ApplyWork, declared: Iterable[DesiredObject], source: str) -> None:
    """Write what was applied, for the next three-way comparison (R-PLAN-3)."""
    rows = [
        {
            "id": work.ids(work.now),
            "source": source,
            **_identity(work, item.key),
            "object_id": work.directory.objects.get(item.key),
            "document": item.document,
            "text_hash": item.text_hash,
            "applied": dict(remembered(item.key.kind, item.spec)),
        }
        for item in declared
    ]
    if rows:
        work.connection.execute(_REMEMBER, rows)


def forget(work: ApplyWork, pruned: Iterable[Change]) -> None:
    """Forget what was pruned; of a campaign, which keeps its name, remember that it is closed (R-ID-1)."""
    for change in pruned:
        its_row = [inventory.c[name] == value for name, value in _identity(work, change.key).items()]
        if change.action is Action.DELETE:
            work.connection.execute(delete(inventory).where(*its_row))
        else:
            applied = work.connection.execute(select(inventory.c.applied).where(*its_row)).scalar_one()
            closed = {**applied, "status": "closed"}
            work.connection.execute(update(inventory).where(*its_row).values(applied=closed))


def object_events(work: ApplyWork, changes: Sequence[Change]) -> Iterator[EventRecord]:
    """Give one event per object, whatever the number of its changes."""
    by_key: dict[ObjectKey, list[Change]] = defaultdict(list)
    for change in changes:
        by_key[change.key].append(change)
    for key, together in by_key.items():
        fields = [field for change in together for field in change.fields]
        entries = sum(field.path == NUMBERS_PATH for field in fields)
        actions = [change.action for change in together]
        yield EventRecord(
            action=(Action.CLOSE if Action.CLOSE in actions else actions[0]).value,
            kind=key.kind,
            name=key.name,
            org_id=work.directory.org_id(key.org) if key.org else None,
            object_id=work.directory.objects.get(key),
            campaign=key.campaign,
            fields=_logged(fields),
            count=max(entries, 1),
        )


def contact_events(work: ApplyWork, groups: ContactGroups) -> Iterator[EventRecord]:
    """Give one event per list (or campaign) and action: how many, and which fields, never their values."""
    together: dict[tuple[ObjectKey, Action], list[ContactGroup]] = defaultdict(list)
    for found in groups:
        together[found.group, found.action].append(found)
    for (group, action), causes in together.items():
        paths = {path for found in causes for path in found.paths}
        yield EventRecord(
            action=action.value,
            kind="Contact",
            name=masked_name(group.name),
            org_id=work.directory.org_id(group.org),
            object_id=work.directory.objects.get(group),
            campaign=group.campaign if group.kind == "ContactList" else group.name,
            fields=[{"path": path} for path in sorted(paths)],
            count=sum(found.count for found in causes),
        )


def _identity(work: ApplyWork, key: ObjectKey) -> dict[str, Any]:
    org_id = work.directory.org_id(key.org)
    return {"kind": key.kind, "org_id": org_id, "campaign": key.campaign or "", "name": key.name}


def _logged(fields: Iterable[FieldChange]) -> list[dict[str, Any]]:
    """Give fields as the log keeps them: of a suppression list's entries, only that there were some."""
    logged: list[dict[str, Any]] = []
    for field in fields:
        if field.path != NUMBERS_PATH:
            logged.append({"path": field.path, "before": field.before, "after": field.after})
        elif {"path": NUMBERS_PATH} not in logged:
            logged.append({"path": NUMBERS_PATH})
    return logged
