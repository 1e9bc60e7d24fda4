"""Who somebody at a station is: by badge, or by name and PIN. Hashed, and guessed as slowly as passwords."""

import re
from datetime import datetime

from django.contrib.auth.hashers import check_password, make_password
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from mes.journal.write import record
from mes.people.access import lines_for
from mes.people.guessing import login_blocked, login_failed, login_succeeded
from mes.people.models import Identity, Person, StationDevice
from mes.plant.models import Line

_BADGE = re.compile(r"[!-~]{4,64}")
_PIN = re.compile(r"[0-9]{4,8}")
_ROWS = ("01234567890", "09876543210")


class IdentityRefused(Exception):
    """A badge or PIN that is not taken; the text says what is wrong and what to do."""


def badge_set(*, person: Person, badge: str, actor: str, at: datetime) -> bool:
    """Gives the person this badge, or takes it away (""). False when it was so already.

    Raises IdentityRefused for a number that no scanner sends and for a badge of somebody else.
    """
    if badge and not _BADGE.fullmatch(badge):
        raise IdentityRefused(_("A badge has 4 to 64 letters, digits or signs and no blanks: scan it again."))
    stored = _badge_hash(badge) if badge else ""
    try:
        with transaction.atomic():
            identity = _locked(person)
            if identity.badge_hash == stored:
                return False
            Identity.objects.filter(pk=person.pk).update(badge_hash=stored)
            _tell(person, "badge_set", identity.badge_hash, stored, actor, at)
    except IntegrityError as error:
        raise IdentityRefused(_("This badge belongs to somebody else: take it away from them first.")) from error
    return True


def pin_set(*, person: Person, pin: str, actor: str, at: datetime) -> bool:
    """Gives the person this PIN, or takes it away (""). False when it was so already.

    Raises IdentityRefused for a PIN that is not 4 to 8 digits, or one of the first anybody would try.
    """
    if pin and not _PIN.fullmatch(pin):
        raise IdentityRefused(_("A PIN has 4 to 8 digits: choose another one."))
    if pin and (len(set(pin)) == 1 or any(pin in row for row in _ROWS)):
        raise IdentityRefused(_("This PIN is too easy to guess: no digit only repeated, and no row like 1234."))
    with transaction.atomic():
        identity = _locked(person)
        if check_password(pin, identity.pin_hash) if pin else not identity.pin_hash:
            return False
        Identity.objects.filter(pk=person.pk).update(pin_hash=make_password(pin) if pin else "")
        _tell(person, "pin_set", identity.pin_hash, pin, actor, at)
    return True


def person_by_badge(*, badge: str, device: StationDevice, address: str, at: datetime) -> Person:
    """The person of this badge at this device. Raises IdentityRefused; unknown badges are counted per device."""
    guessed = f"badge at {device.account.username}"
    _check_brake(guessed, address, at)
    identity = None
    if _BADGE.fullmatch(badge):
        identity = Identity.objects.select_related("person").filter(badge_hash=_badge_hash(badge)).first()
    if identity is None or not identity.person.is_active:
        login_failed(username=guessed, address=address, at=at)
        raise IdentityRefused(_("Nobody has this badge: scan it again, or choose your name and enter your PIN."))
    login_succeeded(username=guessed)
    return _of_the_line(identity.person, device)


def person_by_pin(*, username: str, pin: str, device: StationDevice, address: str, at: datetime) -> Person:
    """The person of this name, if the PIN is right. Raises IdentityRefused; wrong ones count as wrong passwords do."""
    _check_brake(username, address, at)
    person = (
        people_with_pin(device.work_center.line).filter(username=username).first() if "\0" not in username else None
    )
    if person is None or not _PIN.fullmatch(pin) or not check_password(pin, person.identity.pin_hash):
        login_failed(username=username.replace("\0", ""), address=address, at=at)
        raise IdentityRefused(_("Name and PIN do not belong together: enter the PIN again."))
    login_succeeded(username=username)
    return person


def people_with_pin(line: Line) -> QuerySet[Person]:
    """Active people who may see the line and have a PIN, by name: the choices at its stations."""
    able = Person.objects.filter(is_active=True).exclude(identity__pin_hash="").filter(identity__isnull=False)
    seeing = able.filter(all_lines=True) | able.filter(lines=line) | able.filter(role="admin")
    return seeing.distinct().select_related("identity").order_by("first_name", "last_name", "username")


def identity_words(person: Person) -> str:
    """What the person has, in words, never the badge or PIN itself."""
    identity = Identity.objects.filter(pk=person.pk).first()
    badge, pin = bool(identity and identity.badge_hash), bool(identity and identity.pin_hash)
    return ", ".join([_("badge set") if badge else _("no badge"), _("PIN set") if pin else _("no PIN")])


def _badge_hash(badge: str) -> str:
    """Keyed with the server's secret: badge numbers are short, and plain hashes of a backup could be tried out."""
    return salted_hmac("mes.people.badge", badge, algorithm="sha256").hexdigest()


def _locked(person: Person) -> Identity:
    Identity.objects.get_or_create(person=person)
    return Identity.objects.select_for_update().get(pk=person.pk)


def _tell(person: Person, action: str, before: object, after: object, actor: str, at: datetime) -> None:
    words = {"before": "set" if before else None, "after": "set" if after else None, "why": ""}
    record(actor=actor, at=at, action=action, kind="person", code=person.username, data=words)


def _check_brake(username: str, address: str, at: datetime) -> None:
    if login_blocked(username=username.replace("\0", ""), address=address, at=at):
        raise IdentityRefused(_("Too many wrong tries: wait a quarter of an hour, or ask a supervisor."))


def _of_the_line(person: Person, device: StationDevice) -> Person:
    if not lines_for(person).filter(pk=device.work_center.line_id).exists():
        raise IdentityRefused(_("This badge is not for this line: ask an admin to add the line to you."))
    return person
