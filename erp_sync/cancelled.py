"""Orders that were cancelled here while the ERP still wants them: no message tells that, so a planner must.

Confirmations are totals of what was made, and no ERP of ours lets its interface cancel an order. So it is shown until
the ERP's order is over too, or until somebody says why it stays.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import translation

from erp_sync.messages import RequestState
from erp_sync.models import Difference, ErpLink
from erp_sync.outbound.compare import DISCARDED
from erp_sync.outbound.write import link_locked
from erp_sync.reconcile import STATE
from mes.journal.write import record
from mes.production.lifecycle import CANCELLED
from mes.production.order_rows import words_of

OPEN_THERE = [str(state) for state in (RequestState.PLANNED, RequestState.RELEASED, RequestState.RUNNING)]
GONE = (ErpLink.Badge.CANCELLED, ErpLink.Badge.MISSING)


def cancelled_here(links: QuerySet[ErpLink]) -> QuerySet[ErpLink]:
    """Of these the ones that are cancelled here and open in the ERP, but for those that somebody has settled."""
    settled = Difference.objects.filter(
        link=OuterRef("pk"), field=STATE, resolution=DISCARDED, erp_value=OuterRef("erp_state")
    )
    found = links.filter(order__status=CANCELLED, request__state__in=OPEN_THERE)
    return found.exclude(badge__in=GONE).exclude(Exists(settled))


def cancelled_settle(link: ErpLink, *, why: str, actor: str, at: datetime) -> bool:
    """It stays open in the ERP, for a reason that is kept; asked again when the ERP's state changes. True if done now.

    OrderRefused without a reason.
    """
    words = words_of(why, "why")
    with transaction.atomic():
        fresh = link_locked(link.pk)
        if not cancelled_here(ErpLink.objects.filter(pk=link.pk)).exists() or fresh.order is None:
            return False
        with translation.override("en"):  # as the comparison, which has no reader, words it
            ours = fresh.order.get_status_display()
        settled = {"resolved_at": at, "resolved_by": actor[:150], "resolution": DISCARDED, "why": words, "seen_at": at}
        said = {"erp_value": fresh.erp_state, "mes_value": ours, "kind": Difference.Class.STATE}
        Difference.objects.update_or_create(
            link=fresh,
            field=STATE,
            resolved_at=None,
            defaults=settled | said,
            create_defaults=settled | said | {"opened_at": at},
        )
        data = {"before": {"erp": fresh.erp_state, "mes": ours}, "after": {"settled": True}, "why": words}
        code = f"{fresh.connection.code} {fresh}"
        record(actor=actor, at=at, action="erp_cancelled_settle", kind="erp-link", code=code, data=data)
        return True
