"""Lists come in pages with a cursor: stable while rows are added, and as fast on page 1,000 as on page 1."""

from typing import Any

from django.db.models import QuerySet
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.views import APIView


class CursorPages(CursorPagination):
    """`?cursor=` leads on, `?page_size=` up to 500 rows. A view names its order in `ordering`."""

    page_size = 100
    max_page_size = 500
    page_size_query_param = "page_size"
    ordering = "code"

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: APIView) -> tuple[str, ...]:
        """The view's own order, else by code."""
        return (getattr(view, "ordering", self.ordering),)
