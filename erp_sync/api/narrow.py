"""What of the ERP a caller of the API may see: connections of the sites of their lines, orders on their lines."""

from typing import Any

from django.db.models import QuerySet
from rest_framework.request import Request

from erp_sync.models import ErpConnection
from mes.api.base import lines_of
from mes.api.errors import Conflict, NotFound
from mes.people.models import ApiKey, Person, Role
from mes.plant.models import Line


def connections_of(request: Request) -> QuerySet[ErpConnection]:
    """Connections at the sites of the caller's lines."""
    return ErpConnection.objects.filter(site__in=lines_of(request).values("area__site")).select_related("site")


def named(request: Request, code: str) -> ErpConnection:
    """The connection of that code at one of the caller's sites, else 404."""
    found = None if "\0" in code else connections_of(request).filter(code=code).first()
    if found is None:
        raise NotFound(f"There is no ERP connection '{code[:40]}' at your sites.", fields={"system": "unknown"})
    return found


def pushing(request: Request, code: str) -> ErpConnection:
    """The live connection of an ERP that pushes. 404 for none of that code, 409 for one that is not live or pulls."""
    found = named(request, code)
    if found.kind != "rest":
        raise Conflict(f"{found.code} is a connection of the kind '{found.kind}': its orders are pulled, not put.")
    if found.state != ErpConnection.State.LIVE:
        raise Conflict(f"{found.code} is not live ({found.get_state_display().lower()}): ask an admin to go live.")
    return found


def on_lines(rows: QuerySet[Any], request: Request, path: str) -> QuerySet[Any]:
    """Rows whose order (at `path`) is on the caller's lines; those without an order only for who sees all lines."""
    if sees_all(request):
        return rows
    return rows.filter(**{f"{path}__line__in": lines_of(request)})


def sees_all(request: Request) -> bool:
    """Whether the caller sees every line: a person or key that is not narrowed to some."""
    if isinstance(request.auth, ApiKey):
        return lines_of(request).count() == Line.objects.count()
    user = request.user
    return isinstance(user, Person) and (user.all_lines or user.is_superuser or user.role == Role.ADMIN)
