"""Sharing free slots among organizations (R-DIAL-4)."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.slots import Tenant, share_slots


@st.composite
def installations(draw):
    """Give a global limit and organizations in any state, overbooked ones included."""
    names = draw(st.lists(st.text("abcdef", min_size=1, max_size=3), max_size=8, unique=True))
    tenants = [
        Tenant(
            name,
            limit=draw(st.integers(1, 60)),
            active=draw(st.integers(0, 40)),
            claimable=draw(st.one_of(st.just(0), st.integers(0, 80))),
        )
        for name in names
    ]
    return draw(st.integers(1, 300)), tenants


def shares_by_the_letter(global_limit, tenants):
    """Share slots one by one with fractions, as the rule is written; slow, and nothing else."""
    free = max(0, global_limit - sum(t.active for t in tenants))
    sharers = [t for t in tenants if t.claimable > 0]
    total = sum(t.limit for t in sharers)
    given_to = {t.name: 0 for t in tenants}

    def room(t):
        return max(0, min(t.limit - t.active, t.claimable)) - given_to[t.name]

    for t in sharers:
        given_to[t.name] = min(room(t), int(Fraction(free * t.limit, total)))
    while sum(given_to.values()) < free and any(room(t) > 0 for t in sharers):
        below = {
            t.name: Fraction(global_limit * t.limit, total) - t.active - given_to[t.name] for t in sharers
        }
        next_one = min((t for t in sharers if room(t) > 0), key=lambda t: (-below[t.name], t.name))
        given_to[next_one.name] += 1
    return given_to


@given(installations())
@settings(max_examples=300, deadline=None)
def test_the_shares_are_those_of_the_rule(installation):
    """R-DIAL-4: floors, then the furthest below its share, ties by name: the same as slot by slot."""
    assert share_slots(*installation) == shares_by_the_letter(*installation)


@given(installations())
@settings(deadline=None)
def test_no_limit_is_exceeded_and_no_slot_wasted(installation):
    """R-DIAL-4: within every limit, and either all free slots are given or nobody has room."""
    global_limit, tenants = installation
    shares = share_slots(global_limit, tenants)
    free = max(0, global_limit - sum(t.active for t in tenants))
    room = {t.name: max(0, min(t.limit - t.active, t.claimable)) for t in tenants}
    assert shares.keys() == room.keys()
    assert all(0 <= shares[name] <= room[name] for name in room)
    assert sum(shares.values()) == min(free, sum(room.values()))


@given(installations(), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_the_order_of_organizations_does_not_matter(installation, random):
    """R-DIAL-4: ties go by name, never by position."""
    global_limit, tenants = installation
    shuffled = random.sample(tenants, len(tenants))
    assert share_slots(global_limit, shuffled) == share_slots(global_limit, tenants)


@given(
    st.lists(st.integers(1, 30), min_size=2, max_size=6),
    st.integers(2, 30),
    st.randoms(use_true_random=False),
)
@settings(max_examples=30, deadline=None)
def test_nobody_starves_when_slots_free_up_one_at_a_time(limits, global_limit, random):
    """R-DIAL-4: from any start, one call ending at a time, every organization reaches its share."""
    active = dict.fromkeys(range(len(limits)), 0)
    active[0] = global_limit  # the first has taken everything, perhaps over its own limit
    for _ in range(40 * global_limit):
        ends = random.choices(list(active), weights=[count + 1e-9 for count in active.values()])[0]
        active[ends] = max(0, active[ends] - 1)
        tenants = [Tenant(str(n), limits[n], active[n], claimable=1000) for n in active]
        for name, slots in share_slots(global_limit, tenants).items():
            active[int(name)] += slots
    for number, limit in enumerate(limits):
        share = Fraction(global_limit * limit, sum(limits))
        assert active[number] >= min(limit, share) - 1


def test_whole_slots_go_in_proportion_to_the_limits():
    """R-DIAL-4: limits of 30, 20 and 10 share 12 free slots as 6, 4 and 2."""
    tenants = [Tenant("a", 30, 0, 99), Tenant("b", 20, 0, 99), Tenant("c", 10, 0, 99)]
    assert share_slots(12, tenants) == {"a": 6, "b": 4, "c": 2}


def test_who_has_nothing_to_claim_leaves_its_part_to_others():
    """R-DIAL-4: only organizations with something claimable share; the others' active calls still count."""
    tenants = [Tenant("busy", 10, 0, 99), Tenant("idle", 90, 4, 0)]
    assert share_slots(10, tenants) == {"busy": 6, "idle": 0}


def test_an_only_slot_goes_to_the_furthest_below_its_share():
    """R-DIAL-4: two of equal limits: the one with fewer calls is next."""
    assert share_slots(10, [Tenant("a", 10, 6, 9), Tenant("b", 10, 3, 9)]) == {"a": 0, "b": 1}


def test_ties_go_by_name():
    """R-DIAL-4: in the same position, the first name is next."""
    assert share_slots(7, [Tenant("b", 10, 3, 9), Tenant("a", 10, 3, 9)]) == {"b": 0, "a": 1}


@pytest.mark.parametrize("tenants", [[], [Tenant("a", 10, 12, 5)], [Tenant("a", 10, 0, 0)]])
def test_nobody_with_room_gets_nothing(tenants):
    """R-DIAL-4: no organization, one beyond its lowered limit, one without contacts."""
    assert sum(share_slots(50, tenants).values()) == 0


def test_a_lowered_global_limit_gives_nothing():
    """R-DIAL-4: more active calls than the limit are no negative slots."""
    assert share_slots(5, [Tenant("a", 10, 4, 9), Tenant("b", 10, 4, 9)]) == {"a": 0, "b": 0}


def test_ten_thousand_slots_for_a_thousand_organizations():
    """R-DIAL-4: a large installation is shared out to the last slot, whatever the rooms."""
    tenants = [Tenant(f"t{n:04d}", 1 + n % 40, 0, 1 + (n * 7) % 30) for n in range(1000)]
    shares = share_slots(10_000, tenants)
    assert sum(shares.values()) == min(10_000, sum(tenant.room for tenant in tenants))
