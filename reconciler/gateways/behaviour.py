"""How a simulated carrier behaves: what becomes of its calls, how long they take, and how it misbehaves.

The same fields are what the JSON file named by `DIALCTL_SIMULATOR` holds; docs/gateways.md describes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from reconciler.core.outcomes import Disposition, Outcome
from reconciler.core.suggestions import did_you_mean
from reconciler.errors import GatewayUnusable

PROFILE_VARIABLE = "DIALCTL_SIMULATOR"
MOST_FAULTS_SHOWN = 10

BY_ORDER = (Outcome.CANCELLED, Outcome.RELEASED)
"""The outcomes that come about by order only; chance decides all others."""


def outcome_or_disposition(name: object) -> Outcome | Disposition:
    """Read a key of the weights; refuse a name that is neither, and what no chance brings about."""
    outcomes = {str(outcome): outcome for outcome in Outcome if outcome not in BY_ORDER}
    known: dict[str, Outcome | Disposition] = {**outcomes, **{str(key): key for key in Disposition}}
    if str(name) not in known:
        nearest = "" if str(name) in BY_ORDER else did_you_mean(str(name), known)
        raise ValueError(f"chance brings about {', '.join(known)}{nearest}")
    return known[str(name)]


def disposition_or_none(name: object) -> Disposition | Literal["none"]:
    """Read a key of the dispositions."""
    if str(name) == "none":
        return "none"
    if str(name) not in list(Disposition):
        nearest = did_you_mean(str(name), (*map(str, Disposition), "none"))
        raise ValueError(f"a conversation comes to {', '.join(Disposition)}, or none{nearest}")
    return Disposition(str(name))


Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0, le=86_400)]
Range = tuple[Seconds, Seconds]
DispositionWeights = dict[
    Annotated[Disposition | Literal["none"], BeforeValidator(disposition_or_none)], Weight
]
Weights = dict[Annotated[Outcome | Disposition, BeforeValidator(outcome_or_disposition)], Weight]


class Behaviour(BaseModel):
    """What a simulated carrier does with calls. Frozen; every field has a default.

    Weights need not add up to anything. A disposition used as a key of `outcomes` or `numbers` means a
    completed call that comes to that disposition. Ranges are drawn from evenly, both ends included.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    outcomes: Weights = {
        Outcome.NO_ANSWER: 45,
        Outcome.COMPLETED: 30,
        Outcome.MACHINE: 12,
        Outcome.BUSY: 8,
        Outcome.REJECTED: 3,
        Outcome.INVALID_NUMBER: 1,
        Outcome.PROVIDER_FAULT: 0.5,
        Outcome.AGENT_FAULT: 0.5,
    }
    dispositions: DispositionWeights = {
        Disposition.SUCCESS: 50,
        Disposition.REFUSED: 25,
        Disposition.CALLBACK: 8,
        Disposition.OPT_OUT: 3,
        Disposition.WRONG_NUMBER: 2,
        Disposition.WRONG_PERSON: 4,
        "none": 8,
    }
    numbers: dict[str, Weights] = {}
    """Weights by glob on the E.164 number; the first that matches stands instead of `outcomes`."""

    accept_seconds: Range = (0.05, 0.4)
    dial_seconds: Range = (0.5, 3)
    """From the acceptance until the phone rings."""
    ring_seconds: Range = (5, 25)
    no_answer_seconds: Range = (20, 60)
    """How long an unanswered phone rings, where the call's `ring_timeout` does not end it earlier."""
    talk_seconds: Range = (20, 180)
    machine_seconds: Range = (4, 15)
    """How long the agent talks to a voicemail, or to somebody before it fails."""
    callback_seconds: Range = (3_600, 86_400)
    """From the end of the call until the callback that was asked for."""
    cost_per_minute_micros: Annotated[int, Field(ge=0)] = 14_000
    """Of talk, in millionths of a US dollar."""

    faults: Share = 0
    """Calls that end as provider_fault and provably never rang; before the weights are asked."""
    faults_after_ringing: Share = 0
    """Calls that end as provider_fault after the phone has begun to ring."""
    calls_per_second: Annotated[int, Field(ge=1)] | None = None
    """Submits beyond so many in one second of the clock end as `quota`, with a `retry_after`."""
    lost_requests: Share = 0
    """Calls whose submit never reaches the carrier: no event comes, and `ask` answers Fenced."""
    cannot_tell: Share = 0
    """Calls of which `ask` answers CannotTell; nothing follows but what was on its way already."""
    lost_events: Share = 0
    """Acceptances and ends that never arrive, until `ask` brings them."""
    late_events: Share = 0
    """Events that arrive `late_seconds` after they happened."""
    late_seconds: Range = (1, 120)
    repeated_events: Share = 0
    """Events that arrive a second time, `late_seconds` after the first."""
    reordered_calls: Share = 0
    """Calls whose events arrive backwards: the end first, the acceptance last."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        ranges = [name for name in type(self).model_fields if name.endswith("_seconds")]
        for name in ranges:
            low, high = getattr(self, name)
            if low > high:
                raise ValueError(f"{name}: the first number must not be above the second")
        tables: dict[str, Mapping[Any, float]] = {
            "outcomes": self.outcomes,
            "dispositions": self.dispositions,
        }
        tables |= {f"numbers.{glob}": weights for glob, weights in self.numbers.items()}
        for name, weights in tables.items():
            if not any(weights.values()):
                raise ValueError(f"{name}: at least one weight must be above 0")
        return self

    @property
    def orderly(self) -> bool:
        """True if every event arrives once, when it happens."""
        return not (self.lost_events or self.late_events or self.repeated_events or self.reordered_calls)


B = TypeVar("B", bound=Behaviour)


def behaviour_from_environment(environ: Mapping[str, str]) -> Behaviour:
    """Read the profile that `DIALCTL_SIMULATOR` names; without the variable, the defaults.

    Raises:
        GatewayUnusable: the file cannot be read, is no JSON, or holds something that no profile holds; the
            message names the file and up to ten fields.
    """
    name = environ.get(PROFILE_VARIABLE)
    return read_profile(Path(name), Behaviour) if name else Behaviour()


def read_profile(path: Path, profile: type[B]) -> B:
    """Read a profile from a JSON file; raises GatewayUnusable as `behaviour_from_environment` does."""
    try:
        return profile.model_validate_json(path.read_bytes())
    except OSError as error:
        raise GatewayUnusable(
            f"{path}: cannot read the simulator's profile: {error.strerror}",
            hint=f"{PROFILE_VARIABLE} names a JSON file; unset it for the default behaviour",
        ) from error
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        lines = [_line(path, fault) for fault in faults[:MOST_FAULTS_SHOWN]]
        raise GatewayUnusable(
            "\n".join(dict.fromkeys(lines)), hint="docs/gateways.md lists what a simulator profile may hold"
        ) from error


def _line(path: Path, fault: ErrorDetails) -> str:
    """Write one fault; pydantic's own tags in its place say nothing to a reader and are left out."""
    named = ".".join(str(part) for part in fault["loc"] if "[" not in str(part))
    if fault["type"] == "extra_forbidden":
        return f"{path}: unknown field '{named}'{did_you_mean(named, Behaviour.model_fields)}"
    return f"{path}: {named}{': ' if named else ''}{fault['msg'].removeprefix('Value error, ')}"
