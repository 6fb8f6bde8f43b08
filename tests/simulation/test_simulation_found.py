"""What judged simulations found in the dialer, each as the smallest case that shows it."""

from __future__ import annotations

from datetime import timedelta

from support.bench import MONDAY, Bench, campaign, configuration, contact, crowd, document, installation
from support.bench import organization as tenant

NEW_YORK, LONDON = "+12125550101", "+442079460011"


def test_who_is_behind_the_head_of_a_lane_wakes_the_dialer_too():
    """R-DIAL-4: a head that is called hides nobody: the next one of its lane is called when it is due."""
    later = (MONDAY + timedelta(minutes=3)).isoformat()
    soon = (MONDAY + timedelta(minutes=1)).isoformat()
    bench = Bench(
        configuration(), campaign(),
        contact("c1", also=f"scheduled_at: {soon}"), contact("c2", also=f"scheduled_at: {later}"),
    )  # fmt: skip
    assert bench.step().callable_at == MONDAY + timedelta(minutes=1)
    result = bench.step(timedelta(minutes=1))
    assert (result.started, result.callable_at) == (1, MONDAY + timedelta(minutes=3))


def test_who_waits_for_the_end_of_a_suppression_wakes_the_dialer():
    """R-SUP-1: a contact that is set aside until an entry expires is due then, whatever else happens."""
    entry = f'{{numbers: [{{number: "{NEW_YORK}", expires_at: 2026-03-03}}]}}'
    bench = Bench(
        configuration(), campaign(), contact("c1", NEW_YORK), document("SuppressionList", "list", entry)
    )
    assert bench.step().callable_at == MONDAY.replace(day=3, hour=0)


def test_nobody_takes_the_place_of_a_contact_that_moves_to_another_lane():
    """R-DIAL-2: who is called at a second number, in another country, keeps its rank in the same step."""
    bench = Bench(
        installation(), tenant(limit=1), configuration(), campaign(),
        contact("first", [LONDON, NEW_YORK]), crowd(3),
    )  # fmt: skip
    bench.apply(bench.manifests, document("SuppressionList", "list", f'{{numbers: ["{LONDON}"]}}'))
    assert bench.step().started == 1
    assert bench.attempt("first").number == NEW_YORK
