"""Who gets in: what is outside a person's lines does not exist (404), what the role may not do is refused (403)."""

from datetime import date

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _

from mes.people.access import lines_for, may, work_centers_for
from mes.plant.models import Line, Shift, WorkCenter


def storable(text: str) -> str:
    """The text as it came; 404 for one with a NUL, which PostgreSQL cannot even look for."""
    if "\0" in text:
        raise Http404
    return text


def actor_of(request: HttpRequest) -> str:
    """The name under which the journal keeps what is done with this request.

    At a station's terminal that is the person identified by badge or PIN: `station_device` puts them in the place of
    the device as `request.user`, so `demand`, lines and this name are theirs, and lets nobody act before.
    """
    return str(request.user.get_username())


def machine_or_404(user: object, code: str) -> WorkCenter:
    """The machine of that code if it is on one of the person's lines."""
    places = work_centers_for(user).select_related("line__area__site")
    try:
        return places.get(code=storable(code))
    except WorkCenter.DoesNotExist as error:
        raise Http404(code) from error


def line_or_404(user: object, code: str) -> Line:
    """The line of that code if it is one of the person's."""
    try:
        return lines_for(user).select_related("area__site").get(code=storable(code))
    except Line.DoesNotExist as error:
        raise Http404(code) from error


def shift_or_404(user: object, line: str, day: str, name: str) -> Shift:
    """The shift of that production date and name on one of the person's lines."""
    place = line_or_404(user, line)
    try:
        production_date = date.fromisoformat(day)
    except ValueError as error:
        raise Http404(day) from error
    shifts = Shift.objects.select_related("line__area__site").filter(
        line=place, work_center=None, production_date=production_date
    )
    found = shifts.filter(name=storable(name)).first()
    if found is None or day != production_date.isoformat():
        raise Http404(name)
    return found


def demand(user: object, action: str) -> None:
    """Raises PermissionDenied (403) unless the person's role allows the action."""
    if not may(user, action):
        role = getattr(user, "get_role_display", lambda: _("Somebody"))()
        raise PermissionDenied(
            _("%(role)s may not do this. Ask a supervisor, or an admin to change your role.") % {"role": role}
        )
