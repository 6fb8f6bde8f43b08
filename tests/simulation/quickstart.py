"""The quickstart's manifests as plain dicts; whom its data files declare, the rows of the database say."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path

import yaml
from simulation.declarations import read
from simulation.evidence import Tape, collect, people_of_rows

from reconciler.controller.planning import Source
from reconciler.controller.simulation import Scenario, Simulation

FOLDER = Path(__file__).parents[2] / "examples" / "quickstart"


def documents():
    """Read every manifest with a loader that leaves each scalar the text that it is."""
    for file in sorted(FOLDER.rglob("*.yaml")):
        yield from yaml.load_all(file.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)


def play(start, days, seed):
    """Simulate the quickstart; gives the world and the evidence."""
    world = Simulation(Scenario(start, timedelta(days=days), seed=seed))
    tape = Tape(world)
    world.load(Source([str(FOLDER)], io.BytesIO(), "default"))
    declared = read(documents())
    declared.people = people_of_rows(world)
    world.run_until(world.scenario.end)
    return world, collect(world, tape, [(start, declared)])
