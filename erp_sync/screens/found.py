"""What of the ERP a person may see: connections of the sites of their lines, orders on their lines; the rest is 404."""

from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404

from erp_sync.models import Difference, ErpConnection, ErpLink, OutboxMessage
from mes.people.access import lines_for
from mes.people.models import Person, Role
from mes.plant.models import Line
from mes.screens.gate import storable


def sees_all(user: object) -> bool:
    """Whether somebody sees every line, and so also orders that have none yet."""
    if not isinstance(user, Person) or not user.is_active:
        return False
    return user.all_lines or user.is_superuser or user.role == Role.ADMIN


def connections_for(user: object) -> QuerySet[ErpConnection]:
    """Connections of the sites of somebody's lines."""
    if sees_all(user):
        return ErpConnection.objects.select_related("site")
    sites = lines_for(user).values("area__site")
    return ErpConnection.objects.filter(site__in=sites).select_related("site")


def links_for(user: object) -> QuerySet[ErpLink]:
    """Orders of the ERP on somebody's lines; those that wait for a mapping have no line: for people with all lines."""
    rows = ErpLink.objects.select_related("connection__site", "order__line__area__site", "order__item")
    return rows if sees_all(user) else rows.filter(order__line__in=lines_for(user))


def messages_for(user: object) -> QuerySet[OutboxMessage]:
    """Messages about those orders."""
    rows = OutboxMessage.objects.select_related("link__connection__site", "link__order__line__area__site")
    return rows if sees_all(user) else rows.filter(link__order__line__in=lines_for(user))


def differences_for(user: object) -> QuerySet[Difference]:
    """Differences of those orders."""
    rows = Difference.objects.select_related("link__connection__site", "link__order__line__area__site")
    return rows if sees_all(user) else rows.filter(link__order__line__in=lines_for(user))


def connection_or_404(user: object, code: str) -> ErpConnection:
    """The connection of that code if it is at one of the person's sites."""
    try:
        return connections_for(user).get(code=storable(code))
    except ErpConnection.DoesNotExist as error:
        raise Http404(code) from error


def link_or_404(user: object, code: str, key: str) -> ErpLink:
    """An order of that connection, on one of the person's lines."""
    connection = connection_or_404(user, code)
    link = links_for(user).filter(connection=connection, key=storable(key)).first()
    if link is None:
        raise Http404(key)
    return link


def message_or_404(user: object, event_id: UUID) -> OutboxMessage:
    """A message about an order on one of the person's lines."""
    try:
        return messages_for(user).get(event_id=event_id)
    except OutboxMessage.DoesNotExist as error:
        raise Http404(str(event_id)) from error


def difference_or_404(user: object, number: int) -> Difference:
    """A difference of an order on one of the person's lines."""
    try:
        return differences_for(user).get(pk=number)
    except (Difference.DoesNotExist, OverflowError) as error:
        raise Http404(str(number)) from error


def chosen_line(user: object, code: str) -> Line | None:
    """The line a filter names; None for no filter; 404 for one that is not theirs."""
    if not code:
        return None
    found = lines_for(user).select_related("area__site").filter(code=storable(code)).first()
    if found is None:
        raise Http404(code)
    return found
