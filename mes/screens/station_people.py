"""Who stands at a station: identify, 'not me', and the page on which a supervisor makes a terminal the station."""

from datetime import UTC, datetime

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from mes.people.devices import DeviceRefused, device_create, device_revoke, token_make
from mes.people.models import StationDevice
from mes.plant.models import WorkCenter
from mes.screens.gate import actor_of, demand, machine_or_404
from mes.screens.station_device import ask_who, device_keep, forget, terminal_of

_TOKEN = "station token"  # noqa: S105  (the name of a place in the session)


@require_http_methods(["GET", "POST"])
def identify(request: HttpRequest) -> HttpResponse:
    """`/station/-/identify/`: badge or PIN at a station's terminal; goes on to `next`. 404 at other terminals."""
    here = terminal_of(request)
    if here is None:
        raise Http404
    then = request.POST.get("next") or request.GET.get("next") or ""
    if not url_has_allowed_host_and_scheme(then, {request.get_host()}, require_https=request.is_secure()):
        then = reverse("station-machine", args=[here.device.work_center.code])
    if request.method == "POST" and here.person is not None:
        return HttpResponseRedirect(then)  # the middleware read badge or PIN
    error = _("Scan your badge, or choose your name and enter your PIN.") if request.method == "POST" else ""
    return ask_who(request, here, error, then)


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Not me: nobody is identified at this terminal any more."""
    here = terminal_of(request)
    if here is None:
        raise Http404
    forget(request, here)
    return HttpResponseRedirect(reverse("station-machine", args=[here.device.work_center.code]))


@login_required
@require_http_methods(["GET", "POST"])
def devices(request: HttpRequest, code: str) -> HttpResponse:
    """`/station/<work-center>/device/`: the machine's terminals; make the one in front of you one of them.

    The token waits in the session until the form comes, so the form sent twice makes one device.
    """
    demand(request.user, "set_up_station")
    place = machine_or_404(request.user, code)
    here = terminal_of(request)
    error, status = "", 200
    if here is not None:
        error = _("This terminal is a station already. Log in under your own name to change that.")
    elif request.method == "POST":
        try:
            return _make(request, place)
        except DeviceRefused as refused:
            error, status = str(refused), 422
    if _TOKEN not in request.session:
        request.session[_TOKEN] = token_make()
    context = {
        "place": place,
        "devices": StationDevice.objects.filter(work_center=place, revoked_at=None),
        "here": here,
        "error": error,
        "typed": request.POST.get("name", place.name),
    }
    return render(request, "station/devices.html", context, status=status)


@login_required
@require_POST
def revoke(request: HttpRequest, code: str) -> HttpResponse:
    """Takes a terminal its right to be the station; sent twice it is taken once."""
    demand(request.user, "set_up_station")
    place = machine_or_404(request.user, code)
    number = request.POST.get("device", "")
    device = place.station_devices.filter(pk=int(number)).first() if number.isdecimal() and len(number) < 10 else None
    if device is None:
        raise Http404
    if device_revoke(device=device, actor=actor_of(request), at=datetime.now(UTC)):
        messages.success(request, _("%s is no station any more.") % device.name, extra_tags="good")
    return HttpResponseRedirect(reverse("station-devices", args=[place.code]))


def _make(request: HttpRequest, place: WorkCenter) -> HttpResponse:
    """The terminal keeps the token; whoever set it up is logged out, so that nobody acts under that name."""
    token = request.session.get(_TOKEN) or token_make()
    actor, at = actor_of(request), datetime.now(UTC)
    device_create(work_center=place, name=request.POST.get("name", ""), token=token, actor=actor, at=at)
    logout(request)
    response = HttpResponseRedirect(reverse("station-machine", args=[place.code]))
    device_keep(response, token, secure=request.is_secure())
    return response
