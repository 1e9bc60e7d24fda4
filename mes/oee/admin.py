"""The admin's page of a shift with its figures, the same ones as on every screen; policies are in `admin_policies`."""

from datetime import UTC, datetime

from django.contrib import admin
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from mes.oee.admin_policies import PolicyInForceAdmin, PolicyVersionAdmin
from mes.oee.figures import Figure, figures
from mes.oee.places import line_place, machine_place
from mes.plant.admin import ShiftAdmin
from mes.plant.models import Shift

__all__ = ["PolicyInForceAdmin", "PolicyVersionAdmin", "ShiftFiguresAdmin"]
_SHOWN = ("oee", "availability", "performance", "quality", "coverage")


class ShiftFiguresAdmin(ShiftAdmin):
    """A shift, its breaks, and what its line and machines reached."""

    readonly_fields = ("figures",)

    @admin.display(description="OEE, availability, performance, quality, time with data (%)")
    def figures(self, shift: Shift) -> SafeString:
        """A row for the line and one for each machine; a dash where a figure cannot be given."""
        now = datetime.now(UTC)
        if shift.starts_at >= now:
            return SafeString("The shift has not begun.")
        line = line_place(shift.line)
        places = [line, *map(machine_place, line.work_centers)] if line.work_centers else []
        window = (shift.starts_at, shift.ends_at)
        rows = [(place.code, *_shares(figures(place, [window], now=now)[0])) for place in places]
        row = "<tr><th scope='row'>{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>"
        return format_html("<table>{}</table>", format_html_join("", row, rows))


def _shares(figure: Figure) -> list[str]:
    values = [getattr(figure.kpi, name) for name in _SHOWN]
    return ["–" if value is None else f"{float(value) * 100:.2f}" for value in values]


admin.site.unregister(Shift)
admin.site.register(Shift, ShiftFiguresAdmin)
