"""The fake carrier keeps its word when it is killed, and its ledger is what a judge needs."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path

from gateways.conformance import START, make_calls

from reconciler.clock import VirtualClock
from reconciler.core.outcomes import Outcome
from reconciler.gateways.behaviour import Behaviour
from reconciler.gateways.fake_carrier.carrier import FakeCarrier
from reconciler.gateways.fake_carrier.ledger import Ledger
from reconciler.gateways.fake_carrier.profile import CarrierProfile
from reconciler.gateways.http.openapi import document
from reconciler.ports import Ended, Fenced, Found, Inquiry

TALKS = CarrierProfile(outcomes={"success": 1})
ROUTE = ("client", None)
PUBLISHED = Path(__file__).parents[2] / "docs" / "carrier.openapi.json"


def lines(path, what):
    return [line for line in map(json.loads, path.read_text().splitlines()) if line["what"] == what]


def test_a_carrier_that_was_killed_goes_on_with_its_calls(tmp_path):
    """R-CRASH-2: from its ledger, whose last line may have been cut off; no phone rings again."""
    path, clock = tmp_path / "ledger.jsonl", VirtualClock(START)
    calls = make_calls(4)
    with Ledger(path) as ledger:
        FakeCarrier(ledger, clock, TALKS).submit(ROUTE, calls[:3])
        asked_too_early = FakeCarrier(ledger, clock, TALKS).inquire(ROUTE, [Inquiry.about(calls[3])])
    assert [type(answer) for answer in asked_too_early] == [Fenced]
    with path.open("ab") as file:
        file.write(b'{"what": "ri')
    clock.advance(timedelta(seconds=20))
    with Ledger(path) as ledger:
        second = FakeCarrier(ledger, clock, TALKS)
        second.report()
        clock.advance(timedelta(minutes=10))
        second.report()
        answers = second.inquire(ROUTE, [Inquiry.about(call) for call in calls])
        assert [type(answer) for answer in answers] == [Found, Found, Found, Fenced]
        assert second.submit(ROUTE, [calls[3]])[0] == []
        second.report()
        _, told = second.outboxes[ROUTE].take(0)
        assert sum(isinstance(event, Ended) and event.rang for event in told) == 3
    assert sorted(line["id"] for line in lines(path, "ring")) == [str(call.attempt_id) for call in calls[:3]]
    assert len(lines(path, "end")) == 3


def test_a_ring_is_in_the_ledger_before_anybody_hears_of_it(tmp_path):
    """R-CRASH-1: also where the ring is told late, for the carrier may be killed before it is."""
    path, clock = tmp_path / "ledger.jsonl", VirtualClock(START)
    profile = TALKS.model_copy(update={"late_events": 0.5, "late_seconds": (60, 600)})
    with Ledger(path) as ledger:
        carrier = FakeCarrier(ledger, clock, profile)
        carrier.submit(ROUTE, make_calls(20))
        while len(lines(path, "end")) < 20:
            clock.advance(timedelta(seconds=5))
            carrier.report()
            rung = {line["id"] for line in lines(path, "ring")}
            assert {line["id"] for line in lines(path, "end")} <= rung


def test_an_order_that_comes_too_late_is_released(tmp_path):
    """R-CRASH-3: by the carrier's own clock, when it arrives."""
    clock = VirtualClock(START)
    (call,) = make_calls(1)
    clock.move_to(call.not_after)
    with Ledger(tmp_path / "ledger.jsonl") as ledger:
        taken, (end,) = FakeCarrier(ledger, clock, TALKS).submit(ROUTE, [call])
    assert (taken, end.outcome, end.rang) == ([], Outcome.RELEASED, False)
    assert lines(tmp_path / "ledger.jsonl", "ring") == []


def test_every_reference_of_the_protocols_document_exists():
    """Issue: the wire format is documented as an OpenAPI file; docs/carrier.openapi.json is this document."""
    made = document()
    text = json.dumps(made)
    names = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert names <= made["components"]["schemas"].keys()
    assert {"Order", "EndedEvent", "Happenings", "Refusal"} <= made["components"]["schemas"].keys()


def test_the_document_that_is_published_is_what_is_spoken():
    """Issue: docs/carrier.openapi.json follows from the models; DIALCTL_UPDATE_GOLDEN=1 writes it anew."""
    text = json.dumps(document(), indent=2) + "\n"
    if os.environ.get("DIALCTL_UPDATE_GOLDEN"):
        PUBLISHED.write_text(text)
    assert PUBLISHED.read_text() == text


def test_the_page_lists_every_fault_of_a_network_with_its_default():
    """docs/gateway-protocol.md: a profile's fields and defaults."""
    page = PUBLISHED.with_name("gateway-protocol.md").read_text()
    for name in CarrierProfile.model_fields.keys() - Behaviour.model_fields.keys():
        default = CarrierProfile.model_fields[name].default
        shown = "none" if default is None else f"`{json.dumps(default)}`"
        assert f"| `{name}` | {shown} |" in page
