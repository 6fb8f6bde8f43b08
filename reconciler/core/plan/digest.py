"""The digest of a plan: keyed, so that nobody can guess a phone number back from it (R-PLAN-7, R-PLAN-8)."""

from __future__ import annotations

import hashlib
import hmac

from reconciler.core.canonical import canonical_json, content_hash
from reconciler.core.desired import Json
from reconciler.core.plan.change import Change, ContactChange

PREFIX = "sha256:"


class PlanDigest:
    """Signs the changes of a plan one by one, values unmasked.

    What the dialer may move between diff and apply (statuses of contacts) is left out: a saved plan stays
    valid while calls go on. So are guards, notices and origins: they decide, but are no change.
    """

    def __init__(self, hash_key: bytes, source: str) -> None:
        self._signer = hmac.new(hash_key, digestmod=hashlib.sha256)
        self._sign({"source": source})

    def see(self, change: Change) -> None:
        """Sign the change of an object, field by field."""
        key = change.key
        identity = [change.action, key.kind, key.org, key.campaign, key.name, change.cause, change.transition]
        fields = [[field.path, field.before, field.after] for field in change.fields]
        self._sign([*identity, fields])

    def see_contact(self, change: ContactChange) -> None:
        """Sign the change of a contact by the hashes of its fields: there may be a million."""
        before = content_hash(change.before) if change.before else None
        _, org, campaign, name = change.key
        list_before = change.list_before and change.list_before.name  # both are in the contact's campaign
        list_after = change.list_after and change.list_after.name
        what, lists = f"'{change.action}', '{change.cause}'", f"{list_before!r}, {list_after!r}"
        hashes = f"{before!r}, {change.after_hash!r}"
        signed = f"({what}, {org!r}, {campaign!r}, {name!r}, {hashes}, {lists})\n"
        self._signer.update(signed.encode("utf-8", "surrogatepass"))

    def text(self) -> str:
        """Give `sha256:` and the HMAC-SHA256 over all that was seen, in order."""
        return PREFIX + self._signer.hexdigest()

    def _sign(self, value: Json) -> None:
        self._signer.update(canonical_json(value).encode("utf-8", "surrogatepass") + b"\n")
