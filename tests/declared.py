"""Declares objects and contacts in few words, as the manifests room would hand them to the planner."""

from __future__ import annotations

from dataclasses import replace
from hashlib import blake2b

from reconciler.core.canonical import canonical_json, content_hash
from reconciler.core.desired import (
    DesiredContact,
    DesiredObject,
    DesiredState,
    FewContacts,
    ListRows,
    ObjectKey,
    Origin,
    RedialList,
)
from reconciler.spec.campaign import CampaignSpec
from reconciler.spec.configuration import ConfigurationSpec
from reconciler.spec.contact_list import ContactListSpec
from reconciler.spec.dialer import DialerSpec
from reconciler.spec.organization import OrganizationSpec
from reconciler.spec.suppression_list import SuppressionListSpec

ALL_DAY = [{"days": ["mon", "tue", "wed", "thu", "fri"], "start": "09:00", "end": "17:00"}]


def dialer(limit=50):
    return _object(ObjectKey("Dialer", "", None, "default"), DialerSpec(global_concurrency_limit=limit))


def organization(name, **spec):
    return _object(ObjectKey("Organization", "", None, name), OrganizationSpec(**spec))


def configuration(name="hours", org="default", labels=None, **spec):
    spec = {"agent_id": "agent-a", "schedule": {"default_windows": ALL_DAY}, **spec}
    return _object(
        ObjectKey("Configuration", org, None, name), ConfigurationSpec.model_validate(spec), labels
    )


def campaign(name="spring", org="default", labels=None, **spec):
    spec = {"configuration": "hours", **spec}
    return _object(ObjectKey("Campaign", org, None, name), CampaignSpec.model_validate(spec), labels)


def contact_list(name="crm", campaign="spring", org="default", mode="mirror"):
    spec = ContactListSpec.model_validate({"from": f"{name}.csv", "mode": mode})
    return _object(ObjectKey("ContactList", org, campaign, name), spec)


def redial_list(
    name="again", campaign="autumn", *, of="spring", mode="mirror", least=None, most=None, **choice
):
    """Declare a list that calls contacts of another campaign again; gives the object, and what it chooses."""
    where = {"status": "exhausted", **choice}
    as_of = where.pop("as_of", "2026-03-02T15:00:00Z")
    spec = ContactListSpec.model_validate(
        {"from": {"campaign": of, "where": where, "as_of": as_of}, "mode": mode}
    )
    item, redial = _object(ObjectKey("ContactList", "default", campaign, name), spec), spec.redial
    chosen = RedialList(
        item.key, ObjectKey("Campaign", "default", None, of), redial.where.status, redial.where.outcome or (),
        redial.as_of, Origin(item.origin.file, 5), least, most, Origin(item.origin.file, 8),
    )  # fmt: skip
    return item, chosen


def suppression_list(*entries, name="dnc", org="default"):
    """Entries are numbers, or pairs of a number and the day on which it may be called again."""
    pairs = sorted((entry, None) if isinstance(entry, str) else entry for entry in entries)
    spec = SuppressionListSpec.model_validate(
        {"numbers": [{"number": number, "expires_at": day} for number, day in pairs]}
    )
    return _object(ObjectKey("SuppressionList", org, None, name), spec)


def contact(name, number=None, campaign="spring", org="default", *, list_=None, source_hash=None, **fields):
    number = number or number_of(name)
    fields = {"phone_numbers": number if isinstance(number, list) else [number], **fields}
    return DesiredContact(
        org,
        campaign,
        name,
        fields,
        content_hash(fields),
        source_hash or _hash(canonical_json([name, fields])),
        Origin("contacts.csv", 2),
        list_.key if list_ else None,
    )


def with_fields(declared, **fields):
    """Give a declared contact with other values in some fields."""
    fields = {**declared.fields, **fields}
    return declared._replace(fields=fields, fields_hash=content_hash(fields))


def number_of(name):
    """Give a number that is reserved for fiction, and the same for the same name."""
    drawn = int(_hash(name), 16)
    return f"+1{(212, 303, 404, 505, 602, 702, 803, 904)[drawn % 8]}55501{drawn // 8 % 100:02d}"


def state(*objects, contacts=(), rows=None, redials=()):
    lists = {item.key: ListRows(len(contacts)) for item in objects if item.key.kind == "ContactList"}
    return DesiredState(
        tuple(objects),
        FewContacts(contacts),
        {**lists, **(rows or {})},
        redials={one.key: one for one in redials},
    )


def edited(item, **spec):
    """Give a declared object with other values in its spec."""
    return replace(item, spec={**item.spec, **spec}, text_hash=_hash(canonical_json({**item.spec, **spec})))


def _object(key, spec, labels=None):
    body = {**spec.model_dump(mode="json", by_alias=True), "labels": labels or {}}
    body.pop("contacts", None)
    document = f"{key.kind.lower()}s/{key.name}.yaml"
    return DesiredObject(key, body, Origin(document, 1), f"{document}#1", _hash(canonical_json(body)))


def _hash(text):
    return blake2b(text.encode(), digest_size=16).hexdigest()
