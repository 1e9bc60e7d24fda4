"""Policies as stored: versions by their words, and which machine's time is read by which from when.

A policy begins with a full UTC hour, so that every hour of a machine is read by one policy (`policy_change.py`).
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max, Q

from mes.oee.models import PolicyInForce, PolicyVersion
from mes.oee.policy import DEFAULT, Claim, Policy
from mes.plant.models import WorkCenter

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
Begun = tuple[datetime, Policy]


class PolicyRefused(Exception):
    """Nothing was changed; the text says why and what to do."""


def settings_of(policy: Policy) -> dict[str, Any]:
    """Every field but name and version, as JSON holds it."""
    plain = {key: value for key, value in asdict(policy).items() if key not in ("name", "version")}
    plain["coverage_floor"] = str(policy.coverage_floor.normalize())
    plain["precedence"] = [str(claim) for claim in policy.precedence]
    return plain


def digest_of(policy: Policy) -> str:
    """SHA-256 of name and settings: the same words, the same version (R45)."""
    words = json.dumps({"name": policy.name, "settings": settings_of(policy)}, sort_keys=True)
    return hashlib.sha256(words.encode()).hexdigest()


def policy_of(version: PolicyVersion) -> Policy:
    """The policy that was stored. A field that came later has its default; one that is gone is left out."""
    known = {field.name for field in fields(Policy)} - {"name", "version"}
    said = {key: value for key, value in version.settings.items() if key in known}
    if "coverage_floor" in said:
        said["coverage_floor"] = Decimal(said["coverage_floor"])
    if "precedence" in said:
        said["precedence"] = tuple(Claim(claim) for claim in said["precedence"])
    return Policy(version.name, version.number, **said)


def policy_store(policy: Policy, *, actor: str = "system", at: datetime) -> PolicyVersion:
    """The stored version of a policy's words; made with the next number of its name where it is new (R45).

    The version number of `policy` itself does not matter. Said twice, also at once, it is stored once.
    """
    digest = digest_of(policy)
    for _attempt in range(20):
        found = PolicyVersion.objects.filter(digest=digest).first()
        if found is not None:
            return found
        last = PolicyVersion.objects.filter(name=policy.name).aggregate(last=Max("number"))["last"] or 0
        try:
            with transaction.atomic():
                return PolicyVersion.objects.create(
                    name=policy.name,
                    number=last + 1,
                    settings=settings_of(policy),
                    digest=digest,
                    made_at=at,
                    made_by=actor,
                )
        except IntegrityError:  # somebody stored one of this name meanwhile: look again
            continue
    raise PolicyRefused(f"The policy {policy.name} could not be stored: try again.")


def policies_in_force(work_centers: Sequence[WorkCenter], start: datetime, end: datetime) -> dict[int, list[Begun]]:
    """Per machine id the policies of [start, end) in order, each with when it begins; the first begins at `start`.

    One query. A machine so new that nobody noted its policy yet (`policies_follow`) has the default with its own
    micro-stop threshold.
    """
    begun = Q(valid_from__lte=start) | Q(valid_from__lt=end)
    rows = PolicyInForce.objects.filter(begun, work_center__in=[wc.pk for wc in work_centers])
    found: dict[int, list[Begun]] = {}
    read: dict[int, Policy] = {}
    for row in rows.select_related("policy").order_by("valid_from"):
        policy = read.setdefault(row.policy_id, policy_of(row.policy))
        spans = found.setdefault(row.work_center_id, [])
        if row.valid_from <= start:
            spans[:] = [(start, policy)]
        else:
            spans.append((row.valid_from, policy))
    for wc in work_centers:
        spans = found.setdefault(wc.pk, [])
        if not spans or spans[0][0] > start:
            spans.insert(0, (start, default_of(wc)))
    return found


def pieces_of(begun: Sequence[Begun], start: datetime, end: datetime) -> list[tuple[datetime, datetime, Policy]]:
    """[start, end) cut where another policy begins; one piece for an empty window. `begun` as `policies_in_force`."""
    at = [policy for since, policy in begun if since <= start]
    later = [(since, policy) for since, policy in begun if start < since < end]
    starts = [(start, at[-1] if at else begun[0][1]), *later]
    return [
        (since, starts[n + 1][0] if n + 1 < len(starts) else end, policy) for n, (since, policy) in enumerate(starts)
    ]


def default_of(work_center: WorkCenter) -> Policy:
    """The default reading with the machine's own micro-stop threshold."""
    return replace(DEFAULT, micro_threshold_ms=work_center.micro_stop_s * 1000)
