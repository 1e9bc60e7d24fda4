"""What became of an order is told in the ERP's units, as totals; each material is booked by exactly one side."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from erp_sync.messages import Actuals, MaterialUse
from erp_sync.models import BomPolicy, ErpLink
from erp_sync.outbound.bom import bom_policy_set
from erp_sync.outbound.collect import actuals_of
from mes.downtime.models import Stop
from mes.labour.models import Crew
from mes.materials.consume import lot_consume_undo
from mes.production.models import OrderMaterial, SetupPhase
from tests.erp_sync.outbound.conftest import NOON, Floor
from tests.production.small_plant import SIX


def minutes(n: int) -> timedelta:
    return timedelta(minutes=n)


def used(told: Actuals) -> list[tuple[str, str, str, str]]:
    rows = [row for row in told.materials if row.use is MaterialUse.CONSUMED]
    return [(row.item, row.lot, f"{row.quantity.value.normalize():f}", row.quantity.unit) for row in rows]


def needs_syrup(floor: Floor, link: ErpLink, per_piece: str = "0.125") -> None:
    OrderMaterial.objects.create(order=link.order, item=floor.syrup, per_piece=Decimal(per_piece))


def test_4800_bottles_are_200_packs_and_a_rest_is_rounded_once_as_a_total(floor: Floor) -> None:
    link = floor.link()
    floor.counts(link, 4800, scrap=30)
    told = actuals_of(link, NOON)
    # 30 / 24 = 1.25
    assert (told.good.value, told.good.unit, told.scrap.value) == (Decimal(200), "pk24", Decimal("1.25"))
    floor.counts(link, 10, minutes=60)
    # 4810 / 24 = 200.41666...
    assert actuals_of(link, NOON).good.value == Decimal("200.417")


def test_times_are_those_of_the_machines_that_ran_the_order(floor: Floor) -> None:
    link = floor.link()
    run = floor.runs(link, SIX, SIX + minutes(120))
    SetupPhase.objects.create(run=run, starts_at=SIX, ends_at=SIX + minutes(20), ended_by="ana")
    # A jam of 10 minutes, 5 of them in the setup; a wait of 6; a stop after the run.
    about = {"work_center": floor.plant.packer, "state": "down"}
    Stop.objects.create(
        starts_at=SIX + minutes(15), ends_at=SIX + minutes(25), kind="down", reason=floor.plant.jam, **about
    )
    Stop.objects.create(starts_at=SIX + minutes(40), ends_at=SIX + minutes(46), kind="waiting", **about)
    Stop.objects.create(starts_at=SIX + minutes(130), ends_at=SIX + minutes(140), kind="down", **about)
    Crew.objects.create(
        order=link.order, work_center=floor.plant.packer, people=2, starts_at=SIX, ends_at=SIX + minutes(30)
    )
    told = actuals_of(link, NOON)
    assert told.setup_s == 20 * 60
    assert told.run_s == (100 - 5 - 6) * 60
    # The jam is not mapped, its category is.
    assert [(row.reason, row.seconds, row.work_center) for row in told.downtime] == [("T-17", 300, "PACK")]
    assert told.labor_s == 2 * 30 * 60


@pytest.mark.parametrize(
    ("how", "scanned", "expected"),
    [
        ("erp", None, []),
        ("erp", "100", []),
        ("mes", None, [("SYRUP", "", "612.5", "l")]),  # 0.125 l x (4800 + 100)
        ("mes", "100", [("SYRUP", "S-1", "100", "l")]),
        ("scan", None, [("SYRUP", "", "0", "l")]),
        ("scan", "100", [("SYRUP", "S-1", "100", "l")]),
        ("none", "100", [("SYRUP", "", "0", "l")]),
    ],
)
def test_each_material_is_booked_by_exactly_one_policy(
    floor: Floor, how: str, scanned: str | None, expected: list[tuple[str, str, str, str]]
) -> None:
    link = floor.link()
    needs_syrup(floor, link)
    floor.counts(link, 4800, scrap=100)
    if scanned:
        floor.uses(link, scanned)
    bom_policy_set(link=link, item=floor.syrup, how=how, actor="paula", at=NOON)
    assert used(actuals_of(link, NOON)) == expected


def test_a_second_policy_takes_the_place_of_the_first_and_is_never_beside_it(floor: Floor) -> None:
    link = floor.link()
    assert bom_policy_set(link=link, item=floor.syrup, how="mes", actor="paula", at=NOON)
    assert bom_policy_set(link=link, item=floor.syrup, how="erp", actor="paula", at=NOON)
    assert not bom_policy_set(link=link, item=floor.syrup, how="erp", actor="paula", at=NOON)
    assert list(BomPolicy.objects.values_list("how", flat=True)) == ["erp"]


def test_another_policy_is_told_to_the_erp_at_once(floor: Floor) -> None:
    link = floor.link()
    needs_syrup(floor, link)
    floor.counts(link, 4800)
    floor.follow()
    known = link.messages.count()
    bom_policy_set(link=link, item=floor.syrup, how="mes", actor="paula", at=NOON)
    floor.follow(NOON + timedelta(minutes=1))
    [message] = link.messages.order_by("sequence")[known:]
    assert message.cause == "bom_policy_set"
    assert message.payload["cumulative"]["materials"][0]["quantity"] == {"value": "600", "unit": "l"}  # 0.125 x 4800


def test_a_line_that_the_erp_backflushes_is_not_told_unless_somebody_says_otherwise(floor: Floor) -> None:
    link = floor.link()
    needs_syrup(floor, link)
    link.request["materials"][0]["backflush"] = True
    link.save()
    floor.uses(link, "100")
    assert used(actuals_of(link, NOON)) == []


def test_what_was_scanned_by_mistake_and_taken_back_is_told_as_zero(floor: Floor) -> None:
    link = floor.link()
    needs_syrup(floor, link)
    wrong = floor.uses(link, "100")
    lot_consume_undo(consumption=wrong, why="wrong lot", actor="ana", at=NOON, key=uuid4())
    assert used(actuals_of(link, NOON)) == [("SYRUP", "S-1", "0", "l")]


def test_a_material_is_told_in_the_unit_of_the_erps_own_line(floor: Floor) -> None:
    link = floor.link()
    link.request["materials"][0]["quantity"]["unit"] = "hl"
    link.save()
    floor.uses(link, "150")
    assert used(actuals_of(link, NOON)) == [("SYRUP", "S-1", "1.5", "hl")]
