"""A lot gets the number of its pallet (SSCC) from the range of its site; a number is never given twice."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from mes.materials.gs1 import NotGs1, sscc
from mes.materials.models import Lot, SsccRange
from mes.materials.refusals import LotRefused
from mes.materials.stock import locked, tell


def lot_sscc_give(*, lot: Lot, actor: str, at: datetime) -> str:
    """The lot's SSCC, 18 digits; the next of its site's range if it has none yet. Said twice it stays the same.

    LotRefused where nobody entered a range for the site, or the range is used up.
    """
    with transaction.atomic():
        fresh = locked(lot)
        if fresh.sscc:
            return fresh.sscc
        numbers = SsccRange.objects.select_for_update().filter(site=fresh.site_id).first()
        if numbers is None:
            raise LotRefused(
                _("Site %(site)s has no range of pallet numbers: an engineer enters it in the admin pages.")
                % {"site": fresh.site.code}
            )
        try:
            number = sscc(numbers.extension, numbers.company_prefix, numbers.next_serial)
        except NotGs1 as used_up:
            raise LotRefused(
                _("The pallet numbers of site %(site)s are used up: enter another range.") % {"site": fresh.site.code}
            ) from used_up
        numbers.next_serial += 1
        numbers.save(update_fields=["next_serial"])
        Lot.objects.filter(pk=fresh.pk).update(sscc=number)
        tell(fresh, "lot_sscc_give", actor, at, {"before": None, "after": number, "why": "label"})
        return number
