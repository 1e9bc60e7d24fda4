"""Log-in, the start page of each role, and the two small addresses for machines: /healthz and /csp."""

import json
import logging
from typing import Any

from asgiref.sync import async_to_sync
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import is_valid_path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe
from redis.exceptions import RedisError

from mes.live.send import kick
from mes.people.models import Person, Role

log = logging.getLogger(__name__)

CSP_REPORT_LIMIT = 8_192
"""Bytes of a policy report that are read. A browser's report is about 1 kB; more is somebody filling our log."""

HOMES: dict[str, list[str]] = {
    Role.OPERATOR: ["/station/"],
    Role.PLANNER: ["/planning/", "/orders/"],
    Role.FINANCE: ["/improve/costs/"],
}
"""Where a role starts: the first of these addresses that this server has, else the floor."""


class LogIn(LoginView):
    """The log-in page; who is logged in already goes on to the start page."""

    template_name = "frame/login.html"
    redirect_authenticated_user = True


class LogOut(LogoutView):
    """Ends the session and every live socket of the person; sockets of other sessions come back by themselves."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Logs out first, so that no socket comes back with the session that ends."""
        person = request.user.pk
        answer: HttpResponse = super().post(request, *args, **kwargs)
        if person is not None:
            try:
                async_to_sync(kick)(person)
            except (RedisError, OSError) as error:
                log.warning("Sockets of a person who logged out end within half a minute: %s", type(error).__name__)
        return answer


@login_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Sends each role to the page it works on."""
    role = request.user.role if isinstance(request.user, Person) else ""
    places = [path for path in HOMES.get(role, []) if is_valid_path(path)]
    return HttpResponseRedirect(places[0] if places else "/floor/")


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Says that this web process answers; asks neither database nor Redis (that is /readyz)."""
    return HttpResponse("ok\n", content_type="text/plain")


@csrf_exempt
@require_POST
def csp_report(request: HttpRequest) -> HttpResponse:
    """Logs one line per report of a broken content security policy; 413 for a body no browser sends."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > CSP_REPORT_LIMIT:
        return HttpResponse(status=413)
    try:
        report = json.loads(request.body[:CSP_REPORT_LIMIT])
        told = report["csp-report"] if isinstance(report, dict) and "csp-report" in report else report
        facts = {key: str(told.get(key, ""))[:300] for key in ("document-uri", "violated-directive", "blocked-uri")}
    except (ValueError, TypeError, AttributeError, KeyError):
        facts = {"unreadable": repr(request.body[:100])}
    log.warning("content security policy broken: %s", json.dumps(facts))
    return HttpResponse(status=204)
