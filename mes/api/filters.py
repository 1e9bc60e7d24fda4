"""Reading the query of an address: codes that must exist on the caller's lines, and times with an offset."""

from datetime import UTC, datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_datetime
from rest_framework.request import Request

from mes.api.base import lines_of
from mes.api.errors import BadRequest, NotFound
from mes.plant.models import Line, WorkCenter


def instant(request: Request, name: str) -> datetime | None:
    """The time in a query parameter, in UTC; None where it is missing. A time without offset is refused (400)."""
    text = request.query_params.get(name)
    return None if not text else instant_from(text, name)


def instant_from(text: str, name: str) -> datetime:
    """An ISO 8601 time with offset as UTC. A '+' that the address turned into a space is put back."""
    plain = text.strip()
    if len(plain) > 6 and plain[-6] == " " and plain[-3] == ":":
        plain = plain[:-6] + "+" + plain[-5:]
    try:
        found = parse_datetime(plain)
    except ValueError:
        found = None
    if found is None:
        said = f"'{text[:40]}' is no time: write it as 2026-03-02T06:00:00Z or with an offset like +01:00."
        raise BadRequest(f"{name}: {said}", fields={name: said})
    if found.tzinfo is None:
        said = f"'{text[:40]}' has no offset: add Z for UTC or an offset like +01:00."
        raise BadRequest(f"{name}: {said}", fields={name: said})
    return found.astimezone(UTC)


def line_named(request: Request, code: str) -> Line:
    """The caller's line of that code, else 404."""
    found = lines_of(request).filter(code=code).first()
    if found is None:
        raise NotFound(f"There is no line '{code[:40]}', or it is not one of yours.", fields={"line": "unknown line"})
    return found


def work_center_named(request: Request, code: str) -> WorkCenter:
    """The caller's machine of that code, else 404."""
    places = WorkCenter.objects.filter(line__in=lines_of(request), archived=False).select_related("line__area__site")
    found = places.filter(code=code).first()
    if found is None:
        said = f"There is no work center '{code[:40]}', or it is not on your lines."
        raise NotFound(said, fields={"work_center": "unknown work center"})
    return found


def narrowed(query: QuerySet[Any], request: Request, *, line: str, work_center: str = "") -> QuerySet[Any]:
    """Rows on the caller's lines; `?line=` and `?work_center=` narrow further. Names are lookups of the model."""
    query = query.filter(**{f"{line}__in": lines_of(request)})
    if request.query_params.get("line"):
        query = query.filter(**{line: line_named(request, request.query_params["line"])})
    if work_center and request.query_params.get("work_center"):
        query = query.filter(**{work_center: work_center_named(request, request.query_params["work_center"])})
    return query


def within(query: QuerySet[Any], request: Request, *, start: str, end: str = "") -> QuerySet[Any]:
    """Rows that touch [from, to) of the query; with `end` the model's end (null: open), without it only its start."""
    since, until = instant(request, "from"), instant(request, "to")
    if until is not None:
        query = query.filter(**{f"{start}__lt": until})
    if since is not None and end:
        query = query.filter(Q(**{f"{end}__gt": since}) | Q(**{f"{end}__isnull": True}))
    elif since is not None:
        query = query.filter(**{f"{start}__gte": since})
    return query
