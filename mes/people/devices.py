"""Terminals that are the station of a machine: set up once by a supervisor, known by a token, revocable."""

import hashlib
import secrets
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from mes.journal.write import record
from mes.people.models import Person, Role, StationDevice
from mes.plant.models import WorkCenter

ACCOUNT = "station-"
"""With this the names of device accounts begin; a person's name with it is refused nowhere, only unwise."""


class DeviceRefused(Exception):
    """A device that cannot be set up; the text says why and how to mend it."""


def device_create(*, work_center: WorkCenter, name: str, token: str, actor: str, at: datetime) -> StationDevice:
    """Makes the terminal that keeps `token` (see `token_make`) the station of the machine.

    Its account is an operator of the machine's line who can neither log in nor act: actions need a person. Said twice
    with the same token: the same device. Raises DeviceRefused for an empty name or one another device has.
    """
    words = name.strip()
    if not 0 < len(words) <= 80 or "\0" in words:
        raise DeviceRefused(_("Give this terminal a name of at most 80 letters, as it is written on it."))
    known = StationDevice.objects.filter(token_hash=_hash(token)).first()
    if known is not None:
        return known
    try:
        with transaction.atomic():
            account = Person(
                username=f"{ACCOUNT}{work_center.code}-{_hash(token)[:6]}", first_name=words, role=Role.OPERATOR
            )
            account.set_unusable_password()
            account.save()
            account.lines.set([work_center.line])
            device = StationDevice.objects.create(
                name=words, work_center=work_center, account=account, token_hash=_hash(token), made_at=at
            )
            told = {"before": None, "after": {"work_center": work_center.code}, "why": ""}
            record(actor=actor, at=at, action="device_create", kind="station-device", code=words, data=told)
    except IntegrityError as error:
        again = StationDevice.objects.filter(token_hash=_hash(token)).first()
        if again is not None:
            return again
        said = _("A terminal named %(name)s is there already: choose another name.")
        raise DeviceRefused(said % {"name": words}) from error
    return device


def device_revoke(*, device: StationDevice, actor: str, at: datetime) -> bool:
    """The terminal is no station any more, from its next request on. False when it was none already."""
    with transaction.atomic():
        if not StationDevice.objects.filter(pk=device.pk, revoked_at=None).update(revoked_at=at):
            return False
        Person.objects.filter(pk=device.account_id).update(is_active=False)
        told = {"before": {"work_center": device.work_center.code}, "after": None, "why": ""}
        record(actor=actor, at=at, action="device_revoke", kind="station-device", code=device.name, data=told)
    return True


def token_make() -> str:
    """A fresh token, to be kept by the terminal alone."""
    return secrets.token_urlsafe(32)


def device_by_token(token: str) -> StationDevice | None:
    """The device that is still a station and keeps this token."""
    return _live().filter(token_hash=_hash(token)).first()


def device_by_account(person_id: int) -> StationDevice | None:
    """The device whose account this is, if it is still a station."""
    return _live().filter(account_id=person_id).first()


def _live() -> QuerySet[StationDevice]:
    return StationDevice.objects.select_related("account", "work_center__line__area__site").filter(
        revoked_at=None, account__is_active=True, work_center__archived=False
    )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
