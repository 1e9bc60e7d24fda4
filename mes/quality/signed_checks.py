"""Signatures of checks: what is signed, which are missing, and who may give them."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from mes.plant.models import WorkCenter
from mes.quality.models import Check
from mes.signing.confirm import Confirmed, SigningRefused
from mes.signing.models import Meaning, Signature
from mes.signing.sign import holding, sign

KIND = "check"
WAITS_FOR = timedelta(days=90)
"""So long an unsigned check stands in the list of what waits; later it is still on its own page."""

_BY_KEY = "api:"


def check_content(check: Check) -> dict[str, Any]:
    """What a signature of a check holds for; taken back, the check is no longer what was signed."""
    return {
        "characteristic": check.characteristic.code,
        "work_center": check.work_center.code,
        "order": check.order.number if check.order else None,
        "taken_at": check.at,
        "values": check.values,
        "found": check.found,
        "size": check.size,
        "lower": check.lsl,
        "upper": check.usl,
        "verdict": str(check.verdict),
        "signals": check.signals,
        "note": check.note,
        "actor": check.actor,
        "withdrawn": check.withdrawn_at is not None,
    }


def check_sign(*, check: Check, meaning: str, confirmed: Confirmed, at: datetime) -> Signature:
    """Signs a check. SigningRefused: taken back; performed by somebody else; reviewed or approved by who made it."""
    if check.withdrawn_at is not None:
        raise SigningRefused(_("This check was taken back: there is nothing to sign."))
    by_person = not check.actor.startswith(_BY_KEY)
    if meaning == Meaning.PERFORMED and by_person and check.actor != confirmed.person.username:
        raise SigningRefused(_("%s made this check: only they can sign that they performed it.") % check.actor)
    return sign(
        record_kind=KIND,
        record_code=str(check.key),
        content=check_content(check),
        meaning=meaning,
        confirmed=confirmed,
        at=at,
        done_by=[check.actor],
    )


def missing_of(checks: Iterable[Check]) -> dict[int, list[str]]:
    """Per check (primary key) the signatures its plan asked for that are not there; one query for all."""
    asked = [check for check in checks if check.to_sign and check.withdrawn_at is None]
    given = holding(KIND, {str(check.key): check_content(check) for check in asked}) if asked else {}
    return {check.pk: [one for one in check.to_sign if one not in given[str(check.key)]] for check in asked}


def waiting(work_centers: Iterable[WorkCenter], now: datetime, most: int = 200) -> list[tuple[Check, list[str]]]:
    """The checks of these machines that wait for a signature, the oldest first, with the meanings that are missing."""
    rows = Check.objects.filter(work_center__in=list(work_centers), withdrawn_at=None, at__gte=now - WAITS_FOR).exclude(
        to_sign=[]
    )
    rows = rows.select_related("characteristic", "work_center__line__area__site", "order").order_by("at", "id")
    checks = list(rows)
    missing = missing_of(checks)
    return [(check, missing[check.pk]) for check in checks if missing[check.pk]][:most]
