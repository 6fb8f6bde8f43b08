"""The rules about evidence: every attempt says what the ledger says, and every contact is where they lead."""

from __future__ import annotations

from collections import Counter, defaultdict

from torture.declared import MAX_ATTEMPTS
from torture.versions import Versions

RUNG_WITHOUT_A_RING = {"busy", "invalid_number", "blocked"}
"""Outcomes of used attempts that the ledger has no ring of."""

UNUSED_IN_A_ROW = 10


def told_truly(evidence):
    """R-RETRY-1, R-CRASH-4: each ring has its attempt, each attempt says what the ledger says."""
    for stranger in evidence.strangers:
        yield f"the carrier knows {stranger}, the database does not"
    for call in evidence.calls:
        ended = {end["outcome"] for end in call.ends}
        reached = bool(call.rings) or bool(ended & RUNG_WITHOUT_A_RING)
        if call.state == "unknown":
            continue
        if call.state != "ended":
            yield f"{call} is still {call.state}"
        elif call.used is not reached:
            yield f"{call} is used: {call.used}, but the ledger says {ended}, {len(call.rings)} rings"
        elif call.used and ended != {call.outcome}:
            yield f"{call} ended as {call.outcome}, but the ledger says {ended}"


def nobody_lost(evidence):
    """R-CONTACT-1, R-CRASH-4: each contact is there once, where its attempts say, and finished."""
    final = Versions(evidence.journal).at(float("inf"))
    if len(final) > 1:
        yield "nobody knows whether the last apply came about"
    terms = final[-1]
    expected = terms.zones.keys()
    found = Counter((campaign, row.external_id) for _, campaign, row in evidence.contacts)
    yield from (f"{who} is lost" for who in expected - found.keys())
    yield from (f"{who} is there {count} times" for who, count in found.items() if count > 1)
    attempts = defaultdict(list)
    for call in sorted(evidence.calls, key=lambda call: call.id):
        attempts[call.contact_id].append(call)
    for org, campaign, row in evidence.contacts:
        calls = attempts[row.id]
        used = [call for call in calls if call.used]
        numbers = sorted(call.attempt for call in used)
        if row.attempts != len(used) or numbers != list(range(1, len(used) + 1)):
            yield f"{row.external_id} counts {row.attempts} attempts, not {numbers}"
        allowed = _deserved(evidence, org, row, calls, used, here=(campaign, row.external_id) in expected)
        if row.status not in allowed:
            yield f"{row.external_id} is {row.status} ({row.reason}), not {allowed}, used {len(used)}"


def nothing_open(evidence):
    """R-CRASH-4, R-ATT-2: no call is left open, each accepted one has its conversation, tallies are right."""
    if evidence.open_attempts:
        yield f"{evidence.open_attempts} calls are left open"
    if sorted(evidence.conversations) != sorted(call.id for call in evidence.calls if call.accepted):
        yield "conversations are not those of the calls that were accepted"
    yield from (
        f"{call} rang without being accepted" for call in evidence.calls if not call.accepted and call.rings
    )
    if evidence.kept != evidence.counted:
        yield f"tallies say {evidence.kept}, counting {evidence.counted}"


def _deserved(evidence, org, row, calls, used, *, here):
    """Give the statuses in which a contact may be at the end."""
    outcomes = Counter(call.outcome for call in used)
    if any(call.state == "unknown" for call in used):
        return {"unknown"}
    if outcomes["completed"]:
        return {"completed"} if here else {"completed", "withdrawn"}
    if len(used) >= MAX_ATTEMPTS or outcomes["rejected"] >= 2 or outcomes["invalid_number"]:
        return {"exhausted"} if here else {"exhausted", "withdrawn"}
    if not here:
        return {"withdrawn"}
    last = calls[-UNUSED_IN_A_ROW:]
    if len(last) == UNUSED_IN_A_ROW and not any(call.used for call in last):
        return {"error"}
    return {"pending"} if (org, row.phone_numbers[0]) in evidence.suppressed else set()
