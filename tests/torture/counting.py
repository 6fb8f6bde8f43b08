"""The rules about numbers: how many calls may be up at a time, and how many may start in a second."""

from __future__ import annotations

from collections import defaultdict
from math import ceil

from torture.declared import CALLER_ID
from torture.scene import LEASE
from torture.versions import Versions, shown

DIFFERENCE = 0.02
"""Seconds in which two machines may differ that go by one server's clock."""


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
                    yield f"{scope} {key}: {count} calls at {shown(call.started)}, limit {max(allowed)}"


def limits_by_rows(evidence):
    """R-DIAL-3: whenever one looked, no more rows of open calls than the largest limit of the storm."""
    every = [entry.facts["terms"] for entry in evidence.journal if entry.what == "apply"]
    most = max(terms.global_limit for terms in every)
    for at, count, by_org in evidence.samples:
        if count > most:
            yield f"{count} open calls at {shown(at)}, limit {most}"
        for org, open_ in by_org.items():
            if open_ > max(terms.org_limits[org] for terms in every):
                yield f"{open_} open calls of {org} at {shown(at)}"


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
                yield f"{campaign}: {len(second)} starts in the second from {shown(call.started)}, {rates}"


def _peaks(calls):
    """Give, for each start, how many of these calls were up then, itself included."""
    ends = sorted(call.ended_at for call in calls if call.ended_at is not None)
    over = 0
    for index, call in enumerate(calls):
        while over < len(ends) and ends[over] <= call.started:
            over += 1
        yield call, index + 1 - over


LIMITS = (
    ("global", lambda _: None, lambda terms, _: terms.global_limit),
    ("organization", lambda call: call.org, lambda terms, org: terms.org_limits[org]),
    ("campaign", lambda call: call.campaign, lambda terms, campaign: terms.concurrent.get(campaign)),
    ("caller ID", lambda call: (call.org, call.caller_id), lambda terms, key:
     terms.caller_limit if key == ("default", CALLER_ID) else None),
)  # fmt: skip
