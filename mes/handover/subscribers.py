"""Who gets a line's shift reports: subscribed and unsubscribed, and the addresses as they are when a report is made."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from mes.handover.models import Subscriber
from mes.handover.sign import HandoverRefused
from mes.journal.write import record
from mes.people.access import lines_for
from mes.people.models import Person
from mes.plant.models import Line

KIND = "line"
LONGEST = 254


def report_subscribe(*, line: Line, person: Person | None, address: str, actor: str, at: datetime) -> Subscriber:
    """A person (at the e-mail address of the account) or an address gets the line's reports from the next one on.

    Said twice it is stored once. Raises HandoverRefused for a person without an address or outside the line, and for
    what is no e-mail address.
    """
    address = "" if person is not None else address.strip()
    if person is not None:
        _refuse(person, line)
    else:
        try:
            validate_email(address)
        except ValidationError as wrong:
            raise HandoverRefused(_("That is no e-mail address: write it as name@plant.example.")) from wrong
        if len(address) > LONGEST:
            raise HandoverRefused(_("That e-mail address is too long to be stored."))
    try:
        with transaction.atomic():
            made = Subscriber.objects.create(line=line, person=person, address=address)
            after = {"subscriber": str(made)}
            data = {"before": None, "after": after, "why": ""}
            record(actor=actor, at=at, action="report_subscribe", kind=KIND, code=line.code, data=data)
            return made
    except IntegrityError:
        return Subscriber.objects.get(line=line, person=person, address=address)


def report_unsubscribe(*, subscriber: Subscriber, actor: str, at: datetime) -> bool:
    """No further report goes there; False where it was ended before."""
    with transaction.atomic():
        gone, _rows = Subscriber.objects.filter(pk=subscriber.pk).delete()
        if not gone:
            return False
        data = {"before": {"subscriber": str(subscriber)}, "after": None, "why": ""}
        record(actor=actor, at=at, action="report_unsubscribe", kind=KIND, code=subscriber.line.code, data=data)
        return True


def addresses_of(line: Line) -> dict[str, str]:
    """Address to language of those who get the line's report now: each address once, "" where no language was chosen.

    People who left or may not see the line any more are left out.
    """
    found: dict[str, tuple[str, str]] = {}
    for subscriber in Subscriber.objects.filter(line=line).select_related("person"):
        person = subscriber.person
        if person is not None and not (person.is_active and lines_for(person).filter(pk=line.pk).exists()):
            continue
        address, language = (person.email, person.language) if person is not None else (subscriber.address, "")
        if address:
            found.setdefault(address.casefold(), (address, language))
    return dict(found.values())


def _refuse(person: Person, line: Line) -> None:
    if not person.email:
        raise HandoverRefused(
            _("%(who)s has no e-mail address: an admin enters it, or type the address here.") % {"who": person}
        )
    if not lines_for(person).filter(pk=line.pk).exists():
        raise HandoverRefused(_("%(who)s may not see this line.") % {"who": person})
