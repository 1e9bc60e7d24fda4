"""Base of the resources that are read: lists in pages and single rows by their code."""

from typing import Any

from rest_framework import mixins
from rest_framework.viewsets import GenericViewSet, ReadOnlyModelViewSet

from mes.api.base import ApiView
from mes.api.errors import NotFound


class ListResource(ApiView, mixins.ListModelMixin, GenericViewSet[Any]):
    """Rows without a code of their own: only the list."""


class Resource(ApiView, ReadOnlyModelViewSet[Any]):
    """Rows that people know by a code."""

    lookup_field = "code"
    lookup_value_regex = "[^/]+"

    def get_object(self) -> Any:
        """The row of that code; 404 with a sentence that names it."""
        code = self.kwargs[self.lookup_url_kwarg or self.lookup_field]
        found = self.get_queryset().filter(**{self.lookup_field: code}).first()
        if found is None:
            raise NotFound(f"There is no {self.basename.rstrip('s')} '{code[:60]}', or it is not on your lines.")
        return found
