"""One configuration, one campaign, three contacts: enough for most command lines."""

from __future__ import annotations

from pathlib import Path

SPRING = """\
apiVersion: campaigns/v1
kind: Configuration
metadata: {name: hours}
spec:
  schedule: {default_windows: [{days: [mon, tue, wed, thu, fri], start: "09:00", end: "17:00"}]}
  agent_id: agent-a
---
apiVersion: campaigns/v1
kind: Campaign
metadata: {name: spring}
spec: {configuration: hours}
---
apiVersion: campaigns/v1
kind: ContactList
metadata: {name: crm, campaign: spring}
spec: {from: crm.csv}
"""
ROWS = """\
external_id,phone
ada,+12125550142
bob,+12125550143
cyd,+12125550144
"""


def write_spring():
    """Write the manifests into ./spring; gives that folder."""
    directory = Path("spring")
    directory.mkdir()
    (directory / "spring.yaml").write_text(SPRING)
    (directory / "crm.csv").write_text(ROWS)
    return directory
