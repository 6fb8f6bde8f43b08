"""What is allowed, and probably not meant."""

import pytest

HEAD = "apiVersion: campaigns/v1\nkind: {}\nmetadata: {}\nspec: {}\n---\n"


def warnings(examined, configuration="{}", campaign="", *contacts):
    text = HEAD.format("Configuration", "{name: office}", configuration)
    text += HEAD.format("Campaign", "{name: spring}", f"{{configuration: office{campaign}}}")
    for index, spec in enumerate(contacts):
        text += HEAD.format("Contact", f"{{name: c{index}, campaign: spring}}", spec)
    examination = examined({"m.yaml": text})
    assert not examination.faults
    assert all(notice.key.name == "spring" for notice in examination.desired.notices)
    return [notice.detail for notice in examination.desired.notices]


PINNED = "{agent_id: ada, agent_version: 7}"


@pytest.mark.parametrize(
    ("campaign", "count"),
    [(", agent_id: bob", 1), (", agent_id: ada", 0), (", agent_id: bob, agent_version: 2", 0), ("", 0)],
)
def test_a_version_of_a_configuration_that_meets_an_agent_of_a_campaign(examined, campaign, count):
    """R-AGENT-1: warned of unless the agent is the same, or has a version beside it."""
    found = warnings(examined, PINNED, campaign)
    assert len(found) == count
    assert not count or "agent_version 7 of configuration 'office' applies to agent 'bob'" in found[0]


def test_a_version_from_above_that_meets_agents_of_contacts(examined):
    """R-AGENT-1: counted over the contacts of a campaign, with a few samples."""
    one = "{phone_numbers: [212555014%d], agent_id: %s}"
    found = warnings(examined, PINNED, "", *(one % (i, "bob") for i in range(4)), one % (5, "ada"))
    assert found == [
        (
            "agent_version 7, pinned above them, applies to the agents that 4 contacts name (c0, c1, c2, …); "
            "set agent_version beside agent_id"
        )
    ]


def test_contacts_without_a_zone_whose_country_is_elsewhere(examined):
    """R-TZ-1: counted by country; a zone of its own, or a country that uses the default one, is fine."""
    found = warnings(
        examined,
        "{}",
        "",
        "{phone_numbers: [+442079460018]}",
        "{phone_numbers: [2125550142, +33612345678]}",
        "{phone_numbers: [2125550143]}",
        "{phone_numbers: [+442079460019], timezone: Europe/London}",
    )
    assert found == [
        (
            "2 contacts have no zone, and a number of a country that does not use America/New_York "
            "(FR 1, GB 1); set timezone, or infer_timezone"
        )
    ]


def test_numbers_that_tell_no_zone_under_infer_timezone(examined):
    """R-TZ-1: toll-free numbers are counted, since the default zone holds for them."""
    found = warnings(
        examined,
        "{schedule: {infer_timezone: true}}",
        "",
        "{phone_numbers: [+18005550199]}",
        "{phone_numbers: [+442079460018]}",
    )
    assert found == [
        (
            "1 contact has no zone, and a number that tells none (toll-free, non-geographic or unknown): "
            "America/New_York holds"
        )
    ]


def test_one_number_under_two_ids(examined):
    """R-ID-4: counted, few samples, masked (R-PLAN-8)."""
    found = warnings(
        examined, "{}", "", *["{phone_numbers: [2125550142]}"] * 2, "{phone_numbers: [2125550143]}"
    )
    assert found == ["1 number stands under several contacts (+1********42: c0, c1)"]


def test_a_contact_that_expires_before_it_is_scheduled(examined):
    """R-DIAL-1: allowed, since it rings no phone, and said; instants are compared, not their texts."""
    times = "{phone_numbers: [212555014%d], scheduled_at: 2026-03-09T15:00:00%s, expires_at: 2026-03-09T%s}"
    found = warnings(
        examined,
        "{}",
        "",
        times % (2, "-05:00", "15:00:00-05:00"),
        times % (3, "-05:00", "20:00:00.5+00:00"),
        times % (4, "", "18:59:59Z"),
    )
    assert found == ["2 contacts expire before scheduled_at (c0, c2), and will never be called"]
