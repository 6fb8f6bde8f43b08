"""References, identities and canonical values."""

import io

import pytest

from reconciler.core.desired import ObjectKey
from reconciler.core.existing import Existing
from reconciler.errors import FaultsFound
from reconciler.manifests.load import load_manifests
from reconciler.manifests.resolve import resolve
from reconciler.manifests.summary import summarise
from reconciler.spec.configuration import ConfigurationSpec


def manifest(kind, name, spec="", **metadata):
    meta = ", ".join(f"{key}: {value}" for key, value in {"name": name, **metadata}.items())
    body = f"spec: {spec}\n" if spec else ""
    return f"apiVersion: campaigns/v1\nkind: {kind}\nmetadata: {{{meta}}}\n{body}---\n"


OFFICE = manifest("Configuration", "office", "{schedule: {default_timezone: US/Eastern}}")
SPRING = manifest("Campaign", "spring", "{configuration: office}")


def contact(name, spec="{phone_numbers: [2125550142]}", campaign="spring", **metadata):
    return manifest("Contact", name, spec, campaign=campaign, **metadata)


def test_unknown_names_are_faults_with_the_nearest_name(examined):
    """R-MAN-1: each at the name itself, and offline with the hint that only files were looked at."""
    text = OFFICE + manifest("Campaign", "spring", "{configuration: ofice}") + contact("a", campaign="sprung")
    text += manifest("Configuration", "x", org="acme") + manifest("Organization", "acme-inc")
    assert [str(fault) for fault in examined({"m.yaml": text}).faults] == [
        f"m.yaml:{place} does not exist — did you mean '{near}'? "
        "(validate looks at files only; diff also looks in the database)"
        for place, near in [
            ("9:23: configuration 'ofice'", "office"),
            ("13:31: campaign 'sprung'", "spring"),
            ("18:26: organization 'acme'", "acme-inc"),
        ]
    ]


def test_the_name_of_a_faulty_document_may_be_the_nearest(examined):
    """R-MAN-1: a typo in a document hides no typo in a reference to it."""
    text = manifest("Configuration", "two-countries", "{agnt_id: ada}")
    text += manifest("Campaign", "spring", "{configuration: two-countris}")
    [_, fault] = sorted(examined({"m.yaml": text}).faults)
    assert fault.message == "configuration 'two-countris' does not exist — did you mean 'two-countries'?"


def test_what_the_database_has_may_be_referred_to(examined):
    """R-CONF-1: a campaign of the database reads its contacts by its configuration there."""
    stored = ConfigurationSpec.model_validate({"dialing": {"default_country": "GB"}}).model_dump(mode="json")
    existing = Existing(
        frozenset({"default", "acme"}),
        {("acme", "uk"): {**stored, "labels": {}}},
        {("acme", "winter"): "uk"},
    )
    text = contact("a", "{phone_numbers: [020 7946 0018]}", "winter", org="acme")
    text += manifest("Campaign", "b", "{configuration: ukk}", org="acme")
    examination = examined({"m.yaml": text}, existing)
    assert [str(f) for f in examination.faults] == [
        "m.yaml:9:23: configuration 'ukk' does not exist — did you mean 'uk'?"
    ]
    assert next(iter(examination.desired.contacts)).fields == {"phone_numbers": ["+442079460018"]}


def test_contacts_of_a_campaign_that_lost_its_configuration_are_refused(examined):
    """R-LIFE-6: a closed campaign outlives its configuration; no number is read without one."""
    existing = Existing(campaigns={("default", "winter"): "gone"})
    [fault] = examined({"m.yaml": contact("a", campaign="winter")}, existing).faults
    assert str(fault) == ("m.yaml:3:31: campaign 'winter' has no configuration any more: 'gone' was deleted")


def test_org_fills_in_for_documents_that_name_none(examined):
    """--org: a document's own organization wins."""
    text = OFFICE + manifest("Configuration", "office", org="default") + manifest("Organization", "acme")
    keys = [o.key for o in examined({"m.yaml": text}, org="acme").desired.objects]
    assert keys == [
        ObjectKey("Configuration", "acme", None, "office"),
        ObjectKey("Configuration", "default", None, "office"),
        ObjectKey("Organization", "", None, "acme"),
    ]


def test_two_objects_of_one_identity_name_both_places(examined):
    """R-ID-1, R-ID-4: objects and contacts alike, across documents, files and lists."""
    files = {
        "a.yaml": OFFICE
        + SPRING
        + contact("x")
        + contact("x", campaign="default", spec="{phone_numbers: +12125550142}"),
        "b.yaml": OFFICE + contact("x"),
        "c.yaml": manifest(
            "ContactList", "l", "{contacts: [{external_id: x, phone_numbers: 2125550143}]}", campaign="spring"
        ),
    }
    assert [str(fault) for fault in examined(files).faults] == [
        "b.yaml:3:18: Configuration default/office is declared twice; first at a.yaml:1",
        "b.yaml:6: contact 'x' in campaign 'spring' is declared twice; first at a.yaml:11",
        "c.yaml:4: contact 'x' in campaign 'spring' is declared twice; first at a.yaml:11",
    ]


@pytest.mark.parametrize(
    ("schedule", "line"),
    [
        ("default_timezone: Mars", "4:37: the tz database has no zone 'Mars'"),
        (
            "overrides: [{timezones: [Asia/Calcutta, Asia/Kolkata], windows: []}]",
            "4:59: 'Asia/Kolkata' is listed twice (as 'Asia/Calcutta'); leave one",
        ),
        (
            "scheduled_overrides: [{timezones: [UTC, UTC], windows: []}]",
            "4:59: 'UTC' is listed twice; leave one",
        ),
        ("overrides: [{timezones: [Europe/Stockholm, Europe/Berlin], windows: []}]", None),
        ("holidays: {country: XX}", "4:39: the holidays of 'XX' are not known"),
        ("holidays: {country: US, subdivision: ZZ}", "4:56: 'ZZ' is no subdivision of US"),
        ("holidays: {country: US, subdivision: CA}", None),
    ],
)
def test_what_a_schedule_names_must_exist(examined, schedule, line):
    """R-WIN-2: zones, links and holidays, each at its place."""
    text = manifest("Configuration", "c", f"{{schedule: {{{schedule}}}}}")
    faults = [str(fault) for fault in examined({"m.yaml": text}).faults]
    assert len(faults) == (0 if line is None else 1)
    assert line is None or faults[0].startswith(f"m.yaml:{line}")


def test_the_default_country_must_have_phone_numbers(examined):
    """R-PHONE-1: a region that libphonenumber knows."""
    text = manifest("Configuration", "c", "{dialing: {default_country: UK}}")
    [fault] = examined({"m.yaml": text}).faults
    assert str(fault).startswith("m.yaml:4:35: 'UK' is no country with phone numbers")


def test_specs_are_canonical(examined):
    """R-PLAN-1: one meaning has one spec: links, instants in UTC, durations, the order of numbers."""
    text = manifest(
        "Configuration",
        "office",
        "{schedule: {default_timezone: US/Eastern, overrides: [{timezones: [Asia/Calcutta], windows: []}]},"
        " dialing: {retry_delay: 90m}}",
    )
    text += manifest("Campaign", "c", "{configuration: office, end_at: 2026-05-31T18:00:00-04:00}")
    text += manifest(
        "SuppressionList",
        "s",
        "{numbers: [+442079460018, +1 212 555 0199, {number: '+12125550199', expires_at: 2027-01-01}]}",
    )
    text += manifest("ContactList", "l", "{contacts: [], mode: append}", campaign="c", labels="{a: b}")
    configuration, campaign, suppressed, contact_list = (
        o.spec for o in examined({"m.yaml": text}).desired.objects
    )
    assert configuration["schedule"]["default_timezone"] == "America/New_York"
    assert configuration["schedule"]["overrides"] == [{"timezones": ["Asia/Kolkata"], "windows": []}]
    assert configuration["dialing"]["retry_delay"] == "1h30m"
    assert campaign["end_at"] == "2026-05-31T22:00:00Z"
    assert suppressed["numbers"] == [
        {"number": "+12125550199", "expires_at": None, "reason": None},
        {"number": "+442079460018", "expires_at": None, "reason": None},
    ]
    assert contact_list["labels"] == {"a": "b"}
    assert "contacts" not in contact_list
    assert (contact_list["mode"], contact_list["from"]) == ("append", None)


def test_a_suppressed_number_must_say_its_country(examined):
    """R-SUP-1: a number that is read wrongly would not be suppressed."""
    text = manifest(
        "SuppressionList", "s", "{numbers: [+12125550199, 212 555 0198, {number: '+1 555 1234567'}]}"
    )
    faults = [(f.line, f.column, f.message) for f in examined({"m.yaml": text}).faults]
    assert [place[:2] for place in faults] == [(4, 32), (4, 55)]
    assert all("write it in E.164" in place[2] for place in faults)


@pytest.mark.parametrize(
    ("written", "zone", "instant"),
    [
        ("2026-03-09T15:00:00-05:00", "", "2026-03-09T20:00:00Z"),
        ("2026-03-09T15:00", "", "2026-03-09T19:00:00Z"),
        ("2026-03-09T15:00", ", timezone: America/Chicago", "2026-03-09T20:00:00Z"),
        ("2026-11-01T01:30", "", "2026-11-01T05:30:00Z"),
        ("2026-03-09T15:00:00.25Z", "", "2026-03-09T15:00:00.250000Z"),
    ],
)
def test_scheduled_at_is_the_contacts_wall_clock_unless_it_has_an_offset(examined, written, zone, instant):
    """R-TZ-1, R-WIN-4: by the contact's own zone, else the default one; of a doubled time the first."""
    text = OFFICE + SPRING + contact("a", f"{{phone_numbers: [2125550142], scheduled_at: '{written}'{zone}}}")
    [found] = examined({"m.yaml": text}).desired.contacts
    assert found.fields["scheduled_at"] == instant


def test_an_inferred_wall_clock_of_several_zones_is_the_last_of_them(examined):
    """R-TZ-1: scheduled_at means "not before", and fewer calls is the safe direction."""
    text = manifest("Configuration", "office", "{schedule: {infer_timezone: true}}") + SPRING
    text += contact("paris", "{phone_numbers: [+33612345678], scheduled_at: '2026-01-05T09:00'}")
    text += contact("idaho", "{phone_numbers: [+12085550142], scheduled_at: '2026-01-05T09:00'}")
    text += contact("free", "{phone_numbers: [+18005550199], scheduled_at: '2026-01-05T09:00'}")
    found = [c.fields["scheduled_at"] for c in examined({"m.yaml": text}).desired.contacts]
    assert found[0] == "2026-01-05T08:00:00Z"
    assert found[1] == "2026-01-05T17:00:00Z"
    assert found[2] == "2026-01-05T14:00:00Z"


def test_a_time_in_a_dst_gap_is_a_fault_at_its_place(examined):
    """R-WIN-4: no instant has it."""
    text = OFFICE + SPRING + contact("a", "{phone_numbers: [2125550142], scheduled_at: 2026-03-08T02:30}")
    [fault] = examined({"m.yaml": text}).faults
    assert str(fault).startswith("m.yaml:14:51: '2026-03-08T02:30:00' does not exist in America/New_York")


def test_bad_contacts_of_manifests_are_faults(examined):
    """R-PHONE-2: in a Contact and in an inline list, at the number, the id, the zone."""
    text = OFFICE + SPRING + contact("a", "{phone_numbers: [2125550142, 55], timezone: Mars}")
    text += manifest(
        "ContactList",
        "l",
        "\n  contacts:\n    - {external_id: x, phone_numbers: [+12125550142, no]}\n"
        "    - phone_numbers: 2125550142\n",
        campaign="spring",
    )
    found = [(f.line, f.column) for f in examined({"m.yaml": text}).faults]
    assert found == [(14, 36), (14, 51), (21, 54), (22, 7)]


def test_inline_contacts_have_lines_and_list_and_derived_ids(examined):
    """R-ID-4, R-PLAN-2: `key: phone` derives the same id from the same number, wherever it stands."""
    spec = (
        "\n  key: phone\n  contacts:\n    - phone_numbers: 2125550142\n    - phone_numbers: [+12125550143]\n"
    )
    text = OFFICE + SPRING + manifest("ContactList", "l", spec, campaign="spring")
    first, second = examined({"m.yaml": text}).desired.contacts
    key = ObjectKey("ContactList", "default", "spring", "l")
    assert (first.list, first.origin.line, second.origin.line) == (key, 17, 18)
    again = list(examined({"m.yaml": text.replace("2125550142", "(212) 555-0142")}).desired.contacts)
    assert first.external_id == again[0].external_id != second.external_id


def test_the_source_hash_follows_what_is_written_and_not_the_default_country(examined):
    """R-CONF-1: a change of the default country alone never reads stored numbers anew."""

    def hash_of(country, number, extra=""):
        text = manifest("Configuration", "office", f"{{dialing: {{default_country: {country}}}}}") + SPRING
        text += contact("a", f"{{phone_numbers: ['{number}']{extra}}}")
        [found] = examined({"m.yaml": text}).desired.contacts
        return found.source_hash

    one = hash_of("US", "2125550142")
    assert hash_of("CA", "2125550142") == one
    assert hash_of("US", "(212) 555-0142") != one
    assert hash_of("US", "2125550142", ", data: {a: 5}") != hash_of("US", "2125550142", ", data: {a: '5'}")


def test_resolve_raises_all_faults_at_once_and_strict_adds_bad_rows(load):
    """R-PHONE-2: --strict takes bad rows for faults."""
    text = OFFICE + SPRING + manifest("ContactList", "l", "{from: l.csv}", campaign="spring")
    loaded = load({"m.yaml": text, "l.csv": "id,phone\na,2125550142\nb,x\n"})
    loaded.raise_faults()
    assert len(resolve(loaded, Existing(), b"").contacts) == 1
    with pytest.raises(FaultsFound, match=r"l\.csv:3:phone: a text without digits"):
        resolve(loaded, Existing(), b"", strict=True)
    broken = load_manifests(["-"], stdin=io.BytesIO(b"kind: x\n---\nkind: y\n"))
    with pytest.raises(FaultsFound) as found:
        resolve(broken, Existing(), b"")
    assert len(found.value.faults) == 2
    with pytest.raises(FaultsFound):
        broken.raise_faults()


def test_the_summary_counts_what_is_declared(load, examined):
    """`validate` counts kinds and contacts, and lists bad rows and warnings."""
    text = OFFICE + SPRING + contact("a") + contact("b", "{phone_numbers: [+442079460018]}")
    text += contact("c", "{phone_numbers: [+12125550142]}", "default")
    summary = summarise(examined({"m.yaml": text}))
    assert summary.kinds == {"Configuration": 1, "Campaign": 1, "Contact": 3}
    assert summary.contacts == {("default", "spring"): 2, ("default", None): 1}
    assert (summary.faults, summary.bad_rows, len(summary.warnings)) == ([], [], 1)
