"""Pages of calls: two taps at the station, one effect; what is on another line does not exist."""

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.test import Client

from mes.andon.calls import call_raise
from mes.andon.models import Call, CallCategory, Notice
from mes.live.tiles import tiles_for
from mes.people.models import Person, Role
from mes.screens.andon_words import call_text
from tests.production.small_plant import SmallPlant, small_plant

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


@pytest.fixture
def plant(db: None) -> SmallPlant:
    return small_plant()


@pytest.fixture
def fix(plant: SmallPlant) -> CallCategory:
    CallCategory.objects.create(code="PLC", name="Controller", automatic=True)
    return CallCategory.objects.create(code="FIX", name="Maintenance")


@pytest.fixture
def otto(plant: SmallPlant, client: Client) -> Person:
    person = plant.person(Role.OPERATOR, plant.line_1, name="otto")
    client.force_login(person)
    return person


def call_at(place: object, fix: CallCategory) -> Call:
    given = {"work_center": place, "category": fix, "actor": "ana", "at": NOW, "key": uuid4()}
    return call_raise(**given)[0]  # type: ignore[arg-type]


def test_a_tap_calls_and_the_same_form_again_calls_nobody_else(fix: CallCategory, otto: Person, client: Client) -> None:
    page = client.get("/station/PACK/call/").content.decode()
    key = re.search('name="key" value="([^"]*)"', page)
    assert key
    assert 'value="FIX"' in page
    assert 'value="PLC"' not in page  # controllers call by themselves
    for _twice in range(2):
        sent = client.post("/station/PACK/call/", {"category": "FIX", "key": key[1], "note": "belt"}, follow=True)
        assert "Maintenance is called." in sent.content.decode()
    call = Call.objects.get()
    assert (call.raised_by, call.note, call.work_center.code) == ("otto", "belt", "PACK")
    assert "called already" in client.get("/station/PACK/call/").content.decode()


@pytest.mark.parametrize("sent", [{"note": "a\0b"}, {"note": "x" * 300}, {"key": "no key"}])
def test_what_cannot_be_kept_is_answered_in_a_sentence(
    fix: CallCategory, otto: Person, client: Client, sent: dict
) -> None:
    answer = client.post("/station/PACK/call/", {"category": "FIX", "key": str(uuid4()), **sent}, follow=True)
    assert answer.status_code == 200
    assert 'class="notice bad' in answer.content.decode() or "bad" in answer.content.decode()
    assert not Call.objects.exists()


def test_acknowledge_and_resolve_on_the_page_each_sent_twice(
    plant: SmallPlant, fix: CallCategory, otto: Person, client: Client
) -> None:
    call = call_at(plant.packer, fix)
    Notice.objects.create(
        call=call, rule="A", level=1, channel="mail", target="boss@plant.example", made_at=NOW, next_at=NOW
    )
    for verb, sent in (("acknowledge", {}), ("resolve", {"what": "new belt"})):
        for _twice in range(2):
            done = client.post(f"/andon/{call.pk}/{verb}/", sent, follow=True)
            assert done.status_code == 200
    call.refresh_from_db()
    assert (call.state, call.taken_by, call.outcome) == ("resolved", "otto", "new belt")
    page = client.get(f"/andon/{call.pk}/").content.decode()
    assert "boss@plant.example" in page
    assert "new belt" in page
    listed = client.get("/andon/").content.decode()
    assert "Nobody calls" in listed


def test_a_call_of_another_line_does_not_exist(
    plant: SmallPlant, fix: CallCategory, otto: Person, client: Client
) -> None:
    call = call_at(plant.press, fix)
    assert client.get(f"/andon/{call.pk}/").status_code == 404
    assert client.post(f"/andon/{call.pk}/acknowledge/").status_code == 404
    assert client.get("/station/PRESS/call/").status_code == 404
    assert client.post("/station/PRESS/call/", {"category": "FIX", "key": str(uuid4())}).status_code == 404
    assert "Press" not in client.get("/andon/").content.decode()
    assert client.get(f"/andon/{10**30}/").status_code == 404


def test_who_may_only_look_answers_nothing(plant: SmallPlant, fix: CallCategory, client: Client) -> None:
    client.force_login(plant.person(Role.FINANCE))
    call = call_at(plant.packer, fix)
    assert client.get("/andon/").status_code == 200
    assert client.post(f"/andon/{call.pk}/resolve/").status_code == 403


def test_the_tile_shows_the_highest_call_with_its_timer(plant: SmallPlant, fix: CallCategory, otto: Person) -> None:
    assert tiles_for(otto, now=NOW)["PACK"]["call"] is None
    call_at(plant.packer, fix)
    other = call_at(plant.packer, CallCategory.objects.create(code="MAT", name="Material"))
    Call.objects.filter(pk=other.pk).update(level=2, taken_by="mo")
    told = tiles_for(otto, now=NOW)["PACK"]["call"]
    assert told == {"name": "Material", "since": "2026-03-02T08:00:00.000Z", "level": 2, "by": "mo", "more": 1}
    assert call_text(told, NOW + timedelta(seconds=75)) == "Call: Material · 01:15 · level 2 · mo comes · 1 more"
    assert call_text(None, NOW) == ""
