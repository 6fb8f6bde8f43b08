"""Every table. Rows are written with Core statements on these; nothing loads them as objects.

Three rules hold throughout:

* `org_id` stands on every row, and `campaign_key` is never NULL: the organization's `adhoc_key` stands for
  "no campaign", so that uniqueness binds ad hoc contacts too.
* Runtime columns (marked so) are written by the dialer only; an apply touches them by guarded status alone.
* Evidence (`attempt`, `conversation`, `event`) only grows, month by month, until a person archives old ones.
  A call that goes on lives in the small `open_attempt`, with the same evidence, and becomes history when it
  is settled.
"""

from __future__ import annotations

from reconciler.store.tables.archives import Archive, archive
from reconciler.store.tables.base import Table
from reconciler.store.tables.calls import (
    IS_UNKNOWN,
    Attempt,
    Conversation,
    Dialer,
    Evidence,
    OpenAttempt,
    attempt,
    conversation,
    dialer,
    open_attempt,
)
from reconciler.store.tables.contacts import (
    IS_PENDING,
    Contact,
    ContactNumber,
    Lane,
    Tally,
    contact,
    contact_number,
    lane,
    tally,
)
from reconciler.store.tables.declared import (
    Campaign,
    Configuration,
    Installation,
    Organization,
    campaign,
    configuration,
    installation,
    organization,
)
from reconciler.store.tables.feeds import IS_APPLIED, FeedBatch, feed_batch
from reconciler.store.tables.memory import Event, Inventory, Source, event, inventory, source_state
from reconciler.store.tables.releases import SchemaRevision, schema_revision
from reconciler.store.tables.stops import Breaker, Hold, Suppression, breaker, hold, suppression

__all__ = [
    "IS_APPLIED",
    "IS_PENDING",
    "IS_UNKNOWN",
    "Archive",
    "Attempt",
    "Breaker",
    "Campaign",
    "Configuration",
    "Contact",
    "ContactNumber",
    "Conversation",
    "Dialer",
    "Event",
    "Evidence",
    "FeedBatch",
    "Hold",
    "Installation",
    "Inventory",
    "Lane",
    "OpenAttempt",
    "Organization",
    "SchemaRevision",
    "Source",
    "Suppression",
    "Table",
    "Tally",
    "archive",
    "attempt",
    "breaker",
    "campaign",
    "configuration",
    "contact",
    "contact_number",
    "conversation",
    "dialer",
    "event",
    "feed_batch",
    "hold",
    "installation",
    "inventory",
    "lane",
    "open_attempt",
    "organization",
    "schema_revision",
    "source_state",
    "suppression",
    "tally",
]
