"""Lists that call contacts of another campaign again: selected once, then left as they are (R-MAN-4)."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from core.plan.test_plan_guards import NOW, live
from declared import campaign, configuration, contact, edited, redial_list, state

from reconciler.core.canonical import content_hash
from reconciler.core.plan.observed import ObservedContact, ObservedState, SelectedContact, Selection
from reconciler.core.plan.plan import PlanOptions
from reconciler.core.plan.planner import plan
from reconciler.core.plan.redial import chosen_anew
from reconciler.core.settlement import ContactStatus
from reconciler.errors import PlanRefused

BASE = (configuration(), campaign(), campaign("autumn"))
AGAIN, CHOICE = redial_list(outcome="no_answer")
ADA, BOB = (SelectedContact(name, {"phone_numbers": [f"+1212555014{at}"]}) for at, name in enumerate("ab"))


def wanted(item=AGAIN, choice=CHOICE, **more):
    return state(*BASE, item, redials=[choice], **more)


def observed(*items, selected=None, contacts=(), left_out=None):
    selections = {} if selected is None else {AGAIN.key: Selection(selected, left_out or {})}
    objects = {item.key: live(item) for item in items}
    return ObservedState(3, b"key", objects, contacts, selections=selections)


def planned(desired, before, **options):
    return plan(desired, before, PlanOptions(NOW, **options))


def row(one, number=1, list_=AGAIN, **columns):
    """A contact of the list, as an apply has written it."""
    hash_ = content_hash(one.fields)
    return ObservedContact(
        UUID(int=number), "default", "autumn", one.external_id, one.fields, "main", list_.key, hash_, hash_,
        **columns,
    )  # fmt: skip


def shape(made):
    return [(change.action.value, change.key.name) for change in made.contacts]


def test_a_selection_is_declared_with_its_count():
    """Each contact is planned as one of a file would be; the list's change says how many of whom."""
    made = planned(wanted(), observed(*BASE, selected=[BOB, ADA]))
    assert shape(made) == [("create", "a"), ("create", "b")]
    assert [change.position for change in made.contacts] == [1, 0]
    assert {change.list_after for change in made.contacts} == {AGAIN.key}
    [listed] = [change for change in made.objects if change.key == AGAIN.key]
    assert listed.fields[-1].after == (
        "2 contacts of campaign spring: exhausted, last outcome no_answer, as of 2026-03-02T15:00:00Z"
    )
    assert "selected" not in listed.declared.spec


def test_the_same_choice_is_frozen():
    """Nobody joins, leaves or is read anew: whoever is on the list stays, also one withdrawn by hand."""
    contacts = [row(ADA), row(BOB, 2, status=ContactStatus.WITHDRAWN)]
    before = observed(*BASE, AGAIN, contacts=contacts)
    assert chosen_anew(wanted(), before.objects) == []
    made = planned(wanted(), before)
    assert (made.in_sync, made.unchanged, made.notices, made.stamps) == (True, 6, [], [])


def test_a_choice_that_is_only_written_otherwise_is_the_same():
    """R-MAN-5: what an older release remembers has fewer fields, and other texts of the same instant."""
    past = edited(AGAIN, **{"from": {
        "campaign": "spring", "as_of": "2026-03-02T10:00:00-05:00",
        "where": {"status": "exhausted", "outcome": "no_answer"},
    }})  # fmt: skip
    assert chosen_anew(wanted(), observed(*BASE, past).objects) == []


def test_a_list_that_stood_in_a_file_is_selected():
    """R-MAN-4: its rows are compared with whom the campaign has, like an export with another."""
    file = edited(AGAIN, **{"from": "crm.csv"})
    assert chosen_anew(wanted(), observed(*BASE, file).objects) == [CHOICE]


@pytest.mark.parametrize(
    "choice",
    [{"as_of": "2026-03-02T14:00:00Z"}, {"status": ["exhausted", "error"]}, {"outcome": "busy"},
     {"of": "winter"}],
)  # fmt: skip
@pytest.mark.parametrize(("mode", "gone"), [("mirror", [("withdraw", "a")]), ("append", [])])
def test_another_choice_is_selected_anew(choice, mode, gone):
    """Those who are chosen no more leave a mirror, and stay where rows are only added."""
    item, chosen = redial_list(mode=mode, **{"outcome": "no_answer", **choice})
    before = observed(*BASE, AGAIN, selected=[BOB], contacts=[row(ADA)])
    desired = wanted(item, chosen)
    assert chosen_anew(desired, before.objects) == [chosen]
    assert shape(planned(desired, before)) == [*gone, ("create", "b")]


def test_other_fields_of_the_list_select_nobody():
    """A mode, a label or an expectation that changes leaves a frozen list frozen."""
    item, chosen = redial_list(mode="append", outcome="no_answer", least=5)
    made = planned(wanted(item, chosen), observed(*BASE, AGAIN, contacts=[row(ADA)]))
    assert [(change.key, [field.path for field in change.fields]) for change in made.changes] == [
        (AGAIN.key, ["spec.mode"])
    ]


def test_who_stays_chosen_keeps_what_they_have():
    """R-CONTACT-3: selected anew, a contact is compared like a row; its attempts and status stay."""
    item, chosen = redial_list(status=["exhausted", "error"])
    before = observed(*BASE, AGAIN, selected=[ADA], contacts=[row(ADA, used=1)])
    assert shape(planned(wanted(item, chosen), before)) == []
    by_hand = row(ADA, status=ContactStatus.WITHDRAWN)
    assert (
        shape(planned(wanted(item, chosen), observed(*BASE, AGAIN, selected=[ADA], contacts=[by_hand]))) == []
    )
    moved = ADA._replace(fields={**ADA.fields, "timezone": "America/Denver"})
    before = replace(before, selections={AGAIN.key: Selection([moved])})
    assert shape(planned(wanted(item, chosen), before)) == [("update", "a")]


def test_what_is_declared_otherwise_stays_what_it_is():
    """R-ID-4: a contact stands in one place of a campaign; the list leaves it there, and says so."""
    mine = contact("a", campaign="autumn")
    made = planned(wanted(contacts=[mine]), observed(*BASE, selected=[ADA, BOB], left_out={"too late": 2}))
    assert [(change.key.name, change.list_after) for change in made.contacts] == [
        ("a", None),
        ("b", AGAIN.key),
    ]
    assert [notice.detail for notice in made.notices] == [
        "3 contacts left out: 1 declared in the campaign otherwise; 2 too late"
    ]


def test_two_lists_share_no_contact():
    """R-ID-4: chosen by two lists of a campaign, a contact is on the first."""
    other, chosen = redial_list("others", status="completed")
    before = observed(*BASE, selected=[ADA])
    before = replace(before, selections={**before.selections, other.key: Selection([ADA, BOB])})
    made = planned(state(*BASE, AGAIN, other, redials=[CHOICE, chosen]), before)
    assert [(change.key.name, change.list_after) for change in made.contacts] == [
        ("a", AGAIN.key), ("b", other.key),
    ]  # fmt: skip


def test_a_campaign_that_is_not_there_is_refused_where_it_is_named():
    """Nobody can be selected from a campaign that no apply has made; a simulation goes on without them."""
    with pytest.raises(PlanRefused) as refused:
        planned(wanted(), observed(*BASE))
    assert refused.value.message == (
        "contactlists/again.yaml:5: campaign 'spring' is not in the database yet, so it has nobody to call "
        "again; apply it without this list first"
    )
    made = planned(wanted(), observed(*BASE), simulated=True)
    assert ([notice.key for notice in made.notices], shape(made)) == ([AGAIN.key], [])


@pytest.mark.parametrize(
    ("least", "most", "wrong"), [(2, 2, None), (3, None, "at least 3"), (None, 1, "at most 1")]
)
def test_an_unexpected_number_is_refused(least, most, wrong):
    """R-MAN-4: expect_rows refuses a selection that is too small or too large, at its place."""
    item, chosen = redial_list(outcome="no_answer", least=least, most=most)
    before = observed(*BASE, selected=[ADA, BOB])
    if wrong is None:
        assert len(planned(wanted(item, chosen), before).contacts) == 2
        return
    with pytest.raises(PlanRefused) as refused:
        planned(wanted(item, chosen), before)
    assert refused.value.message == (
        "contactlists/again.yaml:8: 2 contacts of campaign spring: exhausted, last outcome no_answer, as of "
        f"2026-03-02T15:00:00Z; {wrong} are expected"
    )


def test_nobody_selected_is_told():
    """An empty selection freezes an empty list: probably a mistake, and nobody is called by it."""
    made = planned(wanted(), observed(*BASE, selected=[]))
    [notice] = made.notices
    assert notice.detail == (
        "nobody is called again: no contact of campaign spring: exhausted, last outcome no_answer, as of "
        "2026-03-02T15:00:00Z"
    )


def test_a_list_that_says_so_is_no_campaign_that_was_renamed():
    """The warning of a renamed campaign is for those who did not mean to call everybody anew."""
    closed = campaign(status="closed")
    gone = ObservedContact(
        UUID(int=9), "default", "spring", "a", ADA.fields, "main", None, "h", "h", used=1,
        status=ContactStatus.EXHAUSTED,
    )  # fmt: skip
    before = observed(configuration(), closed, selected=[ADA], contacts=[gone])
    objects = (configuration(), closed, campaign("autumn"))
    meant = planned(state(*objects, AGAIN, redials=[CHOICE]), before)
    assert [notice.notice for notice in meant.notices] == ["orphan"]
    unsaid = planned(state(*objects, contacts=[contact("a", campaign="autumn")]), before)
    assert "would be called again as contacts of Campaign default/autumn" in unsaid.notices[-1].detail
