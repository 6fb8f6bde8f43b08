"""Contact lists whose contacts stand in the manifest, written in the ways in which people write them."""

from __future__ import annotations

from hypothesis import strategies as st

HEAD = """\
apiVersion: campaigns/v1
kind: ContactList
metadata: {{name: desk, campaign: spring, labels: {{by: {by}}}}}
spec:
  mode: {mode}
"""
AT_ONCE = "  - {{external_id: {name}, phone_numbers: ['{number}'], timezone: '{zone}'}}\n"
STYLES = {
    "a line each": AT_ONCE,
    "a line for each field": (
        "    - external_id: {name}\n      phone_numbers: '{number}'\n\n      timezone: '{zone}'\n"
    ),
    "comments": f"# {{name}}\n{AT_ONCE}",
    "out of line": "  - {{external_id: {name},\nphone_numbers: ['{number}'], timezone: '{zone}'}}\n",
}
"""What is left of a list of the last style without its contacts is no YAML."""

contacts = st.lists(
    st.tuples(
        st.sampled_from([*["ivy", "jon", "kim", "lou"] * 4, "ada"]),
        st.sampled_from([*["+12125550180", "212 555 0181", "+12125550182"] * 4, "+12125550142", "x"]),
        st.sampled_from([*["America/Chicago", "America/Denver"] * 7, "EST", "Mars/Olympus"]),
    ),
    max_size=4,
    unique_by=lambda one: one[0],
)
lists = st.fixed_dictionaries(
    {
        "contacts": contacts,
        "mode": st.sampled_from(["mirror", "mirror", "append"]),
        "by": st.sampled_from(["hand", "hand", "mouse"]),
        "style": st.sampled_from(sorted(STYLES)),
        "tail": st.sampled_from(
            [*["", "  # that is all\n", "  expect_rows: {max: 3}\n"] * 3, "  expect_rows: {maximum: 3}\n"]
        ),
    }
)


def text_of(contacts, *, mode="mirror", by="hand", style="a line each", tail=""):
    """Write a list."""
    items = "".join(
        STYLES[style].format(name=name, number=number, zone=zone) for name, number, zone in contacts
    )
    return HEAD.format(mode=mode, by=by) + (f"  contacts:\n{items}" if items else "  contacts: []\n") + tail
