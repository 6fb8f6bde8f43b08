"""Zones that mean another one than they seem to, and holidays of another country."""

import pytest

EAST = (
    "time zone EST knows no daylight saving time (it is America/Panama); "
    "for the east coast of the US write America/New_York"
)
MOUNTAINS = (
    "time zone MST knows no daylight saving time (it is America/Phoenix); "
    "for the mountain states of the US write America/Denver"
)
CONFIGURATION = (
    "apiVersion: campaigns/v1\nkind: Configuration\nmetadata: {{name: office}}\nspec:\n  schedule: {{{}}}\n"
)
OFFICE_HOURS = "[{days: [mon], start: 09:00, end: 17:00}]"


def said(examination):
    assert not examination.faults
    return [(str(notice.key), notice.detail) for notice in examination.desired.notices]


def test_contacts_of_a_list(contact_list):
    """R-TZ-1: counted per zone as written, at the first of them; Hawaii and EST5EDT are what they seem."""
    zones = ("EST", "EST5EDT", "MST", "EST", "HST", "PST8PDT", "America/Panama", "")
    rows = "".join(f"{at},212555014{at},{zone}\n" for at, zone in enumerate(zones))
    examination = contact_list(f"id,phone,tz\n{rows}")
    crm = "ContactList default/spring/crm"
    assert said(examination) == [(crm, f"2 contacts: {EAST}"), (crm, f"1 contact: {MOUNTAINS}")]
    assert [notice.origin.line for notice in examination.desired.notices] == [2, 4]


def test_contacts_in_manifests(contact_list, examined):
    """R-TZ-1: those of an inline list, and those that stand alone, by campaign."""
    head = "apiVersion: campaigns/v1\nkind: {}\nmetadata: {{name: {}, campaign: default}}\nspec: {}\n---\n"
    spec = "phone_numbers: [+12125550142], timezone: EST, agent_id: ada"
    contact = head.format("Contact", "x", f"{{{spec}}}")
    listed = head.format("ContactList", "crm", f"{{contacts: [{{external_id: y, {spec}}}]}}")
    assert said(examined({"m.yaml": contact + listed})) == [
        ("ContactList default/crm", f"1 contact: {EAST}"),
        ("Campaign default/default", f"1 contact: {EAST}"),
    ]


def test_zones_of_a_configuration(examined):
    """R-TZ-1, R-WIN-3: the default one, and those of overrides, each once."""
    overrides = f"overrides: [{{timezones: [MST, HST], windows: {OFFICE_HOURS}}}]"
    found = said(examined({"m.yaml": CONFIGURATION.format(f"default_timezone: EST, {overrides}")}))
    assert found == [("Configuration default/office", EAST), ("Configuration default/office", MOUNTAINS)]


@pytest.mark.parametrize(
    ("zones", "windows", "elsewhere"),
    [
        ("Europe/London", OFFICE_HOURS, ["Europe/London"]),
        ("Europe/London, Asia/Calcutta", OFFICE_HOURS, ["Europe/London", "Asia/Calcutta"]),
        ("America/Chicago, US/Pacific, Pacific/Honolulu, EST5EDT, UTC", OFFICE_HOURS, []),
        ("Europe/London", "[]", []),
    ],
)
def test_holidays_of_another_country(examined, zones, windows, elsewhere):
    """R-WIN-2: one calendar closes every zone of a configuration; said where no country of a zone has it."""
    overrides = f"overrides: [{{timezones: [{zones}], windows: {windows}}}]"
    found = said(examined({"m.yaml": CONFIGURATION.format(f"holidays: {{country: US}}, {overrides}")}))
    closed = f"holidays of US also close {', '.join(elsewhere)}"
    detail = f"{closed}; a configuration of its own would have its own calendar"
    assert found == ([("Configuration default/office", detail)] if elsewhere else [])


def test_a_calendar_that_the_default_zone_does_not_have(examined):
    """R-WIN-2: somebody who forgot the default zone is told by its name."""
    schedule = f"holidays: {{country: GB}}, default_windows: {OFFICE_HOURS}"
    [(_, detail)] = said(examined({"m.yaml": CONFIGURATION.format(schedule)}))
    assert detail.startswith("holidays of GB also close America/New_York;")
