"""One question, one number: the live tile, /kpi/ and why, /improve/, the command, the shift page, the admin."""

import json
import re
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client

from mes.live.tiles import tiles_of
from mes.people.keys import api_key_create
from mes.people.models import Role
from mes.plant.models import WorkCenter
from mes.production.models import Run
from mes.tracking.models import StateInterval
from tests.production.small_plant import SIX, SmallPlant, counted, small_plant

MIN = timedelta(minutes=1)
SPAN = {"from": "2026-03-02T06:00:00Z", "to": "2026-03-02T14:00:00Z"}
# 480 min less 30 of break are 27,000 s; 23,400 good pieces at 0.8 s are worth 18,720 s; 500 scrap.
OEE = 18_720 / 27_000
# It stood for 60 min outside of the break: 390 of 450 min ran.
AVAILABILITY = 390 / 450
QUALITY = 23_400 / 23_900


@pytest.fixture
def plant(db: None) -> SmallPlant:
    plant = small_plant()
    order = plant.order("WO-1", quantity="30000")
    place = plant.packer
    Run.objects.create(
        work_center=place, order=order, item=plant.cola, starts_at=SIX, ends_at=SIX + 480 * MIN, started_by="otto"
    )
    for start, end, state in [
        (0, 100, "run"),
        (100, 160, "down"),
        (160, 240, "run"),
        (240, 270, "idle"),
        (270, 480, "run"),
    ]:
        StateInterval.objects.create(
            work_center=place, starts_at=SIX + start * MIN, ends_at=SIX + end * MIN, state=state.title(), kind=state
        )
    counted(place, SIX + 30 * MIN, good=23_400, scrap=500, order=order, shift=plant.shift)
    return plant


def machine(plant: SmallPlant) -> WorkCenter:
    return WorkCenter.objects.select_related("line__area__site").get(pk=plant.packer.pk)


def test_the_live_tile(plant: SmallPlant) -> None:
    """A tile is of the running shift: it is asked in the shift's last millisecond, and shows four decimals."""
    tile = tiles_of([machine(plant)], now=plant.shift.ends_at - timedelta(milliseconds=1))["PACK"]
    assert (tile["oee"], tile["availability"], tile["quality"]) == (0.6933, 0.8667, 0.9791)


def test_the_api_and_its_explanation(plant: SmallPlant) -> None:
    owner = plant.person(Role.MANAGER)
    key = api_key_create(owner=owner, name="k", scopes=("read",), lines=(), expires_at=None, actor="test", at=SIX)
    headers = {"Authorization": f"Token {key}"}
    said = Client().get("/api/v1/kpi/", {"work_center": "PACK", **SPAN}, headers=headers).json()
    assert said["kpi"]["oee"] == pytest.approx(OEE, abs=1e-12)
    assert said["kpi"]["availability"] == pytest.approx(AVAILABILITY, abs=1e-12)
    assert said["kpi"]["quality"] == pytest.approx(QUALITY, abs=1e-12)
    why = Client().get("/api/v1/kpi/explain/", {"work_center": "PACK", "kpi": "oee", **SPAN}, headers=headers).json()
    assert why["formula"]["value"] == pytest.approx(OEE, abs=1e-12)


def test_the_command(plant: SmallPlant) -> None:
    out = StringIO()
    call_command("kpi", "--work-center", "PACK", "--from", SPAN["from"], "--to", SPAN["to"], "--json", stdout=out)
    assert json.loads(out.getvalue())["kpi"]["oee"] == pytest.approx(OEE, abs=1e-12)


def test_the_page_of_losses(plant: SmallPlant, client: Client) -> None:
    client.force_login(plant.person(Role.SUPERVISOR, plant.line_1))
    page = client.get("/improve/", {"work_center": "PACK", **SPAN}).content.decode()
    assert "69.3" in page


def test_the_shift_page(plant: SmallPlant, client: Client) -> None:
    client.force_login(plant.person(Role.SUPERVISOR, plant.line_1))
    text = client.get("/shift/LINE-1/2026-03-02/Early/?format=csv").content.decode()
    row = next(line for line in text.splitlines() if line.startswith("machine,") and ",PACK," in line)
    assert "0.6933" in row.split(",")


def test_the_admin(plant: SmallPlant, client: Client) -> None:
    ada = plant.person(Role.ADMIN)
    ada.is_staff = ada.is_superuser = True
    ada.save()
    client.force_login(ada)
    page = client.get(f"/admin/plant/shift/{plant.shift.pk}/change/").content.decode()
    row = re.search(r"<th scope='row'>PACK</th>(.*?)</tr>", page)
    assert row is not None
    assert row[1] == "<td>69.33</td><td>86.67</td><td>81.71</td><td>97.91</td><td>100.00</td>"
