"""What was said in a simulated call: short, plausible, and the same each time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.core.outcomes import Disposition, Outcome
from reconciler.gateways.fate import CONVERSES, Fate

AGENT, CONTACT = "agent", "contact"
SECONDS_PER_LINE = 6.0

Dialogue = tuple[str, ...]
"""Lines said in turn, the agent first; `{name}` is the contact's first name, or `there`."""

OPENINGS: Sequence[Dialogue] = (
    ("Hello {name}, this is the automated assistant. Do you have a minute?", "Yes, go ahead."),
    ("Hi {name}, I am a voice assistant calling about your account. Is now a good time?", "It is fine."),
    ("Good day {name}, an automated call with a short question for you.", "What is it about?"),
)
ENDINGS: Mapping[Disposition | None, Sequence[Dialogue]] = {
    Disposition.SUCCESS: (
        ("Shall I confirm it for you?", "Yes, please do.", "Done. You will get a message. Goodbye!"),
        ("Would you like to go on as before?", "Sure, that works.", "Wonderful, it is arranged. Goodbye!"),
    ),
    Disposition.REFUSED: (
        ("Shall I confirm it for you?", "No, thank you.", "Understood. Have a good day!"),
        ("Would you like to go on as before?", "I am not interested.", "Thank you for telling me. Goodbye!"),
    ),
    Disposition.CALLBACK: (
        ("Shall I confirm it for you?", "Can you call me later?", "Of course, I will call again. Goodbye!"),
        ("It takes two minutes.", "I am driving, try me another time.", "I will. Drive safely!"),
    ),
    Disposition.OPT_OUT: (
        ("Shall I confirm it for you?", "Take me off your list.", "Done, we will not call again. Goodbye."),
        ("It takes two minutes.", "Never call this number again.", "I have noted that. Goodbye."),
    ),
    Disposition.WRONG_NUMBER: (
        ("Am I speaking with {name}?", "No, you have the wrong number.", "My apologies. Goodbye."),
    ),
    Disposition.WRONG_PERSON: (
        ("Am I speaking with {name}?", "No, this is somebody else here.", "Thank you, I will try again."),
    ),
    None: (
        ("May I ask how satisfied you are?", "It was all right, I suppose.", "Thank you. Goodbye!"),
        ("May I ask how satisfied you are?", "Hello? I cannot hear you well.", "I am sorry. Goodbye!"),
    ),
}
TRANSFER: Dialogue = ("How can I help?", "I want to talk to a person.", "I am putting you through now.")
VOICEMAILS: Sequence[Dialogue] = (
    ("Hello {name}, this is the automated assistant. We will call again. Goodbye!",),
    ("Hi {name}, sorry to have missed you. We will try again another time.",),
)


def transcript(fate: Fate, metadata: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Give a call's lines, each `{"role": "agent"|"contact", "text", "at"}`, `at` seconds after the answer.

    A call that was cut short, or failed on our side, has the lines that fitted in. Unanswered: none.
    """
    lines = _lines(fate)
    seconds = fate.talk_time.total_seconds()
    if not lines or not seconds:
        return []
    # A conversation that came to its end is spread over the call; any other goes on until it breaks off.
    came_to_an_end = fate.disposition is not None or fate.outcome is Outcome.TRANSFERRED
    pace = seconds / len(lines) if came_to_an_end else SECONDS_PER_LINE
    name = _first_name(metadata)
    return [
        {"role": role, "text": text.replace("{name}", name), "at": round(index * pace, 1)}
        for index, (role, text) in enumerate(lines)
        if index * pace < seconds
    ]


def _lines(fate: Fate) -> list[tuple[str, str]]:
    if fate.outcome is Outcome.MACHINE:
        return [(AGENT, text) for text in _pick(VOICEMAILS, fate.variant)]
    opening = _pick(OPENINGS, fate.variant)
    if fate.outcome is Outcome.AGENT_FAULT:
        return _in_turn(opening)
    if fate.outcome not in CONVERSES:
        return []
    if fate.outcome is Outcome.TRANSFERRED:
        return _in_turn(opening + TRANSFER)
    return _in_turn(opening + _pick(ENDINGS[fate.disposition], fate.variant // len(OPENINGS)))


def _in_turn(dialogue: Dialogue) -> list[tuple[str, str]]:
    return [(CONTACT if index % 2 else AGENT, text) for index, text in enumerate(dialogue)]


def _pick(variants: Sequence[Dialogue], number: int) -> Dialogue:
    return variants[number % len(variants)]


def _first_name(metadata: Mapping[str, Any]) -> str:
    """Take `first_name`, or the column `First name` of an export."""
    for key in ("first_name", "First name"):
        name = metadata.get(key)
        if isinstance(name, str) and name:
            return name
    return "there"
