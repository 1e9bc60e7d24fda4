"""Which policy machines follow from now on: adopting one, and noticing a machine's changed micro-stop threshold.

What is decided now is in force from the next full hour on; only a restate (an earlier instant) reads the past anew.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction

from mes.journal.write import record
from mes.oee.models import PolicyInForce, PolicyVersion
from mes.oee.policies import BEGINNING, PolicyRefused, default_of, digest_of, policies_in_force, policy_of, policy_store
from mes.oee.policy import Policy
from mes.plant.changes import changed, refuse_if_locked
from mes.plant.models import WorkCenter

HOUR = timedelta(hours=1)
MAX_WHY = 200


def full_hour(at: datetime) -> datetime:
    """The full UTC hour at or after an instant: when what is decided now can begin."""
    floor = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return floor if floor == at else floor + HOUR


def policy_adopt(
    *,
    place: tuple[str, str],
    work_centers: Sequence[WorkCenter],
    policy: Policy,
    valid_from: datetime | None,
    actor: str,
    at: datetime,
    why: str,
    own_thresholds: bool = False,
) -> list[PolicyVersion]:
    """The machines of a place (kind, code) follow a policy from a full hour on; None: from the next one.

    `own_thresholds`: each machine keeps the micro-stop threshold it has now. An hour that has passed makes it a
    restate: policies that began since are replaced, the time since is queued to be computed anew, and a locked shift
    refuses it all (ShiftLocked). Policies planned for later hours stay. Said twice it happens once. Gives the versions
    by machine code. Raises PolicyRefused without machines or without a reason.
    """
    why = " ".join(why.split())
    if not work_centers:
        raise PolicyRefused(f"Nothing was changed: {place[1]} has no machines.")
    if not why or len(why) > MAX_WHY or "\0" in why:
        raise PolicyRefused(f"Say in up to {MAX_WHY} characters why the policy changes: the journal keeps it.")
    since = full_hour(valid_from or at)
    with transaction.atomic():
        machines = _locked(work_centers, at)
        before = policies_in_force(machines, since, max(since, full_hour(at)))
        wanted = {wc.pk: _for_machine(policy, wc, own_thresholds) for wc in machines}
        news = [wc for wc in machines if {digest_of(p) for _, p in before[wc.pk]} != {digest_of(wanted[wc.pk])}]
        if since < at:
            _restate(news, since, at)
        versions = {wc.pk: policy_store(wanted[wc.pk], actor=actor, at=at) for wc in machines}
        for wc in news:
            _begin(wc, versions[wc.pk], since, actor=actor, at=at, why=why)
            if since <= at:
                _threshold_follows(wc, wanted[wc.pk])
        if news:
            data = {
                "before": {wc.code: [[begun, p.label] for begun, p in before[wc.pk]] for wc in news},
                "after": {wc.code: policy_of(versions[wc.pk]).label for wc in news},
                "from": since,
                "to": max(since, at),
                "work_centers": [wc.code for wc in news],
                "why": why,
            }
            record(actor=actor, at=at, action="policy_adopt", kind=place[0], code=place[1], data=data)
    return [versions[wc.pk] for wc in machines]


def _locked(work_centers: Sequence[WorkCenter], at: datetime) -> list[WorkCenter]:
    """The machines under their locks, in order, so that two who decide at once wait for each other; all are noted."""
    asked = sorted(wc.pk for wc in work_centers)
    for pk in asked:
        _follow(pk, at)
    return list(WorkCenter.objects.select_for_update().filter(pk__in=asked).order_by("pk"))


def _for_machine(policy: Policy, wc: WorkCenter, own_threshold: bool) -> Policy:
    return replace(policy, micro_threshold_ms=wc.micro_stop_s * 1000) if own_threshold else policy


def _restate(machines: Sequence[WorkCenter], since: datetime, at: datetime) -> None:
    for wc in machines:
        refuse_if_locked(wc, since, at)
    changed([(wc.pk, since, at) for wc in machines], why="policy_adopt")
    PolicyInForce.objects.filter(work_center__in=machines, valid_from__gt=since, valid_from__lte=full_hour(at)).delete()


def _begin(wc: WorkCenter, version: PolicyVersion, since: datetime, **said: Any) -> None:
    noted = {
        "policy": version,
        "micro_stop_s": wc.micro_stop_s,
        "noted_at": said["at"],
        "noted_by": said["actor"],
        "why": said["why"],
    }
    PolicyInForce.objects.update_or_create(work_center=wc, valid_from=since, defaults=noted)


def _threshold_follows(wc: WorkCenter, policy: Policy) -> None:
    """The machine's own threshold is that of the policy it follows, and that is no change of its own."""
    seconds = policy.micro_threshold_ms // 1000
    WorkCenter.objects.filter(pk=wc.pk).update(micro_stop_s=seconds)
    PolicyInForce.objects.filter(work_center=wc).update(micro_stop_s=seconds)


def policies_follow(*, at: datetime) -> int:
    """Notes for every machine which policy it follows; gives the number of machines for which something was new.

    A machine without a note has the default from the beginning of time. Where somebody changed the machine's micro-stop
    threshold (admin, plant file, SQL), a new version is in force from the next full hour on, and no history is
    rewritten. Where an adopted policy comes into force, the machine's own threshold follows it. It compares what is
    stored, so it cannot miss a change, and it may run as often as it likes.
    """
    machines = list(WorkCenter.objects.all())
    notes = _notes(machines, at)
    return sum(_follow(wc.pk, at) for wc in machines if not _settled(wc, notes.get(wc.pk)))


_Note = tuple[Policy, int]  # the policy in force from the next full hour on, and the threshold that is known


def _notes(machines: Sequence[WorkCenter], at: datetime) -> dict[int, _Note]:
    rows = PolicyInForce.objects.filter(work_center__in=machines).select_related("policy")
    known: dict[int, int] = {}
    for row in rows.order_by("noted_at", "pk"):
        known[row.work_center_id] = row.micro_stop_s
    ahead = full_hour(at)
    began = [row for row in rows.order_by("valid_from") if row.valid_from <= ahead]
    return {row.work_center_id: (policy_of(row.policy), known[row.work_center_id]) for row in began}


def _settled(wc: WorkCenter, note: _Note | None) -> bool:
    return note is not None and wc.micro_stop_s == note[1] and wc.micro_stop_s * 1000 == note[0].micro_threshold_ms


def _follow(pk: int, at: datetime) -> bool:
    """One machine, under its lock: what was read before may have changed."""
    with transaction.atomic():
        wc = WorkCenter.objects.select_for_update().get(pk=pk)
        note = _notes([wc], at).get(pk)
        if _settled(wc, note):
            return False
        if note is None:
            version = policy_store(default_of(wc), at=at)
            _begin(wc, version, BEGINNING, actor="system", at=at, why="The default, until somebody decides otherwise.")
        elif wc.micro_stop_s == note[1]:
            _threshold_follows(wc, note[0])
        else:
            _own_threshold(wc, note, at)
    return True


def _own_threshold(wc: WorkCenter, note: _Note, at: datetime) -> None:
    """The machine's threshold was changed: the same policy with it, from the next full hour on."""
    version = policy_store(replace(note[0], micro_threshold_ms=wc.micro_stop_s * 1000), at=at)
    why = f"The machine's micro-stop threshold is now {wc.micro_stop_s} s."
    _begin(wc, version, full_hour(at), actor="system", at=at, why=why)
    data = {"before": note[0].label, "after": policy_of(version).label, "from": full_hour(at), "why": why}
    record(actor="system", at=at, action="policy_follow", kind="work-center", code=wc.code, data=data)
