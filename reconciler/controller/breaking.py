"""The breaker at work: faults counted, a hold set when it opens, lifted when it closes (R-HOLD-4)."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.controller.cycle import Cycle
from reconciler.core.breaker import Breaker, allowance, back_off, record
from reconciler.core.holds import Hold, HoldCause, HoldScope
from reconciler.core.outcomes import Outcome
from reconciler.core.settlement import is_used
from reconciler.ports import Ended
from reconciler.store.book import standing_holds
from reconciler.store.breakers import NO_ORG, BreakerKey, agent_key, gateway_key
from reconciler.store.columns import AnyRow
from reconciler.store.events import BREAKER
from reconciler.store.holds import place_hold, release_holds

GATEWAY_FAULTS = frozenset({Outcome.PROVIDER_FAULT, Outcome.QUOTA})
FAULTS = GATEWAY_FAULTS | {Outcome.AGENT_FAULT}
SAYS_NOTHING_OF_GATEWAY = frozenset({Outcome.RELEASED, Outcome.CANCELLED, Outcome.CONFIG_ERROR})
AGENT_SPOKE = frozenset({Outcome.COMPLETED, Outcome.TRANSFERRED, Outcome.MACHINE})


def watch_faults(cycle: Cycle, ends: Sequence[tuple[AnyRow, Ended]]) -> None:
    """Let breakers see how calls ended; set and lift their holds."""
    before = cycle.breakers.states()
    if not before and not any(ended.outcome in FAULTS for _, ended in ends):
        return  # all is well, as nearly always
    after = dict(before)
    for row, ended in ends:
        _watch_gateway(after, row, ended)
        _watch_agent(after, row, ended)
    changed = {key: state for key, state in after.items() if state != before.get(key, Breaker())}
    if not changed:
        return
    cycle.breakers.save(changed)
    for key, state in changed.items():
        _follow(cycle, key, before.get(key, Breaker()), state)


def _watch_gateway(states: dict[BreakerKey, Breaker], row: AnyRow, ended: Ended) -> None:
    if ended.outcome in SAYS_NOTHING_OF_GATEWAY:
        return
    key = gateway_key(row.gateway)
    fault = ended.outcome in GATEWAY_FAULTS
    state = states.get(key, Breaker())
    if fault and not is_used(ended.outcome, rang=ended.rang):
        state = back_off(state, ended.at, ended.retry_after)
    if fault or state != Breaker():  # a success changes nothing of a breaker as good as new
        states[key] = record(state, fault, ended.at, row.placing_at)


def _watch_agent(states: dict[BreakerKey, Breaker], row: AnyRow, ended: Ended) -> None:
    fault = ended.outcome is Outcome.AGENT_FAULT
    if row.agent_id is None or not (fault or ended.outcome in AGENT_SPOKE):
        return
    key = agent_key(row.org_id, row.agent_id)
    state = states.get(key, Breaker())
    if fault or state != Breaker():
        states[key] = record(state, fault, ended.at, row.placing_at)


def _follow(cycle: Cycle, key: BreakerKey, before: Breaker, after: Breaker) -> None:
    was_open = allowance(before, cycle.now) is not None
    is_open = allowance(after, cycle.now) is not None
    if is_open and not was_open:
        place_hold(cycle.connection, _hold(cycle, key), BREAKER)
    elif was_open and not is_open:
        release_holds(cycle.connection, breaker_holds(cycle, key), BREAKER, cycle.now)


def breaker_holds(cycle: Cycle, key: BreakerKey) -> list[Hold]:
    """Give the standing holds that a breaker has set."""
    return [
        hold
        for hold in standing_holds(cycle.connection)
        if hold.cause is HoldCause.BREAKER and hold.scope == key.scope and hold.value == key.value
    ]


def _hold(cycle: Cycle, key: BreakerKey) -> Hold:
    return Hold(
        id=cycle.ids(cycle.now),
        seq=0,
        scope=HoldScope(key.scope),
        value=key.value,
        cause=HoldCause.BREAKER,
        reason=f"half of the recent calls of {key.scope} {key.value} were faults; probing with single calls",
        actor=BREAKER.name,
        created_at=cycle.now,
        org_id=None if key.org_id == NO_ORG else key.org_id,
    )
