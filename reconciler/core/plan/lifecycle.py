"""The status of a campaign: what the manifest may change, and what a person decided (R-LIFE, R-HOLD-2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from reconciler.core.desired import ObjectKey
from reconciler.core.holds import CallTarget, Hold, HoldCause, covers
from reconciler.core.plan.change import Attribution, Cause, Transition
from reconciler.core.plan.rules import CampaignRules


@dataclass(frozen=True, slots=True)
class Statuses:
    """The three sides of one campaign's status; `applied` is None where no apply stands behind it."""

    desired: str
    live: str
    applied: str | None

    @property
    def cause(self) -> Cause:
        """Give the side that moved."""
        return Cause.DRIFT if self.applied == self.desired else Cause.MANIFEST


@dataclass(frozen=True, slots=True)
class StatusVerdict:
    """The status after the apply; at most one of `kept_because` and `refused_because` is set."""

    status: str
    transition: Transition | None = None
    cause: Cause = Cause.MANIFEST
    kept_because: str | None = None
    refused_because: str | None = None


def transition_of_new(status: str) -> Transition | None:
    """Give the transition of a campaign that is created; creating one as active is not starting it."""
    return {"paused": Transition.PAUSE, "closed": Transition.CLOSE}.get(status)


def judge_status(
    statuses: Statuses,
    holds: Sequence[Hold],
    changed_by: Attribution | None,
    *,
    released: bool,
) -> StatusVerdict:
    """Decide what becomes of the status of a live campaign (R-LIFE-3, R-HOLD-2, R-PLAN-3)."""
    if statuses.desired == statuses.live:
        return StatusVerdict(statuses.live)
    if statuses.live == "closed":
        return _stay_closed(statuses, changed_by)
    if statuses.desired == "active" and holds and not released:
        return StatusVerdict(statuses.live, kept_because=f"stays {statuses.live}: {hold_text(holds[0])}")
    transition = {"active": Transition.START, "paused": Transition.PAUSE, "closed": Transition.CLOSE}
    # Lifting a hold by name is a wish of today, whoever paused the campaign before.
    cause = Cause.MANIFEST if released else statuses.cause
    return StatusVerdict(statuses.desired, transition[statuses.desired], cause)


def hold_text(hold: Hold) -> str:
    """Say who holds what since when and why."""
    return str(hold)


def still_covers(hold: Hold, campaign_id: UUID, rules: CampaignRules) -> bool:
    """Tell whether a hold on a campaign covers it under these rules.

    One that blames an agent or a caller ID covers nothing once the campaign uses others.
    """
    if hold.cause is not HoldCause.CONFIG_ERROR:
        return True
    agent = rules.agent
    target = CallTarget(
        org_id=hold.org_id or campaign_id,
        campaign_key=campaign_id,
        agent_id=agent.agent_id,
        agent_version=None if agent.agent_version is None else str(agent.agent_version),
        agent_number=agent.agent_number,
        gateway="",
        country="",
    )
    return covers(hold, target)


def release_hint(key: ObjectKey) -> str:
    """Say how a hold is lifted by name."""
    return f"lift it with --release campaign/{key.name}"


def _stay_closed(statuses: Statuses, changed_by: Attribution | None) -> StatusVerdict:
    manifest_unmoved = statuses.applied is None or statuses.applied == statuses.desired
    if manifest_unmoved:
        return StatusVerdict("closed", kept_because=f"stays closed: {_closed_by(changed_by)}")
    return StatusVerdict(
        "closed",
        refused_because=(
            f"the manifest's status was changed from {statuses.applied} to {statuses.desired}, but the "
            f"campaign is closed, and closed is final; write status: closed, or declare another campaign"
        ),
    )


def _closed_by(changed_by: Attribution | None) -> str:
    if changed_by is None:
        return "closed by hand"
    return f"closed by {changed_by.actor} at {changed_by.at:%Y-%m-%d %H:%M} UTC"
