"""Signing: who signs says again who they are, the signature is bound to the content, a second person reviews."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, transaction

from mes.journal.models import JournalEntry
from mes.people.guessing import NAME_LIMIT
from mes.people.identity import pin_set
from mes.people.models import Person, Role
from mes.signing.confirm import Confirmed, SigningRefused, identity_confirm
from mes.signing.models import Signature
from mes.signing.sign import holding, sign, signatures_of

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 6, tzinfo=UTC)
SECRET = "only-for-this-test"
CONTENT = {"values": ["10.2"], "verdict": "good"}
RECORD = {"record_kind": "check", "record_code": "C-1"}


def somebody(name: str, role: Role = Role.QUALITY) -> Person:
    return Person.objects.create_user(name, password=None, role=role, first_name=name.title())


def proved(person: Person, at: datetime = NOW) -> Confirmed:
    return Confirmed(person, Signature.Proof.PASSWORD, at)


def test_a_wrong_password_signs_nothing_and_ten_close_the_name() -> None:
    quinn = Person.objects.create_user("quinn", password=SECRET)
    said = {"person": quinn, "address": "10.0.0.1", "at": NOW}
    assert identity_confirm(secret=SECRET, **said).proof == "password"
    pin_set(person=quinn, pin="2580", actor="ada", at=NOW)
    assert identity_confirm(secret="2580", **said).proof == "pin"
    with pytest.raises(SigningRefused, match="is missing"):
        identity_confirm(secret="", **said)
    for _ in range(NAME_LIMIT):
        with pytest.raises(SigningRefused, match="neither your password"):
            identity_confirm(secret="x" * 201, **said)
    with pytest.raises(SigningRefused, match="Too many"):
        identity_confirm(secret=SECRET, **said)
    with pytest.raises(SigningRefused, match="logged in"):
        identity_confirm(secret=SECRET, person=None, address="10.0.0.1", at=NOW)


def test_signing_twice_is_one_signature_and_one_journal_entry() -> None:
    quinn = somebody("quinn")
    for after_s in (0, 5):
        at = NOW + timedelta(seconds=after_s)
        sign(**RECORD, content=CONTENT, meaning="performed", confirmed=proved(quinn), at=at)
    signature = Signature.objects.get()
    assert (signature.name, signature.role, signature.at) == ("Quinn", "quality", NOW)
    entry = JournalEntry.objects.get(action="sign")
    assert (entry.actor, entry.data["after"]["sha256"]) == ("quinn", signature.content_hash)


def test_a_changed_record_ends_the_signature_and_says_what_changed() -> None:
    sign(**RECORD, content=CONTENT, meaning="performed", confirmed=proved(somebody("quinn")), at=NOW)
    assert [one.holds for one in signatures_of(**RECORD, content=CONTENT)] == [True]
    changed = {**CONTENT, "verdict": "out"}
    assert [one.changed for one in signatures_of(**RECORD, content=changed)] == [("verdict",)]
    assert holding("check", {"C-1": CONTENT, "C-2": CONTENT}) == {"C-1": {"performed"}, "C-2": set()}
    assert holding("check", {"C-1": changed}) == {"C-1": set()}


def test_nobody_reviews_or_approves_what_they_did_or_signed_themselves() -> None:
    quinn, sara = somebody("quinn"), somebody("sara", Role.SUPERVISOR)
    sign(**RECORD, content=CONTENT, meaning="performed", confirmed=proved(quinn), at=NOW)
    for meaning in ("reviewed", "approved"):
        with pytest.raises(SigningRefused, match="second person"):
            sign(**RECORD, content=CONTENT, meaning=meaning, confirmed=proved(quinn), at=NOW)
        with pytest.raises(SigningRefused, match="second person"):
            sign(**RECORD, content=CONTENT, meaning=meaning, confirmed=proved(sara), at=NOW, done_by=["sara"])
        sign(**RECORD, content=CONTENT, meaning=meaning, confirmed=proved(sara), at=NOW)
    assert Signature.objects.count() == 3


def test_a_password_entered_long_ago_signs_nothing_and_an_unknown_meaning_neither() -> None:
    quinn = somebody("quinn")
    for late_s, meaning in ((61, "performed"), (-1, "performed"), (0, "seen")):
        at = NOW + timedelta(seconds=late_s)
        with pytest.raises(SigningRefused):
            sign(**RECORD, content=CONTENT, meaning=meaning, confirmed=proved(quinn), at=at)
    assert not Signature.objects.exists()


def test_the_database_refuses_to_change_or_delete_a_signature() -> None:
    sign(**RECORD, content=CONTENT, meaning="performed", confirmed=proved(somebody("quinn")), at=NOW)
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        Signature.objects.update(name="Somebody else")
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        Signature.objects.all().delete()
