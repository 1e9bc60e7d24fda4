"""Handovers: who signed which shift, the figures as they were signed, and what was said."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from mes.api.filters import narrowed, within
from mes.api.resources import ListResource
from mes.handover.models import ActionItem, Handover, HandoverNote


class NoteShape(serializers.ModelSerializer[HandoverNote]):
    """Something the next shift should know."""

    class Meta:
        model = HandoverNote
        fields = ("text", "said_by", "said_at", "withdrawn_at")


class ActionItemShape(serializers.ModelSerializer[ActionItem]):
    """Something to be done that was raised in this handover."""

    class Meta:
        model = ActionItem
        fields = ("text", "owner", "due", "raised_by", "raised_at", "done_by", "done_at")


class HandoverShape(serializers.ModelSerializer[Handover]):
    """A handover. `document` is null until somebody signs; `sha256` is its fingerprint, which the journal keeps too."""

    line = serializers.CharField(source="shift.line.code")
    shift = serializers.CharField(source="shift.name")
    production_date = serializers.DateField(source="shift.production_date")
    starts_at = serializers.DateTimeField(source="shift.starts_at")
    ends_at = serializers.DateTimeField(source="shift.ends_at")
    notes = NoteShape(many=True)
    items = ActionItemShape(many=True)

    class Meta:
        model = Handover
        fields = (
            *("line", "shift", "production_date", "starts_at", "ends_at", "opened_at", "out_by", "out_at"),
            *("in_by", "in_at", "document", "sha256", "notes", "items"),
        )


class Handovers(ListResource):
    """Handovers of shifts that touch [from, to); `?line=`."""

    serializer_class = HandoverShape
    queryset = Handover.objects.all()
    ordering = "-shift__starts_at"

    def get_queryset(self) -> QuerySet[Any]:
        """Narrowed to the caller and the query."""
        rows = Handover.objects.select_related("shift__line").prefetch_related("notes", "items")
        query = narrowed(rows, self.request, line="shift__line")
        return within(query, self.request, start="shift__starts_at", end="shift__ends_at")
