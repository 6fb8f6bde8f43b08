"""Opening gateways by name, and keeping them from databases that they must not dial."""

from __future__ import annotations

import sys
from dataclasses import replace
from types import ModuleType

import pytest
from gateways.conformance import START, SimulatedBench, let_pass, make_calls, only_end

from reconciler.clock import VirtualClock
from reconciler.core.outcomes import Outcome
from reconciler.errors import GatewayUnusable
from reconciler.gateways.allow_list import AllowListed
from reconciler.gateways.behaviour import Behaviour, read_profile
from reconciler.gateways.http.gateway import HttpGateway
from reconciler.gateways.registry import check_environment, gateway_names, open_gateway
from reconciler.gateways.simulator import SimulatedCarrier
from reconciler.ports import hands_over


class RealCarrier(SimulatedCarrier):
    """Says that it dials real phones."""

    name = "real"
    simulated = False


class NotQuiteAGateway:
    """Lacks most of the port."""

    def __init__(self, clock):
        self.name, self.simulated = "half", True

    def submit(self, calls):
        raise AssertionError("never called")


@pytest.fixture
def clock():
    return VirtualClock(START)


@pytest.fixture(autouse=True)
def real_carrier_can_be_imported(monkeypatch):
    """The test module under a plain name, as an installed package would be."""
    module = ModuleType("carrier_under_test")
    module.RealCarrier, module.NotQuiteAGateway, module.number = RealCarrier, NotQuiteAGateway, 7
    monkeypatch.setitem(sys.modules, "carrier_under_test", module)
    monkeypatch.delenv("DIALCTL_ALLOW_NUMBERS", raising=False)
    monkeypatch.delenv("DIALCTL_SIMULATOR", raising=False)


def test_the_simulator_is_installed_and_opened_by_name(clock):
    """Architecture 4: gateways are found by entry points, ours included."""
    assert "simulator" in gateway_names()
    gateway = open_gateway("simulator", clock, seed=3)
    assert isinstance(gateway, SimulatedCarrier)


def test_a_gateway_is_opened_by_its_place(clock):
    """Architecture 4: `package.module:Class` needs no entry point."""
    assert open_gateway("carrier_under_test:RealCarrier", clock).name == "real"


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("simulater", "there is no gateway 'simulater'; installed: .*simulator", "did you mean 'simulator'"),
        ("zzz", "there is no gateway 'zzz'", "package.module:Class"),
        ("no_such_package.carrier:Carrier", "cannot be loaded from", "install the package"),
        ("carrier_under_test:Missing", "cannot be loaded from", "install the package"),
        ("carrier_under_test:number", "is not a class", None),
        ("carrier_under_test:NotQuiteAGateway", "it has no ask, hang_up, events", "docs/gateways.md"),
    ],
)
def test_a_name_that_opens_nothing_is_explained(clock, name, message, hint):
    """An unusable gateway is an error of one line that says what to do."""
    with pytest.raises(GatewayUnusable, match=message) as refused:
        open_gateway(name, clock)
    assert (refused.value.hint is None) == (hint is None)
    assert (hint or "") in (refused.value.hint or "")


def test_an_option_that_a_gateway_does_not_take_is_explained(clock):
    """Options are the gateway's own; one that it does not know is refused by name."""
    with pytest.raises(GatewayUnusable, match="'sed'"):
        open_gateway("simulator", clock, sed=3)


@pytest.mark.parametrize(
    ("gateway", "environment", "refused"),
    [
        ("simulator", "sandbox", None),
        ("simulator", "live", "simulated"),
        ("carrier_under_test:RealCarrier", "live", None),
        ("carrier_under_test:RealCarrier", "sandbox", "real phones"),
    ],
)
def test_a_gateway_and_a_database_must_go_together(clock, gateway, environment, refused):
    """R-ENV-1: the simulator dials no live database, a real gateway no sandbox."""
    opened = open_gateway(gateway, clock)
    if refused is None:
        check_environment(opened, environment)
        return
    with pytest.raises(GatewayUnusable, match=refused) as error:
        check_environment(opened, environment)
    assert error.value.hint


def test_an_unknown_stamp_is_a_fault_of_the_caller(clock):
    """R-ENV-1: there are two stamps; anything else is never taken for one of them."""
    with pytest.raises(ValueError, match="sandbox or live"):
        check_environment(open_gateway("simulator", clock), "staging")


def test_a_real_gateway_dials_a_sandbox_for_allowed_numbers_only(clock, monkeypatch):
    """R-ENV-1: with an allow-list, every other number is blocked before it is sent."""
    monkeypatch.setenv("DIALCTL_ALLOW_NUMBERS", "+12125550100, +442079460018")
    bench = SimulatedBench(lambda clock: open_gateway("carrier_under_test:RealCarrier", clock), clock)
    check_environment(bench.gateway, "sandbox")
    allowed, other = make_calls(2)
    bench.gateway.submit([allowed, other])
    assert bench.gateway.next_event_at() == clock.now()
    events = let_pass(bench, allowed.max_call_duration * 2)
    blocked = only_end(events, other.attempt_id)
    assert (blocked.outcome, blocked.rang) == (Outcome.BLOCKED, False)
    assert "DIALCTL_ALLOW_NUMBERS" in blocked.reason
    assert only_end(events, allowed.attempt_id).reason != blocked.reason
    assert bench.times_rung(other.attempt_id) == 0


def test_the_allow_list_binds_a_live_database_too(clock, monkeypatch):
    """R-ENV-1: a list that is set is obeyed whatever the stamp: fewer calls is the safe direction."""
    monkeypatch.setenv("DIALCTL_ALLOW_NUMBERS", "+442079460018")
    gateway = open_gateway("carrier_under_test:RealCarrier", clock)
    check_environment(gateway, "live")
    (call,) = make_calls(1)
    gateway.submit([call, replace(call, number="+442079460018")])
    (blocked,) = gateway.events()
    assert blocked.outcome is Outcome.BLOCKED


@pytest.mark.parametrize("says", [True, False, None])
def test_a_gateway_hands_calls_over_only_if_it_says_so(clock, monkeypatch, says):
    """Architecture 4: one from before there was such a property keeps its calls; an allow-list asks it."""
    monkeypatch.setattr(NotQuiteAGateway, "hands_over", says, raising=False)
    if says is None:
        monkeypatch.delattr(NotQuiteAGateway, "hands_over")
    assert hands_over(NotQuiteAGateway(clock)) is bool(says)
    assert AllowListed(NotQuiteAGateway(clock), clock, []).hands_over is bool(says)
    assert not hands_over(open_gateway("simulator", clock))
    assert HttpGateway.hands_over


@pytest.mark.parametrize(("text", "message"), [("", "no number"), ("+12125550100,555 0199", "entry 2, 3")])
def test_a_faulty_allow_list_opens_nothing(clock, monkeypatch, text, message):
    """R-ENV-1, R-PLAN-8: a list that cannot be read is an error, and repeats nobody's number."""
    monkeypatch.setenv("DIALCTL_ALLOW_NUMBERS", text)
    with pytest.raises(GatewayUnusable, match=message) as refused:
        open_gateway("carrier_under_test:RealCarrier", clock)
    assert "0199" not in str(refused.value)


def test_a_profile_from_the_environment_rules_the_simulator(clock, monkeypatch, tmp_path):
    """`DIALCTL_SIMULATOR` names a JSON file with the behaviour of the simulator."""
    profile = tmp_path / "busy.json"
    profile.write_text('{"numbers": {"+1212*": {"busy": 1}}}')
    monkeypatch.setenv("DIALCTL_SIMULATOR", str(profile))
    bench = SimulatedBench(lambda clock: open_gateway("simulator", clock), clock)
    (call,) = make_calls(1)
    bench.gateway.submit([call])
    assert only_end(let_pass(bench, call.ring_timeout), call.attempt_id).outcome is Outcome.BUSY


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("{", ["Invalid JSON"]),
        ('{"faults": 2, "ring": [1, 2]}', ["faults: ", "unknown field 'ring'"]),
        ('{"outcome": {"busy": 1}}', ["unknown field 'outcome' — did you mean 'outcomes'?"]),
        ('{"talk_seconds": [9, 3]}', ["talk_seconds: the first number must not be above the second"]),
        ('{"outcomes": {"bsy": 1, "cancelled": 1}}', ["outcomes.bsy: ", "outcomes.cancelled: "]),
        ('{"dispositions": {"gone": 1}}', ["dispositions.gone: a conversation comes to success"]),
        ('{"numbers": {"+1*": {"busy": 0}}}', ["numbers.+1*: at least one weight must be above 0"]),
    ],
)
def test_a_faulty_profile_is_explained(clock, monkeypatch, tmp_path, text, messages):
    """A faulty simulator profile names the file and each field, and dials nothing."""
    profile = tmp_path / "faulty.json"
    profile.write_text(text)
    monkeypatch.setenv("DIALCTL_SIMULATOR", str(profile))
    with pytest.raises(GatewayUnusable) as refused:
        open_gateway("simulator", clock)
    for message in messages:
        assert f"{profile}: {message}" in str(refused.value)


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ('{"outcomes": {"no_anser": 1}}', " — did you mean 'no_answer'?"),
        ('{"outcomes": {"cancelled": 1}}', "wrong_person"),
        ('{"numbers": {"+1*": {"optout": 1}}}', " — did you mean 'opt_out'?"),
        ('{"dispositions": {"succes": 1}}', " — did you mean 'success'?"),
        ('{"dispositions": {"non": 1}}', " — did you mean 'none'?"),
    ],
)
def test_a_misspelt_outcome_is_told_with_the_nearest(tmp_path, text, nearest):
    """What only an order brings about is no misspelling of anything."""
    profile = tmp_path / "faulty.json"
    profile.write_text(text)
    with pytest.raises(GatewayUnusable) as refused:
        read_profile(profile, Behaviour)
    assert str(refused.value).endswith(nearest)


def test_a_missing_profile_is_explained(clock, monkeypatch, tmp_path):
    """A simulator profile that is not there is an error, never the default behaviour."""
    monkeypatch.setenv("DIALCTL_SIMULATOR", str(tmp_path / "none.json"))
    with pytest.raises(GatewayUnusable, match=r"none\.json: cannot read"):
        open_gateway("simulator", clock)
