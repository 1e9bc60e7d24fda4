"""Calls for help: read, raised, answered; and how long help took, as figures."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from mes.andon.calls import CallRefused, call_acknowledge, call_cancel, call_raise, call_resolve
from mes.andon.models import Call, CallCategory
from mes.andon.queries import buttons
from mes.andon.response import responses
from mes.api.base import ProblemSchema, actor_of
from mes.api.errors import BadRequest, Conflict, NotFound, Unprocessable
from mes.api.filters import instant, narrowed, within, work_center_named
from mes.api.idempotency import once
from mes.api.order_steps import KEY_HEADER
from mes.api.resources import ListResource
from mes.plant.models import WorkCenter

WINDOW, LONGEST = timedelta(days=7), timedelta(days=92)


class CallShape(serializers.ModelSerializer[Call]):
    """A call; `number` names it. `level` is the highest level of escalation it reached."""

    number = serializers.IntegerField(source="pk")
    work_center = serializers.SlugRelatedField[WorkCenter](slug_field="code", read_only=True)
    line = serializers.CharField(source="work_center.line.code")
    category = serializers.SlugRelatedField[CallCategory](slug_field="code", read_only=True)

    class Meta:
        model = Call
        fields = (
            *("number", "work_center", "line", "category", "state", "note", "raised_by", "raised_at", "shift_name"),
            *("taken_by", "taken_at", "closed_by", "closed_at", "outcome", "level"),
        )


class NewCall(serializers.Serializer[Any]):
    """Who is needed where."""

    work_center = serializers.CharField(max_length=40)
    category = serializers.CharField(max_length=40)
    note = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class Outcome(serializers.Serializer[Any]):
    """What was done, or why nobody is needed."""

    what = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class SpreadShape(serializers.Serializer[Any]):
    """Milliseconds: half of the calls took no longer than `median_ms`, nine of ten no longer than `p90_ms`."""

    count = serializers.IntegerField()
    median_ms = serializers.IntegerField(allow_null=True)
    p90_ms = serializers.IntegerField(allow_null=True)


class ResponseShape(serializers.Serializer[Any]):
    """Response times of one category, line and shift. Cancelled calls are counted and not in the times."""

    category = serializers.CharField()
    line = serializers.CharField()
    shift = serializers.CharField()
    raised = serializers.IntegerField()
    open = serializers.IntegerField()
    cancelled = serializers.IntegerField()
    to_take = SpreadShape()
    to_resolve = SpreadShape()


def _step(name: str, body: type[serializers.Serializer[Any]] | None) -> Callable[[Any], Any]:
    """A POST below a call, as the OpenAPI document shows it."""

    def decorate(method: Any) -> Any:
        own: dict[str, Any] = {"url_path": name, "write_action": "answer_call", "schema": ProblemSchema()}
        acting = action(detail=True, methods=["post"], **own)(method)
        return extend_schema(request=body, responses={200: CallShape}, parameters=[KEY_HEADER])(acting)

    return decorate


class Calls(ListResource):
    """Calls open at any time in [from, to); `?line=`, `?work_center=`, `?open=true`. Every step said twice is one."""

    serializer_class = CallShape
    queryset = Call.objects.all()
    ordering = "-raised_at"
    write_scope = "observations"
    write_action = "raise_call"
    lookup_field = "pk"
    lookup_value_regex = "[0-9]{1,15}"

    def get_queryset(self) -> QuerySet[Any]:
        """Narrowed to the caller and the query."""
        rows = Call.objects.select_related("work_center__line", "category")
        query = narrowed(rows, self.request, line="work_center__line", work_center="work_center")
        if self.request.query_params.get("open") == "true":
            query = query.filter(closed_at=None)
        return within(query, self.request, start="raised_at", end="closed_at")

    @extend_schema(request=NewCall, responses={201: CallShape, 200: CallShape}, parameters=[KEY_HEADER])
    def create(self, request: Request) -> Response:
        """Calls somebody: 201, or 200 with the open call of this category at this machine."""
        shape = NewCall(data=request.data)
        shape.is_valid(raise_exception=True)
        now = datetime.now(UTC)
        return once(request, now, lambda: self._create(request, shape.validated_data, now))

    def _create(self, request: Request, fields: dict[str, Any], now: datetime) -> Response:
        place = work_center_named(request, fields["work_center"])
        category = next((one for one in buttons() if one.code == fields["category"]), None)
        if category is None:
            raise Unprocessable(f"There is no call category '{fields['category']}' that people call for.")
        actor, key, note = actor_of(request), _key(request), fields["note"]
        try:
            call, new = call_raise(work_center=place, category=category, actor=actor, at=now, key=key, note=note)
        except CallRefused as refused:
            raise Conflict(str(refused)) from refused
        return Response(CallShape(call).data, status=201 if new else 200)

    @_step("acknowledge", None)
    def acknowledge(self, request: Request, pk: str) -> Response:
        """The caller comes. 409 when somebody else does."""
        return self._answer(request, pk, call_acknowledge)

    @_step("resolve", Outcome)
    def resolve(self, request: Request, pk: str) -> Response:
        """Help was given; `what` is needed."""
        return self._answer(request, pk, call_resolve, "what")

    @_step("cancel", Outcome)
    def cancel(self, request: Request, pk: str) -> Response:
        """Nobody is needed."""
        return self._answer(request, pk, call_cancel, "why")

    @extend_schema(responses=ResponseShape(many=True), filters=False)
    @action(detail=False, pagination_class=None)
    def figures(self, request: Request) -> Response:
        """Response times of the calls raised in [from, to), at most 92 days; without a time the last seven."""
        until = instant(request, "to") or datetime.now(UTC)
        since = instant(request, "from") or until - WINDOW
        if not timedelta(0) < until - since <= LONGEST:
            raise BadRequest("from and to: ask for more than nothing and at most 92 days.")
        rows = Call.objects.select_related("work_center__line", "category")
        query = narrowed(rows, request, line="work_center__line", work_center="work_center")
        found = responses(query.filter(raised_at__gte=since, raised_at__lt=until))
        return Response(ResponseShape(found, many=True).data)

    def _answer(self, request: Request, pk: str, act: Callable[..., bool], text: str = "") -> Response:
        shape = Outcome(data=request.data)
        shape.is_valid(raise_exception=True)
        rows = Call.objects.select_related("work_center__line", "category")
        call = narrowed(rows, request, line="work_center__line").filter(pk=int(pk)).first()
        if call is None:
            raise NotFound(f"There is no call {pk}, or it is not on your lines.")
        said = {text: shape.validated_data["what"]} if text else {}
        now = datetime.now(UTC)

        def write() -> Response:
            try:
                act(call=call, actor=actor_of(request), at=now, **said)
            except CallRefused as refused:
                raise Conflict(str(refused)) from refused
            return Response(CallShape(call).data)

        return once(request, now, write)


def _key(request: Request) -> UUID:
    """From the caller's Idempotency-Key, so that a repeat after its answer was forgotten is still one call."""
    sent = request.headers.get("Idempotency-Key", "")
    return uuid5(NAMESPACE_URL, f"calls:{request.user.pk}:{sent}") if sent else uuid4()
