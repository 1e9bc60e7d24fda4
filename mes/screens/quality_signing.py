"""Signing on pages: who stands there says again who they are, and what the form of a signature needs."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from mes.people.models import Person
from mes.screens.gate import actor_of
from mes.signing.confirm import Confirmed, SigningRefused, identity_confirm
from mes.signing.sign import Signed, signatures_of


def confirmed_of(request: HttpRequest, at: datetime) -> Confirmed:
    """The acting person, who entered their password or PIN in the field `secret`; call it before the transaction."""
    person = Person.objects.filter(username=actor_of(request), is_active=True).first()
    if person is None:
        raise SigningRefused(_("Only a person who is logged in can sign: log in and sign again."))
    address = str(request.META.get("REMOTE_ADDR") or "")
    return identity_confirm(person=person, secret=request.POST.get("secret", ""), address=address, at=at)


def signatures_context(kind: str, code: str, content: dict[str, Any], zone: str) -> dict[str, Any]:
    """For `quality/signatures.html`: every signature with whether it still holds for the content."""
    signed: list[Signed] = signatures_of(kind, code, content)
    return {"signed": signed, "zone": zone}
