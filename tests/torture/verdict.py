"""The verdict: every promise, by name, checked with naive code on what the storm left behind.

Each rule gives the sentences in which it was broken. Where two versions of the manifests may have been in
force, because an apply was under way or was killed, either excuses a call.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime
from itertools import pairwise

from oracle import oracle_is_open
from torture.accounts import nobody_lost, nothing_open, told_truly
from torture.counting import limits, limits_by_rows, pace
from torture.declared import MAX_ATTEMPTS
from torture.stops import pauses_and_holds
from torture.versions import Versions, shown


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
            yield f"{call} at {shown(at)} outside its windows"


def withdrawn(evidence):
    """R-CONTACT-3: nobody is called from the commit on that took them away."""
    versions = Versions(evidence.journal)
    for call in evidence.started():
        if not any(_zone(terms, call) for terms in versions.at(call.started)):
            yield f"{call} at {shown(call.started)}, who was withdrawn"


def suppression(evidence):
    """R-SUP-1: no call to a number starts once its suppression was committed."""
    since = {}
    for entry in evidence.journal:
        if entry.what == "suppress" and entry.done:
            since.setdefault((entry.facts["org"], entry.facts["number"]), entry.done)
    for call in evidence.started():
        if call.started > since.get((call.org, call.number), float("inf")):
            yield f"{call} at {shown(call.started)}, suppressed before"


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


def no_traceback(evidence):
    """Whatever fails is told in a sentence."""
    for log in evidence.logs:
        if log.name != "postgres.log" and "Traceback" in log.read_text(errors="replace"):
            yield f"{log} holds a traceback"


def _open(terms, call, instant):
    zone = _zone(terms, call)
    at = datetime.fromtimestamp(instant, UTC)
    return zone is not None and oracle_is_open(terms.schedule(call.campaign), [zone], at)


def _zone(terms, call):
    """Give a contact's zone; None if a version does not have it."""
    return terms.zones.get((call.campaign, call.contact))


def _done(entry):
    return float("inf") if entry.done is None else entry.done


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
