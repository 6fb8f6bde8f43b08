"""Random small worlds, with persons acting in them, before the judge.

`DIALCTL_SIMULATED_WORLDS=200` plays more of them.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest
from simulation.gates import Gates
from simulation.judge import judge
from simulation.lives import lives
from simulation.playing import Stage, source_of
from simulation.standing import shut_gates
from simulation.worlds import random_world
from sqlalchemy import func, select
from support.history import count_used

from reconciler.controller.planning import plan_source
from reconciler.core.explanation import gates as explained_gates
from reconciler.core.plan.plan import PlanOptions
from reconciler.store import tables
from reconciler.store.book import BookReader
from reconciler.store.reads.situations import read_situation

WORLDS = int(os.environ.get("DIALCTL_SIMULATED_WORLDS", "25"))
LEFT_ALONE = 5
"""In every so-manieth world nobody acts."""

EXPLAINED = 8
COMPARED = {
    "campaign status", "period", "due", "expiry", "window", "hold", "suppression", "number free",
    "global limit", "organization limit", "campaign limit", "caller ID limit",
}  # fmt: skip


@pytest.mark.parametrize("seed", range(WORLDS))
def test_no_world_breaks_a_rule(seed):
    """R-DIAL-1 to R-DIAL-5, every rule about calls; then books and explanations agree with the judge."""
    quiet = seed % LEFT_ALONE == 0
    made = random_world(seed, quiet=quiet)
    stage = Stage(made.scenario, made.documents)
    evidence = stage.play(made.acts)
    assert judge(evidence) == []
    assert_tallies_count(stage.world.database)
    assert_explained(stage.world, evidence)
    if quiet:
        assert_in_sync(stage.world, made.documents)


def test_the_worlds_are_worth_judging():
    """Worlds call, retry, suppress, hold, pace and refuse: a judge of empty worlds would be content."""
    outcomes, acts, holds, ranks = Counter(), Counter(), 0, Counter()
    for seed in range(10):
        made = random_world(seed)
        stage = Stage(made.scenario, made.documents)
        evidence = stage.play(made.acts)
        outcomes.update(fact.disposition or fact.outcome for fact in evidence.facts)
        acts.update(act.what for act, result in stage.done if result == "done")
        holds += len(evidence.holds)
        ranks.update(s.rank for life in lives(evidence).values() for s in life.stretches if s.ends_in)
        stage.world.database.close()
    assert sum(outcomes.values()) > 150
    assert {"callback", "opt_out", "wrong_number", "no_answer", "busy", "provider_fault"} <= set(outcomes)
    assert {"edit", "pause", "start", "suppress", "release"} <= set(acts)
    assert set(ranks) == {0, 1, 2}
    assert holds


def assert_tallies_count(database):
    """R-CONTACT-1: the kept tallies equal count(*), per campaign and status."""
    columns = (tables.contact.c.campaign_key, tables.contact.c.status)
    with database.read() as connection:
        counted = {
            (key, status): count
            for key, status, count in connection.execute(select(*columns, func.count()).group_by(*columns))
        }
        counted |= count_used(connection)
        kept = connection.execute(select(tables.tally).where(tables.tally.c.count != 0)).all()
        assert {(row.campaign_key, row.name): row.count for row in kept} == counted


def assert_in_sync(world, documents):
    """R-PLAN-1: a campaign that has been dialled for days is still what its manifests say."""
    options = PlanOptions(now=world.clock.now())
    with world.database.read() as connection:
        assert plan_source(connection, source_of(documents), options).plan.in_sync


def assert_explained(world, evidence):
    """R-DIAL-1: describe finds the same gates shut as the judge, for contacts that still wait."""
    gates = Gates(evidence, lives(evidence))
    with world.database.read() as connection:
        book, _ = BookReader().read(connection)
        waiting = select(tables.contact).where(tables.contact.c.status == "pending")
        for row in connection.execute(waiting.limit(EXPLAINED)).all():
            situation = read_situation(connection, row, book, world.clock.now())
            explained = {gate.name for gate in explained_gates(situation) if not gate.open} & COMPARED
            key = (book.organizations[row.org_id].name, book.terms[row.campaign_key].name, row.external_id)
            assert explained == shut_gates(gates, gates.lives[key], parked_until=row.parked and row.due_at)
