"""Stops: read, explained, split, merged, trimmed, undone; and how well they are explained, as figures."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import F, Q, QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from mes.api.base import actor_of
from mes.api.errors import BadRequest, Conflict, NotFound, Unprocessable
from mes.api.filters import instant, narrowed, within
from mes.api.idempotency import once
from mes.api.production import KEY_HEADER
from mes.api.resources import Resource
from mes.downtime.actions import StopChanged, StopRefused, stop_explain
from mes.downtime.cutting import stop_merge, stop_split, stop_trim, stop_undo
from mes.downtime.history import entries_of, last_to_undo
from mes.downtime.inbox import Latency, figures
from mes.downtime.layouts import parts_of
from mes.downtime.models import Reason, Stop
from mes.downtime.queries import stop_by_ref, stop_ref, stops_that_need_a_reason
from mes.plant.models import WorkCenter

DIVIDING = ("split", "merge", "trim", "undo")
WINDOW = timedelta(days=7)
LONGEST = timedelta(days=92)
NEED = OpenApiParameter("need", str, description="`reason`: only stops that need one.")
LEAST = OpenApiParameter("least_min", int, description="Only stops of at least so many minutes.")


class StopShape(serializers.ModelSerializer[Stop]):
    """A stop or a part of one; `ref` names it, `ends_at` null: still. `version` must come back with a reason.

    `whole` is the reported stop a part belongs to; `whole_version` must come back when it is divided.
    """

    ref = serializers.SerializerMethodField()
    work_center = serializers.SlugRelatedField[WorkCenter](slug_field="code", read_only=True)
    reason = serializers.SlugRelatedField[Reason](slug_field="code", read_only=True)
    whole = serializers.SerializerMethodField()
    whole_version = serializers.SerializerMethodField()

    class Meta:
        model = Stop
        fields = (
            *("ref", "work_center", "starts_at", "ends_at", "state", "kind", "plc_code"),
            *("reason", "note", "explained_by", "explained_at", "source", "version"),
            *("trimmed", "whole", "whole_version"),
        )

    def get_ref(self, stop: Stop) -> str:
        """Machine and start, e.g. FILL-1@2026-03-02T06:00:00.000000Z."""
        return stop_ref(stop)

    def get_whole(self, stop: Stop) -> str | None:
        """The reported stop of a part."""
        return stop_ref(stop.whole) if stop.whole else None

    def get_whole_version(self, stop: Stop) -> int:
        """Version of the reported stop."""
        return stop.whole.version if stop.whole else stop.version


class Explanation(serializers.Serializer[Any]):
    """A reason for a stop; `version` is the stop's as it was read."""

    reason = serializers.CharField(max_length=40)
    note = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    version = serializers.IntegerField(min_value=1)


class Cut(serializers.Serializer[Any]):
    """Where a stop is cut; `version` is `whole_version` as it was read."""

    at = serializers.DateTimeField()
    version = serializers.IntegerField(min_value=1)


class Joint(Cut):
    """Where two parts meet; `keep` says whose reason holds."""

    keep = serializers.ChoiceField(choices=("earlier", "later"), default="earlier")


class Trimming(serializers.Serializer[Any]):
    """When a stop or part really began and ended; what is left out stays. The rest is time in which the machine ran."""

    starts_at = serializers.DateTimeField(required=False)
    ends_at = serializers.DateTimeField(required=False)
    version = serializers.IntegerField(min_value=1)


class Undoing(serializers.Serializer[Any]):
    """`entry` is the one that `parts` named as the last to undo."""

    entry = serializers.IntegerField(min_value=1)


class PartsShape(serializers.Serializer[Any]):
    """The parts of a stop in order of time; `undo` is the journal entry that can be undone next."""

    version = serializers.IntegerField()
    parts = StopShape(many=True)
    undo = serializers.IntegerField(allow_null=True)


class LatencyShape(serializers.Serializer[Any]):
    """Minutes until a person gave the reason: half of the stops by `median_min`, nine of ten by `p90_min`."""

    median_min = serializers.FloatField()
    p90_min = serializers.FloatField()


class FiguresShape(serializers.Serializer[Any]):
    """How well stops are explained; null where there is nothing to reckon. Shares are of stop time, 0 to 1."""

    stops = serializers.IntegerField()
    need_reason = serializers.IntegerField()
    explained_share = serializers.FloatField(allow_null=True)
    vague_share = serializers.FloatField(allow_null=True)
    from_begin = LatencyShape(allow_null=True)
    from_end = LatencyShape(allow_null=True)


class Stops(Resource):
    """Stops that touch [from, to), the latest first; `?line=`, `?work_center=`, `?need=reason`, `?least_min=`."""

    serializer_class = StopShape
    queryset = Stop.objects.all()
    lookup_field = "ref"
    ordering = "-starts_at"
    write_action = "explain_stop"

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Dividing a stop is for supervisors, explaining it for everybody on the floor."""
        self.write_action = "edit_stop" if self.action in DIVIDING else "explain_stop"
        super().initial(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Any]:
        """Narrowed to the caller and the query."""
        query = Stop.objects.select_related("work_center", "reason", "whole__work_center")
        query = narrowed(query, self.request, line="work_center__line", work_center="work_center")
        query = within(query, self.request, start="starts_at", end="ends_at")
        now, asked = datetime.now(UTC), self.request.query_params
        least = asked.get("least_min", "")
        if least and not (least.isascii() and least.isdigit() and len(least) < 6):
            raise BadRequest("least_min must be whole minutes, e.g. 5.", fields={"least_min": "no whole number"})
        if least:
            length = timedelta(minutes=int(least))
            query = query.filter(Q(ends_at=None, starts_at__lte=now - length) | Q(ends_at__gte=F("starts_at") + length))
        return stops_that_need_a_reason(query, now) if asked.get("need") == "reason" else query

    def get_object(self) -> Stop:
        """The stop that `ref` names; 404 where there is none on the caller's lines."""
        stop = stop_by_ref(self.kwargs["ref"], self.work_centers)
        if stop is None:
            raise NotFound("There is no such stop, or it is not on your lines.")
        return stop

    @extend_schema(parameters=[NEED, LEAST])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Stops in pages."""
        return super().list(request, *args, **kwargs)

    @extend_schema(responses=FiguresShape)
    @action(detail=False, methods=["get"], pagination_class=None)
    def figures(self, request: Request) -> Response:
        """How well the stops of [from, to) are explained (without `from` of 7 days), and how late reasons come."""
        now = datetime.now(UTC)
        stops = self.get_queryset()
        since = instant(request, "from") or now - WINDOW
        if (instant(request, "to") or now) - since > LONGEST:
            raise BadRequest(
                "At most 92 days are reckoned at once: ask for them in parts.", fields={"from": "too early"}
            )
        stops = stops.filter(Q(ends_at=None) | Q(ends_at__gt=since))
        asking = set(stops_that_need_a_reason(stops, now).values_list("pk", flat=True))
        found = figures(stops, asking, now)
        return Response(
            {
                "stops": found.stops,
                "need_reason": found.asking,
                "explained_share": found.share,
                "vague_share": found.vague_share,
                "from_begin": _latency(found.from_begin),
                "from_end": _latency(found.from_end),
            }
        )

    @extend_schema(request=Explanation, responses=StopShape, parameters=[KEY_HEADER])
    @action(detail=True, methods=["post"])
    def explain(self, request: Request, ref: str) -> Response:
        """Gives the stop its reason. 409 where somebody changed it since; nothing of yours is saved then."""

        def write(stop: Stop, fields: dict[str, Any], now: datetime) -> Response:
            reason = Reason.objects.filter(code=fields["reason"]).first()
            if reason is None:
                said = f"There is no reason '{fields['reason']}': see /api/v1/reasons/."
                raise Unprocessable(said, fields={"reason": said})
            changed = stop_explain(
                stop_id=stop.pk,
                reason=reason,
                note=fields["note"],
                version=fields["version"],
                actor=actor_of(request),
                at=now,
            )
            return Response(StopShape(changed).data)

        return self._written(request, Explanation, write, "reason")

    @extend_schema(responses=PartsShape)
    @action(detail=True, methods=["get"])
    def parts(self, request: Request, ref: str) -> Response:
        """The parts of the stop that `ref` is (a part of); they add up to it."""
        stop = self.get_object()
        return Response(_parts(Stop.every.select_related("work_center").get(pk=stop.whole_id or stop.pk)))

    @extend_schema(request=Cut, responses=PartsShape, parameters=[KEY_HEADER])
    @action(detail=True, methods=["post"])
    def split(self, request: Request, ref: str) -> Response:
        """Cuts the stop at an instant."""
        return self._divided(request, Cut, lambda said: stop_split(cut_at=said.pop("at"), **_as(said)))

    @extend_schema(request=Joint, responses=PartsShape, parameters=[KEY_HEADER])
    @action(detail=True, methods=["post"])
    def merge(self, request: Request, ref: str) -> Response:
        """Makes the two parts that meet at an instant one again."""

        def do(said: dict[str, Any]) -> Stop:
            return stop_merge(cut_at=said.pop("at"), keep_later=said.pop("keep") == "later", **_as(said))

        return self._divided(request, Joint, do)

    @extend_schema(request=Trimming, responses=PartsShape, parameters=[KEY_HEADER])
    @action(detail=True, methods=["post"])
    def trim(self, request: Request, ref: str) -> Response:
        """Makes the stop or part shorter."""

        def do(said: dict[str, Any]) -> Stop:
            stop = said["stop"]
            ends = {"starts_at": said.pop("starts_at", stop.starts_at), "ends_at": said.pop("ends_at", stop.ends_at)}
            return stop_trim(**ends, **_as(said))

        return self._divided(request, Trimming, do)

    @extend_schema(request=Undoing, responses=PartsShape, parameters=[KEY_HEADER])
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, ref: str) -> Response:
        """Takes the last thing that was done to the stop back."""
        return self._divided(request, Undoing, lambda said: stop_undo(**_as(said)))

    def _divided(
        self, request: Request, shape: type[serializers.Serializer[Any]], do: Callable[[dict[str, Any]], Stop]
    ) -> Response:
        def write(stop: Stop, fields: dict[str, Any], now: datetime) -> Response:
            return Response(_parts(do({**fields, "stop": stop, "actor": actor_of(request), "at_now": now})))

        return self._written(request, shape, write, "at")

    def _written(
        self,
        request: Request,
        shape: type[serializers.Serializer[Any]],
        write: Callable[[Stop, dict[str, Any], datetime], Response],
        field: str,
    ) -> Response:
        now = datetime.now(UTC)
        read = shape(data=request.data)
        read.is_valid(raise_exception=True)
        try:
            return once(request, now, lambda: write(self.get_object(), dict(read.validated_data), now))
        except StopChanged as other:
            raise Conflict(str(other), fields={"version": str(other.stop.version)}) from other
        except StopRefused as refused:
            raise Unprocessable(str(refused), fields={field: str(refused)}) from refused


def _as(said: dict[str, Any]) -> dict[str, Any]:
    """What every action takes: the stop's id, who and when, and the fields of the body."""
    stop, at = said.pop("stop"), said.pop("at_now")
    return {**said, "stop_id": stop.pk, "at": at}


def _parts(whole: Stop) -> dict[str, Any]:
    fresh = Stop.every.select_related("work_center", "reason").get(pk=whole.pk)
    rows = parts_of(fresh)
    for row in rows:
        row.whole = fresh if row.pk != fresh.pk else None
    last = last_to_undo(list(entries_of(fresh)))
    return {"version": fresh.version, "parts": StopShape(rows, many=True).data, "undo": last.pk if last else None}


def _latency(found: Latency | None) -> dict[str, float] | None:
    return {"median_min": found.median_min, "p90_min": found.p90_min} if found else None
