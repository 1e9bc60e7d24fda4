"""GET /lines/<code>/readiness/: how ready a line's data is for forecasts, and what blocks it."""

from datetime import UTC, datetime
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from analytics.phase_pages.words import fell_text
from analytics.phases.rules import unlocked
from analytics.phases.signoffs import places_of
from analytics.phases.state import states_of
from analytics.readiness.report import latest_reports
from analytics.readiness_pages import words
from analytics.readiness_pages.tallied import labels_of
from mes.api.base import ApiView
from mes.api.errors import NotFound
from mes.api.filters import line_named
from mes.plant.models import Line


class BlockerShape(serializers.Serializer[Any]):
    """One of the two biggest blockers."""

    key = serializers.CharField(help_text="What is wrong, for programs.")
    phase = serializers.IntegerField(help_text="The phase it holds shut; 0: it only lowers the score.")
    message = serializers.CharField()
    value = serializers.FloatField(allow_null=True)
    needs = serializers.FloatField()
    owner = serializers.CharField(help_text="The department that can mend it.")
    gain = serializers.FloatField(
        allow_null=True, help_text="Share of forecast error it would take away; null: unknown."
    )
    ready_on = serializers.DateField(allow_null=True, help_text="At best on this day; null: not a matter of time.")
    link = serializers.CharField(allow_blank=True, help_text="Path of the page that mends it.")


class StandingShape(serializers.Serializer[Any]):
    """Where the line stands; `fell_from` is null unless it lost a phase that it has not regained."""

    phase = serializers.IntegerField()
    name = serializers.CharField()
    since = serializers.DateTimeField()
    fell_from = serializers.IntegerField(allow_null=True)
    why = serializers.CharField(allow_blank=True, help_text="Why it fell back, in one sentence.")
    signed_off_by = serializers.ListField(child=serializers.CharField(), help_text="Departments.")
    not_signed_off_by = serializers.ListField(child=serializers.CharField(), help_text="Departments.")


class ReadinessShape(serializers.Serializer[Any]):
    """The latest report. A line that was never measured has `computed_at` null and says so in `notes`."""

    line = serializers.CharField()
    computed_at = serializers.DateTimeField(allow_null=True)
    r = serializers.FloatField(allow_null=True, help_text="0 to 100, weighted geometric mean of the dimensions.")
    r_with_time = serializers.FloatField(allow_null=True, help_text="The same if all that only time mends were green.")
    phase = serializers.IntegerField(allow_null=True, help_text="Highest gate that is open, 0 to 5.")
    standing = StandingShape(allow_null=True)
    unlocked = serializers.ListField(child=serializers.CharField(), help_text="AI features that are open.")
    dimensions = serializers.ListField(child=serializers.DictField())
    gates = serializers.ListField(child=serializers.DictField(), help_text="Of phases 1 to 5, with every check.")
    blockers = BlockerShape(many=True)
    inputs = serializers.DictField(help_text="What it was computed from: a tally of each of the last 28 planned days.")
    notes = serializers.ListField(child=serializers.CharField())


class ReadinessView(ApiView):
    """Readiness of one line."""

    @extend_schema(responses=ReadinessShape)
    def get(self, request: Request, code: str) -> Response:
        """The latest report of the line with its dimensions, gates, blockers and inputs."""
        if "\0" in code:
            raise NotFound("No code has such a character.")
        line = line_named(request, code)
        report = latest_reports([line]).get(line.pk)
        if report is None:
            nothing: dict[str, Any] = dict.fromkeys(("computed_at", "r", "r_with_time", "phase", "standing"))
            lists: dict[str, Any] = {"unlocked": [], "dimensions": [], "gates": [], "blockers": [], "inputs": {}}
            note = "Not measured yet: it is measured within minutes of the line's first day and every night."
            return Response({"line": line.code} | nothing | lists | {"notes": [note], "now": datetime.now(UTC)})
        return Response(
            {
                "line": line.code,
                "computed_at": report.computed_at,
                "r": report.r,
                "r_with_time": report.r_with_time,
                "phase": report.phase,
                "standing": _standing(line),
                "unlocked": unlocked(report.phase, erp=bool(report.inputs.get("erp"))),
                "dimensions": report.scores,
                "gates": report.gates,
                "blockers": [_blocker(blocker, line.code) for blocker in report.blockers],
                "inputs": report.inputs,
                "notes": ([_unwitnessed()] if report.inputs.get("witness") == "unwitnessed" else [])
                + labels_of(report.inputs),
                "now": datetime.now(UTC),
            }
        )


def _standing(line: Line) -> dict[str, Any] | None:
    state = states_of([line]).get(line.pk)
    if state is None:
        return None
    state.line = line
    places = places_of([line]).get((line.pk, state.phase), [])
    return {
        "phase": state.phase,
        "name": words.PHASES[state.phase],
        "since": state.since,
        "fell_from": state.fell_from,
        "why": fell_text(state),
        "signed_off_by": [place.department.value for place in places if place.row],
        "not_signed_off_by": [place.department.value for place in places if not place.row],
    }


def _blocker(blocker: dict[str, Any], line: str) -> dict[str, Any]:
    more = {"message": words.blocker_text(blocker), "link": words.link_of(blocker["key"], line)}
    kept = ("key", "phase", "value", "needs", "owner", "gain", "wait_days", "ready_on")
    return {name: blocker[name] for name in kept} | more


def _unwitnessed() -> str:
    return "No witness vouches for the counts of this line; the weight of consistency is shared among the others."
