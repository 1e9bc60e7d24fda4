"""Middleware of terminals that are stations: they look as their device, and whoever acts says who they are first."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth import login
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from mes.people.devices import device_by_account, device_by_token
from mes.people.identity import IdentityRefused, people_with_pin, person_by_badge, person_by_pin
from mes.people.models import Person, StationDevice

COOKIE = "mes_station"
COOKIE_S = 400 * 86_400  # the longest that browsers keep one; each log-in of the device sets it anew
KNOWN_FOR = timedelta(seconds=60)
SAFE = ("GET", "HEAD", "OPTIONS")
APART = ("/admin/", "/api/")
"""Where a badge or a PIN is too little: there nobody is identified, and the device may only look."""

NEEDS_NOBODY = frozenset({"station-identify", "station-leave", "station-scan", "login", "logout", "csp"})
WHO = ("who_badge", "who_person", "who_pin")
_SESSION, _BACKEND = "station person", "mes.people.backend.GuardedBackend"


@dataclass(slots=True)
class AtStation:
    """The device a request came from, and who is known to stand at it until when."""

    device: StationDevice
    person: Person | None = None
    until: datetime | None = None

    @property
    def left_s(self) -> int:
        """Whole seconds until the person has to say again who they are; 0 for nobody."""
        return max(0, round((self.until - datetime.now(UTC)).total_seconds())) if self.until else 0


def terminal_of(request: HttpRequest) -> AtStation | None:
    """The station's terminal from which the request comes; None for people who logged in themselves."""
    found: AtStation | None = getattr(request, "at_station", None)
    return found


class StationDeviceMiddleware:
    """Logs a station's device in by its token, and puts the identified person in its place for what is done."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """People who logged in themselves are not touched, whatever terminal they sit at."""
        here = _device_of(request)
        request.at_station = here  # type: ignore[attr-defined]
        if here is None:
            return self.get_response(request)
        if request.path.startswith(APART):
            if request.method not in SAFE:
                said = _("A station's terminal may only look here: log in under your own name.")
                return JsonResponse({"detail": said}, status=403)
            return self.get_response(request)
        if request.path == "/login/":
            request.user = AnonymousUser()
        elif here.person is not None:
            request.user = here.person
        response = self.get_response(request)
        if here.person is not None and request.method not in SAFE and _SESSION in request.session:
            known(request, here, here.person)
        if response.status_code == 403 and here.person is None and request.method in SAFE:
            return ask_who(request, here)  # somebody with another role may well look at it
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Behind the CSRF check: an action without a person asks for one; answered, the same form goes on."""
        here = terminal_of(request)
        if here is None or request.method in SAFE or request.path.startswith(APART):
            return None
        free = request.resolver_match is not None and request.resolver_match.url_name in NEEDS_NOBODY
        if any(request.POST.get(name) for name in WHO[::2]):
            try:
                identify(request, here)
            except IdentityRefused as refused:
                return ask_who(request, here, str(refused))
        if here.person is None:
            return None if free else ask_who(request, here)
        by = request.POST.get("entered_by", "")
        return ask_who(request, here) if by and by != here.person.username else None  # kept by somebody else


def identify(request: HttpRequest, here: AtStation) -> None:
    """Reads badge, or name and PIN, of the form. Raises IdentityRefused."""
    badge, name, pin = (request.POST.get(field, "").strip() for field in WHO)
    at, address = datetime.now(UTC), request.META.get("REMOTE_ADDR") or ""
    if badge:
        person = person_by_badge(badge=badge, device=here.device, address=address, at=at)
    else:
        person = person_by_pin(username=name, pin=pin, device=here.device, address=address, at=at)
    known(request, here, person)


def known(request: HttpRequest, here: AtStation, person: Person) -> None:
    """From now on, and for a minute after each of their actions, the person stands at the device."""
    here.person, here.until = person, datetime.now(UTC) + KNOWN_FOR
    request.session[_SESSION] = {"id": person.pk, "until": here.until.isoformat()}
    request.user = person


def forget(request: HttpRequest, here: AtStation) -> None:
    """Nobody stands at the device any more."""
    here.person = here.until = None
    request.session.pop(_SESSION, None)
    request.user = here.device.account


def ask_who(request: HttpRequest, here: AtStation, error: str = "", then: str = "") -> HttpResponse:
    """The page that asks for badge or PIN and carries everything that was typed; 401, so that scripts can tell."""
    acting = request.method not in SAFE
    kept = [
        (name, value)
        for name, values in request.POST.lists()
        for value in values
        if name not in (*WHO, "csrfmiddlewaretoken", "secret")  # a password is never written into a page
    ]
    context = {
        "place": here.device.work_center,
        "people": people_with_pin(here.device.work_center.line),
        "chosen": request.POST.get("who_person", ""),
        "kept": kept if acting else [("next", then or request.get_full_path())],
        "action": request.get_full_path() if acting else reverse("station-identify"),
        "error": error,
    }
    response = render(request, "station/who.html", context, status=401)
    response["WWW-Authenticate"] = 'Station realm="badge or PIN"'
    return response


def device_keep(response: HttpResponse, token: str, *, secure: bool) -> None:
    """Lets the terminal keep its token."""
    response.set_cookie(COOKIE, token, max_age=COOKIE_S, secure=secure, httponly=True, samesite="Lax")


def _device_of(request: HttpRequest) -> AtStation | None:
    """The device whose session this is; a terminal without session is logged in by its token."""
    token = request.COOKIES.get(COOKIE, "")
    if not token:
        return None
    if request.user.is_authenticated:
        device = device_by_account(request.user.pk)
        if device is None:
            return None
    else:
        device = device_by_token(token)
        if device is None:
            return None
        _log_in(request, device)
    here = AtStation(device)
    _remember(request, here)
    return here


def _log_in(request: HttpRequest, device: StationDevice) -> None:
    """A session for the device's account. The CSRF token stays: a form left open while a session ended still counts."""
    secret = request.META.get("CSRF_COOKIE")
    login(request, device.account, backend=_BACKEND)
    request.session.set_expiry(COOKIE_S)
    if secret:
        request.META["CSRF_COOKIE"] = secret


def _remember(request: HttpRequest, here: AtStation) -> None:
    kept = request.session.get(_SESSION)
    if not kept:
        return
    until = datetime.fromisoformat(kept["until"])
    person = Person.objects.filter(pk=kept["id"], is_active=True).first()
    if person is None or until <= datetime.now(UTC):
        del request.session[_SESSION]
        return
    here.person, here.until = person, until
