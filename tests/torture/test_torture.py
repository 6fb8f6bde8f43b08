"""Torture: three dialers, a carrier and a database, everything that breaks, and an operator meanwhile.

A short storm on PostgreSQL in the suite; `make torture` has 300 kills on either database. A storm is a seed:
what happens when is drawn from it, though processes still race as they like.
"""

from __future__ import annotations

import logging
import os

import pytest
from databases import ENGINES
from torture.aftermath import settle_down
from torture.declared import first_terms
from torture.evidence import collect
from torture.journal import Journal
from torture.person import Operator
from torture.scene import Scene
from torture.storm import FULL, Storm
from torture.summary import summary
from torture.verdict import judge

IN_THE_SUITE = 5
KILLS = int(os.environ.get("DIALCTL_TORTURE_KILLS", IN_THE_SUITE))
SEED = int(os.environ.get("DIALCTL_TORTURE_SEED", "1"))
CONTACTS = 60 + round(840 * min(1, KILLS / FULL))
"""Per campaign."""

LOG = logging.getLogger("torture")

pytestmark = pytest.mark.torture


@pytest.mark.timeout(400 + 10 * KILLS)
@pytest.mark.parametrize("engine", [one for one in ENGINES if KILLS > IN_THE_SUITE or one != "sqlite"])
def test_whatever_breaks_nobody_is_called_who_must_not_be_and_nobody_is_lost(engine, tmp_path, caplog):
    """R-CRASH-1 to R-CRASH-4, and every rule of tests/torture/verdict.py, in and after a storm."""
    for chatty in ("sqlalchemy.pool", "httpx"):
        caplog.set_level(logging.CRITICAL, logger=chatty)
    LOG.info("%s, seed %d, %d kills; evidence in %s", engine, SEED, KILLS, tmp_path)
    scene, journal, first = (
        Scene(tmp_path, engine),
        Journal(tmp_path / "journal.jsonl"),
        first_terms(CONTACTS),
    )
    operator = Operator(scene, journal, first)
    try:
        operator.apply(first)
        scene.start_carrier()
        scene.wait_for_carrier()
        for dialer in scene.dialers:
            scene.start_dialer(dialer)
        storm = Storm(scene, journal, operator, kills=KILLS, seed=SEED)
        storm.rage()
        settle_down(scene, journal, operator, healthy_seconds=5 + 40 * min(1, KILLS / FULL))
        evidence = collect(scene, journal, storm)
        faults = judge(evidence)
        LOG.info("%s, seed %d\n%s", engine, SEED, summary(scene, storm, operator, evidence, faults))
    finally:
        operator.close()
        scene.close()
        journal.close()
    assert not operator.gave_up
    assert not faults, (
        f"{len(faults)} breaches; DIALCTL_TORTURE_SEED={SEED} repeats the storm; see {tmp_path}"
    )
