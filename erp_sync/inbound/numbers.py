"""The number an ERP's order has here: the ERP's own where it can be, never two orders under one."""

import re

from erp_sync.messages import OperationsRequest
from erp_sync.models import ErpLink
from mes.production.models import WorkOrder

MAX = 60
_STRANGE = re.compile(r"[^A-Za-z0-9_.-]+")


def readable(text: str) -> str:
    """The text with nothing but letters, digits, '-', '_' and '.': WH/MO/00001 is WH-MO-00001. May be empty."""
    return _STRANGE.sub("-", text).strip("-._")[:MAX]


def plain_number(request: OperationsRequest) -> str:
    """The order's number as the ERP says it, else its key; empty where neither can be a number here."""
    return readable(request.ref.number) or readable(request.ref.key)


def order_number(link: ErpLink, request: OperationsRequest) -> str:
    """The ERP's number, else its key; with the connection's code before it where another order has that number."""
    plain = plain_number(request)
    prefixed = f"{link.connection.code}-{plain or link.pk}"[:MAX]
    taken = set(WorkOrder.objects.filter(number__in=(plain, prefixed)).values_list("number", flat=True))
    if plain and plain not in taken:
        return plain
    return prefixed if prefixed not in taken else f"{link.connection.code}-{link.pk}"[:MAX]
