"""Random small worlds, stepped through weather: after every step, what must always hold, holds."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from databases import ON_POSTGRESQL, ON_SQLITE
from hypothesis import given, settings
from hypothesis import strategies as st
from support.bench import Bench, campaign, configuration, document, installation, number_of, organization

from reconciler.core.outcomes import Disposition, Outcome
from reconciler.ports import Accepted, Answered, Ended, Ringing
from reconciler.store import ledger, tables
from reconciler.store.events import DIALER

GLOBAL_LIMIT, ORG_LIMIT, CAMPAIGN_LIMIT = 4, 3, 2
WINDOWS = '{default_windows: [{days: [mon, tue], start: "09:00", end: "17:00"}]}'
DIALING = "{max_attempts: 2, retry_delay: 1m, max_concurrent_calls: 2, max_call_duration: 2m}"

people = st.lists(st.lists(st.integers(0, 6), min_size=1, max_size=2, unique=True), min_size=1, max_size=6)
ends = st.tuples(
    st.just("end"), st.integers(0, 5), st.sampled_from(Outcome), st.booleans(),
    st.sampled_from([None, Disposition.CALLBACK, Disposition.OPT_OUT, Disposition.WRONG_NUMBER]),
)  # fmt: skip
weather = st.one_of(
    ends,
    ends,
    st.tuples(st.just("sign"), st.integers(0, 5), st.sampled_from([Accepted, Ringing, Answered])),
    st.tuples(st.just("wait"), st.sampled_from([1, 20, 70, 1000, 40_000])),
    st.tuples(st.just("suppress"), st.integers(0, 6)),
    st.tuples(st.just("status"), st.sampled_from(["active", "paused", "closed"])),
    st.tuples(st.just("hold"), st.sampled_from([30, 600])),
    st.tuples(st.just("edit"), people),
    st.tuples(st.just("answer"), st.sampled_from(["found", "fenced", "cannot_tell", None])),
    st.tuples(st.just("deaf"), st.booleans()),
    st.tuples(
        st.just("other"),
    ),
)


def world(rosters):
    parts = [
        installation(GLOBAL_LIMIT), organization("default", limit=ORG_LIMIT),
        organization("acme", limit=ORG_LIMIT),
    ]  # fmt: skip
    for org, roster in zip(("default", "acme"), rosters, strict=True):
        rows = "".join(
            f"  - {{external_id: {org}-{n}, phone_numbers: {[number_of(one) for one in numbers]}}}\n"
            for n, numbers in enumerate(roster)
        )
        parts += [
            configuration(org=org, dialing=DIALING, schedule=WINDOWS), campaign(org=org),
            document("ContactList", "all", f"contacts:\n{rows}", org=org, campaign="spring"),
        ]  # fmt: skip
    return parts


class World:
    """Two organizations, two dialers, and what happens to them."""

    def __init__(self, rosters, seed):
        self.rosters = list(rosters)
        self.bench = Bench(*world(rosters), seed=seed)
        self.dialers = [self.bench.join(), self.bench.join()]
        self.finals = {}

    def happen(self, what, *about):
        getattr(self, what)(*about)

    def end(self, which, outcome, rang, disposition):
        call = self._call(which)
        if call:
            at = self.bench.clock.now()
            self.bench.carrier.tell(
                Ended(call.attempt_id, at, outcome, rang, disposition, at + timedelta(minutes=3))
            )

    def sign(self, which, kind):
        call = self._call(which)
        if call:
            reference = ("ref",) if kind is Accepted else ()
            self.bench.carrier.tell(kind(call.attempt_id, self.bench.clock.now(), *reference))

    def wait(self, seconds):
        self.bench.clock.advance(timedelta(seconds=seconds))

    def suppress(self, number):
        bench = self.bench
        org_id = bench.rows(tables.organization)[0].id
        until = bench.clock.now() + timedelta(minutes=2) if number % 2 else None
        with bench.database.write() as connection:
            ledger.suppress(
                connection, org_id, [number_of(number)], DIALER, ids=bench.ids, now=bench.clock.now(),
                reason="asked", expires_at=until,
            )  # fmt: skip

    def status(self, status):
        if any(row.status == "closed" for row in self.bench.rows(tables.campaign)):
            return
        self.bench.edit_campaign(status=status)

    def hold(self, seconds):
        self.bench.hold("all", expires_at=self.bench.clock.now() + timedelta(seconds=seconds))

    def edit(self, roster):
        if all(row.status == "active" for row in self.bench.rows(tables.campaign)):
            self.rosters[0] = roster
            self.bench.apply(*world(self.rosters))
            self.finals = {}

    def answer(self, answer):
        self.bench.carrier.answer = answer

    def deaf(self, deaf):
        self.bench.carrier.deaf = deaf

    def other(self):
        self.dialers.reverse()

    def _call(self, which):
        submitted = self.bench.carrier.submitted
        return submitted[-1 - which % len(submitted)] if submitted else None

    def check(self):
        bench = self.bench
        bench.assert_sound()
        opened = [row for row in bench.open() if row.free_at is None or row.free_at > bench.clock.now()]
        assert len(opened) <= GLOBAL_LIMIT
        assert max(Counter(row.org_id for row in opened).values(), default=0) <= ORG_LIMIT
        assert max(Counter(row.campaign_key for row in opened).values(), default=0) <= CAMPAIGN_LIMIT
        assert max(Counter((row.org_id, row.number) for row in bench.open()).values(), default=0) <= 1
        assert max(bench.carrier.rings.values(), default=0) <= 1
        for row in bench.rows(tables.contact):
            assert row.attempts <= 3
            before = self.finals.get(row.id)
            assert before is None or before == (row.status, row.attempts)
            if row.status in ("completed", "exhausted"):
                self.finals[row.id] = (row.status, row.attempts)
            used = [one.attempt for one in bench.attempts(row.external_id) if one.used]
            assert used == list(range(1, row.attempts + 1))


worlds = given(st.tuples(people, people), st.lists(weather, max_size=25), st.integers(0, 1000))


@ON_SQLITE
@settings(max_examples=20, deadline=None)
@worlds
def test_what_holds_after_every_step(rosters, happenings, seed):
    """R-CONTACT-1, R-CONTACT-4, R-DIAL-3, R-RETRY-1, R-CRASH-1, R-CRASH-4: in any world and any weather."""
    live_through(rosters, happenings, seed)


@ON_POSTGRESQL
@settings(max_examples=4, deadline=None)
@worlds
def test_what_holds_after_every_step_on_a_server(rosters, happenings, seed):
    """R-CONTACT-1, R-CONTACT-4, R-DIAL-3, R-RETRY-1, R-CRASH-1, R-CRASH-4: the same on the other engine."""
    live_through(rosters, happenings, seed)


def live_through(rosters, happenings, seed):
    """Live through a world, and look after every step.

    Tallies equal counts; everyone is in one status; open calls match attempts; limits hold; no number has two
    open calls in an organization; no id rings twice; caps hold; what is final stays.
    """
    scene = World(rosters, seed)
    for what in [("wait", 1), *happenings, ("wait", 1)]:
        scene.happen(*what)
        scene.dialers[0].step()
        scene.check()
