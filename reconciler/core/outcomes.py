"""What a call can come to."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """What telephony says of an attempt."""

    COMPLETED = "completed"
    TRANSFERRED = "transferred"
    MACHINE = "machine"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    REJECTED = "rejected"
    AGENT_FAULT = "agent_fault"
    INVALID_NUMBER = "invalid_number"
    BLOCKED = "blocked"
    PROVIDER_FAULT = "provider_fault"
    QUOTA = "quota"
    CANCELLED = "cancelled"
    CONFIG_ERROR = "config_error"
    RELEASED = "released"


class Disposition(StrEnum):
    """What the conversation came to, as the agent reports it."""

    SUCCESS = "success"
    REFUSED = "refused"
    CALLBACK = "callback"
    OPT_OUT = "opt_out"
    WRONG_NUMBER = "wrong_number"
    WRONG_PERSON = "wrong_person"
