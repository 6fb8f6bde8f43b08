"""Kind ContactFeed: what a contract may say, and where its faults stand."""

from __future__ import annotations

import pytest
from manifests.conftest import CAMPAIGN

from reconciler.spec.registry import KINDS

BASE = f"{CAMPAIGN}---\n"
FEED = """\
apiVersion: campaigns/v1
kind: ContactFeed
metadata: {name: crm, campaign: spring}
spec:
"""


@pytest.fixture
def faults(examined):
    """Give the faults of a manifest with one feed, each as a text."""

    def of(spec, head=FEED, more=""):
        body = "".join(f"  {line}\n" for line in spec.splitlines())
        found = examined({"feed.yaml": head + body + more, "base.yaml": BASE})
        return [str(fault) for fault in found.faults]

    return of


def test_a_contract_and_its_defaults(examined):
    """A folder is enough; each field has its default, and is written in one way."""
    found = examined({"all.yaml": BASE + FEED + "  from: /srv/crm\n  interval: 90m\n"})
    assert found.faults == []
    spec = next(item for item in found.desired.objects if item.key.kind == "ContactFeed").spec
    assert (spec["from"], spec["interval"], spec["mode"], spec["key"]) == (
        "/srv/crm", "1h30m", "mirror", "external_id",
    )  # fmt: skip
    assert (spec["format"], spec["strict"], spec["allow"]) == (None, False, [])
    again = KINDS["ContactFeed"].model_fields["spec"].annotation
    assert again.model_validate({name: value for name, value in spec.items() if name != "labels"})


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("interval: 5m", "feed.yaml:5:3: missing field 'from'"),
        ("from: /srv/crm\nintervall: 5m", "feed.yaml:6:3: unknown field 'intervall'"),
        ("from: /srv/crm\ninterval: 0s", "feed.yaml:6:13: interval must be at least 1s"),
        ("from: /srv/crm\nallow: [close]", "feed.yaml:6:11: 'close' is not one of withdraw, callable"),
        ("from: /srv/crm\nallow: [withdraw, withdraw]", "feed.yaml:6:10: allow names a guard twice"),
        ("from: /srv/crm\nexpect_rows: {min: 5, max: 2}", "feed.yaml:6:30: max is below min"),
        (
            "from: https://crm:pw@example.com/a.csv",
            "feed.yaml:5:9: from has a password in it, for all who read git; write ${DIALCTL_FEED_",
        ),
        (
            "from: https://example.com/a.csv?key=${HOME}",
            "feed.yaml:5:9: from must use no variable but those of feeds, such as ${DIALCTL_FEED_TOKEN}",
        ),
        (
            "from: https://example.com/export",
            "feed.yaml:5:9: the end of this URL does not say what it holds; write format: csv,",
        ),
    ],
)  # fmt: skip
def test_what_a_contract_may_not_say(faults, spec, says):
    """R-MAN-1: each fault at its place, with what to do; and no password in it."""
    (fault,) = faults(spec)
    assert fault.startswith(says)
    assert "pw@" not in fault


@pytest.mark.parametrize(
    "place",
    [
        "https://crm:${DIALCTL_FEED_PASSWORD}@example.com/a.csv", "https://example.com/a.jsonl.age?x=y",
        "s3://bucket/crm", "incoming", "https://me@example.com/a.csv",
    ],
)  # fmt: skip
def test_places_that_may_be_named(faults, place):
    """A password comes from the environment; what a bucket or a folder holds, its files say."""
    assert faults(f"from: {place}") == []


def test_a_feed_belongs_to_a_campaign_that_exists(faults):
    """R-ID-3: nobody is called outside all windows by the thousand; references are checked as everywhere."""
    (fault,) = faults("from: in", FEED.replace("spring", "default"))
    assert fault.startswith("feed.yaml:3:33: 'default' stands for no campaign")
    (fault,) = faults("from: in", FEED.replace("spring", "sprung"))
    assert fault.startswith("feed.yaml:3:33: campaign 'sprung' does not exist — did you mean 'spring'?")


def test_a_list_of_the_same_name_is_a_fault(faults):
    """A feed keeps its contacts on a list of its own name: two owners would refuse each other."""
    list_ = "---\n" + FEED.replace("ContactFeed", "ContactList") + "  contacts: []\n"
    (fault,) = faults("from: in", more=list_)
    assert fault.startswith("feed.yaml:3:18: a ContactList of this campaign is named 'crm', too")


ALLOWED = "allow: [withdraw]\n  "


@pytest.mark.parametrize(
    ("spec", "warned"),
    [
        ("allow: []", []),
        (ALLOWED, ["allows withdraw"]),
        (ALLOWED + "expect_rows: {max: 9}", ["allows withdraw"]),
        (ALLOWED + "expect_rows: {min: 9}", []),
        (ALLOWED + "mode: append", []),
    ],
)
def test_a_mirror_that_nothing_keeps_from_being_emptied_is_warned_of(examined, spec, warned):
    """Who allows `withdraw` for good is told what then keeps a truncated export out."""
    found = examined({"all.yaml": BASE + FEED + f"  from: in\n  {spec}\n"})
    assert found.faults == []
    assert [notice.detail.partition(",")[0] for notice in found.desired.notices] == warned
