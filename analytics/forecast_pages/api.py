"""GET /lines/<code>/forecast/: what a line will make, with its record; 409 with the checks where it says nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from analytics.forecast_pages import words
from analytics.forecast_pages.overrides import overrides_of
from analytics.forecast_pages.read import Standing, points_of, standing
from analytics.forecasts.shown import forecast_at, latest_forecast
from analytics.models import Forecast, ForecastOverride, Grain
from analytics.phases.state import state_at
from mes.api.base import ApiView
from mes.api.errors import BadRequest, NotFound
from mes.api.filters import instant, line_named
from mes.plant.models import Line

HORIZONS = {"8h": (timedelta(hours=8), "hour"), "3d": (timedelta(days=3), "shift")}
"""How far ahead, and the width of a bucket where none is asked for."""


class ForecastOverrideShape(serializers.Serializer[Any]):
    """What a person says instead; the forecast stands beside it."""

    value = serializers.IntegerField()
    by = serializers.CharField()
    at = serializers.DateTimeField()
    why = serializers.CharField()


class ForecastPointShape(serializers.Serializer[Any]):
    """A bucket of time. Plan arithmetic has no band: its quantiles are null."""

    starts_at = serializers.DateTimeField(help_text="Of a bucket that ran already: when the forecast was made.")
    ends_at = serializers.DateTimeField()
    planned_min = serializers.FloatField()
    point = serializers.FloatField(help_text="Expected good pieces.")
    q10 = serializers.FloatField(allow_null=True)
    q90 = serializers.FloatField(allow_null=True)
    q025 = serializers.FloatField(allow_null=True)
    q975 = serializers.FloatField(allow_null=True)
    override = ForecastOverrideShape(allow_null=True)


class ForecastSkillShape(serializers.Serializer[Any]):
    """Its record as it stood when it was issued; null where nothing could be judged yet."""

    buckets = serializers.IntegerField(help_text="Judged ones, at most 84.")
    error = serializers.FloatField(allow_null=True, help_text="Sum of absolute errors / sum of what was made.")
    naive_error = serializers.FloatField(allow_null=True, help_text="The same of: as in the same bucket last week.")
    skill = serializers.FloatField(allow_null=True, help_text="1 - error / naive error.")


class ForecastCoverageShape(serializers.Serializer[Any]):
    """How often the bands held."""

    judged = serializers.IntegerField()
    held_80 = serializers.IntegerField()
    held_95 = serializers.IntegerField()
    share_80 = serializers.FloatField(allow_null=True)
    share_95 = serializers.FloatField(allow_null=True)


class ForecastCheckShape(serializers.Serializer[Any]):
    """Why there is no number, or why none of a better method."""

    key = serializers.CharField()
    value = serializers.FloatField(allow_null=True)
    needs = serializers.FloatField()
    message = serializers.CharField()
    link = serializers.CharField(allow_blank=True, help_text="Path of the page that mends it.")


class ForecastShape(serializers.Serializer[Any]):
    """A forecast as it is shown."""

    line = serializers.CharField()
    grain = serializers.ChoiceField(choices=Grain.choices)
    horizon = serializers.CharField()
    points = ForecastPointShape(many=True)
    skill = ForecastSkillShape()
    coverage = ForecastCoverageShape()
    method = serializers.CharField()
    level = serializers.IntegerField(help_text="1 plan arithmetic, 2 rate, 3 model, 4 ensemble.")
    checks = ForecastCheckShape(many=True)
    origin = serializers.DateTimeField()
    issued_at = serializers.DateTimeField()
    back_issued = serializers.BooleanField(help_text="Computed after its origin, from what was known at its origin.")
    trained_through = serializers.DateTimeField(allow_null=True)
    snapshot = serializers.DictField(allow_null=True, help_text="The plan it knew: id, taken_at, orders.")
    readiness = serializers.DictField(allow_null=True, help_text="That it had: r, phase, computed_at.")
    inputs = serializers.DictField(help_text="What it knew: weeks, missing hours, parameters.")
    now = serializers.DateTimeField()


# By function, for a class cannot have a field of the name "fields".
_REFUSED_SHAPE = inline_serializer(
    "ForecastRefusedShape",
    {
        "code": serializers.ChoiceField(choices=["not_ready"]),
        "message": serializers.CharField(),
        "fields": serializers.DictField(),
        "checks": ForecastCheckShape(many=True),
    },
)


class ForecastView(ApiView):
    """The forecast of one line."""

    @extend_schema(
        parameters=[
            OpenApiParameter("horizon", enum=list(HORIZONS), default="8h", description="How far ahead."),
            OpenApiParameter("grain", enum=Grain.values, description="Width of a bucket; 8h: hour, 3d: shift."),
            OpenApiParameter("at", datetime, description="An earlier instant: what was shown then."),
        ],
        responses={200: ForecastShape, 409: OpenApiResponse(_REFUSED_SHAPE, "The data does not carry one.")},
    )
    def get(self, request: Request, code: str) -> Response:
        """What the line will make, as it is shown now or was shown at an earlier instant."""
        if "\0" in code:
            raise NotFound("No code has such a character.")
        line, now = line_named(request, code), datetime.now(UTC)
        horizon = request.query_params.get("horizon", "8h")
        if horizon not in HORIZONS:
            raise _wrong("horizon", f"must be one of {', '.join(HORIZONS)}.")
        span, plain_grain = HORIZONS[horizon]
        grain = request.query_params.get("grain") or plain_grain
        if grain not in Grain.values:
            raise _wrong("grain", f"must be one of {', '.join(Grain.values)}.")
        at = instant(request, "at")
        if at is not None and at > now:
            raise _wrong("at", "lies in the future: what will be shown then is not known.")
        forecast = forecast_at(line, grain, at) if at else latest_forecast(line, grain)
        found = standing(forecast, state_at(line, at or now), at or now)
        if found.refused or forecast is None:
            return _refused(found, line)
        told = _told(forecast, line, at or now, (at or now) + span)
        return Response(told | {"horizon": horizon, "checks": _checks(found, line), "now": now})


def _wrong(name: str, said: str) -> BadRequest:
    return BadRequest(f"{name} {said}", fields={name: said})


def _refused(found: Standing, line: Line) -> Response:
    checks = _checks(found, line)
    message = checks[0]["message"] if checks else "There is no forecast of this line."
    return Response({"code": "not_ready", "message": message, "fields": {}, "checks": checks}, status=409)


def _checks(found: Standing, line: Line) -> list[dict[str, Any]]:
    kept = ("key", "value", "needs")
    return [
        {name: one[name] for name in kept} | {"message": words.sentence(one), "link": words.link(one, line.code)}
        for one in found.checks
    ]


def _told(forecast: Forecast, line: Line, since: datetime, until: datetime) -> dict[str, Any]:
    points = [point for point in points_of(forecast) if point.ends_at > since and point.starts_at < until]
    said = overrides_of(line, forecast.grain, [point.starts_at for point in points], since)
    record, report, snapshot = forecast.skill, forecast.readiness, forecast.snapshot
    judged = record["judged"]
    return {
        "line": line.code,
        "grain": forecast.grain,
        "points": [
            {
                "starts_at": max(point.starts_at, forecast.origin) if point.rest else point.starts_at,
                "ends_at": point.ends_at,
                "planned_min": point.planned_min,
                "point": point.point,
                "q10": point.band_80 and point.band_80[0],
                "q90": point.band_80 and point.band_80[1],
                "q025": point.band_95 and point.band_95[0],
                "q975": point.band_95 and point.band_95[1],
                "override": _override(said.get(point.starts_at)),
            }
            for point in points
        ],
        "skill": {name: record[name] for name in ("buckets", "error", "naive_error", "skill")},
        "coverage": {
            "judged": judged,
            "held_80": record["held"],
            "held_95": record["held_95"],
            "share_80": record["held"] / judged if judged else None,
            "share_95": record["held_95"] / judged if judged else None,
        },
        "method": forecast.method,
        "level": forecast.level,
        "origin": forecast.origin,
        "issued_at": forecast.issued_at,
        "back_issued": forecast.back_issued,
        "trained_through": forecast.trained_through,
        "snapshot": snapshot and {"id": snapshot.pk, "taken_at": snapshot.taken_at, "orders": len(snapshot.orders)},
        "readiness": report and {"r": report.r, "phase": report.phase, "computed_at": report.computed_at},
        "inputs": forecast.inputs,
    }


def _override(row: ForecastOverride | None) -> dict[str, Any] | None:
    return {"value": row.value, "by": row.by, "at": row.at, "why": row.why} if row else None
