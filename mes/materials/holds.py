"""A lot is held and must not be used until everyone who holds it has released it."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from mes.materials.models import Lot, LotHold
from mes.materials.refusals import MAX_WHY, LotRefused, words
from mes.materials.stock import locked, tell

PERSON = "person"


def lot_hold(*, lot: Lot, why: str, actor: str, at: datetime, source: str = PERSON, blocks: bool = False) -> LotHold:
    """Nobody can take from the lot until this `source` (person, or e.g. ncr:NCR-17) releases it.

    `blocks`: decided already, e.g. to be scrapped; the word on the pages is then "blocked". Said twice by one source
    it is one hold. A lot of which nothing is left can be held too: a recall wants to say so of what comes back.
    """
    why = words(why, MAX_WHY, "why", needed=_("Say why the lot is held: who finds it there needs to know."))
    with transaction.atomic():
        fresh = locked(lot)
        hold, new = LotHold.objects.get_or_create(
            lot=fresh,
            source=words(source, 80, "source") or PERSON,
            released_at=None,
            defaults={"why": why, "blocks": blocks, "opened_at": at, "opened_by": actor},
        )
        if new or (blocks and not hold.blocks):
            LotHold.objects.filter(pk=hold.pk).update(blocks=blocks)
            hold.blocks = blocks
            before, after = fresh.status, _settled(fresh)
            data = {"before": before, "after": after, "source": hold.source, "why": why}
            tell(fresh, "lot_hold", actor, at, data)
        return hold


def lot_release(*, lot: Lot, why: str, actor: str, at: datetime, source: str = PERSON) -> bool:
    """This source holds the lot no longer; it is free when nobody else does. True if this call released it."""
    why = words(why, MAX_WHY, "why", needed=_("Say why the lot may be used again."))
    with transaction.atomic():
        fresh = locked(lot)
        open_one = LotHold.objects.filter(lot=fresh, source=source, released_at=None)
        if not open_one.update(released_at=at, released_by=actor, release_why=why):
            if not LotHold.objects.filter(lot=fresh, source=source).exists():
                raise LotRefused(_("Lot %(lot)s is not held: there is nothing to release.") % {"lot": fresh.number})
            return False
        before, after = fresh.status, _settled(fresh)
        data = {"before": before, "after": after, "source": source, "why": why}
        tell(fresh, "lot_release", actor, at, data)
        return True


def _settled(lot: Lot) -> str:
    """The lot's status by its open holds, stored; the row is locked."""
    blocks = list(lot.holds.filter(released_at=None).values_list("blocks", flat=True))
    status = Lot.Status.FREE if lot.on_hand > 0 else Lot.Status.CONSUMED
    if blocks:
        status = Lot.Status.BLOCKED if any(blocks) else Lot.Status.HELD
    Lot.objects.filter(pk=lot.pk).update(status=status)
    lot.status = status
    return str(status)
