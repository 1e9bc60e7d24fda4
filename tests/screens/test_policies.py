"""The page that compares policies and puts one in force."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from mes.journal.models import JournalEntry
from mes.oee.models import PolicyInForce
from mes.oee.policy import DEFAULT
from mes.people.models import Role
from mes.plant.models import ChangedStretch, Shift
from tests.oee.explain_kit import shift_story
from tests.production.small_plant import SIX, SmallPlant, small_plant

PATH = "/improve/policies/"
ADOPT = "/improve/policies/adopt/"
DRAFT = {
    "draft": "1",
    "name": "own",
    "micro_stop_s": "2700",
    "micro_class": "six-losses",
    "min_run_s": "0",
    "changeover_loss": "oee",
    "no_order_in_pbt": "yes",
    "denominator": "busy",
    "failure_divisor": "failures",
    "coverage_floor": "90",
    "cap_performance": "no",
    "precedence": ", ".join(DEFAULT.precedence),
}


@pytest.fixture
def plant(db: None) -> SmallPlant:
    """The shift reckoned by hand began at a full hour, nine to ten hours ago."""
    plant = small_plant()
    begin = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=9)
    shift = Shift.objects.get()
    pause = shift.breaks.get()
    shift.starts_at, shift.ends_at = begin, begin + timedelta(hours=8)
    pause.starts_at, pause.ends_at = begin + timedelta(hours=4), begin + timedelta(hours=4, minutes=30)
    shift.save()
    pause.save()
    shift_story(plant, begin)
    return plant


@pytest.fixture
def mara(plant: SmallPlant, client: Client) -> Client:
    client.force_login(plant.person(Role.MANAGER, plant.line_1, name="mara"))
    return client


def compared(answer: Any) -> dict[str, list[tuple[str, str]]]:
    return {row.word: [tuple(cell) for cell in row.cells] for row in answer.context["rows"]}


def test_the_policies_stand_side_by_side_with_what_differs(mara: Client) -> None:
    """330 run, 1 micro-stop, 99 stops of 430 known minutes; at 45 min the jam of 40 is a micro-stop too."""
    answer = mara.get(PATH, {"work_center": "PACK"} | DRAFT)
    assert answer.status_code == 200
    assert answer.context["names"] == ["iso-22400", "smrp", "own"]
    rows = compared(answer)
    assert rows["Availability %"] == [("77.0", ""), ("76.7", "−0.2"), ("71.7", "−5.2"), ("86.3", "+9.3")]
    assert rows["OEE %"] == [("74.1", ""), ("74.1", ""), ("69.4", "−4.6"), ("74.1", "")]
    assert rows["Micro-stops, min"] == [("1.0", ""), ("1.0", ""), ("1.0", ""), ("41.0", "+40.0")]
    assert rows["Unplanned stops, min"] == [("99.0", ""), ("99.0", ""), ("99.0", ""), ("59.0", "−40.0")]
    assert rows["Scheduled, min"] == [("480.0", "")] * 4


def test_a_draft_that_cannot_be_read_says_so_and_the_rest_is_compared(mara: Client) -> None:
    answer = mara.get(PATH, {"line": "LINE-1"} | DRAFT | {"precedence": "run, run", "micro_stop_s": "-1"})
    assert answer.status_code == 400
    assert "Name each of these once" in answer.content.decode()
    assert answer.context["names"] == ["iso-22400", "smrp"]


def test_put_in_force_from_the_next_full_hour(mara: Client, plant: SmallPlant) -> None:
    answer = mara.post(ADOPT, {"line": "LINE-1", "policy": "iso-22400", "why": "Group reports by ISO"}, follow=True)
    assert "LINE-1 follows iso-22400 from" in answer.content.decode()
    begun = PolicyInForce.objects.filter(policy__name="iso-22400")
    assert sorted(row.work_center.code for row in begun) == ["FILL", "PACK"]
    assert all(row.valid_from >= datetime.now(UTC) - timedelta(minutes=1) for row in begun)
    entry = JournalEntry.objects.get(action="policy_adopt")
    assert (entry.actor, entry.kind, entry.code) == ("mara", "line", "LINE-1")
    assert not ChangedStretch.objects.exists()


def test_r45_a_restate_shows_first_what_changes_and_then_does_it(mara: Client, plant: SmallPlant) -> None:
    since = plant.filler.counts.get().hour  # the story's first hour
    local = since.astimezone(ZoneInfo("Europe/Berlin"))
    said = DRAFT | {"work_center": "PACK", "policy": "own", "why": "Agreed late"}
    said |= {"valid_from": f"{local:%Y-%m-%dT%H:%M}"}
    shown = mara.post(ADOPT, said)
    assert shown.status_code == 200
    assert compared(shown)["Availability %"] == [("77.0", ""), ("86.3", "+9.3")]
    assert "1 shift lies in that time, 0 of them already reported" in " ".join(shown.content.decode().split())
    assert not PolicyInForce.objects.filter(policy__name="own").exists()
    mara.post(ADOPT, said | {"confirmed": "1"})
    assert PolicyInForce.objects.get(policy__name="own").valid_from == since
    assert ChangedStretch.objects.get().starts_at == since
    assert compared(mara.get(PATH, {"work_center": "PACK"}))["Availability %"][0] == ("86.3", "")


def test_r44_a_locked_shift_refuses_a_restate(mara: Client, plant: SmallPlant) -> None:
    Shift.objects.update(locked_at=SIX)
    said = {"line": "LINE-1", "policy": "smrp", "why": "x", "valid_from": "2020-01-01T00:00", "confirmed": "1"}
    text = mara.post(ADOPT, said, follow=True).content.decode()
    assert "is locked" in text
    assert not PolicyInForce.objects.filter(policy__name="smrp").exists()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"policy": "smrp", "why": ""}, "required"),
        ({"policy": "luck", "why": "x"}, "Nothing was changed"),
        ({"policy": "smrp", "why": "x", "valid_from": "soon"}, "Write the hour"),
        ({"policy": "smrp", "why": "x", "valid_from": "2027-03-28T02:00"}, "does not exist"),
        ({"policy": "own", "why": "x"}, "The draft cannot be read"),
        ({"policy": "smrp", "why": "a\0b"}, "Null"),
    ],
)
def test_mistakes_change_nothing_and_are_told(mara: Client, said: dict[str, str], words: str) -> None:
    answer = mara.post(ADOPT, {"line": "LINE-1"} | said)
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert not PolicyInForce.objects.exists()


def test_who_may_look_and_who_may_decide(plant: SmallPlant, client: Client) -> None:
    client.force_login(plant.person(Role.SUPERVISOR, plant.line_1))
    assert "Put it in force" not in client.get(PATH).content.decode()
    assert client.post(ADOPT, {"line": "LINE-1", "policy": "smrp", "why": "x"}).status_code == 403
    assert client.get(PATH, {"line": "LINE-2"}).status_code == 404
    client.force_login(plant.person(Role.OPERATOR, plant.line_1))
    assert client.get(PATH).status_code == 403
    client.force_login(plant.person(Role.MANAGER, plant.line_2))
    assert client.post(ADOPT, {"line": "LINE-1", "policy": "smrp", "why": "x"}).status_code == 404


def test_a_compared_draft_is_what_the_form_puts_in_force(mara: Client) -> None:
    text = mara.get(PATH, {"work_center": "PACK"} | DRAFT).content.decode()
    form = text[text.index(f'action="{ADOPT}"') :]
    for name, value in DRAFT.items():
        assert name == "draft" or f'<input type="hidden" name="{name}" value="{value}">' in form, name
