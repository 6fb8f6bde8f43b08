"""A carrier that does as it is told, and counts how often each phone rang."""

from __future__ import annotations

from collections import Counter

from reconciler.core.outcomes import Outcome
from reconciler.ports import Accepted, Answered, CannotTell, Ended, Fenced, Found, Ringing


class ScriptedCarrier:
    """A gateway whose calls do nothing until a test says so.

    It keeps the promises of a good one: an id rings once, not after its `not_after`, and never once fenced.
    `answers` says per attempt, `answer` for all others, what an inquiry is told: found, fenced, cannot_tell,
    or None for silence. While `deaf`, submits get lost on their way. It says nothing of handing calls over.
    """

    simulated = True

    def __init__(self, clock, name="scripted"):
        self.name = name
        self.clock = clock
        self.submitted = []
        self.asked = []
        self.hung_up = []
        self.rings = Counter()
        self.answers = {}
        self.answer = "found"
        self.deaf = False
        self._fenced = set()
        self._events = []

    @property
    def rung_numbers(self):
        """Numbers of the calls that rang, in order."""
        return [call.number for call in self.submitted if self.rings[call.attempt_id]]

    def call_to(self, contact):
        """Give the newest call to a contact."""
        return [call for call in self.submitted if call.contact == contact][-1]

    def tell(self, *events):
        """Let events arrive."""
        self._events += events

    def end(self, contact, outcome, after=None, **fields):
        """End the newest call to a contact, now or `after` now."""
        at = self.clock.now() + after if after else self.clock.now()
        self.tell(Ended(self.call_to(contact).attempt_id, at, Outcome(outcome), **fields))

    def progress(self, contact):
        """Accept, ring and answer the newest call to a contact."""
        id_, now = self.call_to(contact).attempt_id, self.clock.now()
        self.tell(Accepted(id_, now, f"ref-{id_}"), Ringing(id_, now), Answered(id_, now))

    def submit(self, calls):
        for call in calls:
            self.submitted.append(call)
            if self.deaf or self.rings[call.attempt_id]:
                continue
            if call.attempt_id in self._fenced or self.clock.now() >= call.not_after:
                self.tell(Ended(call.attempt_id, self.clock.now(), Outcome.RELEASED, rang=False))
            else:
                self.rings[call.attempt_id] += 1

    def ask(self, inquiries):
        now = self.clock.now()
        for inquiry in inquiries:
            self.asked.append(inquiry)
            match self.answers.get(inquiry.attempt_id, self.answer):
                case "found":
                    self.tell(Found(inquiry.attempt_id, now, f"ref-{inquiry.attempt_id}"))
                case "fenced":
                    self._fenced.add(inquiry.attempt_id)
                    self.tell(Fenced(inquiry.attempt_id, now))
                case "cannot_tell":
                    self.tell(CannotTell(inquiry.attempt_id, now))

    def hang_up(self, attempt_ids):
        self.hung_up += attempt_ids

    def events(self):
        events, self._events = self._events, []
        return events

    def next_event_at(self):
        return self.clock.now() if self._events else None

    def close(self):
        """Nothing is open."""


class SharedCarrier(ScriptedCarrier):
    """One whose calls any process can ask about: it hands them over.

    The gateway that asked last is told what happens; `line` is what all gateways of one carrier share.
    """

    hands_over = True

    def __init__(self, clock, first=None):
        super().__init__(clock, "shared")
        self.line = first.line if first else {}
        self.rings = first.rings if first else self.rings
        self.submitted = first.submitted if first else self.submitted
        self._fenced = first._fenced if first else self._fenced

    def submit(self, calls):
        self.line |= {call.attempt_id: (self, []) for call in calls}
        super().submit(calls)

    def ask(self, inquiries):
        for inquiry in inquiries:
            past = self.line[inquiry.attempt_id][1] if inquiry.attempt_id in self.line else []
            self.line[inquiry.attempt_id] = (self, past)
            super().ask([inquiry])
            super().tell(*past)

    def tell(self, *events):
        for event in events:
            listener, past = self.line.get(event.attempt_id, (self, []))
            past.append(event)
            ScriptedCarrier.tell(listener, event)
