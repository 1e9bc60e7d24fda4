"""What vouches for counts: scanned pallets and counts by hand come in, hourly mass balances go out."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from mes.api.base import actor_of
from mes.api.errors import Conflict, Unprocessable
from mes.api.filters import instant_from, narrowed, within, work_center_named
from mes.api.idempotency import once
from mes.api.production import KEY_HEADER
from mes.api.resources import ListResource
from mes.plant.models import WorkCenter
from mes.witness.models import Scan, Tally, WitnessHour
from mes.witness.scans import ScanKnown, ScanRefused, scan_take
from mes.witness.states import states_judge
from mes.witness.tallies import TallyRefused, tally_enter

AHEAD = timedelta(seconds=60)  # so far a scanner's clock may be ahead of ours


class ScanShape(serializers.ModelSerializer[Scan]):
    """A scanned pallet."""

    work_center = serializers.SlugRelatedField[WorkCenter](slug_field="code", read_only=True)

    class Meta:
        model = Scan
        fields = ("work_center", "pallet", "pieces", "at", "actor")


class NewScan(serializers.Serializer[Any]):
    """A pallet behind a machine. Without `pieces` it has as many as the machine's witness says."""

    work_center = serializers.CharField(max_length=40)
    pallet = serializers.CharField(max_length=60, help_text="SSCC or another number that is never used again.")
    pieces = serializers.IntegerField(min_value=1, max_value=1_000_000, required=False, allow_null=True, default=None)
    at = serializers.CharField(max_length=40, help_text="When it was scanned, ISO 8601 with offset.")


class TallyShape(serializers.ModelSerializer[Tally]):
    """A count by hand, and what the counter made in the same time at least and at most (null: not known)."""

    work_center = serializers.SlugRelatedField[WorkCenter](slug_field="code", read_only=True)

    class Meta:
        model = Tally
        fields = (
            *("work_center", "starts_at", "ends_at", "pieces", "note", "actor", "at", "key"),
            *("withdrawn_at", "counted_low", "counted_high"),
        )


class NewTally(serializers.Serializer[Any]):
    """Good pieces counted by hand at a machine's outfeed. `key`: any UUID; the same again is stored once."""

    work_center = serializers.CharField(max_length=40)
    starts_at = serializers.CharField(max_length=40, help_text="ISO 8601 with offset.")
    ends_at = serializers.CharField(max_length=40, help_text="ISO 8601 with offset.")
    pieces = serializers.IntegerField(min_value=0, max_value=1_000_000)
    key = serializers.UUIDField()
    note = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class BalanceShape(serializers.ModelSerializer[WitnessHour]):
    """An hour of a witness: good pieces of the machine against what the witness saw, in pieces of the machine."""

    work_center = serializers.SlugRelatedField[WorkCenter](
        source="witness.work_center", slug_field="code", read_only=True
    )
    kind = serializers.CharField(source="witness.kind")
    neighbour = serializers.SerializerMethodField()
    item = serializers.SerializerMethodField()

    class Meta:
        model = WitnessHour
        fields = (
            *("work_center", "kind", "neighbour", "item", "hour", "counted", "said"),
            *("scrapped", "loose", "doubtful", "blind"),
        )

    def get_neighbour(self, row: WitnessHour) -> str | None:
        """Code of the machine whose counter is the witness."""
        return row.witness.neighbour.code if row.witness.neighbour else None

    def get_item(self, row: WitnessHour) -> str | None:
        """Code of the item the factor holds for; null: every other item."""
        return row.witness.item.code if row.witness.item else None


class Scans(ListResource):
    """Scanned pallets within [from, to); `?line=`, `?work_center=`. POST takes one."""

    serializer_class = ScanShape
    queryset = Scan.objects.all()
    ordering = "at"
    write_scope = "observations"
    write_action = "enter_tally"
    key_is_enough = True

    def get_queryset(self) -> QuerySet[Any]:
        """Narrowed to the caller and the query."""
        query = narrowed(
            Scan.objects.select_related("work_center"),
            self.request,
            line="work_center__line",
            work_center="work_center",
        )
        return within(query, self.request, start="at")

    @extend_schema(request=NewScan, responses={201: ScanShape}, parameters=[KEY_HEADER])
    def create(self, request: Request) -> Response:
        """Stores a scanned pallet: 201. The same again answers 200 with what is stored, with other pieces on it 409."""
        now = datetime.now(UTC)
        shape = NewScan(data=request.data)
        shape.is_valid(raise_exception=True)
        return once(request, now, lambda: self._create(request, shape.validated_data, now))

    def _create(self, request: Request, fields: dict[str, Any], now: datetime) -> Response:
        place = work_center_named(request, fields["work_center"])
        at = _past(fields["at"], "at", now)
        try:
            scan, new = scan_take(
                work_center=place,
                pallet=_storable(fields["pallet"], "pallet"),
                pieces=fields["pieces"],
                actor=actor_of(request),
                at=at,
                now=now,
            )
        except ScanKnown as other:
            raise Conflict(str(other), fields={"pallet": str(other)}) from other
        except ScanRefused as refused:
            raise Unprocessable(str(refused), fields={"pieces": str(refused)}) from refused
        return Response(ScanShape(scan).data, status=201 if new else 200)


class Tallies(ListResource):
    """Counts by hand that touch [from, to); `?line=`, `?work_center=`. POST enters one."""

    serializer_class = TallyShape
    queryset = Tally.objects.all()
    ordering = "starts_at"
    write_action = "enter_tally"
    write_scope = "observations"

    def get_queryset(self) -> QuerySet[Any]:
        """Narrowed to the caller and the query."""
        query = narrowed(
            Tally.objects.select_related("work_center"),
            self.request,
            line="work_center__line",
            work_center="work_center",
        )
        return within(query, self.request, start="starts_at", end="ends_at")

    @extend_schema(request=NewTally, responses={201: TallyShape})
    def create(self, request: Request) -> Response:
        """Stores a count by hand and what the counter says: 201, also for the same key again (stored once)."""
        now = datetime.now(UTC)
        shape = NewTally(data=request.data)
        shape.is_valid(raise_exception=True)
        fields = shape.validated_data
        place = work_center_named(request, fields["work_center"])
        key: UUID = fields["key"]
        try:
            tally = tally_enter(
                work_center=place,
                starts_at=instant_from(fields["starts_at"], "starts_at"),
                ends_at=instant_from(fields["ends_at"], "ends_at"),
                pieces=fields["pieces"],
                actor=actor_of(request),
                at=now,
                key=key,
                note=fields["note"],
            )
        except TallyRefused as refused:
            raise Unprocessable(str(refused)) from refused
        states_judge(now=now, line=place.line_id)
        return Response(TallyShape(tally).data, status=201)


class Balances(ListResource):
    """The mass balance by the hour within [from, to); `?line=`, `?work_center=`."""

    serializer_class = BalanceShape
    queryset = WitnessHour.objects.all()
    ordering = "hour"

    def get_queryset(self) -> QuerySet[Any]:
        """Narrowed to the caller and the query."""
        query = narrowed(
            WitnessHour.objects.select_related("witness__work_center", "witness__neighbour", "witness__item"),
            self.request,
            line="witness__work_center__line",
            work_center="witness__work_center",
        )
        return within(query, self.request, start="hour")


def _past(text: str, name: str, now: datetime) -> datetime:
    at = instant_from(text, name)
    if at > now + AHEAD:
        raise Unprocessable(
            f"{name}: {text} lies in the future: check the clock of the scanner.", fields={name: "in the future"}
        )
    return at


def _storable(text: str, name: str) -> str:
    if not text.isprintable():
        raise Unprocessable(
            f"{name} has characters that cannot be printed: check the scanner's settings.",
            fields={name: "not printable"},
        )
    return text
