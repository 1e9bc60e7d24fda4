"""Control limits are frozen from checks, and set anew only with a reason; versions before stay as they were."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from mes.journal.write import record
from mes.quality.judging import ChartKind, baseline_of
from mes.quality.models import Characteristic, Check, ControlLimits
from mes.quality.queries import baseline_in, checks_of, limits_versions, readings_of, with_gaps
from mes.quality.spc.chart import Baseline, without
from mes.quality.spc.versions import LimitsVersion, limits_freeze, limits_rebase

KIND = "characteristic"
MAX_WHY = 200
MOST = 500


class LimitsRefused(Exception):
    """Nothing was changed; the text says why and what to do."""


def limits_set(
    *,
    characteristic: Characteristic,
    newest: int,
    left_out: Collection[int] = (),
    why: str,
    actor: str,
    at: datetime,
    seen_version: int,
) -> ControlLimits:
    """Freezes what the newest checks teach as the next version; `left_out`: ids of checks whose cause was found.

    The first version holds from its first check on, later ones from `at`: points before keep their limits.
    `seen_version` is the last one the person saw (0: none); sent again by the same person it changes nothing, and where
    somebody else was faster LimitsRefused says so. No reason or no value: refused too.
    """
    why = " ".join(why.split())
    if len(why) > MAX_WHY or "\0" in why:
        raise LimitsRefused(
            _("The reason is too long or has a character that cannot be stored: use %d letters.") % MAX_WHY
        )
    if not 2 <= newest <= MOST:
        raise LimitsRefused(_("Limits are learned from 2 to %d checks: write such a number.") % MOST)
    with transaction.atomic():
        place = Characteristic.objects.select_for_update(no_key=True, of=("self",)).get(pk=characteristic.pk)
        last = place.limits.order_by("-version").first()
        if last is not None and last.version != seen_version:
            if (last.version, last.actor, last.why) == (seen_version + 1, actor, why):
                return last
            said = {"who": last.actor, "n": last.version}
            raise LimitsRefused(_("%(who)s set version %(n)d meanwhile: look at the chart again.") % said)
        checks = with_gaps(list(reversed(checks_of(place).order_by("-at", "-id")[:newest])))
        numbers = [number for number, one in enumerate(checks, start=1) if one is not None and one.pk in left_out]
        baseline = baseline_of(ChartKind(place.chart), without(readings_of(checks), numbers))
        if baseline.center is None:
            raise LimitsRefused(_("Limits without any value cannot be frozen: measure first."))
        if not why:
            raise LimitsRefused(_("Say why: without a reason nobody can trust the limits later."))
        try:
            version = _next(place, baseline, checks, actor, at, why)
        except ValueError as wrong:
            raise LimitsRefused(str(wrong)) from wrong
        stored = _store(place, version, last.version + 1 if last else 1, at)
        data = {"before": _plain(last), "after": _plain(stored), "why": why, "left_out": len(numbers)}
        record(actor=actor, at=at, action="limits_set", kind=KIND, code=place.code, data=data)
        return stored


def _store(place: Characteristic, said: LimitsVersion, number: int, at: datetime) -> ControlLimits:
    learned = said.baseline
    assert learned.center is not None  # noqa: S101  (a version without a centre is refused)
    return ControlLimits.objects.create(
        characteristic=place,
        version=number,
        chart=place.chart,
        center=learned.center,
        sigma=learned.sigma,
        samples=learned.samples,
        provisional=learned.provisional,
        since=said.since,
        actor=said.by,
        at=at,
        why=said.why,
    )


def _next(
    place: Characteristic, baseline: Baseline, checks: Sequence[Check | None], actor: str, at: datetime, why: str
) -> LimitsVersion:
    """The rules of versions (`spc.versions`) applied: ValueError where one is broken."""
    stored = limits_versions(place)
    if not stored:
        taken = [one.at for one in checks if one is not None]
        since = at if place.limits.exists() else min(taken, default=at)
        return limits_freeze(baseline, since=since, by=actor, why=why)
    current = stored[-1]
    before = LimitsVersion(current.version, baseline_in(current), current.since, current.actor, current.why)
    return limits_rebase(before, baseline, since=at, by=actor, why=why)


def _plain(limits: ControlLimits | None) -> dict[str, Any] | None:
    if limits is None:
        return None
    return {
        "version": limits.version,
        "center": limits.center,
        "sigma": limits.sigma,
        "samples": limits.samples,
        "since": limits.since,
    }
