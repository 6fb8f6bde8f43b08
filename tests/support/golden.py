"""Golden files: what users read, to the letter."""

from __future__ import annotations

import os
from pathlib import Path

GOLDEN = Path(__file__).parents[1] / "golden"


def is_golden(name, text):
    """Compare with a golden file; `DIALCTL_UPDATE_GOLDEN=1` writes it anew, to be looked at in the diff."""
    file = GOLDEN / name
    text = text.replace(str(Path.cwd()), "…")
    if os.environ.get("DIALCTL_UPDATE_GOLDEN"):
        file.write_text(text)
    assert text == file.read_text()
