"""Signing a record: meaning, person and content bound together, once; and whether a signature still holds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from mes.journal.write import record
from mes.signing.confirm import Confirmed, SigningRefused
from mes.signing.content import differences, hash_of, plain
from mes.signing.models import Meaning, Signature

FRESH = timedelta(seconds=60)
"""So long a re-authentication holds: enough to store what it was given for, not to sign something else."""

SECOND_PERSON = (Meaning.REVIEWED, Meaning.APPROVED)


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature and what is no longer as it was signed; nothing: it holds."""

    signature: Signature
    changed: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether the record is still what was signed."""
        return not self.changed


def sign(
    *,
    record_kind: str,
    record_code: str,
    content: Mapping[str, Any],
    meaning: str,
    confirmed: Confirmed,
    at: datetime,
    done_by: Iterable[str] = (),
) -> Signature:
    """Stores the signature of the confirmed person, inside the caller's transaction if there is one.

    `content`: what is signed, see `content.plain`. `done_by`: user names of those whose work it is; to review or to
    approve needs somebody else than them and than who signed as having performed it. The same person signing the same
    content with the same meaning again changes nothing. SigningRefused says what is wrong.
    """
    if meaning not in Meaning.values:
        raise SigningRefused(_("Choose what you sign: performed, reviewed or approved."))
    if not confirmed.at <= at <= confirmed.at + FRESH:
        raise SigningRefused(_("Your password or PIN was entered too long ago: enter it again."))
    person, digest = confirmed.person, hash_of(content)
    with transaction.atomic():
        if meaning in SECOND_PERSON and person.username in {*done_by, *_performed_by(record_kind, record_code)}:
            raise SigningRefused(
                _("You did this yourself: to review or approve it needs a second person. Ask somebody else to sign.")
            )
        signature, new = Signature.objects.get_or_create(
            record_kind=record_kind,
            record_code=record_code,
            meaning=meaning,
            person=person,
            content_hash=digest,
            defaults={
                "name": person.get_full_name() or person.username,
                "role": person.role,
                "proof": confirmed.proof,
                "at": at,
                "content": plain(content),
            },
        )
        if new:
            data = {"before": None, "after": {"meaning": meaning, "sha256": digest}, "why": str(Meaning(meaning).label)}
            record(actor=person.username, at=at, action="sign", kind=record_kind, code=record_code, data=data)
        return signature


def signatures_of(record_kind: str, record_code: str, content: Mapping[str, Any]) -> list[Signed]:
    """The signatures of a record in the order of time, each with what has changed since; `content`: what it is now."""
    rows = Signature.objects.filter(record_kind=record_kind, record_code=record_code).select_related("person")
    digest = hash_of(content)
    return [
        Signed(row, () if row.content_hash == digest else tuple(differences(row.content, content) or ["sha256"]))
        for row in rows.order_by("at", "id")
    ]


def holding(record_kind: str, contents: Mapping[str, Mapping[str, Any]]) -> dict[str, set[str]]:
    """Per record code the meanings signed for just this content; one query for all of them."""
    digests = {code: hash_of(content) for code, content in contents.items()}
    found: dict[str, set[str]] = {code: set() for code in contents}
    rows = Signature.objects.filter(record_kind=record_kind, record_code__in=list(contents))
    for code, digest, meaning in rows.order_by().values_list("record_code", "content_hash", "meaning"):
        if digests[code] == digest:
            found[code].add(meaning)
    return found


def _performed_by(record_kind: str, record_code: str) -> set[str]:
    rows = Signature.objects.filter(record_kind=record_kind, record_code=record_code, meaning=Meaning.PERFORMED)
    return set(rows.values_list("person__username", flat=True))
