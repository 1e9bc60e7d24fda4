"""What the buttons of a connection's set-up do: keep settings and secrets, check, map, try it dry, go live, stop."""

from collections.abc import Callable
from datetime import UTC, datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from erp_sync.connections import (
    ConnectionRefused,
    connection_change,
    connection_check,
    connection_dry_run,
    connection_go_live,
    connection_secrets_keep,
    connection_stop,
)
from erp_sync.connectors import KINDS
from erp_sync.errors import AuthError, ErpError
from erp_sync.inbound.mapping import MappingRefused, mapping_end, mapping_set
from erp_sync.inbound.pull import dry_run
from erp_sync.models import ErpConnection
from erp_sync.screens.found import connection_or_404
from erp_sync.screens.setup import demand_map, setup_page, sites_for
from erp_sync.screens.setup_forms import ConnectionForm, rows_given
from erp_sync.secrets import secrets_of
from mes.screens.gate import actor_of, demand

DRY_PAGES = 3
"""So many pages of orders are looked at in one dry run from the page: an answer within seconds."""
SECRET_LENGTH = 2000
Act = Callable[[HttpRequest, ErpConnection, datetime], HttpResponse | None]


@login_required
@require_POST
def setup_act(request: HttpRequest, code: str, verb: str) -> HttpResponse:
    """`/planning/erp/<code>/setup/<verb>/`: one step; each can be repeated, and said twice it happens once."""
    if verb not in ACTS:
        raise Http404(verb)
    if verb in ("map", "unmap"):
        demand_map(request.user)
    else:
        demand(request.user, "set_up_erp")
    connection = connection_or_404(request.user, code)
    try:
        answer = ACTS[verb](request, connection, datetime.now(UTC))
    except (ConnectionRefused, MappingRefused) as refused:
        messages.error(request, str(refused), "bad")
        answer = None
    return answer or HttpResponseRedirect(reverse("erp-setup", args=[connection.code]) + f"#h-{STEP[verb]}")


def _settings(request: HttpRequest, connection: ErpConnection, now: datetime) -> HttpResponse | None:
    form = ConnectionForm(request.POST, sites_for(request.user), new=False)
    if not form.is_valid():
        return setup_page(request, connection, 422, form=form)
    said, was = form.fields_said(), (connection.kind, connection.address)
    if connection_change(connection=connection, actor=actor_of(request), at=now, **said):
        messages.success(request, _("The settings are kept."), "good")
    if (connection.kind, connection.address) != was:
        _forget(request, connection, now)
    return None


def _forget(request: HttpRequest, connection: ErpConnection, now: datetime) -> None:
    """A secret belongs to the server it was entered for: it never goes to another address."""
    try:
        names = secrets_of(connection.code)
    except AuthError:
        return
    if names:
        values = dict.fromkeys(names, "")
        connection_secrets_keep(connection=connection, values=values, actor=actor_of(request), at=now)
        messages.warning(request, _("It leads to another server now: enter its secret again, then check it."))


def _secret(request: HttpRequest, connection: ErpConnection, now: datetime) -> None:
    kind = KINDS.get(connection.kind)
    names = kind.secrets if kind else ()
    values = {name: request.POST[f"secret-{name}"] for name in names if request.POST.get(f"secret-{name}")}
    if any("\0" in value or len(value) > SECRET_LENGTH for value in values.values()):
        raise ConnectionRefused(_("The secret has a character that no secret has, or is too long."))
    if not values:
        raise ConnectionRefused(_("Nothing was entered, so the secret stays as it is."))
    connection_secrets_keep(connection=connection, values=values, actor=actor_of(request), at=now)
    messages.success(request, _("The secret is kept outside the database. It is not shown again."), "good")


def _check(request: HttpRequest, connection: ErpConnection, now: datetime) -> None:
    health = connection_check(connection, actor_of(request), now)
    if health is None:
        messages.error(request, connection.problem, "bad")
    else:
        said = _("It answered: %(name)s %(version)s.") % {"name": connection.name, "version": health.version}
        messages.success(request, said, "good")


def _map(request: HttpRequest, connection: ErpConnection, now: datetime) -> None:
    done, wrong = 0, []
    for row in rows_given(request.POST):
        try:
            if row.problem:
                raise MappingRefused(row.problem)
            done += mapping_set(
                connection=connection,
                kind=row.kind,
                ext_key=row.ext_key,
                mes_code=row.mes_code,
                factor=row.factor,
                digits=row.digits,
                actor=actor_of(request),
                at=now,
            )
        except MappingRefused as refused:
            wrong.append(f"{row.ext_key[:60]}: {refused}")
    if done:
        said = ngettext("%d code is mapped.", "%d codes are mapped.", done) % done
        messages.success(request, said, "good")
    for sentence in wrong[:10]:
        messages.error(request, sentence, "bad")


def _unmap(request: HttpRequest, connection: ErpConnection, now: datetime) -> None:
    number = request.POST.get("mapping", "")
    mapping = connection.mappings.filter(pk=int(number)).first() if number.isdecimal() and len(number) < 18 else None
    if mapping is None:
        raise Http404(number)
    why = request.POST.get("why", "").replace("\0", "").strip()
    if mapping_end(mapping=mapping, why=why, actor=actor_of(request), at=now):
        said = _("%s means nothing here any more; new orders with it wait.") % mapping.ext_key
        messages.success(request, said, "good")


def _dry(request: HttpRequest, connection: ErpConnection, now: datetime) -> HttpResponse | None:
    """Reads and shows; the connection is in a dry run from now on, unless it was live already."""
    if connection.state != ErpConnection.State.LIVE:
        connection_dry_run(connection, actor_of(request), now)
    try:
        found = dry_run(connection, now, pages=DRY_PAGES)
    except ErpError as error:
        messages.error(request, str(error), "bad")
        return None
    if found.run is None:
        messages.warning(request, _("Orders are being read just now: try again in some seconds."))
        return None
    connection.refresh_from_db()
    return setup_page(request, connection, dry=found)


def _live(request: HttpRequest, connection: ErpConnection, now: datetime) -> None:
    if connection_go_live(connection, actor_of(request), now):
        messages.success(request, _("%s is live: orders come in, confirmations go out.") % connection.name, "good")


def _stop(request: HttpRequest, connection: ErpConnection, now: datetime) -> None:
    if connection_stop(connection, request.POST.get("why", ""), actor_of(request), now):
        said = _("%s is stopped. What is entered on the floor is kept and sent later.") % connection.name
        messages.success(request, said, "good")


ACTS: dict[str, Act] = {
    "settings": _settings, "secret": _secret, "check": _check, "map": _map, "unmap": _unmap, "dry": _dry,
    "live": _live, "stop": _stop,
}  # fmt: skip
STEP = {verb: verb for verb in ACTS} | {"unmap": "map", "stop": "live"}
