"""Handovers over the API: what was signed, on the caller's lines only, in a fixed number of queries."""

from datetime import timedelta
from uuid import uuid4

from django.db import connection
from django.test.utils import CaptureQueriesContext

from mes.handover.said import item_add, note_add
from mes.handover.sign import handover_sign_out
from mes.people.models import Person
from mes.plant.models import Shift
from tests.api.conftest import Caller, caller
from tests.production.small_plant import SIX, SmallPlant, counted

END = SIX + timedelta(hours=8)


def signed_shift(plant: SmallPlant) -> Shift:
    counted(plant.packer, SIX, good=321, shift=plant.shift)
    shift = Shift.objects.select_related("line__area__site").get(pk=plant.shift.pk)
    note_add(shift=shift, text="belt squeaks", key=uuid4(), actor="otto", at=END)
    item_add(shift=shift, text="order caps", owner="ben", due=None, key=uuid4(), actor="mia", at=END)
    handover_sign_out(shift=shift, actor="mia", at=END)
    return shift


def test_a_handover_tells_who_signed_which_figures(api: Caller, plant: SmallPlant) -> None:
    signed_shift(plant)
    [told] = api.get("handovers/", line="LINE-1").json()["results"]
    assert (told["line"], told["shift"], told["production_date"]) == ("LINE-1", "Early", "2026-03-02")
    assert (told["out_by"], told["in_by"], told["document"]["figures"]["good"]) == ("mia", "", 321)
    assert len(told["sha256"]) == 64
    assert [note["text"] for note in told["notes"]] == ["belt squeaks"]
    assert [item["owner"] for item in told["items"]] == ["ben"]
    later = (END + timedelta(hours=1)).isoformat()
    assert api.get("handovers/", **{"from": later}).json()["results"] == []


def test_a_key_reaches_only_its_lines(plant: SmallPlant, admin: Person) -> None:
    signed_shift(plant)
    other = caller(admin, "read", lines=(plant.line_2,))
    assert other.get("handovers/").json()["results"] == []
    assert other.get("handovers/", line="LINE-1").status_code == 404


def test_more_handovers_cost_no_more_queries(api: Caller, plant: SmallPlant) -> None:
    signed_shift(plant)
    with CaptureQueriesContext(connection) as one:
        api.get("handovers/")
    late = Shift.objects.create(
        line=plant.line_1, name="Late", production_date=plant.shift.production_date, starts_at=END,
        ends_at=END + timedelta(hours=8),
    )  # fmt: skip
    note_add(shift=late, text="calm", key=uuid4(), actor="ben", at=END)
    with CaptureQueriesContext(connection) as two:
        assert len(api.get("handovers/").json()["results"]) == 2
    assert len(two) == len(one)
