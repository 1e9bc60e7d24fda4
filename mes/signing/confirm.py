"""Re-authentication: who signs says again who they are, with password or PIN, behind the brake on guessing."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.hashers import check_password
from django.utils.translation import gettext as _

from mes.people.guessing import login_blocked, login_failed, login_succeeded
from mes.people.models import Identity, Person
from mes.signing.models import Signature

LONGEST = 200


class SigningRefused(Exception):
    """Nothing was signed; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The person behind a name proved it at this instant; made by `identity_confirm` only."""

    person: Person
    proof: Signature.Proof
    at: datetime


def identity_confirm(*, person: object, secret: str, address: str, at: datetime) -> Confirmed:
    """Compares the secret with the person's PIN, if there is one, and password.

    Failures count together with those of the log-in, by name and address: SigningRefused for a wrong secret and, while
    the brake holds, for every one. Call it outside the transaction of what is signed: a failure must stay counted when
    that is rolled back.
    """
    if not isinstance(person, Person) or not person.is_active:
        raise SigningRefused(_("Only a person who is logged in can sign: log in and sign again."))
    if login_blocked(username=person.username, address=address, at=at):
        raise SigningRefused(_("Too many wrong passwords or PINs: wait a quarter of an hour, then sign again."))
    if not secret:
        raise SigningRefused(_("The signature is missing: enter your password or PIN."))
    proof = _proof(person, secret) if len(secret) <= LONGEST else None
    if proof is None:
        login_failed(username=person.username, address=address, at=at)
        raise SigningRefused(_("This is neither your password nor your PIN: nothing was signed. Enter it again."))
    login_succeeded(username=person.username)
    return Confirmed(person, proof, at)


def _proof(person: Person, secret: str) -> Signature.Proof | None:
    """What the secret is; None where it is neither."""
    if secret.isascii() and secret.isdigit():
        identity = Identity.objects.filter(person=person).first()
        if identity is not None and identity.pin_hash and check_password(secret, identity.pin_hash):
            return Signature.Proof.PIN
    return Signature.Proof.PASSWORD if person.check_password(secret) else None
