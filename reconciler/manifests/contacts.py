"""One contact as written → one desired contact: numbers in E.164, canonical zone, instants in UTC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from reconciler.core.canonical import content_hash, instant_text
from reconciler.core.desired import DesiredContact, Json, ObjectKey, Origin
from reconciler.core.phones import BadNumber, is_e164, mask_number, mask_numbers_in, parse_number, zones_of
from reconciler.core.zones import SkippedTime, UnknownZone, canonical_zone, instant_of
from reconciler.manifests.campaign_rules import CampaignRules
from reconciler.spec.contact import MAX_NUMBERS, ContactFields
from reconciler.spec.scalars import MAX_TEXT

Problem = tuple[tuple[str | int, ...], str]
"""A path inside the contact, and what is wrong there."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of a contact: the good ones in E.164 without repetition, the bad ones by index."""

    good: tuple[str, ...]
    bad: Sequence[tuple[int, str]]


def read_numbers(texts: Sequence[str], rules: CampaignRules) -> Numbers:
    """Read numbers by the campaign's default country; in no campaign they must be E.164 (R-PHONE-1)."""
    good: dict[str, None] = {}
    bad: list[tuple[int, str]] = []
    for index, text in enumerate(texts):
        if rules.campaign is None:
            if is_e164(text):
                good[text] = None
            else:
                bad.append((index, f"'{mask_number(text)}' must be a valid number in E.164{_WHY_E164}"))
        elif rules.default_country is not None or text.lstrip(" (").startswith("+"):
            try:
                good[parse_number(text, rules.default_country)] = None
            except BadNumber as fault:
                bad.append((index, str(fault)))
    return Numbers(tuple(good), bad)


_WHY_E164 = ", such as +12125550123: a contact in no campaign has no country of its own"


def desired_contact(  # noqa: PLR0917 - each is a part of the contact; on the hot path keywords cost
    external_id: str,
    spec: ContactFields,
    numbers: tuple[str, ...],
    labels: Mapping[str, str],
    rules: CampaignRules,
    origin: Origin,
    of_list: ObjectKey | None = None,
    written: Sequence[str] = (),
    text_hash: int | None = None,
) -> tuple[DesiredContact, list[Problem]]:
    """Build a contact; the problems say which of its fields cannot be what they are.

    `written` are the numbers as written; `source_hash` covers them, and the other fields, so that a change
    of the default country alone never reads stored numbers anew (R-CONF-1).
    """
    problems: list[Problem] = []
    fields: dict[str, Json] = {"phone_numbers": list(numbers)}
    if spec.timezone is not None:
        try:
            fields["timezone"] = canonical_zone(spec.timezone)
        except UnknownZone as fault:
            problems.append((("timezone",), mask_numbers_in(str(fault))))
    for name in ("data", "agent_id", "agent_version", "agent_number", "agent_config", "initial_context"):
        value = getattr(spec, name)
        if value is not None and value != {}:
            fields[name] = value
    if labels:
        fields["labels"] = dict(labels)
    if spec.expires_at is not None:
        fields["expires_at"] = instant_text(spec.expires_at)
    as_written = {**fields, "phone_numbers": written}
    if spec.scheduled_at is not None:
        as_written["scheduled_at"] = spec.scheduled_at.isoformat()
        try:
            zones = _zones_of_wall_clock(fields.get("timezone"), numbers, rules)
            fields["scheduled_at"] = instant_text(scheduled_instant(spec.scheduled_at, zones))
        except SkippedTime as fault:
            problems.append((("scheduled_at",), str(fault)))
    contact = DesiredContact(
        rules.org,
        rules.campaign,
        external_id,
        fields,
        content_hash(fields),
        content_hash(as_written),
        origin,
        of_list,
        text_hash,
    )
    return contact, problems


def is_plain(external_id: str, numbers: Sequence[str]) -> bool:
    """Tell whether these can be an external id and numbers in E.164 of a contact, without a closer look."""
    readable = external_id.isprintable() and external_id == external_id.strip()
    return readable and 1 <= len(external_id) <= MAX_TEXT and 1 <= len(numbers) <= MAX_NUMBERS


def plain_contact(  # noqa: PLR0917 - as above
    external_id: str,
    data: Mapping[str, str],
    numbers: tuple[str, ...],
    written: Sequence[str],
    rules: CampaignRules,
    origin: Origin,
    of_list: ObjectKey,
    text_hash: int | None,
) -> DesiredContact:
    """Build what `desired_contact` would of a contact of whom nothing but numbers and texts are said.

    That is nearly every row of a large file. The id and the numbers must be plain, the texts storable.
    """
    fields: dict[str, Json] = {"phone_numbers": [*numbers]}
    if data:
        fields["data"] = data
    fields_hash = source_hash = content_hash(fields)
    if fields["phone_numbers"] != written:
        source_hash = content_hash({**fields, "phone_numbers": written})
    return DesiredContact(
        rules.org, rules.campaign, external_id, fields, fields_hash, source_hash, origin, of_list, text_hash
    )


def scheduled_instant(written: datetime, zones: Sequence[str]) -> datetime:
    """Give the instant of `scheduled_at`; of a wall clock in several zones the last: no call comes before it.

    Raises SkippedTime in a DST gap.
    """
    if written.tzinfo is not None:
        return written
    return max(instant_of(written, zone) for zone in zones)


def _zones_of_wall_clock(own: Json, numbers: Sequence[str], rules: CampaignRules) -> Sequence[str]:
    """Give the contact's zone by R-TZ-1; its number's zones are those of the number dialled first."""
    if own is not None:
        return (own,)
    inferred = zones_of(numbers[0]) if rules.infer_timezone and numbers else ()
    return inferred or (rules.default_timezone,)
