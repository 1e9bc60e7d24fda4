"""The shift summary equals what happened: worked by hand for one shift of a serial line."""

import csv
import io
from datetime import timedelta

import pytest
from django.test import Client

from mes.downtime.models import Stop
from mes.people.models import Role
from mes.plant.models import WorkCenter
from mes.production.models import Run, WorkOrder
from mes.tracking.models import CountFlag, StateInterval
from tests.production.small_plant import SIX, SmallPlant, counted, small_plant

MIN = timedelta(minutes=1)
ADDRESS = "/shift/LINE-1/2026-03-02/Early/"


@pytest.fixture
def plant(db: None) -> SmallPlant:
    return small_plant()


@pytest.fixture
def mia(plant: SmallPlant, client: Client) -> Client:
    client.force_login(plant.person(Role.SUPERVISOR, plant.line_1, name="mia"))
    return client


def state(place: WorkCenter, start: int, end: int, kind: str) -> None:
    StateInterval.objects.create(
        work_center=place, starts_at=SIX + start * MIN, ends_at=SIX + end * MIN, state=kind.title(), kind=kind
    )


def stop(place: WorkCenter, start: int, end: int, **fields: object) -> Stop:
    return Stop.objects.create(
        work_center=place, starts_at=SIX + start * MIN, ends_at=SIX + end * MIN, state="Down", kind="down", **fields
    )


@pytest.fixture
def story(plant: SmallPlant) -> WorkOrder:
    """480 min with 30 of break. Packer: 390 run, 40 jam, 20 nobody knows why; filler: runs the 450 through."""
    order = plant.order("WO-1", quantity="30000")
    for place in (plant.filler, plant.packer):
        Run.objects.create(
            work_center=place, order=order, item=plant.cola, starts_at=SIX, ends_at=SIX + 480 * MIN, started_by="otto"
        )
    for start, end, kind in [(0, 100, "run"), (100, 140, "down"), (140, 240, "run"), (240, 270, "idle")]:
        state(plant.packer, start, end, kind)
    for start, end, kind in [(270, 290, "down"), (290, 480, "run")]:
        state(plant.packer, start, end, kind)
    for start, end, kind in [(0, 240, "run"), (240, 270, "idle"), (270, 480, "run")]:
        state(plant.filler, start, end, kind)
    stop(plant.packer, 100, 140, reason=plant.jam, note="=cap stuck", explained_by="otto")
    stop(plant.packer, 270, 290)
    counted(plant.filler, SIX + 30 * MIN, good=27000, order=order, shift=plant.shift)
    counted(plant.packer, SIX + 30 * MIN, good=25000, scrap=500, order=order, shift=plant.shift)
    return order


def test_the_summary_equals_what_happened(plant: SmallPlant, mia: Client, story: WorkOrder) -> None:
    summary = mia.get(ADDRESS).context["summary"]
    packer = summary.machines[1]
    assert (packer.good, packer.scrap) == (25000, 500)
    # 450 planned minutes x 60 / 0.8 s x 85 % of the ideal rate
    assert packer.target == pytest.approx(450 * 60 / 0.8 * 0.85)
    assert packer.ahead == pytest.approx(25000 - 28687.5)
    assert packer.kpi.availability == pytest.approx(390 / 450)
    assert packer.kpi.performance == pytest.approx(25500 * 0.8 / (390 * 60))
    assert packer.kpi.quality == pytest.approx(25000 / 25500)
    assert packer.kpi.oee == pytest.approx(25000 * 0.8 / (450 * 60))
    assert packer.kpi.coverage == pytest.approx(1)


def test_the_owners_of_the_time_sum_to_the_scheduled_time(plant: SmallPlant, mia: Client, story: WorkOrder) -> None:
    summary = mia.get(ADDRESS).context["summary"]
    owners = {owner.key: owner.seconds / 60 for owner in summary.machines[1].owners.rows}
    assert owners["run"] == 390
    assert owners["unplanned"] == 60
    assert owners["planned"] == 30
    for row in (*summary.machines, summary.line):
        assert row.owners.sum_s == row.owners.scheduled_s == 480 * 60


def test_the_line_is_measured_at_its_exit_and_never_adds_its_machines(
    plant: SmallPlant, mia: Client, story: WorkOrder
) -> None:
    line = mia.get(ADDRESS).context["summary"].line
    assert (line.good, line.scrap) == (25000, 500)
    assert line.kpi.oee == pytest.approx(25000 * 0.8 / (450 * 60))


def test_stops_are_told_with_reasons_and_minutes_the_costliest_first(
    plant: SmallPlant, mia: Client, story: WorkOrder
) -> None:
    stop(plant.filler, 10, 11)  # shorter than the threshold
    answer = mia.get(ADDRESS)
    summary = answer.context["summary"]
    assert [(row.reason, row.lost_s / 60, row.stops) for row in summary.reasons][:2] == [
        ("Jam infeed", 40, 1),
        ("not explained", 20, 1),
    ]
    assert [(s.work_center.code, seconds / 60) for s, seconds in summary.stops] == [("PACK", 40), ("PACK", 20)]
    assert "1 without a reason" in answer.content.decode()


def test_scrap_entered_by_hand_is_in_the_summary(plant: SmallPlant, mia: Client, story: WorkOrder) -> None:
    common = {"work_center": plant.packer, "kind": "manual", "shift": plant.shift, "order": story, "item": plant.cola}
    for role, quantity in (("scrap", 10), ("good", -10)):
        at = SIX + 60 * MIN
        CountFlag.objects.create(role=role, quantity=quantity, from_at=at, to_at=at, **common)
    packer = mia.get(ADDRESS).context["summary"].machines[1]
    assert (packer.good, packer.scrap) == (24990, 510)
    assert packer.kpi.quality == pytest.approx(24990 / 25500)


def test_a_shift_nobody_read_says_unknown_and_not_zero(plant: SmallPlant, mia: Client) -> None:
    summary = mia.get(ADDRESS).context["summary"]
    packer = summary.machines[1]
    assert (packer.kpi.oee, packer.kpi.availability, packer.kpi.coverage) == (None, None, 0)
    assert {owner.key: owner.seconds / 60 for owner in packer.owners.rows if owner.seconds} == {
        "unknown": 450,
        "planned": 30,
    }
    assert packer.notes


def test_a_line_without_exactly_one_exit_says_how_to_mend_it(plant: SmallPlant, mia: Client) -> None:
    WorkCenter.objects.filter(code="PACK").update(is_exit=False)
    answer = mia.get(ADDRESS)
    assert answer.context["summary"].line is None
    assert "must be marked as its exit" in answer.content.decode()


def test_the_file_has_the_same_figures_and_no_formulas(plant: SmallPlant, mia: Client, story: WorkOrder) -> None:
    answer = mia.get(f"{ADDRESS}?format=csv")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    packer = dict(zip(rows[0], rows[2], strict=True))
    assert (packer["machine"], packer["good"], packer["scheduled_s"]) == ("PACK", "25000", "28800.000")
    assert packer["oee"] == f"{25000 * 0.8 / 27000:.4f}"
    assert rows[3][0] == "line"
    assert rows[6][-1] == "'=cap stuck"


@pytest.mark.parametrize(
    "address",
    [
        "/shift/LINE-2/2026-03-02/Early/",
        "/shift/NONE/2026-03-02/Early/",
        "/shift/LINE-1/2026-03-03/Early/",
        "/shift/LINE-1/2026-3-2/Early/",
        "/shift/LINE-1/20260302/Early/",
        "/shift/LINE-1/2026-03-02/Late/",
        "/shift/LINE-1/2026-03-02/%00/",
        "/shift/%00/2026-03-02/Early/",
    ],
)
def test_other_lines_and_shifts_that_never_were_do_not_exist(plant: SmallPlant, mia: Client, address: str) -> None:
    assert mia.get(address).status_code == 404


def test_who_has_one_line_is_sent_to_its_latest_shift(plant: SmallPlant, mia: Client, client: Client) -> None:
    assert mia.get("/shift/").headers["Location"] == ADDRESS
    client.force_login(plant.person(Role.MANAGER))
    page = client.get("/shift/").content.decode()
    assert "Line one" in page
    assert "No shift has begun on this line" in page
