"""GET /lines/<code>/signals/: what should be looked at on a line, and what was over lately."""

from datetime import UTC, datetime, timedelta
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from analytics.models import Signal
from analytics.signal_pages import words
from analytics.signals.record import Right, open_signals, records_of
from mes.api.base import ApiView
from mes.api.errors import NotFound
from mes.api.filters import line_named

LATELY, MOST = timedelta(days=14), 100


class SignalShape(serializers.Serializer[Any]):
    """A signal with its record; `right` of `judged` is null where nobody has judged one of its kind yet."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=Signal.Kind.choices)
    work_center = serializers.CharField(allow_null=True, help_text="Null: of the whole line.")
    began = serializers.DateTimeField()
    noticed_at = serializers.DateTimeField()
    ended = serializers.DateTimeField(allow_null=True)
    message = serializers.CharField()
    saw = serializers.DictField(help_text="The figures when it was noticed.")
    right = serializers.IntegerField(allow_null=True)
    judged = serializers.IntegerField()


class LineSignalsShape(serializers.Serializer[Any]):
    """Signals of a line, the newest first."""

    line = serializers.CharField()
    open = SignalShape(many=True)
    past = SignalShape(many=True, help_text="That ended in the last 14 days, at most 100.")
    now = serializers.DateTimeField()


class SignalsView(ApiView):
    """Signals of one line."""

    @extend_schema(responses=LineSignalsShape)
    def get(self, request: Request, code: str) -> Response:
        """What is open on the line now, and what ended in the last 14 days."""
        if "\0" in code:
            raise NotFound("No code has such a character.")
        line, now = line_named(request, code), datetime.now(UTC)
        records = records_of([line])
        past = Signal.objects.filter(line=line, ended__gte=now - LATELY).select_related("line", "work_center")[:MOST]
        told = {
            "line": line.code,
            "open": [_told(row, records.get((line.pk, row.kind))) for row in open_signals([line])],
            "past": [_told(row, records.get((line.pk, row.kind))) for row in past],
        }
        return Response(told | {"now": now})


def _told(row: Signal, right: Right | None) -> dict[str, Any]:
    kept = ("id", "kind", "began", "noticed_at", "ended", "saw")
    return {name: getattr(row, name) for name in kept} | {
        "work_center": row.work_center.code if row.work_center else None,
        "message": words.saw_text(row),
        "right": right.right if right else None,
        "judged": right.judged if right else 0,
    }
