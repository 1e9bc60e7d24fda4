"""What people do on a handover: write to the next shift, raise and tick off items, sign; and who gets the report."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from mes.handover.models import ActionItem, HandoverNote, Subscriber
from mes.handover.reports import mails_waiting
from mes.handover.said import item_add, item_done, note_add, note_withdraw
from mes.handover.sign import HandoverRefused, handover_sign_in, handover_sign_out
from mes.handover.subscribers import report_subscribe, report_unsubscribe
from mes.people.access import lines_for, may
from mes.people.models import Person
from mes.plant.models import Shift
from mes.screens.gate import actor_of, demand, line_or_404, shift_or_404, storable
from mes.screens.handover import address_of

Act = Callable[[HttpRequest, Shift, str, datetime], str]


@login_required
@require_POST
def act(request: HttpRequest, line: str, day: str, name: str) -> HttpResponse:
    """`/handover-act/<line>/<production-date>/<shift>/`: what `verb` says."""
    shift = shift_or_404(request.user, line, day, name)
    action, do = VERBS.get(request.POST.get("verb", ""), ("", None))
    if do is None:
        raise BadRequest("verb")
    demand(request.user, action)
    try:
        messages.success(request, do(request, shift, actor_of(request), datetime.now(UTC)), extra_tags="good")
    except HandoverRefused as refused:
        messages.error(request, str(refused), extra_tags="bad")
    return HttpResponseRedirect(address_of(shift))


@login_required
@require_safe
def mail(request: HttpRequest, line: str) -> HttpResponse:
    """`/handover/<line>/mail/`: who gets the line's shift reports, and what could not be sent."""
    place = line_or_404(request.user, line)
    context = {
        "line": place,
        "zone": place.area.site.time_zone,
        "subscribers": place.report_subscribers.select_related("person"),
        "people": _people_of(place.pk),
        "waiting": [row for row in mails_waiting() if row.report.shift.line_id == place.pk],
        "may_mail": may(request.user, "edit_report_mail"),
    }
    return render(request, "handover/mail_page.html", context)


@login_required
@require_POST
def mail_edit(request: HttpRequest, line: str) -> HttpResponse:
    """Subscribes a person or an address to a line's reports, or ends a subscription."""
    place = line_or_404(request.user, line)
    demand(request.user, "edit_report_mail")
    actor, at, post = actor_of(request), datetime.now(UTC), request.POST
    try:
        if post.get("verb") == "remove":
            found = Subscriber.objects.filter(line=place, pk=_whole(post.get("subscriber", ""))).first()
            if found is not None:
                report_unsubscribe(subscriber=found, actor=actor, at=at)
            messages.success(request, _("No further report goes there."), extra_tags="good")
        elif post.get("verb") == "add":
            name = storable(post.get("person", ""))
            person = next((one for one in _people_of(place.pk) if one.username == name), None) if name else None
            if name and person is None:
                raise Http404(name)
            report_subscribe(line=place, person=person, address=storable(post.get("address", "")), actor=actor, at=at)
            messages.success(request, _("The next shift report goes there too."), extra_tags="good")
        else:
            raise BadRequest("verb")
    except HandoverRefused as refused:
        messages.error(request, str(refused), extra_tags="bad")
    return HttpResponseRedirect(reverse("handover-mail", args=[place.code]))


def _people_of(line: int) -> list[Person]:
    """Active people with an e-mail address who may see the line."""
    people = Person.objects.filter(is_active=True).exclude(email="").order_by("username")
    return [person for person in people if lines_for(person).filter(pk=line).exists()]


def _note(request: HttpRequest, shift: Shift, actor: str, at: datetime) -> str:
    note_add(shift=shift, text=request.POST.get("text", ""), key=_key(request), actor=actor, at=at)
    return _("The note is in the handover.")


def _take_back(request: HttpRequest, shift: Shift, actor: str, at: datetime) -> str:
    note = HandoverNote.objects.filter(handover__shift=shift, key=_key(request)).first()
    if note is None:
        raise Http404("note")
    note_withdraw(note=note, actor=actor, at=at)
    return _("The note is taken back.")


def _item(request: HttpRequest, shift: Shift, actor: str, at: datetime) -> str:
    post, due = request.POST, None
    if post.get("due"):
        try:
            due = date.fromisoformat(post["due"])
        except ValueError as error:
            raise HandoverRefused(_("The due day is no date: write it as 2026-03-31.")) from error
    text, owner = post.get("text", ""), post.get("owner", "")
    item_add(shift=shift, text=text, owner=owner, due=due, key=_key(request), actor=actor, at=at)
    return _("The item stays in every handover until it is done.")


def _done(request: HttpRequest, shift: Shift, actor: str, at: datetime) -> str:
    item = ActionItem.objects.filter(line=shift.line, key=_key(request)).select_related("handover__shift__line").first()
    if item is None:
        raise Http404("item")
    item_done(item=item, actor=actor, at=at)
    return _("Done.")


def _out(request: HttpRequest, shift: Shift, actor: str, at: datetime) -> str:
    handover_sign_out(shift=shift, actor=actor, at=at)
    return _("You signed the shift out. Its figures are kept as they are now.")


def _in(request: HttpRequest, shift: Shift, actor: str, at: datetime) -> str:
    handover_sign_in(shift=shift, actor=actor, at=at)
    return _("You took the line over.")


def _key(request: HttpRequest) -> UUID:
    try:
        return UUID(request.POST.get("key", ""))
    except ValueError as error:
        raise BadRequest("key") from error


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise BadRequest("subscriber")
    return int(text)


VERBS: dict[str, tuple[str, Act]] = {
    "note": ("write_handover", _note),
    "take-back": ("write_handover", _take_back),
    "item": ("write_handover", _item),
    "done": ("write_handover", _done),
    "out": ("sign_handover", _out),
    "in": ("sign_handover", _in),
}
