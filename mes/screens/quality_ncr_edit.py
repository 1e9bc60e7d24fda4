"""What the forms of a report do: raise it, decide it, add and settle corrective actions, close it."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.db.models import Q
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _

from mes.materials.models import Lot
from mes.people.access import lines_for, work_centers_for
from mes.people.models import Person
from mes.production.models import WorkOrder
from mes.quality.corrective import action_add, action_done, action_verify
from mes.quality.models import CorrectiveAction, Disposition, Nonconformance
from mes.quality.ncr import NcrRefused, ncr_close, ncr_dispose, ncr_hold, ncr_open
from mes.quality.ncr_rules import Step, steps_of
from mes.screens.gate import actor_of, demand
from mes.screens.quality_ncr_scrap import scrap_book
from mes.screens.quality_signing import confirmed_of
from mes.signing.confirm import Confirmed


def raise_report(request: HttpRequest, now: datetime) -> Nonconformance:
    """Stores a new report from the form. NcrRefused says what is wrong."""
    machine = request.POST.get("machine", "")
    place = work_centers_for(request.user).select_related("line").filter(code=_plain(machine)).first()
    if place is None:
        raise NcrRefused(_("Choose the machine at which it was found."))
    number = _plain(request.POST.get("order", "").strip())
    order = WorkOrder.objects.filter(number=number, line__in=lines_for(request.user)).first() if number else None
    if number and order is None:
        raise NcrRefused(_("There is no order %s on your lines: leave it empty where no order is concerned.") % number)
    lot = _lot(request)
    report = ncr_open(
        key=_key(request),
        line=place.line,
        work_center=place,
        order=order,
        lot=lot,
        blocks=bool(request.POST.get("blocks", "")),
        finding=request.POST.get("finding", ""),
        description=request.POST.get("description", ""),
        quantity=_quantity(request),
        actor=actor_of(request),
        at=now,
    )
    messages.success(request, _("%s is open.") % report, extra_tags="good")
    return report


def change(request: HttpRequest, report: Nonconformance, now: datetime) -> None:
    """Does what the form's `do` says. TextRefused or SigningRefused say why not; an unknown word is 404."""
    verbs: dict[str, Callable[[HttpRequest, Nonconformance, datetime], None]] = {
        "dispose": _dispose,
        "hold": _hold,
        "add": _add,
        "done": _done,
        "verify": _verify,
        "close": _close,
    }
    verb = verbs.get(request.POST.get("do", ""))
    if verb is None:
        raise Http404("do")
    verb(request, report, now)


def _dispose(request: HttpRequest, report: Nonconformance, now: datetime) -> None:
    demand(request.user, "release_hold")
    confirmed = _confirmed(request, report, Step.DISPOSE, now)
    disposition, actor = request.POST.get("disposition", ""), actor_of(request)
    with transaction.atomic():
        done = ncr_dispose(
            report=report,
            disposition=disposition,
            decision=request.POST.get("decision", ""),
            quantity=_quantity(request),
            actor=actor,
            at=now,
            confirmed=confirmed,
        )
        text = request.POST.get("scrap", "") if disposition == Disposition.SCRAP else ""
        booked = scrap_book(report, text, actor=actor, at=now) if done else 0
    if done:
        messages.success(request, _("%s is decided.") % report, extra_tags="good")
    if booked:
        messages.success(request, _("%d pieces of scrap entered.") % booked, extra_tags="good")


def _hold(request: HttpRequest, report: Nonconformance, now: datetime) -> None:
    demand(request.user, "release_hold")
    ncr_hold(report=report, why=request.POST.get("why", ""), actor=actor_of(request), at=now)


def _close(request: HttpRequest, report: Nonconformance, now: datetime) -> None:
    demand(request.user, "release_hold")
    confirmed = _confirmed(request, report, Step.CLOSE, now)
    said, actor = request.POST.get("closing", ""), actor_of(request)
    if ncr_close(report=report, closing=said, actor=actor, at=now, confirmed=confirmed):
        messages.success(request, _("%s is closed.") % report, extra_tags="good")


def _add(request: HttpRequest, report: Nonconformance, now: datetime) -> None:
    demand(request.user, "release_hold")
    owner = Person.objects.filter(username=_plain(request.POST.get("owner", ""))).first()
    if owner is None:
        raise NcrRefused(_("Choose who does it."))
    try:
        due = date.fromisoformat(request.POST.get("due", ""))
    except ValueError as error:
        raise NcrRefused(_("Choose the day until which it is done.")) from error
    action_add(
        report=report,
        text=request.POST.get("text", ""),
        owner=owner,
        due=due,
        key=_key(request),
        actor=actor_of(request),
        at=now,
    )


def _done(request: HttpRequest, report: Nonconformance, now: datetime) -> None:
    action = _action(request, report)
    if action.owner.username != actor_of(request):
        demand(request.user, "release_hold")
    action_done(action=action, result=request.POST.get("result", ""), actor=actor_of(request), at=now)


def _verify(request: HttpRequest, report: Nonconformance, now: datetime) -> None:
    demand(request.user, "release_hold")
    worked = request.POST.get("worked", "") == "yes"
    action_verify(action=_action(request, report), worked=worked, actor=actor_of(request), at=now)


def _confirmed(request: HttpRequest, report: Nonconformance, step: Step, now: datetime) -> Confirmed | None:
    """The re-authentication a signed report asks for; a form that was sent before needs none again."""
    needed = report.to_sign and step in steps_of(report.status)
    return confirmed_of(request, now) if needed else None


def _action(request: HttpRequest, report: Nonconformance) -> CorrectiveAction:
    text = request.POST.get("action", "")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
    action = report.actions.select_related("owner", "nonconformance").filter(pk=number).first()
    if action is None:
        raise Http404("action")
    return action


def _lot(request: HttpRequest) -> Lot | None:
    """The lot of that number which a line of the person made, or which was received."""
    number = _plain(request.POST.get("lot", "").strip())
    if not number:
        return None
    mine = Q(line__in=lines_for(request.user)) | Q(line=None)
    found = list(Lot.objects.filter(mine, number=number)[:2])
    if not found:
        raise NcrRefused(_("There is no lot %s on your lines: leave it empty where no lot is concerned.") % number)
    if len(found) > 1:
        raise NcrRefused(_("Several items have a lot %s: leave it empty and name the item in your words.") % number)
    return found[0]


def _quantity(request: HttpRequest) -> Decimal | None:
    text = request.POST.get("quantity", "").strip().replace(",", ".")
    if not text:
        return None
    try:
        return round(Decimal(text), 3) if len(text) <= 16 else Decimal("NaN")
    except InvalidOperation as error:
        raise NcrRefused(_("The quantity must be a number above 0: leave it empty where it is not known.")) from error


def _key(request: HttpRequest) -> UUID:
    try:
        return UUID(request.POST.get("key", ""))
    except ValueError as error:
        raise NcrRefused(_("The page was incomplete: open it again and write it once more.")) from error


def _plain(text: str) -> str:
    """A text one may look for: PostgreSQL refuses NUL, so that becomes a sign no code has."""
    return text.replace("\0", "\ufffd")[:150]
