"""Which objects moved on after a plan was made: for the person whose saved plan is refused (R-PLAN-7)."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from reconciler.store.tables import campaign, configuration, contact, organization

_NAMED = (
    ("Organization", organization.c.name, organization.c.serial),
    ("Configuration", configuration.c.external_id, configuration.c.serial),
    ("Campaign", campaign.c.external_id, campaign.c.serial),
)
_SHOWN = 5


def changed_since(connection: Connection, serial: int) -> str:
    """Say what specification or lifecycle writes touched since this serial: `Campaign spring, 3 contacts`."""
    texts = [
        f"{kind} {name}"
        for kind, name_column, serial_column in _NAMED
        for name in connection.execute(
            select(name_column).where(serial_column > serial).order_by(name_column).limit(_SHOWN)
        ).scalars()
    ]
    contacts = connection.execute(
        select(func.count()).select_from(contact).where(contact.c.serial > serial)
    ).scalar_one()
    if contacts:
        texts.append(f"{contacts:,} contacts")
    return ", ".join(texts) or "limits, lists or holds"
