"""Campaigns that are always open, with as many contacts as a test wants."""

from __future__ import annotations

AREA_CODES = (201, 212, 305, 312, 347, 404, 415, 512, 602, 617, 646, 702, 713, 718, 804, 917)
TWINS = 8
"""Every so many contacts, two share a number: one of them has to wait for the other."""

INSTALLATION = """\
apiVersion: campaigns/v1
kind: Dialer
metadata: {{name: default}}
spec: {{global_concurrency_limit: {limit}}}
---
apiVersion: campaigns/v1
kind: Organization
metadata: {{name: default}}
spec: {{concurrency_limit: {limit}}}
---
"""
CAMPAIGN = """\
apiVersion: campaigns/v1
kind: Configuration
metadata: {{name: hours-{name}}}
spec:
  schedule: {{default_windows: [{{days: [mon, tue, wed, thu, fri, sat, sun], start: "00:00", end: "24:00"}}]}}
  dialing: {{max_attempts: 2, retry_delay: 1s, ring_timeout: {ring}, max_call_duration: {talk}, {pace}}}
  agent_id: agent-a
---
apiVersion: campaigns/v1
kind: Campaign
metadata: {{name: {name}}}
spec: {{configuration: hours-{name}}}
---
apiVersion: campaigns/v1
kind: ContactList
metadata: {{name: crm-{name}, campaign: {name}}}
spec: {{from: {name}.csv}}
"""


def write_manifests(directory, contacts, *, limit, campaign="spring", ring="10s", talk="10s", pace=None):
    """Write a campaign of so many contacts; without a limit, not the installation that it lives in.

    `pace`: calls per second.
    """
    directory.mkdir(exist_ok=True)
    terms = {"ring": ring, "talk": talk, "pace": f"calls_per_second: {pace}" if pace else ""}
    text = "" if limit is None else INSTALLATION.format(limit=limit)
    (directory / f"{campaign}.yaml").write_text(text + CAMPAIGN.format(name=campaign, **terms))
    rows = "".join(f"{campaign}-{index},{number_of(index)}\n" for index in range(contacts))
    (directory / f"{campaign}.csv").write_text("external_id,phone\n" + rows)


def number_of(index: int) -> str:
    """Give the number of a contact; neighbours at a multiple of TWINS share one."""
    own = index - 1 if index % TWINS == 1 else index
    return f"+1{AREA_CODES[own % len(AREA_CODES)]}555{own // len(AREA_CODES):04d}"
