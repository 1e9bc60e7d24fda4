"""Finding the order an address speaks of."""

from django.http import Http404, HttpRequest

from mes.people.access import lines_for
from mes.production.models import WorkOrder
from mes.screens.gate import storable


def order_or_404(request: HttpRequest, number: str) -> WorkOrder:
    """The order of that number if its line is one of the person's."""
    try:
        orders = WorkOrder.objects.select_related("item", "line__area__site", "dispatched_to")
        return orders.get(number=storable(number), line__in=lines_for(request.user))
    except WorkOrder.DoesNotExist as error:
        raise Http404(number) from error
