"""GET /kpi/: OEE and the elements behind it, for a machine, a line, an area or a site."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from mes.api.base import ApiView
from mes.api.errors import BadRequest, NotFound
from mes.api.filters import instant, line_named, work_center_named
from mes.api.kpi_answer import answer_for, answer_of, answer_with_witness
from mes.oee.figures import BY_CONTENT, BY_TIME, Place, figures, figures_by
from mes.oee.parts_of_time import windows_of
from mes.oee.places import POLICIES
from mes.plant.models import WorkCenter

KINDS = ("work_center", "line", "area", "site")
LONGEST = timedelta(days=366)
MOST_GROUPS = 750
ORDER = ("line__position", "line__code", "position", "code")


class KpiNote(serializers.Serializer[Any]):
    """Why a KPI is null or needs care."""

    code = serializers.CharField()
    kpi = serializers.CharField(help_text="The KPI it concerns; empty: all.")
    text = serializers.CharField()


class KpiShape(serializers.Serializer[Any]):
    """The answer. Times in seconds, KPIs as shares; null where a note says why."""

    elements = serializers.DictField(child=serializers.FloatField(), allow_null=True)
    counts = serializers.DictField(child=serializers.IntegerField(), allow_null=True)
    kpi = serializers.DictField(child=serializers.FloatField(allow_null=True))
    coverage = serializers.FloatField(allow_null=True)
    policy = serializers.DictField()
    notes = KpiNote(many=True)
    witness = serializers.DictField(
        required=False, help_text="Whether the count is witnessed, unwitnessed or contradicted, and why; not as_of."
    )
    groups = serializers.ListField(child=serializers.DictField(), required=False)


def _parameter(name: str, text: str, **more: Any) -> OpenApiParameter:
    return OpenApiParameter(name, description=text, **more)


class KpiView(ApiView):
    """KPIs of a stretch of time."""

    @extend_schema(
        responses=KpiShape,
        parameters=[
            *[_parameter(kind, f"Code of one {kind.replace('_', ' ')}; exactly one of the four.") for kind in KINDS],
            _parameter("from", "Begin, ISO 8601 with offset; minutes that begin in [from, to) belong to it."),
            _parameter("to", "End, ISO 8601 with offset; later than now means until now."),
            _parameter("group", "Also the parts of it.", enum=[*BY_TIME, *BY_CONTENT]),
            _parameter("as_of", "As it was reported at that instant: shifts closed by then, whole hours and shifts."),
            _parameter("policy", "Another reading of the same time.", enum=sorted(POLICIES)),
        ],
    )
    def get(self, request: Request) -> Response:
        """Elements, counts, KPIs (ISO 22400 names), coverage, policy and notes; `groups` where asked for."""
        now = datetime.now(UTC)
        window = self._window(request)
        place = self._place(request)
        policy = self._one_of(request, "policy", sorted(POLICIES))
        group = self._one_of(request, "group", [*BY_TIME, *BY_CONTENT])
        if group in BY_CONTENT and place.kind not in ("work_center", "line"):
            raise BadRequest(
                f"Grouping by {group} is possible for a work_center or a line: an order belongs to one line.",
                fields={"group": "needs work_center or line"},
            )
        if group in BY_TIME and (many := len(windows_of(place, group, *window))) > MOST_GROUPS:
            raise BadRequest(f"{many} groups are too many: ask for at most {MOST_GROUPS} at once.")
        read = POLICIES[policy] if policy else None
        as_of = self._as_of(request, now)
        [whole] = figures(place, [window], now=now, policy=read, as_of=as_of)
        answer = answer_with_witness(place, whole) if as_of is None else answer_for(place, whole)
        if group:
            parts = figures_by(place, group, window, now=now, policy=read, as_of=as_of)
            said = answer_for if group in BY_TIME else lambda _, part: answer_of(part)
            answer["groups"] = [part.key | said(place, part) for part in parts]
        return Response({place.kind: place.code, "as_of": as_of, "now": now} | answer)

    def _window(self, request: Request) -> tuple[datetime, datetime]:
        start, end = instant(request, "from"), instant(request, "to")
        if start is None or end is None:
            missing = "from" if start is None else "to"
            raise BadRequest(f"'{missing}' is missing: give both ends of the time.", fields={missing: "missing"})
        if not start < end:
            raise BadRequest("'from' must lie before 'to'.", fields={"from": "must lie before 'to'"})
        if end - start > LONGEST:
            raise BadRequest("More than 366 days cannot be asked for at once.", fields={"from": "too long ago"})
        return start, end

    def _as_of(self, request: Request, now: datetime) -> datetime | None:
        as_of = instant(request, "as_of")
        if as_of is not None and as_of > now:
            raise BadRequest("'as_of' lies in the future: nobody knows that yet.", fields={"as_of": "in the future"})
        return as_of

    def _place(self, request: Request) -> Place:
        named = [(kind, request.query_params[kind]) for kind in KINDS if request.query_params.get(kind)]
        if len(named) != 1:
            raise BadRequest("Name exactly one of work_center, line, area and site.")
        kind, code = named[0]
        machines: QuerySet[WorkCenter] = self.work_centers.select_related("line__area__site").order_by(*ORDER)
        if kind == "work_center":
            return Place(kind, code, [work_center_named(request, code)])
        if kind == "line":
            found = list(machines.filter(line=line_named(request, code)))
        else:
            lookup = {"area": "line__area__code", "site": "line__area__site__code"}[kind]
            found = list(machines.filter(**{lookup: code}))
        if not found:
            raise NotFound(f"There is no {kind} '{code[:40]}' with machines on your lines.", fields={kind: "unknown"})
        return Place(kind, code, found)

    def _one_of(self, request: Request, name: str, known: list[str]) -> str | None:
        value = request.query_params.get(name)
        if not value:
            return None
        if value not in known:
            raise BadRequest(f"'{value[:40]}' is no {name}: use {', '.join(known)}.", fields={name: "unknown"})
        return value
