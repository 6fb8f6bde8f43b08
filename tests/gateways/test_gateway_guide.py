"""docs/gateways.md: its example gateway works, and its tables name what there is."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from types import ModuleType

import pytest
from gateways.conformance import START, GatewayConformance, let_pass, make_calls, only_end

from reconciler.clock import VirtualClock
from reconciler.core.outcomes import Outcome
from reconciler.errors import GatewayUnusable
from reconciler.gateways.behaviour import Behaviour, read_profile
from reconciler.gateways.registry import MEMBERS, open_gateway

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "gateways.md").read_text(encoding="utf-8")
IN_WORDS = {"outcomes", "dispositions", "calls_per_second"}
"""Fields whose default the guide gives in words."""


@dataclass
class Record:
    """A call as Trunk lists it."""

    reference: str
    accepted_at: datetime
    ringing_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    result: str | None = None


class Refused(Exception):
    """Trunk says no."""


class Unreachable(Exception):
    """The network says nothing."""


class Trunk:
    """A carrier without an idempotency key, whose network loses requests, there and back."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._random = Random(7)
        self._plans: dict[str, Record] = {}
        self.rings: list[str] = []

    def dial(self, *, tag, to, caller_id, ring_seconds, talk_seconds):
        if caller_id is None:
            raise Refused("no caller ID")
        fate = self._random.randrange(12)
        if fate == 0:
            raise Unreachable
        now = self._clock.now()
        second = timedelta(seconds=1)
        plan = Record(f"trunk-{len(self._plans)}", now, now + second)
        ring, talk = self._random.uniform(3, 40), self._random.uniform(5, 90)
        plan.result = "silence" if ring > ring_seconds else "talked"
        plan.ended_at = plan.ringing_at + min(ring, ring_seconds) * second
        if plan.result == "talked":
            plan.answered_at = plan.ended_at
            plan.ended_at += min(talk, talk_seconds) * second
        self.rings.append(tag)
        self._plans[tag] = plan
        if fate == 1:
            raise Unreachable

    def find(self, *, tag):
        plan, now = self._plans.get(tag), self._clock.now()
        if plan is None:
            return None

        def past(at):
            return at if at is not None and at <= now else None

        ended = past(plan.ended_at)
        result = plan.result if ended else None
        return Record(
            plan.reference, plan.accepted_at, past(plan.ringing_at), past(plan.answered_at), ended, result
        )

    def hang_up(self, tag):
        plan, now = self._plans.get(tag), self._clock.now()
        if plan is None or plan.ended_at <= now:
            return
        if plan.answered_at is None or plan.answered_at > now:
            plan.answered_at, plan.result = None, "hung_up"
        if plan.ringing_at > now:
            plan.ringing_at = None
            self.rings.remove(tag)
        plan.ended_at = now


@pytest.fixture
def example(monkeypatch):
    """The example of the guide, with a stand-in for the carrier's client."""
    sdk = ModuleType("trunk_sdk")
    sdk.Record, sdk.Refused, sdk.Trunk, sdk.Unreachable = Record, Refused, Trunk, Unreachable
    monkeypatch.setitem(sys.modules, "trunk_sdk", sdk)
    module = ModuleType("trunk_dialctl")
    (code,) = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
    exec(compile(code, "docs/gateways.md", "exec"), module.__dict__)
    monkeypatch.setitem(sys.modules, "trunk_dialctl", module)
    return module


class TrunkBench:
    """The example gateway, on a carrier that outlives it."""

    def __init__(self, example) -> None:
        self.clock = VirtualClock(START)
        self.trunk = Trunk(self.clock)
        self._open = lambda: example.TrunkGateway(self.clock, self.trunk)
        self.gateway = self._open()

    def restart(self):
        self.gateway.close()
        self.gateway = self._open()

    def take_events(self):
        self._rest()
        early = self.gateway.events()
        self._rest()
        return [*early, *self.gateway.events()]

    def times_rung(self, attempt_id):
        return self.trunk.rings.count(str(attempt_id))

    def _rest(self):
        """Wait until the one worker has done all that was asked of it before."""
        self.gateway._worker.submit(int).result()


class TestConformanceOfTheExample(GatewayConformance):
    """R-CRASH-1, R-CRASH-2, R-CRASH-3: the guide's example keeps the promises that the guide asks for."""

    @pytest.fixture
    def bench(self, example):
        bench = TrunkBench(example)
        yield bench
        bench.gateway.close()


def test_the_example_says_config_error_where_the_carrier_refuses(example):
    """R-RETRY-1: a refusal that the carrier gave is proof that no phone rang."""
    bench = TrunkBench(example)
    (call,) = make_calls(1, agent_number=None)
    bench.gateway.submit([call])
    end = only_end(let_pass(bench, timedelta(seconds=5)), call.attempt_id)
    assert (end.outcome, end.rang) == (Outcome.CONFIG_ERROR, False)
    bench.gateway.close()


def test_the_example_is_opened_as_the_guide_says(example, monkeypatch):
    """Architecture 4: a gateway outside this package is opened by its place, with its secret."""
    monkeypatch.delenv("TRUNK_TOKEN", raising=False)
    with pytest.raises(GatewayUnusable, match="TRUNK_TOKEN is not set"):
        open_gateway("trunk_dialctl:TrunkGateway", VirtualClock(START))
    monkeypatch.setenv("TRUNK_TOKEN", "secret")
    gateway = open_gateway("trunk_dialctl:TrunkGateway", VirtualClock(START))
    assert gateway.name == "trunk"
    gateway.close()


def test_the_guide_names_every_member_message_and_outcome():
    """The walk through the port leaves nothing out."""
    for member in MEMBERS[2:]:
        assert f"`{member}(" in GUIDE
    for property_ in (*MEMBERS[:2], "hands_over"):
        assert f"| `{property_}` |" in GUIDE
    for outcome in Outcome:
        assert f"`{outcome}`" in GUIDE


def test_the_guide_names_every_field_of_a_profile_with_its_default():
    """The table of the simulator's profile is complete, and its defaults are true."""
    rows = re.findall(r"^\| (`.*?`) \| (.*?) \|", GUIDE.split("## The simulator's profile")[1], re.MULTILINE)
    defaults = json.loads(Behaviour().model_dump_json())
    documented = set()
    for names, text in rows:
        fields, values = re.findall(r"`(\w+)`", names), re.findall(r"`(.*?)`", text)
        documented |= set(fields)
        if not set(fields) & IN_WORDS:
            one_for_all = values * len(fields) if len(values) == 1 else values
            assert [json.loads(value) for value in one_for_all] == [defaults[field] for field in fields]
    assert documented == set(Behaviour.model_fields)


def test_the_profile_of_the_guide_and_the_fast_one_can_be_read(tmp_path):
    """The guide's example profile, and the one that the demo uses, are valid."""
    (profile,) = re.findall(r"```json\n(.*?)```", GUIDE, re.DOTALL)
    path = tmp_path / "profile.json"
    path.write_text(profile, encoding="utf-8")
    assert read_profile(path, Behaviour).ring_seconds == (1, 2)
    assert read_profile(ROOT / "examples" / "fast-simulator.json", Behaviour).talk_seconds[1] <= 4
