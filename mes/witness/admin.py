"""Admin pages of witnesses (effective-dated), and of what they said, to look at."""

from typing import Any

from django import forms
from django.contrib import admin

from mes.journal.admin import ReadOnlyAdmin
from mes.journal.dated_admin import DatedAdmin
from mes.witness.models import CounterState, Kind, Scan, Tally, Witness, WitnessHour


class WitnessForm(forms.ModelForm):
    """Says in words what the database would refuse."""

    class Meta:
        model = Witness
        fields = "__all__"  # noqa: DJ007

    def clean(self) -> dict[str, Any]:
        """A neighbour lies further down the same line; other kinds have none."""
        said: dict[str, Any] = super().clean() or {}
        place, kind, neighbour = said.get("work_center"), said.get("kind"), said.get("neighbour")
        if kind == Kind.NEIGHBOUR and neighbour is None:
            self.add_error("neighbour", "Choose the machine into which the pieces go.")
        elif kind != Kind.NEIGHBOUR and neighbour is not None:
            self.add_error("neighbour", "Only the counter of a next machine has a neighbour: leave it empty.")
        elif place is not None and neighbour is not None:
            here = (place.line_id, place.position, place.code)
            if neighbour.line_id != place.line_id or (neighbour.position, neighbour.code) <= here[1:]:
                self.add_error(
                    "neighbour", f"Choose a machine of line {place.line.code} that comes after {place.code}."
                )
        return said


@admin.register(Witness)
class WitnessAdmin(DatedAdmin):
    """Which source vouches for which counter."""

    form = WitnessForm
    effective = (
        *("work_center", "kind", "neighbour", "item", "numerator", "denominator"),
        *("buffer", "pieces_per_pallet", "tolerance_percent"),
    )
    list_display = ("work_center", "kind", "neighbour", "item", "numerator", "denominator", "buffer", "valid_from")
    list_filter = (("valid_to", admin.EmptyFieldListFilter), "kind", "work_center__line")
    list_select_related = ("work_center", "neighbour", "item")
    search_fields = ("work_center__code", "neighbour__code")
    ordering = ("work_center__code", "kind", "-valid_from")

    def record_code(self, obj: Any) -> str:
        """The machine and the kind of witness."""
        return f"{obj.work_center.code} {obj.kind}"


@admin.register(Tally)
class TallyAdmin(ReadOnlyAdmin):
    """Counts by hand."""

    list_display = ("work_center", "starts_at", "ends_at", "pieces", "counted_low", "counted_high", "actor", "note")
    list_filter = ("work_center__line", ("withdrawn_at", admin.EmptyFieldListFilter))
    list_select_related = ("work_center",)
    search_fields = ("work_center__code", "actor")
    ordering = ("-id",)


@admin.register(Scan)
class ScanAdmin(ReadOnlyAdmin):
    """Scanned pallets."""

    list_display = ("work_center", "pallet", "pieces", "at", "actor")
    list_filter = ("work_center__line",)
    list_select_related = ("work_center",)
    search_fields = ("pallet", "work_center__code")
    ordering = ("-id",)


@admin.register(WitnessHour)
class WitnessHourAdmin(ReadOnlyAdmin):
    """Weighed hours."""

    list_display = ("witness", "hour", "counted", "said", "scrapped", "loose", "doubtful", "blind")
    list_filter = ("blind", "witness__work_center__line")
    list_select_related = ("witness__work_center",)
    search_fields = ("witness__work_center__code",)
    ordering = ("-id",)


@admin.register(CounterState)
class CounterStateAdmin(ReadOnlyAdmin):
    """What is known of each counter now."""

    list_display = ("work_center", "status", "since", "judged_at")
    list_filter = ("status", "work_center__line")
    list_select_related = ("work_center",)
    search_fields = ("work_center__code",)
    ordering = ("work_center__code",)
