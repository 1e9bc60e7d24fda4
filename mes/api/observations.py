"""POST /observations/: what machines without an Allen-Bradley controller say about themselves."""

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import redis
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from mes.api.base import ApiView
from mes.api.errors import Conflict, NotFound, Unprocessable
from mes.api.observation_texts import Mistakes, Names, observation_from
from mes.plant.models import WorkCenter
from mes.tracking.news import touched_tell
from mes.tracking.observe import NotPushed, Outcome, observations_take

MOST = 1000
AHEAD = timedelta(seconds=60)  # so far a machine's clock may be ahead of ours
log = logging.getLogger("mes.api")


class CountersShape(serializers.Serializer[Any]):
    """Totalizers: what the machine's counters show. `reject` is taken where `scrap` is not given."""

    good = serializers.IntegerField(required=False, min_value=0)
    scrap = serializers.IntegerField(required=False, min_value=0)
    total = serializers.IntegerField(required=False, min_value=0)
    reject = serializers.IntegerField(required=False, min_value=0)
    rework = serializers.IntegerField(required=False, min_value=0)


class CountsShape(serializers.Serializer[Any]):
    """Increments: pieces made since the last message. `key` makes a repeat harmless."""

    key = serializers.CharField(max_length=100)
    good = serializers.IntegerField(required=False, min_value=0)
    scrap = serializers.IntegerField(required=False, min_value=0)
    total = serializers.IntegerField(required=False, min_value=0)
    rework = serializers.IntegerField(required=False, min_value=0)


class ObservationShape(serializers.Serializer[Any]):
    """One observation; all but `at` may be left out. What is not said stays as it was."""

    at = serializers.DateTimeField(help_text="ISO 8601 with an offset.")
    state = serializers.CharField(required=False, help_text="A PackML state, or a name of a state map.")
    mode = serializers.CharField(required=False, max_length=100)
    reason_code = serializers.IntegerField(required=False)
    order = serializers.CharField(required=False, help_text="Whose pieces these are; else the order that runs.")
    item = serializers.CharField(required=False)
    counters = CountersShape(required=False)
    counts = CountsShape(required=False)
    key = serializers.CharField(required=False, max_length=100, help_text="Of the counts, if it is not in them.")
    quality = serializers.ChoiceField(["good", "uncertain", "bad"], required=False)


class ObservationsShape(serializers.Serializer[Any]):
    """Up to 1,000 observations of one work center, in any order."""

    work_center = serializers.CharField()
    observations = ObservationShape(many=True)


class OutcomeShape(serializers.Serializer[Any]):
    """What became of one observation."""

    index = serializers.IntegerField()
    at = serializers.DateTimeField()
    status = serializers.ChoiceField(["accepted", "duplicate", "quarantined"])
    why = serializers.CharField()


class TakenShape(serializers.Serializer[Any]):
    """How many were accepted, repeats, or held back, and why for each."""

    work_center = serializers.CharField()
    accepted = serializers.IntegerField()
    duplicate = serializers.IntegerField()
    quarantined = serializers.IntegerField()
    results = OutcomeShape(many=True)


class ObservationsView(ApiView):
    """Observations of one work center."""

    write_scope = "observations"
    write_action = "edit_controllers"
    key_is_enough = True

    @extend_schema(request=ObservationsShape, responses=TakenShape)
    def post(self, request: Request) -> Response:
        """Stores them all in one transaction, each exactly once, or says in 422 what is wrong and stores none.

        Any order, any lateness; the same again is a duplicate and changes nothing.
        """
        now = datetime.now(UTC)
        place, rows = self._read(request)
        mistakes, names = Mistakes(), Names.of(rows)
        observations = [
            observation_from(row, f"observations[{index}]", place, names, now + AHEAD, mistakes)
            for index, row in enumerate(rows)
        ]
        if mistakes:
            raise Unprocessable(mistakes.summary(), fields=mistakes.fields)
        said = [one for one in observations if one is not None]
        try:
            outcomes = observations_take(work_center=place, observations=said, at=now)
        except NotPushed as polled:
            raise Conflict(str(polled), fields={"work_center": str(polled)}) from polled
        if any(outcome.status != "duplicate" for outcome in outcomes):
            self._tell(place)
        return Response(_answer(place, [one.at for one in said], outcomes))

    def _read(self, request: Request) -> tuple[WorkCenter, list[Any]]:
        """The machine and the raw observations, as far as the outer form is right."""
        data = request.data
        if not isinstance(data, dict):
            raise Unprocessable('The body must be an object: {"work_center": "...", "observations": [...]}.')
        extra = sorted(set(data) - {"work_center", "observations"})
        if extra:
            raise Unprocessable(f"'{extra[0][:40]}' is not known here: send work_center and observations only.")
        code, rows = data.get("work_center"), data.get("observations")
        if not isinstance(code, str) or not code:
            raise Unprocessable("work_center is missing: name the machine.", fields={"work_center": "missing"})
        place = self.work_centers.filter(code=code).first()
        if place is None:
            said = f"Unknown work center '{code[:40]}': there is none of this code on the lines of this key."
            raise NotFound(said, fields={"work_center": "unknown work center"})
        if not isinstance(rows, list) or not rows:
            raise Unprocessable("observations must be a list with at least one.", fields={"observations": "missing"})
        if len(rows) > MOST:
            said = f"{len(rows)} observations are too many: send at most {MOST:,} at once."
            raise Unprocessable(said, fields={"observations": said})
        return place, rows

    @staticmethod
    def _tell(place: WorkCenter) -> None:
        try:
            touched_tell([place.pk])
        except redis.RedisError as error:
            log.warning("Redis does not take news (%s); observations are stored all the same", type(error).__name__)


def _answer(place: WorkCenter, instants: list[datetime], outcomes: list[Outcome]) -> dict[str, Any]:
    results = [
        {"index": index, "at": at, "status": outcome.status, "why": outcome.why}
        for index, (at, outcome) in enumerate(zip(instants, outcomes, strict=True))
    ]
    counted = {
        status: sum(outcome.status == status for outcome in outcomes)
        for status in ("accepted", "duplicate", "quarantined")
    }
    return {"work_center": place.code} | counted | {"results": results}
