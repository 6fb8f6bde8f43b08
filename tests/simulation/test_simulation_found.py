"""What judged simulations found in the dialer, each as the smallest case that shows it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from support.bench import ANA, MONDAY, SECOND, Bench, campaign, configuration, contact, crowd, document
from support.bench import organization as tenant

from reconciler.core.outcomes import Disposition, Outcome
from reconciler.store import tables
from reconciler.store.identity import find_organization
from reconciler.store.operations.operation import operating
from reconciler.store.operations.suppressing import suppress, unsuppress

NEW_YORK, LONDON, BERLIN = "+12125550101", "+442079460011", "+493023125011"


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


def suppressing(*numbers):
    listed = ", ".join(f'"{number}"' for number in numbers)
    return document("SuppressionList", "list", f"{{numbers: [{listed}]}}")


def home_country(bench, name):
    (lane,) = bench.rows(tables.lane, tables.lane.c.id == bench.contact(name).lane_id)
    return lane.country_key


def suppressed_by_list(bench):
    bench.apply(bench.manifests, suppressing(LONDON))


def suppressed_by_hand(bench):
    with operating(bench.database, ANA, bench.clock, bench.ids) as operation:
        suppress(operation, find_organization(operation.connection, "default"), LONDON, "asked")


@pytest.mark.parametrize("how", [suppressed_by_list, suppressed_by_hand])
def test_a_contact_waits_where_its_next_free_number_is_at_home(how):
    """R-SUP-1, R-HOLD-1: a hold on the country of a suppressed number does not cover the next number."""
    bench = Bench(configuration(), campaign(), contact("c1", [LONDON, NEW_YORK]))
    bench.hold("country", "GB")
    assert bench.step().started == 0
    how(bench)
    assert home_country(bench, "c1") == "US"
    assert bench.step().started == 1


def test_a_number_that_is_free_again_takes_its_contact_home():
    """R-SUP-2: once a person takes a number out of the ledger, its contact waits for it again."""
    bench = Bench(configuration(), campaign(), contact("c1", [LONDON, NEW_YORK]))
    suppressed_by_hand(bench)
    with operating(bench.database, ANA, bench.clock, bench.ids) as operation:
        unsuppress(operation, find_organization(operation.connection, "default"), LONDON, "a mistake")
    assert home_country(bench, "c1") == "GB"


def test_a_new_contact_is_at_home_where_it_can_be_called():
    """R-TZ-1: also a contact that is declared later than the suppression of its first number."""
    bench = Bench(configuration(), campaign(), suppressing(LONDON))
    bench.apply(bench.manifests, contact("c1", [LONDON, NEW_YORK]))
    assert home_country(bench, "c1") == "US"


def test_a_retry_skips_a_suppressed_number():
    """R-CONTACT-2, R-SUP-1: after a call, the contact waits for the next number that may be called."""
    numbers = [NEW_YORK, LONDON, "+12125550102"]
    bench = Bench(configuration(), campaign(), contact("c1", numbers), suppressing(LONDON))
    bench.step()
    bench.carrier.end("c1", Outcome.NO_ANSWER)
    bench.step(SECOND)
    assert home_country(bench, "c1") == "US"


def test_a_contact_whose_number_is_on_a_call_goes_on_to_the_next_once_that_number_is_suppressed():
    """R-SUP-1, R-CONTACT-4: it no longer waits for a call to a number at which nobody will call it."""
    bench = Bench(configuration(), campaign(), contact("busy", LONDON), contact("waits", [LONDON, NEW_YORK]))
    bench.step()
    assert bench.statuses()["waits"] == "pending"
    suppressed_by_hand(bench)
    assert bench.step().started == 1
    assert bench.attempt("waits").number == NEW_YORK


def test_who_asked_to_be_called_back_is_called_back_after_a_return():
    """R-CONTACT-1, R-RETRY-3: declared again, a contact is what its attempts say: due a callback."""
    bench = Bench(configuration(), campaign(), crowd(2))
    bench.step()
    later = bench.clock.now() + timedelta(hours=1)
    bench.carrier.end("c1", Outcome.COMPLETED, disposition=Disposition.CALLBACK, callback_at=later)
    bench.carrier.end("c0", Outcome.COMPLETED)
    bench.step(SECOND)
    bench.apply(configuration(), campaign(), crowd(1))
    assert bench.statuses() == {"c0": "completed", "c1": "withdrawn"}
    bench.apply(configuration(), campaign(), crowd(2))
    assert bench.statuses() == {"c0": "completed", "c1": "pending"}
    assert bench.contact("c1").due_at == later


def test_nobody_takes_the_place_of_a_contact_that_moves_to_another_lane():
    """R-DIAL-2: who may be called at its first number again, in another country, keeps its rank."""
    midnight = MONDAY.replace(day=3, hour=0)
    due = f"scheduled_at: {midnight.isoformat()}"
    until_then = f'{{numbers: [{{number: "{LONDON}", expires_at: {midnight:%Y-%m-%d}}}]}}'
    bench = Bench(
        tenant(limit=1), configuration(), campaign(), document("SuppressionList", "list", until_then),
        contact("a1", [LONDON, BERLIN], also=due), contact("b2", NEW_YORK, also=due),
    )  # fmt: skip
    bench.step()
    assert home_country(bench, "a1") == "DE"
    bench.clock.move_to(midnight)
    assert bench.step().started == 1
    assert bench.attempt("a1").number == LONDON
