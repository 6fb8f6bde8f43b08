<%! from reconciler.store.schema_range import OLDEST_RELEASE %>"""${message}.

Revision ${up_revision}, after ${down_revision}, of ${create_date}.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None
oldest_release = ${repr(OLDEST_RELEASE)}


def upgrade() -> None:
    """Apply."""
    ${upgrades if upgrades else "pass"}
