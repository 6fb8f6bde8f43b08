"""Calling windows: when a schedule lets a contact be called (R-WIN-1..7).

    applicable    which windows count for a zone and a class of contact (R-WIN-3)
    closed_days   on which local dates nothing opens: holidays and blackouts
    tz_database   where a zone's UTC offset changes (R-WIN-4)
    spans         open stretches of UTC time, and how to merge, cross and subtract them
    zone_hours    the above for one zone and one class: its open spans, one UTC day at a time
    calling_windows   what the dialer asks: is it open, when does it open, when does it close

All of it works on spans of UTC time, cut day by day. Wall-clock times are met in one place only: within a
stretch of constant UTC offset, where local and UTC time run side by side. So a time that a clock change
skips is never reached, and a time that occurs twice is reached twice.
"""

from reconciler.core.windows.calling_windows import CallingWindows

__all__ = ["CallingWindows"]
