"""A gateway whose methods raise stops neither the dialer nor other calls."""

from __future__ import annotations

from datetime import timedelta

import pytest
from support.bench import Bench, campaign, configuration, contact

WORLD = (configuration(), campaign("spring"), contact("ada"))


class Broken(Exception):
    """What a gateway of a stranger may raise, with a number in its words."""


@pytest.mark.parametrize("member", ["submit", "events"])
def test_what_a_gateway_raises_is_told_and_dialing_goes_on(member):
    """R-CRASH-4, R-PLAN-8: the step ends, the fault is told without its words, and nobody is lost."""
    told = []
    bench = Bench(*WORLD)
    dialer = bench.join(tell=lambda happening, **values: told.append((happening, values)))

    def fails(*_args):
        raise Broken("+12125550142")

    setattr(bench.carrier, member, fails)
    dialer.step()
    assert told == [("gateway failed", {"member": member, "error": "Broken"})]
    bench.assert_sound()


def test_a_call_whose_submit_raised_is_asked_about_and_never_sent_again():
    """R-CRASH-2: it may have rung, so the gateway is asked once it should be over; no redial."""
    bench = Bench(*WORLD)
    dialer = bench.join()
    submit, sent = bench.carrier.submit, []

    def sends_and_fails(calls):
        sent.extend(calls)
        submit(calls)
        raise Broken

    bench.carrier.submit = sends_and_fails
    dialer.step()
    bench.clock.advance(timedelta(hours=1))
    dialer.step()
    dialer.step()
    assert [call.attempt_id for call in sent] == [sent[0].attempt_id]
    assert {inquiry.attempt_id for inquiry in bench.carrier.asked} == {sent[0].attempt_id}
    bench.assert_sound()
