"""`/planning/erp/<code>/setup/`: the way to a first connection, in steps that can be repeated and left at any time."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from erp_sync.connections import ConnectionRefused, connection_create, plain_words, skew_words
from erp_sync.connectors import KINDS
from erp_sync.errors import AuthError
from erp_sync.inbound.mapped import APART
from erp_sync.inbound.mapping import unmapped
from erp_sync.models import ErpConnection, ErpLink, ErpMapping
from erp_sync.screens.found import connection_or_404
from erp_sync.screens.page import erp_page
from erp_sync.screens.setup_forms import ConnectionForm, options_text
from erp_sync.screens.strip import strips
from erp_sync.secrets import secrets_of
from mes.people.access import lines_for, may
from mes.plant.models import Site
from mes.screens.gate import actor_of, demand

SHOWN = 200
KNOWN_OPTIONS = ("default_line", "consumption", "master")


class Step(NamedTuple):
    """A step of the set-up: whether it is done, and what may be said of it."""

    name: str
    done: bool
    word: str


def sites_for(user: object) -> QuerySet[Site]:
    """The sites of somebody's lines."""
    return Site.objects.filter(pk__in=lines_for(user).values("area__site")).order_by("code")


def demand_map(user: object) -> None:
    """403 unless somebody may map or set up."""
    if not may(user, "map_erp"):
        demand(user, "set_up_erp")


@login_required
def new_connection(request: HttpRequest) -> HttpResponse:
    """`/planning/erp/new/`: a code, a name, a kind and an address; nothing is reached yet."""
    demand(request.user, "set_up_erp")
    sites = sites_for(request.user)
    form = ConnectionForm(request.POST or None, sites, new=True)
    if request.method == "POST" and form.is_valid():
        said = {name: form.cleaned_data[name] for name in ("code", "name", "kind", "site", "address", "options")}
        try:
            made = connection_create(actor=actor_of(request), at=datetime.now(UTC), **said)
        except ConnectionRefused as refused:
            form.add_error(refused.field or None, str(refused))
        else:
            messages.success(request, _("%s is there. Nothing is read before you say so.") % made.name, "good")
            return HttpResponseRedirect(reverse("erp-setup", args=[made.code]))
    context = {"form": form, "kinds": KINDS.values(), "sites": sites}
    status = 422 if request.method == "POST" else 200
    return erp_page(request, "connections", "erp/new.html", context, datetime.now(UTC), status)


@login_required
@require_safe
def setup(request: HttpRequest, code: str) -> HttpResponse:
    """`/planning/erp/<code>/setup/`: settings, secret, check, mapping, dry run, live."""
    demand_map(request.user)
    return setup_page(request, connection_or_404(request.user, code))


def setup_page(request: HttpRequest, connection: ErpConnection, status: int = 200, **more: Any) -> HttpResponse:
    """The page of a connection; `more` is what a step found: a form with mistakes, or a dry run."""
    now = datetime.now(UTC)
    kind = KINDS.get(connection.kind)
    missing = unmapped(connection, now)
    secrets = _secrets(connection, kind.secrets if kind else ())
    rows = connection.mappings.filter(valid_to=None).order_by("kind", "ext_key")
    mapped = rows.count()
    waiting = connection.links.filter(badge=ErpLink.Badge.WAITING).count()
    words = dict(ErpMapping.Kind.choices)
    context = {
        "connection": connection,
        "strip": strips([connection], now)[0],
        "zone": connection.site.time_zone,
        "kinds": KINDS.values(),
        "sites": sites_for(request.user),
        "options": options_text(connection.options),
        "option_names": [*(kind.options if kind else ()), *KNOWN_OPTIONS],
        "postings": ErpConnection.Posting.choices,
        "days": ErpConnection.Day.choices,
        "closings": ErpConnection.Closed.choices,
        "secrets": secrets,
        "skew": skew_words(connection),
        "plain": plain_words(connection),
        "unmapped": [{"word": words[one.kind], **asdict(one)} for one in missing[:SHOWN]],
        "more_unmapped": max(0, len(missing) - SHOWN),
        "orders_waiting": waiting,
        "waiting_word": ngettext("%d order waits", "%d orders wait", waiting) % waiting,
        "mappings": rows[:SHOWN],
        "mapped_count": mapped,
        "mapping_kinds": ErpMapping.Kind.choices,
        "apart": APART,
        "steps": _steps(connection, secrets, mapped),
    } | more
    return erp_page(request, "connections", "erp/setup.html", context, now, status)


class Secret(NamedTuple):
    """A secret by its name, and whether it is there. What it is never leaves the server."""

    name: str
    there: bool


def _secrets(connection: ErpConnection, names: tuple[str, ...]) -> list[Secret]:
    try:
        known = secrets_of(connection.code)
    except AuthError:
        known = {}
    return [Secret(name, bool(known.get(name))) for name in names]


def _steps(connection: ErpConnection, secrets: list[Secret], mapped: int) -> dict[str, Step]:
    state = ErpConnection.State
    checked = connection.checked_at is not None and not connection.problem
    dry = connection.state in (state.DRY_RUN, state.LIVE)
    secret = not secrets or any(one.there for one in secrets)
    return {
        "settings": Step("settings", bool(connection.address) or not secrets, _("filled in")),
        "secret": Step("secret", secret, _("kept") if secrets else _("none is needed")),
        "check": Step("check", checked, _("it answered")),
        "map": Step("map", mapped > 0, ngettext("%d code is mapped", "%d codes are mapped", mapped) % mapped),
        "dry": Step("dry", dry, _("done")),
        "live": Step("live", connection.state == state.LIVE, _("live")),
    }
