"""A folder of manifests, and what becomes of it."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from reconciler.core.existing import OFFLINE, Existing
from reconciler.manifests.load import LoadedManifests, load_manifests
from reconciler.manifests.resolve import Examination, examine

HASH_KEY = b"a key of this installation"
Files = Mapping[str, str | bytes]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., LoadedManifests]:
    """Write files into a folder of their own, and load them."""

    def load_files(files: Files, *paths: str, stdin: bytes = b"", org: str = "default") -> LoadedManifests:
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        monkeypatch.chdir(tmp_path)
        return load_manifests(paths or ["."], stdin=io.BytesIO(stdin), org=org)

    return load_files


@pytest.fixture
def examined(load: Callable[..., LoadedManifests]) -> Callable[..., Examination]:
    """Write files, load them, and resolve them as far as it goes."""

    def examine_files(files: Files, existing: Existing = OFFLINE, **options: str) -> Examination:
        return examine(load(files, **options), existing, HASH_KEY)

    return examine_files


CAMPAIGN = """\
apiVersion: campaigns/v1
kind: Configuration
metadata: {name: office}
spec: {agent_id: ada}
---
apiVersion: campaigns/v1
kind: Campaign
metadata: {name: spring}
spec: {configuration: office}
"""


@pytest.fixture
def contact_list(examined: Callable[..., Examination]) -> Callable[..., Examination]:
    """Examine one list of the campaign `spring` with a data file beside it."""

    def examine_list(content: str | bytes, spec: str = "", *, file: str = "crm.csv") -> Examination:
        manifest = (
            "apiVersion: campaigns/v1\nkind: ContactList\nmetadata: {name: crm, campaign: spring}\n"
            f"spec:\n  from: {file}\n{spec}"
        )
        return examined({"campaign.yaml": CAMPAIGN, "list.yaml": manifest, file: content})

    return examine_list
