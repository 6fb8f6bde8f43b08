"""The next release, for tests of upgrades: this one in a folder of its own, with one more migration."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import reconciler
from reconciler.store.schema_range import NEWEST

NEXT = f"{int(NEWEST) + 1:04}"

_MIGRATION = f"""\
import sqlalchemy as sa
from alembic import op

revision = "{NEXT}"
down_revision = "{NEWEST}"
branch_labels = None
depends_on = None
oldest_release = "{{oldest_release}}"


def upgrade():
    op.create_table("remark", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("text", sa.String()))
    for table in ("attempt", "contact", "dialer", "open_attempt", "tally"):
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column("release", sa.String(), nullable=False, server_default="{NEWEST}"))
"""
_COLUMN = f"""
from sqlalchemy import Column, String

dialer.append_column(Column("release", String, nullable=False, default="{NEXT}"))
"""


def make_next_release(folder: Path, *, breaking: bool) -> Path:
    """Make a release that adds a table, and a column to each table of the hot path; gives its folder.

    Its dialers sign their row with the new column; a `breaking` one says that the schema leaves ours behind.
    """
    package = folder / "reconciler"
    shutil.copytree(Path(reconciler.__file__).parent, package)
    store = package / "store"
    migration = _MIGRATION.format(oldest_release=NEXT if breaking else NEWEST)
    (store / "migrations" / "versions" / f"{NEXT}_next.py").write_text(migration)
    with (store / "tables" / "__init__.py").open("a") as tables:
        tables.write(_COLUMN)
    known = store / "schema_range.py"
    known.write_text(
        re.sub(r"^(OLDEST|NEWEST) = .+$", rf'\1 = "{NEXT}"', known.read_text(), flags=re.MULTILINE)
    )
    return folder
