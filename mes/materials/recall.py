"""A recall holds many lots at once, and releases them again: one action, one journal entry."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django.utils.translation import gettext as _

from mes.materials.models import Lot, LotHold
from mes.materials.refusals import MAX_WHY, LotRefused, words
from mes.materials.stock import tell


def recall_source(lot: Lot) -> str:
    """The name under which the recall of a lot holds others; the lot's id makes it unique among items."""
    return f"recall:{lot.pk}:{lot.number}"[:80]


def recall_hold(*, lot: Lot, lots: Iterable[int], why: str, actor: str, at: datetime) -> int:
    """Holds all of these lots of which something is left, for the recall of `lot`; how many were not held by it yet.

    Said twice nothing is held twice. Lots that others hold too stay held when the recall is over.
    """
    why = words(why, MAX_WHY, "why", needed=_("Say why they are recalled: who finds a held lot needs to know."))
    source = recall_source(lot)
    with transaction.atomic():
        rows = Lot.objects.select_for_update(no_key=True).filter(pk__in=list(lots)).order_by("pk")
        left = [one for one in rows if one.on_hand > 0]
        held = set(LotHold.objects.filter(lot__in=left, source=source, released_at=None).values_list("lot", flat=True))
        new = [one for one in left if one.pk not in held]
        LotHold.objects.bulk_create(
            (LotHold(lot=one, source=source, why=why, opened_at=at, opened_by=actor) for one in new), batch_size=2000
        )
        Lot.objects.filter(pk__in=[one.pk for one in new], status=Lot.Status.FREE).update(status=Lot.Status.HELD)
        if new:
            after = {"held": len(new), "lots": sorted(one.number for one in new)[:200]}
            tell(lot, "recall_hold", actor, at, {"before": None, "after": after, "why": why})
        return len(new)


def recall_release(*, lot: Lot, why: str, actor: str, at: datetime) -> int:
    """The recall of `lot` holds nothing any more; lots that nobody else holds are free. How many it released."""
    why = words(why, MAX_WHY, "why", needed=_("Say why the lots may be used again."))
    source = recall_source(lot)
    with transaction.atomic():
        mine = LotHold.objects.filter(source=source, released_at=None)
        ids = list(mine.values_list("lot", flat=True))
        if not ids and not LotHold.objects.filter(source=source).exists():
            raise LotRefused(_("Nothing is held for a recall of lot %(lot)s.") % {"lot": lot.number})
        list(Lot.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk").values_list("pk"))
        mine.update(released_at=at, released_by=actor, release_why=why)
        other = LotHold.objects.filter(lot=OuterRef("pk"), released_at=None)
        freed = Lot.objects.filter(pk__in=ids, status=Lot.Status.HELD).exclude(Exists(other))
        freed.filter(quantity__gt=F("consumed") + F("shipped")).update(status=Lot.Status.FREE)
        if ids:
            tell(lot, "recall_release", actor, at, {"before": {"held": len(ids)}, "after": None, "why": why})
        return len(ids)
