"""Planning contacts: two key-ordered streams side by side, so that a million rows need no million objects."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from reconciler.core.canonical import content_hash
from reconciler.core.desired import (
    DesiredContact,
    DesiredContacts,
    DesiredState,
    Json,
    Notice,
    ObjectKey,
    Origin,
)
from reconciler.core.masking import masked_name
from reconciler.core.plan.change import Action, Attribution, Cause, ContactChange, creation
from reconciler.core.plan.counting import counted
from reconciler.core.plan.observed import Lookup, ObservedContact, ObservedState
from reconciler.core.plan.plan import PlanOptions, Stamp
from reconciler.core.plan.renames import Renames
from reconciler.core.plan.rules import AD_HOC, CampaignRules, campaign_key
from reconciler.core.plan.standing import Edit, status_after_edit, status_of_new, status_on_return
from reconciler.core.settlement import ContactStatus

NO_POSITION = -1
_SAMPLES = 3
_READ_BY_RULES_OF_THEIR_DAY: tuple[tuple[str, ...], ...] = (
    ("phone_numbers", "scheduled_at"),
    ("phone_numbers",),
    ("scheduled_at",),
)
"""Fields whose stored value depends on the configuration of the day they were read (R-CONF-1)."""


Teller = Callable[[ContactChange], None]
"""Is told every change of a contact, in the order of their keys."""


@dataclass(slots=True)
class ContactsPlanned:
    """What planning the contacts came to. `members` counts, per list or campaign, what the source applied."""

    tellers: Sequence[Teller]
    renames: Renames
    notices: list[Notice] = field(default_factory=list)
    refusals: list[tuple[Origin | None, str]] = field(default_factory=list)
    stamps: list[Stamp] = field(default_factory=list)
    members: Counter[ObjectKey] = field(default_factory=Counter)
    unchanged: int = 0

    def tell(self, change: ContactChange) -> None:
        """Tell a change to everybody who keeps it, or counts it."""
        for teller in self.tellers:
            teller(change)


@dataclass(slots=True)
class _Named:
    """Contacts of which a notice tells: how many, and the names of the first."""

    count: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, name: str) -> None:
        self.count += 1
        if len(self.first) < _SAMPLES:
            self.first.append(masked_name(name))

    def __str__(self) -> str:
        more = ", …" if self.count > _SAMPLES else ""
        are = "is" if self.count == 1 else "are"
        return f"{counted(self.count, 'contact')} ({', '.join(self.first)}{more}) {are}"


def plan_contacts(
    desired: DesiredState,
    observed: ObservedState,
    options: PlanOptions,
    rules: Mapping[ObjectKey, CampaignRules],
    tellers: Sequence[Teller],
) -> ContactsPlanned:
    """Compare every contact; `rules` are those that hold after the apply."""
    planned = ContactsPlanned(tellers, Renames(desired, observed))
    planner = _ContactPlanner(desired, options, rules, observed.changed_by, planned)
    for key, rows in desired.lists.items():
        planner.pass_over(key, len(rows.known.met) + rows.unread)
    for place, texts in desired.known.items():
        planner.pass_over(campaign_key(place.org, place.campaign or None), len(texts.met))
    for position, wanted, live in side_by_side(desired.contacts, observed.contacts):
        if live is None and wanted is not None:
            planner.create(position, wanted)
        elif wanted is None and live is not None:
            planner.miss(live)
            planned.renames.see(live)
        elif wanted is not None and live is not None:
            planner.compare(position, wanted, live)
    planner.finish()
    return planned


def side_by_side(
    desired: DesiredContacts, live: Iterable[ObservedContact]
) -> Iterator[tuple[int, DesiredContact | None, ObservedContact | None]]:
    """Merge declared contacts with live ones, both in the order of their keys; positions are the files'."""
    rows = iter(live)
    row = next(rows, None)
    for position, wanted in desired.by_key():
        key = (wanted.org, wanted.campaign or "", wanted.external_id)
        while row is not None and (row.org, row.campaign or "", row.external_id) < key:
            yield NO_POSITION, None, row
            row = next(rows, None)
        if row is not None and (row.org, row.campaign or "", row.external_id) == key:
            yield position, wanted, row
            row = next(rows, None)
        else:
            yield position, wanted, None
    while row is not None:
        yield NO_POSITION, None, row
        row = next(rows, None)


class _ContactPlanner:
    def __init__(
        self,
        desired: DesiredState,
        options: PlanOptions,
        rules: Mapping[ObjectKey, CampaignRules],
        changed_by: Lookup[UUID, Attribution],
        planned: ContactsPlanned,
    ) -> None:
        self._changed_by = changed_by
        self._options = options
        self._rules = rules
        self._rows_of = desired.lists
        self._lists = {item.key: item for item in desired.objects if item.key.kind == "ContactList"}
        self._orphans: defaultdict[ObjectKey, _Named] = defaultdict(_Named)
        self._deleted_by_hand: defaultdict[ObjectKey, _Named] = defaultdict(_Named)
        self._planned = planned

    def pass_over(self, key: ObjectKey, known: int) -> None:
        """Count contacts of a list, or of a campaign, that are there as texts say that nobody read."""
        if known:
            self._planned.members[key] += known
            self._planned.unchanged += known

    def create(self, position: int, wanted: DesiredContact) -> None:
        """Plan a contact that is not there."""
        status = status_of_new(wanted.fields, self._rules_of(wanted.org, wanted.campaign))
        self._planned.tell(creation(wanted, position, status))

    def compare(self, position: int, wanted: DesiredContact, live: ObservedContact) -> None:
        """Plan a contact that is declared and there (R-CONTACT-3, R-PLAN-5).

        A source owns what it has applied; with a withdrawal that ends, and any source may declare it.
        """
        applied = live.source is not None and live.applied_hash is not None
        if applied and live.source != self._options.source:
            self._refuse(wanted, live)
            return
        if applied:
            self._planned.members[live.group] += 1
            if live.status is ContactStatus.WITHDRAWN or live.withdraw_requested:
                self._deleted_by_hand[campaign_key(live.org, live.campaign)].add(live.external_id)
                return
        same_row = applied and live.source_hash == wanted.source_hash and live.list == wanted.list
        if same_row and live.fields == wanted.fields:
            self._keep(wanted, live, live.fields)
            return
        self._edit(position, wanted, live, applied=applied)

    def miss(self, live: ObservedContact) -> None:
        """Plan a contact that is there and not declared (R-PLAN-4, R-PHONE-2)."""
        if live.source != self._options.source or live.applied_hash is None:
            return
        self._planned.members[live.group] += 1
        if not self._is_gone(live):
            self._planned.unchanged += self._is_frozen(live)
            return
        if live.status is ContactStatus.WITHDRAWN or live.withdraw_requested:
            self._planned.stamps.append(Stamp(live.contact_id, live.source_hash, None))
            return
        declared_list = self._lists.get(live.list) if live.list else None
        self._planned.tell(
            ContactChange(
                Action.WITHDRAW,
                live.key,
                Cause.MANIFEST,
                declared_list.origin if declared_list else None,
                None,
                NO_POSITION,
                contact_id=live.contact_id,
                before=live.fields,
                after=live.fields,
                after_hash=content_hash(live.fields),
                status_before=live.status,
                status_after=ContactStatus.WITHDRAWN,
                list_before=live.list,
                list_after=live.list,
            )
        )

    def finish(self) -> None:
        """Add what is only to be known."""
        for key, names in sorted(self._orphans.items()):
            them = "it" if names.count == 1 else "them"
            text = f"{names} no longer declared; only --prune withdraws {them}"
            self._planned.notices.append(Notice("orphan", key, text))
        for key, names in sorted(self._deleted_by_hand.items()):
            text = (
                f"{names} withdrawn by hand and stay so; they return once an apply has seen them "
                f"gone from the manifests and another sees them declared again"
            )
            self._planned.notices.append(Notice("warning", key, text))

    def _edit(self, position: int, wanted: DesiredContact, live: ObservedContact, *, applied: bool) -> None:
        cause, after = self._after(wanted, live, applied=applied)
        moved = live.list != wanted.list
        if applied and not moved and after == live.fields:
            self._keep(wanted, live, after)
            return
        self._planned.tell(
            ContactChange(
                Action.UPDATE if live.source == self._options.source else Action.ADOPT,
                wanted.key,
                cause,
                wanted.origin,
                wanted,
                position,
                contact_id=live.contact_id,
                before=live.fields,
                after=after,
                after_hash=content_hash(after),
                status_before=live.status,
                status_after=self._status_after(live, after),
                list_before=live.list,
                list_after=wanted.list,
                changed_by=self._changed_by.get(live.contact_id) if cause is Cause.DRIFT else None,
            )
        )

    def _after(
        self, wanted: DesiredContact, live: ObservedContact, *, applied: bool
    ) -> tuple[Cause, Mapping[str, Json]]:
        """Give the fields after the apply, and which side moved."""
        if not applied or live.source_hash != wanted.source_hash:
            return Cause.MANIFEST, wanted.fields
        if content_hash(live.fields) == live.applied_hash:
            return (
                Cause.MANIFEST,
                live.fields,
            )  # the row stands as it was read, whatever the configuration is now
        for names in _READ_BY_RULES_OF_THEIR_DAY:
            as_read = {**wanted.fields, **{name: live.fields[name] for name in names if name in live.fields}}
            if content_hash(as_read) == live.applied_hash:
                return Cause.DRIFT, as_read
        return Cause.DRIFT, wanted.fields

    def _status_after(self, live: ObservedContact, after: Mapping[str, Json]) -> ContactStatus:
        rules = self._rules_of(live.org, live.campaign)
        if live.status is ContactStatus.WITHDRAWN:
            return status_on_return(
                after, rules, used=live.used, last_outcome=live.last_outcome, callback=live.callback
            )
        edit = Edit(live.fields, after)
        return status_after_edit(live.status, live.reason, edit, rules, self._options.now)

    def _keep(self, wanted: DesiredContact, live: ObservedContact, fields: Mapping[str, Json]) -> None:
        self._planned.unchanged += 1
        if (live.source_hash, live.text_hash) != (wanted.source_hash, wanted.text_hash):
            self._planned.stamps.append(
                Stamp(live.contact_id, wanted.source_hash, content_hash(fields), wanted.text_hash)
            )

    def _is_gone(self, live: ObservedContact) -> bool:
        """Tell whether the contact is to be withdrawn; what lost its document waits for --prune."""
        declared_list = self._lists.get(live.list) if live.list else None
        if declared_list is not None and live.list is not None:
            rows = self._rows_of.get(live.list)
            spared = rows is not None and (rows.unreadable_ids > 0 or live.external_id in rows.kept)
            return declared_list.spec["mode"] == "mirror" and not spared and not self._is_frozen(live)
        if not self._options.prune and live.list is None:
            self._orphans[campaign_key(live.org, live.campaign)].add(live.external_id)
        return self._options.prune

    def _is_frozen(self, live: ObservedContact) -> bool:
        rows = self._rows_of.get(live.list) if live.list else None
        return rows is not None and rows.frozen

    def _rules_of(self, org: str, campaign: str | None) -> CampaignRules:
        return self._rules.get(campaign_key(org, campaign), AD_HOC)

    def _refuse(self, wanted: DesiredContact, live: ObservedContact) -> None:
        name = masked_name(wanted.external_id)
        text = f"Contact {name} belongs to source {live.source!r}; declare it in one source only"
        self._planned.refusals.append((wanted.origin, text))
