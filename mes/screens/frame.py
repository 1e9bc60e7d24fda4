"""What surrounds every page: navigation by role, the plant's clock and the shift that runs now."""

from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.http import HttpRequest
from django.urls import is_valid_path
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from mes.people.access import lines_for
from mes.people.models import Role
from mes.plant.models import Shift

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Item(NamedTuple):
    """One place in the rail."""

    label: "StrOrPromise"
    path: str
    icon: str


class Shown(NamedTuple):
    """A place in the rail of one page: whether the page lies there."""

    label: "StrOrPromise"
    path: str
    icon: str
    current: bool


class PlantClock(NamedTuple):
    """Wall time of the plant: zone, ISO instant, what the clock shows, and the shift where there is just one."""

    zone: str
    iso: str
    text: str
    site: str
    shift: str


FLOOR = Item(_("Floor"), "/floor/", "floor")
STOPS = Item(_("Stops"), "/downtime/", "stops")
PLANNING = Item(_("Planning"), "/planning/", "planning")
ORDERS = Item(_("Orders"), "/orders/", "orders")
SHIFT = Item(_("Shift"), "/shift/", "shift")
STATION = Item(_("Station"), "/station/", "station")
QUALITY = Item(_("Quality"), "/quality/", "quality")
COUNTS = Item(_("Counts"), "/counts/", "question")
CALENDAR = Item(_("Calendar"), "/calendar/", "calendar")
IMPROVE = Item(_("Improve"), "/improve/", "improve")
CONTROLLERS = Item(_("Controllers"), "/controllers/", "controllers")
ADMIN = Item(_("Admin"), "/admin/", "admin")

RAIL: dict[str, list[Item]] = {
    Role.OPERATOR: [STATION, FLOOR, STOPS, SHIFT],
    Role.SUPERVISOR: [FLOOR, STOPS, ORDERS, SHIFT, IMPROVE],
    Role.PLANNER: [PLANNING, ORDERS, FLOOR, CALENDAR, IMPROVE],
    Role.ENGINEER: [FLOOR, CONTROLLERS, STOPS, IMPROVE, ADMIN],
    Role.MAINTENANCE: [FLOOR, STOPS, CONTROLLERS, SHIFT],
    Role.QUALITY: [QUALITY, FLOOR, STOPS, COUNTS, SHIFT],
    Role.FINANCE: [IMPROVE, FLOOR, SHIFT],
    Role.MANAGER: [FLOOR, SHIFT, STOPS, PLANNING, IMPROVE],
    Role.ADMIN: [FLOOR, CONTROLLERS, STOPS, IMPROVE, ADMIN],
}
"""At most five places a role needs daily; everything else is one click further."""


FRESH = (
    "/shift/",
    "/downtime/",
    "/explain/",
    "/improve/",
    "/witness/",
    "/counts/",
    "/calendar/",
    "/hours/",
    "/handover/",
    "/andon/",
)
"""Pages of past figures, and of calls: open ones look again when somebody corrects the past, or calls."""


@cache
def _exists(path: str) -> bool:
    return bool(is_valid_path(path))


def rail_for(user: object, path: str) -> list[Shown]:
    """The rail of a person: the places of the role that this server has; Admin only for staff. Nobody: empty."""
    items = RAIL.get(getattr(user, "role", ""), [])
    staff = bool(getattr(user, "is_staff", False))
    return [
        Shown(item.label, item.path, item.icon, path.startswith(item.path))
        for item in items
        if _exists(item.path) and (item is not ADMIN or staff)
    ]


def zone_named(name: str) -> ZoneInfo:
    """The time zone of an IANA name; UTC where the plant file names one that this machine does not know."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def clock_for(user: object, now: datetime) -> PlantClock:
    """The clock of the first site the person sees; plain UTC where the person sees no line."""
    line = lines_for(user).select_related("area__site").order_by("area__site__code", "area__code", "position").first()
    site = line.area.site if line else None
    zone = zone_named(site.time_zone if site else "UTC")
    shifts: set[str] = set()
    if site:
        running = Shift.objects.filter(line__area__site=site, work_center=None, starts_at__lte=now, ends_at__gt=now)
        shifts = set(running.values_list("name", flat=True).distinct())
    only = shifts.pop() if len(shifts) == 1 else ""
    local = now.astimezone(zone)
    return PlantClock(zone.key, now.astimezone(UTC).isoformat(), f"{local:%H:%M}", site.name if site else "", only)


def clock_of(request: HttpRequest, now: datetime) -> PlantClock:
    """The clock of the request's person, looked up once per request."""
    known: PlantClock | None = getattr(request, "plant_clock", None)
    if known is None:
        known = clock_for(getattr(request, "user", None), now)
        request.plant_clock = known  # type: ignore[attr-defined]
    return known


def frame(request: HttpRequest) -> dict[str, Any]:
    """Template variables of the frame. Lazy: pages that draw no frame cost no query."""
    user = getattr(request, "user", None)
    looks_again = request.method == "GET" and (request.path.startswith(FRESH) or request.path.endswith("/hours/"))
    return {
        "fresh": "" if looks_again else None,
        "rail": SimpleLazyObject(lambda: rail_for(user, request.path)),
        "plant_clock": SimpleLazyObject(lambda: clock_of(request, datetime.now(UTC))),
    }
