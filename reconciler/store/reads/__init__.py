"""What people ask of the database, read in few statements and as streams; nothing here writes.

    names           which organization, campaign or contact a text means (R-ID-2)
    contacts, attempts, conversations, suppressions, events, holds, objects   the kinds of `get`, as records
    masked          the same records without personal data (R-PLAN-8)
    sync            what the manifests own, and what drifted from them
    progress        tallies of campaigns, in a millisecond at any size
    installations   dialers, sources and what else `status` shows below its table
    leftovers       what contacts wait for when a dialer has nothing to do
    situations      everything around one contact, for the gates of core/explanation.py
    campaign_views, contact_views   one object with its history, for `describe`

A record is a dict in the order and with the names of interface.md; its instants are aware datetimes and its
ids UUIDs, which whoever writes it down turns into text.
"""
