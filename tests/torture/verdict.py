"""The verdict: every promise, by name, checked with naive code on what the storm left behind.

Each rule gives the sentences in which it was broken. Where two versions of the manifests may have been in
force, because an apply was under way or was killed, either excuses a call.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime
from itertools import pairwise
from math import ceil

from oracle import oracle_is_open
from torture.declared import CALLER_ID, MAX_ATTEMPTS
from torture.scene import LEASE

NOTICED = 1.0
"""Seconds after which a pause or a hold is obeyed (R-LIFE-4)."""

RUNG_WITHOUT_A_RING = {"busy", "invalid_number", "blocked"}
"""Outcomes of used attempts that the ledger has no ring of."""

UNUSED_IN_A_ROW = 10

DIFFERENCE = 0.02
"""Seconds in which two machines may differ that go by one server's clock."""


def judge(evidence) -> list[str]:
    """Give every breach of every rule, as `rule: what happened`."""
    return [f"{name}: {breach}" for name, rule in RULES.items() for breach in rule(evidence)]


def once(evidence):
    """R-CRASH-1: no order was sent twice, and nothing rang twice, of a carrier that would ring twice."""
    for call in evidence.calls:
        if len(call.orders) > 1 or len(call.rings) > 1:
            yield f"{call} was ordered {len(call.orders)} times and rang {len(call.rings)} times"


def sleepers(evidence):
    """R-CRASH-3: what reaches the carrier after its `not_after` does not ring."""
    wrong = [entry for entry in evidence.journal if entry.what.endswith("clock carrier")]
    for call in evidence.calls:
        for order in call.orders:
            right = not call.wrong_by and not any(e.begun <= order["true"] <= _done(e) + 1 for e in wrong)
            late = order["true"] - datetime.fromisoformat(order["not_after"]).timestamp()
            if right and late > 0 and call.rings:
                yield f"{call} rang though it came {late:.3f} s late"


def one_call_per_number(evidence):
    """R-CONTACT-4: the carrier never had two calls to one number of an organization at a time."""
    spans = defaultdict(list)
    for call in evidence.calls:
        if call.taken:
            spans[call.org, call.number].append((call.orders[0]["true"], call.ended_at or float("inf"), call))
    for found in spans.values():
        for (_, ended, one), (ordered, _, other) in pairwise(sorted(found, key=lambda span: span[0])):
            if ordered < ended:
                yield f"{one} was up when the carrier got {other}"


def windows(evidence):
    """R-WIN-1 to R-WIN-6: every call started inside a window of its contact's zone.

    Where a machine's clock is all there is, it decides while it is wrong.
    """
    versions = Versions(evidence.journal)
    for call in evidence.started():
        at = call.started if evidence.by_server else call.started + call.wrong_by
        if not any(_open(terms, call, at) for terms in versions.at(call.started)):
            yield f"{call} at {_shown(at)} outside its windows"


def withdrawn(evidence):
    """R-CONTACT-3: nobody is called from the commit on that took them away."""
    versions = Versions(evidence.journal)
    for call in evidence.started():
        if not any(_zone(terms, call) for terms in versions.at(call.started)):
            yield f"{call} at {_shown(call.started)}, who was withdrawn"


def pauses_and_holds(evidence):
    """R-LIFE-4, R-HOLD-1: a second after a pause or hold was committed no call in its scope starts."""
    for call, stop in _stopped(evidence):
        if call.started > stop.done + NOTICED:
            yield f"{call} {call.started - stop.done:.3f} s after {stop.what} {stop.facts}"


def suppression(evidence):
    """R-SUP-1: no call to a number starts once its suppression was committed."""
    since = {}
    for entry in evidence.journal:
        if entry.what == "suppress" and entry.done:
            since.setdefault((entry.facts["org"], entry.facts["number"]), entry.done)
    for call in evidence.started():
        if call.started > since.get((call.org, call.number), float("inf")):
            yield f"{call} at {_shown(call.started)}, suppressed before"


def opt_outs(evidence):
    """R-SUP-2: who opted out on the phone stands in the ledger, and is not called again."""
    last = {}
    for call in evidence.started():
        if (call.org, call.campaign, call.contact) in last:
            yield f"{call} after an opt-out"
        if call.disposition == "opt_out":
            last[call.org, call.campaign, call.contact] = call
            if (call.org, call.number) not in evidence.suppressed:
                yield f"{call} came to an opt-out, and its number is not suppressed"


def caps(evidence):
    """R-RETRY-1: no contact's phone is tried more often than `max_attempts`, by the ledger alone."""
    tried = Counter((call.org, call.campaign, call.contact) for call in evidence.calls if call.taken)
    for who, count in tried.items():
        if count > MAX_ATTEMPTS:
            yield f"{who} was called {count} times"


def limits(evidence):
    """R-DIAL-3: at no start of a call were more up than a limit allows that was in force since its claim."""
    versions = Versions(evidence.journal)
    up = [call for call in evidence.started() if call.taken]
    for scope, of_call, limit_of in LIMITS:
        groups = defaultdict(list)
        for call in up:
            groups[of_call(call)].append(call)
        for key, calls in groups.items():
            for call, count in _peaks(calls):
                allowed = [limit_of(t, key) for t in versions.between(call.started - LEASE - 1, call.started)]
                if None not in allowed and count > max(allowed):
                    yield f"{scope} {key}: {count} calls at {_shown(call.started)}, limit {max(allowed)}"


def limits_by_rows(evidence):
    """R-DIAL-3: whenever one looked, no more rows of open calls than the largest limit of the storm."""
    every = [entry.facts["terms"] for entry in evidence.journal if entry.what == "apply"]
    most = max(terms.global_limit for terms in every)
    for at, count, by_org in evidence.samples:
        if count > most:
            yield f"{count} open calls at {_shown(at)}, limit {most}"
        for org, open_ in by_org.items():
            if open_ > max(terms.org_limits[org] for terms in every):
                yield f"{open_} open calls of {org} at {_shown(at)}"


def pace(evidence):
    """R-DIAL-5: no second holds more starts of a campaign than its rate, rounded up.

    A second is shorter by what two machines may differ in; a clock that is set starts a new one. The hour
    that is not waited for goes by ten times as fast, and is left out.
    """
    versions = Versions(evidence.journal)
    length = 1 - DIFFERENCE if evidence.by_server else 1
    by_campaign = defaultdict(list)
    ends = next((entry.begun for entry in evidence.journal if entry.what == "an hour later"), float("inf"))
    for call in evidence.started():
        if call.started < ends:
            by_campaign[call.campaign].append(call)
    for campaign, calls in by_campaign.items():
        for first, call in enumerate(calls):
            rates = [t.rates.get(campaign) for t in versions.between(call.started - 1, call.started + 1)]
            second = [one for one in calls[first : first + 100] if one.started < call.started + length]
            was_set = len({one.wrong_by for one in (*calls[max(0, first - 1) : first], *second)}) > 1
            if (
                None not in rates
                and len(second) > ceil(max(rates))
                and not (was_set and not evidence.by_server)
            ):
                yield f"{campaign}: {len(second)} starts in the second from {_shown(call.started)}, {rates}"


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
    """R-CRASH-4: no call is left open; each accepted one has its conversation."""
    if evidence.open_attempts:
        yield f"{evidence.open_attempts} calls are left open"
    if len(evidence.conversations) != len(set(evidence.conversations)):
        yield "an attempt has two conversations"


def no_traceback(evidence):
    """Whatever fails is told in a sentence."""
    for log in evidence.logs:
        if log.name != "postgres.log" and "Traceback" in log.read_text(errors="replace"):
            yield f"{log} holds a traceback"


class Versions:
    """Which versions of the manifests may have been in force, and when."""

    def __init__(self, journal) -> None:
        self._applies = [entry for entry in journal if entry.what == "apply"]

    def at(self, instant):
        """Give those that may have been in force at an instant."""
        return self.between(instant, instant)

    def between(self, start, end):
        """Give those that may have been in force at some instant from one to another, both included."""
        possible = []
        for entry in self._applies:
            if entry.begun > end:
                break
            if entry.done is not None and entry.done <= start:
                possible = []
            possible.append(entry.facts["terms"])
        return possible


def worst_lag(evidence) -> float:
    """Give how long after a pause or hold, at most, a call in its scope has started, in seconds."""
    return max((call.started - stop.done for call, stop in _stopped(evidence)), default=0.0)


def _stopped(evidence):
    """Give calls that started after a stop in whose scope they are, and before anybody began to lift it."""
    lifted = [e for e in evidence.journal if e.what in ("start", "release")]
    calls = evidence.started()
    for stop in evidence.journal:
        if stop.what not in ("pause", "hold") or stop.done is None:
            continue
        ends = min(
            (e.begun for e in lifted if e.begun >= stop.begun and _lifts(e, stop)), default=float("inf")
        )
        for call in calls:
            if stop.done < call.started < ends and _covers(stop, call):
                yield call, stop


def _lifts(entry, stop):
    if stop.what == "hold":
        return entry.what == "release"
    return entry.what == "start" and entry.facts["campaign"] == stop.facts["campaign"]


def _covers(stop, call):
    if stop.what == "pause":
        return call.campaign == stop.facts["campaign"]
    scope, value, org = stop.facts["scope"], stop.facts["value"], stop.facts["org"]
    if org is not None and call.org != org:
        return False
    return {
        "all": True, "org": call.org == value, "agent": f"agent-{call.campaign}" == value,
        "caller_id": call.caller_id == value, "country": call.number.startswith("+1"),
    }[scope]  # fmt: skip


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


def _open(terms, call, instant):
    zone = _zone(terms, call)
    at = datetime.fromtimestamp(instant, UTC)
    return zone is not None and oracle_is_open(terms.schedule(call.campaign), [zone], at)


def _zone(terms, call):
    """Give a contact's zone; None if a version does not have it."""
    return terms.zones.get((call.campaign, call.contact))


def _peaks(calls):
    """Give, for each start, how many of these calls were up then, itself included."""
    ends = sorted(call.ended_at for call in calls if call.ended_at is not None)
    over = 0
    for index, call in enumerate(calls):
        while over < len(ends) and ends[over] <= call.started:
            over += 1
        yield call, index + 1 - over


def _done(entry):
    return float("inf") if entry.done is None else entry.done


def _shown(instant):
    return datetime.fromtimestamp(instant, UTC).isoformat(timespec="milliseconds")


LIMITS = (
    ("global", lambda _: None, lambda terms, _: terms.global_limit),
    ("organization", lambda call: call.org, lambda terms, org: terms.org_limits[org]),
    ("campaign", lambda call: call.campaign, lambda terms, campaign: terms.concurrent.get(campaign)),
    ("caller ID", lambda call: (call.org, call.caller_id), lambda terms, key:
     terms.caller_limit if key == ("default", CALLER_ID) else None),
)  # fmt: skip

RULES = {
    "once": once,
    "sleepers": sleepers,
    "one call per number": one_call_per_number,
    "windows": windows,
    "withdrawn": withdrawn,
    "pauses and holds": pauses_and_holds,
    "suppression": suppression,
    "opt-outs": opt_outs,
    "caps": caps,
    "limits": limits,
    "limits by rows": limits_by_rows,
    "pace": pace,
    "told truly": told_truly,
    "nobody lost": nobody_lost,
    "nothing open": nothing_open,
    "no traceback": no_traceback,
}
