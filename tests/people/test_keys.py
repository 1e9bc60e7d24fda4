"""API keys: shown once, stored hashed, ended by time, by hand and with their owner."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from mes.journal.models import JournalEntry
from mes.people.keys import api_key_create, api_key_revoke, key_owner, lines_for_key
from mes.people.models import ApiKey, Person
from mes.plant.models import Area, Line, Site

AT = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> Person:
    site = Site.objects.create(code="S", name="Site", time_zone="Europe/Berlin")
    area = Area.objects.create(code="A", name="Area", site=site)
    person = Person.objects.create(username="machine")
    person.lines.set([Line.objects.create(code=code, name=code, area=area) for code in ("L1", "L2")])
    Line.objects.create(code="L3", name="L3", area=area)
    return person


def _create(owner: Person, **more: object) -> str:
    return api_key_create(owner=owner, name="scale", scopes=["read"], actor="ada", at=AT, **more)  # type: ignore[arg-type]


def test_only_the_hash_of_a_key_is_stored(owner: Person) -> None:
    raw = _create(owner)
    key = ApiKey.objects.get()
    assert key.key_hash == hashlib.sha256(raw.encode()).hexdigest()
    entry = JournalEntry.objects.get()
    assert (entry.action, entry.actor, entry.code) == ("api_key_create", "ada", "scale")
    assert raw not in str(entry.data)
    assert key.key_hash not in str(entry.data)


def test_a_key_finds_its_owner_and_another_text_finds_nobody(owner: Person) -> None:
    raw = _create(owner)
    found = key_owner(raw, AT)
    assert found is not None
    assert found.owner == owner
    assert key_owner(raw + "x", AT) is None
    assert key_owner("", AT) is None


def test_a_key_ends_at_its_expiry(owner: Person) -> None:
    end = AT + timedelta(days=1)
    raw = _create(owner, expires_at=end)
    assert key_owner(raw, end - timedelta(microseconds=1)) is not None
    assert key_owner(raw, end) is None


def test_a_key_ends_when_it_is_revoked_and_saying_so_twice_happens_once(owner: Person) -> None:
    raw = _create(owner)
    key = ApiKey.objects.get()
    assert api_key_revoke(key=key, actor="ada", at=AT)
    assert not api_key_revoke(key=key, actor="ada", at=AT + timedelta(hours=1))
    assert key_owner(raw, AT) is None
    assert ApiKey.objects.get().revoked_at == AT
    assert JournalEntry.objects.filter(action="api_key_revoke").count() == 1


def test_a_key_ends_with_its_owner(owner: Person) -> None:
    raw = _create(owner)
    Person.objects.update(is_active=False)
    assert key_owner(raw, AT) is None


def test_a_key_sees_the_lines_of_its_owner_or_fewer_but_never_more(owner: Person) -> None:
    _create(owner)
    key = ApiKey.objects.get()
    assert [line.code for line in lines_for_key(key)] == ["L1", "L2"]
    key.lines.set(Line.objects.filter(code__in=["L2", "L3"]))
    assert [line.code for line in lines_for_key(key)] == ["L2"]


def test_an_unknown_scope_is_refused_and_nothing_is_made(owner: Person) -> None:
    with pytest.raises(ValueError, match="cannot have the scope 'rule'"):
        api_key_create(owner=owner, name="scale", scopes=["rule"], actor="ada", at=AT)
    assert not ApiKey.objects.exists()
