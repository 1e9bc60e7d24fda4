"""Badges and PINs: stored as hashes, one badge for one person, weak PINs refused; said twice they are set once."""

from datetime import UTC, datetime

import pytest

from mes.journal.models import JournalEntry
from mes.people.identity import IdentityRefused, badge_set, identity_words, people_with_pin, pin_set
from mes.people.models import Identity, Role
from tests.production.small_plant import SmallPlant, small_plant

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)


@pytest.fixture
def plant(db: None) -> SmallPlant:
    return small_plant()


def test_neither_badge_nor_pin_can_be_read_from_what_is_stored_or_told(plant: SmallPlant) -> None:
    ana = plant.person(Role.OPERATOR, name="ana")
    for first in (True, False):
        assert badge_set(person=ana, badge="04A1B2C3", actor="root", at=AT) is first
        assert pin_set(person=ana, pin="4711", actor="root", at=AT) is first
    stored = Identity.objects.get()
    entries = str(list(JournalEntry.objects.values_list("action", "data")))
    for secret in ("04A1B2C3", "4711"):
        assert secret not in stored.badge_hash + stored.pin_hash + entries
    assert JournalEntry.objects.count() == 2
    assert identity_words(ana) == "badge set, PIN set"


def test_a_badge_belongs_to_one_person_until_it_is_taken_away(plant: SmallPlant) -> None:
    ana, bob = plant.person(Role.OPERATOR, name="ana"), plant.person(Role.OPERATOR, name="bob")
    badge_set(person=ana, badge="04A1B2C3", actor="root", at=AT)
    with pytest.raises(IdentityRefused, match="somebody else"):
        badge_set(person=bob, badge="04A1B2C3", actor="root", at=AT)
    assert badge_set(person=ana, badge="", actor="root", at=AT)
    assert not badge_set(person=ana, badge="", actor="root", at=AT)
    assert badge_set(person=bob, badge="04A1B2C3", actor="root", at=AT)


@pytest.mark.parametrize("pin", ["123", "123456789", "12a4", "1111", "1234", "8765", "7890", "٤٧١١"])
def test_a_pin_that_anybody_would_try_first_is_refused(plant: SmallPlant, pin: str) -> None:
    with pytest.raises(IdentityRefused):
        pin_set(person=plant.person(Role.OPERATOR), pin=pin, actor="root", at=AT)


def test_the_names_offered_at_a_station_are_those_of_its_line_with_a_pin(plant: SmallPlant) -> None:
    people = {
        "ana": plant.person(Role.OPERATOR, plant.line_1, name="ana"),
        "other-line": plant.person(Role.OPERATOR, plant.line_2, name="other-line"),
        "everywhere": plant.person(Role.SUPERVISOR, name="everywhere"),
        "gone": plant.person(Role.OPERATOR, plant.line_1, name="gone"),
    }
    for person in people.values():
        pin_set(person=person, pin="4711", actor="root", at=AT)
    plant.person(Role.OPERATOR, plant.line_1, name="no-pin")
    people["gone"].is_active = False
    people["gone"].save()
    assert [person.username for person in people_with_pin(plant.line_1)] == ["ana", "everywhere"]
