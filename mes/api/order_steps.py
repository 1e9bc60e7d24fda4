"""The steps of an order's life as POSTs: release, start, pause, resume, complete, close, cancel."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from mes.api.base import ApiView, ProblemSchema, actor_of
from mes.api.errors import Conflict, NotFound
from mes.api.idempotency import once
from mes.people.access import may
from mes.plant.models import WorkCenter
from mes.production.models import WorkOrder
from mes.production.order_steps import order_close, order_release
from mes.production.orders import order_cancel, order_pause, order_resume, order_start
from mes.production.refusals import OrderRefused
from mes.quality.queries import open_reports
from mes.tracking.order_finish import order_finish

KEY_HEADER = OpenApiParameter(
    "Idempotency-Key",
    location=OpenApiParameter.HEADER,
    description="Any text up to 200 characters; the same request with the same key is done once.",
)


class Strict(serializers.Serializer[Any]):
    """Refuses fields nobody knows: a misspelled reason must not vanish."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """As it came, if every field is known."""
        for name in sorted(set(self.initial_data) - set(self.fields)):
            raise serializers.ValidationError({name: "This field is not known: see /api/v1/docs/."})
        return attrs


class Versioned(Strict):
    """`version`: of the order as you saw it; refused (409) where it changed since. Without it: whatever it is now."""

    version = serializers.IntegerField(required=False, min_value=1)


class StartBody(Versioned):
    """Where the order starts."""

    work_center = serializers.CharField(max_length=40, help_text="A machine of the order's line.")
    despite = serializers.CharField(
        required=False, default="", max_length=200, help_text="Why it starts although something is missing."
    )


class PauseBody(Versioned):
    """Why the order waits; `other` needs a note."""

    reason = serializers.ChoiceField(choices=WorkOrder.Pause.choices)
    note = serializers.CharField(required=False, default="", allow_blank=True, max_length=200)


class ResumeBody(Strict):
    """Where it goes on; without a machine, where it ran last."""

    work_center = serializers.CharField(required=False, max_length=40)
    despite = serializers.CharField(required=False, default="", max_length=200)


class CompleteBody(Versioned):
    """`short` says why less was made than the tolerance allows; `other` needs a note.

    `reports_seen` names the open quality reports of the order, as the answer 409 lists them: nobody can take a
    completed order back, so it is completed over them only knowingly.
    """

    short = serializers.ChoiceField(choices=WorkOrder.Short.choices, required=False, default="")
    note = serializers.CharField(required=False, default="", allow_blank=True, max_length=200)
    reports_seen = serializers.ListField(
        child=serializers.CharField(max_length=40), required=False, default=list, max_length=1000
    )


class CancelBody(Versioned):
    """Why it will not be made."""

    why = serializers.CharField(required=False, default="", allow_blank=True, max_length=200)


def _finish(*, order: WorkOrder, reports_seen: list[str], **given: Any) -> None:
    """Completes the order. OrderRefused, as on the pages, while reports about it are open that nobody has named.

    One that is completed already answers as before, whatever was reported about it since.
    """
    unseen = [str(one) for one in open_reports(order) if str(one) not in reports_seen]
    if unseen and order.status in (WorkOrder.Status.RUNNING, WorkOrder.Status.PAUSED):
        said = ", ".join(unseen)
        raise OrderRefused(f"{said} about {order.number} is not decided: name it in reports_seen.", "reports_seen")
    order_finish(order=order, **given)


_ANSWER = inline_serializer(
    "OrderAnswer",
    {"number": serializers.CharField(), "status": serializers.CharField(), "version": serializers.IntegerField()},
)


def _step(name: str, body: type[Strict], right: str) -> Callable[[Any], Any]:
    """A POST below an order, as the OpenAPI document shows it."""

    def decorate(method: Any) -> Any:
        own: dict[str, Any] = {"url_path": name, "url_name": name, "write_action": right, "schema": ProblemSchema()}
        acting = action(detail=True, methods=["post"], **own)(method)
        # Outside of `action`, which would forget what the document is told.
        return extend_schema(request=body, responses={200: _ANSWER}, parameters=[KEY_HEADER])(acting)

    return decorate


class OrderSteps(ApiView):
    """The steps of an order; every one said twice happens once. 409 where the order's state does not allow it."""

    @_step("release", Versioned, "edit_orders")
    def release(self, request: Request, number: str) -> Response:
        """A received order may be worked on."""
        return self._do(request, Versioned, order_release)

    @_step("start", StartBody, "start_order")
    def start(self, request: Request, number: str) -> Response:
        """The order runs on the machine, or on all of its line where orders run on the line."""
        return self._do(request, StartBody, order_start)

    @_step("pause", PauseBody, "start_order")
    def pause(self, request: Request, number: str) -> Response:
        """Its runs end and it waits."""
        return self._do(request, PauseBody, order_pause)

    @_step("resume", ResumeBody, "start_order")
    def resume(self, request: Request, number: str) -> Response:
        """A paused order runs again."""
        return self._do(request, ResumeBody, order_resume)

    @_step("complete", CompleteBody, "complete_order")
    def complete(self, request: Request, number: str) -> Response:
        """It is finished, judged by the good pieces counted so far."""
        return self._do(request, CompleteBody, _finish)

    @_step("close", Versioned, "edit_orders")
    def close(self, request: Request, number: str) -> Response:
        """A completed order is settled for good."""
        return self._do(request, Versioned, order_close)

    @_step("cancel", CancelBody, "edit_orders")
    def cancel(self, request: Request, number: str) -> Response:
        """It will not be made any more."""
        return self._do(request, CancelBody, order_cancel)

    def _do(self, request: Request, body: type[Strict], act: Callable[..., Any]) -> Response:
        order = self.get_object()  # type: ignore[attr-defined]
        shape = body(data=request.data)
        shape.is_valid(raise_exception=True)
        now = datetime.now(UTC)
        return once(request, now, lambda: self._done(request, order, dict(shape.validated_data), act, now))

    def _done(
        self, request: Request, order: WorkOrder, given: dict[str, Any], act: Callable[..., Any], now: datetime
    ) -> Response:
        if "work_center" in given:
            given["work_center"] = self._machine(given["work_center"])
        seen_version = given.pop("version", None)
        try:
            if seen_version is not None:
                given["seen_version"] = seen_version
            if given.get("despite") and not may(request.user, "start_blocked_order"):
                self.permission_denied(request, "Your role does not start orders that are blocked: ask a supervisor.")
            act(order=order, actor=actor_of(request), at=now, **given)
        except OrderRefused as refused:
            fields = {refused.field: str(refused)} if refused.field else {}
            raise Conflict(str(refused), fields=fields) from refused
        order.refresh_from_db()
        return Response({"number": order.number, "status": order.status, "version": order.version})

    def _machine(self, code: str) -> WorkCenter:
        found = self.work_centers.select_related("line").filter(code=code).first()
        if found is None:
            raise NotFound(f"There is no work center '{code}', or it is not on your lines.")
        return found
