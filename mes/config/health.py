"""/readyz says whether this process can serve; /metrics gives figures to Prometheus."""

from datetime import UTC, datetime

from django.db import connection
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from mes.config.vitals import AWAY, Check, broker, database, leases, look
from mes.people.keys import key_owner, lines_for_key
from mes.plant.models import Line
from mes.plc.models import Controller, ControllerHealth
from mes.tracking.models import CountHour, MachineCursor, StreamCursor

Sample = tuple[dict[str, str], float]


def fresh_poller() -> list[Check]:
    """Whether somebody polls; broadcaster apart, because pages work without it."""
    return [check for check in leases() if check.name == "pollers"]


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """200 while database, Redis and poller are there, else 503 with what is missing."""
    checks = look((database, broker, fresh_poller))
    ready = all(check.ok for check in checks)
    body = {"ready": ready, "checks": {check.name: {"ok": check.ok, "said": check.said} for check in checks}}
    return JsonResponse(body, status=200 if ready else 503)


def may_read_figures(request: HttpRequest) -> bool:
    """From this machine itself, not through a proxy; from elsewhere with a key that may read every line."""
    forwarded = {"HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED"} & set(request.META)
    if not forwarded and request.META.get("REMOTE_ADDR") in ("127.0.0.1", "::1"):
        return True
    scheme, _, raw = request.headers.get("Authorization", "").partition(" ")
    key = key_owner(raw.strip(), datetime.now(UTC)) if scheme.lower() in ("token", "bearer") and raw else None
    return key is not None and "read" in key.scopes and lines_for_key(key).count() == Line.objects.count()


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Figures in the Prometheus text format; what the database cannot tell while it is away is left out.

    They name machines, so they are for this machine itself and for keys that may read every line; else 401.
    """
    if not may_read_figures(request):
        text = "Figures are for this machine itself, or for an API key with the scope 'read' on every line.\n"
        return HttpResponse(text, status=401, content_type="text/plain", headers={"WWW-Authenticate": "Token"})
    lines = _block(
        "millwright_up",
        "gauge",
        "1 while the check is well.",
        [({"check": c.name}, c.ok) for c in look((database, broker))],
    )
    try:
        for name, kind, text, samples in _stored():
            lines += _block(name, kind, text, samples)
    except AWAY:
        connection.close()
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; version=0.0.4; charset=utf-8")


def _stored() -> list[tuple[str, str, str, list[Sample]]]:
    now = datetime.now(UTC)
    healths = list(ControllerHealth.objects.select_related("controller").order_by("controller__code"))
    heard = list(MachineCursor.objects.select_related("work_center").order_by("work_center__code"))
    since = now.replace(hour=0, minute=0, second=0, microsecond=0)
    sums = CountHour.objects.filter(hour__gte=since).values_list("work_center__code").order_by("work_center__code")
    counted = list(sums.annotate(Sum("good_sum"), Sum("scrap_sum")))
    return [
        (
            "millwright_controllers_enabled",
            "gauge",
            "Controllers that shall be polled.",
            [({}, Controller.objects.filter(enabled=True).count())],
        ),
        (
            "millwright_controller_online",
            "gauge",
            "1 while the controller is read.",
            [({"controller": h.controller.code}, h.comm == "online") for h in healths],
        ),
        (
            "millwright_controller_last_good_read_age_seconds",
            "gauge",
            "Age of the last good read.",
            [
                ({"controller": h.controller.code}, (now - h.last_good_at).total_seconds())
                for h in healths
                if h.last_good_at
            ],
        ),
        (
            "millwright_controller_polls_total",
            "counter",
            "Polls since the poller began.",
            [({"controller": h.controller.code}, h.polls) for h in healths],
        ),
        (
            "millwright_machine_heard_age_seconds",
            "gauge",
            "Age of what is known of the machine.",
            [({"work_center": m.work_center.code}, (now - m.heard_at).total_seconds()) for m in heard],
        ),
        (
            "millwright_pieces_today",
            "gauge",
            "Pieces counted since midnight UTC.",
            [
                ({"work_center": code, "kind": kind}, pieces)
                for code, good, scrap in counted
                for kind, pieces in (("good", good), ("scrap", scrap))
            ],
        ),
        ("millwright_streams", "gauge", "Streams of samples.", [({}, StreamCursor.objects.count())]),
    ]


def _block(name: str, kind: str, text: str, samples: list[Sample]) -> list[str]:
    lines = [f"# HELP {name} {text}", f"# TYPE {name} {kind}"]
    return lines + [f"{name}{_labels(labels)} {float(value):g}" for labels, value in samples]


def _labels(labels: dict[str, str]) -> str:
    if not labels:
        return ""
    escaped = {
        name: value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") for name, value in labels.items()
    }
    return "{" + ",".join(f'{name}="{value}"' for name, value in escaped.items()) + "}"
