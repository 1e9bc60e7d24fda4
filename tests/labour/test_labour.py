"""People on orders: one at a time, never counted twice, forgotten ones proposed; sums by hand."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from mes.journal.models import JournalEntry
from mes.labour.models import Crew, SignOn
from mes.labour.queries import Labour, forgotten_sign_ons, labour_by_person, labour_of
from mes.labour.sign import LabourRefused, crew_set, sign_off, sign_on
from mes.people.models import Person, Role
from mes.production.models import WorkOrder
from mes.production.orders import order_start
from tests.production.small_plant import SIX, SmallPlant, small_plant

HOUR_MS = 3_600_000
KEY = uuid4()


def at(hour: int, minute: int = 0) -> datetime:
    """Of the day whose early shift is 06:00-14:00 UTC."""
    return datetime(2026, 3, 2, hour, minute, tzinfo=UTC)


@pytest.fixture
def plant(db: None) -> SmallPlant:
    return small_plant()


@pytest.fixture
def ana(plant: SmallPlant) -> Person:
    return plant.person(Role.OPERATOR, plant.line_1, name="ana")


@pytest.fixture
def order(plant: SmallPlant) -> WorkOrder:
    made = plant.order("WO-1")
    order_start(order=made, work_center=plant.packer, actor="otto", at=SIX)
    made.refresh_from_db()
    return made


def on(plant: SmallPlant, person: Person, order: WorkOrder, start: datetime) -> SignOn:
    return sign_on(person=person, work_center=plant.packer, order=order, actor="x", at=start, key=uuid4())


def test_person_hours_are_the_named_and_the_unnamed_ones_together(
    plant: SmallPlant, ana: Person, order: WorkOrder
) -> None:
    row = on(plant, ana, order, at(6))
    crew_set(work_center=plant.packer, order=order, people=2, actor="ana", at=at(8))
    crew_set(work_center=plant.packer, order=order, people=0, actor="ana", at=at(9, 30))
    sign_off(sign_on=row, actor="ana", at=at(14))
    assert labour_of(order, at(20)) == Labour(8 * HOUR_MS, 3 * HOUR_MS, 0)
    assert labour_of(order, at(20)).total_ms == 39_600_000
    assert labour_by_person(order, at(20)) == {"ana": 8 * HOUR_MS}


def test_what_is_open_counts_until_now_and_never_beyond_the_end_of_the_order(
    plant: SmallPlant, ana: Person, order: WorkOrder
) -> None:
    assert labour_of(order, at(7)) == Labour(0, 0, 0)
    on(plant, ana, order, at(6))
    assert labour_of(order, at(7)) == Labour(HOUR_MS, 0, 1)
    order.completed_at = at(9)
    assert labour_of(order, at(13)) == Labour(3 * HOUR_MS, 0, 1)


def test_signing_on_twice_is_once_and_an_old_form_signs_nobody_on_again(
    plant: SmallPlant, ana: Person, order: WorkOrder
) -> None:
    for _ in range(2):
        row = sign_on(person=ana, work_center=plant.packer, order=order, actor="ana", at=at(6), key=KEY)
    assert on(plant, ana, order, at(7)) == row
    for first in (True, False):
        assert sign_off(sign_on=row, actor="ana", at=at(8)) is first
    sign_on(person=ana, work_center=plant.packer, order=order, actor="ana", at=at(9), key=KEY)
    assert SignOn.objects.get().ends_at == at(8)
    told = JournalEntry.objects.filter(kind="work-order", action__startswith="sign").order_by("id")
    assert list(told.values_list("action", flat=True)) == [
        "sign_on",
        "sign_off",
    ]


def test_a_person_works_on_one_order_at_a_time_and_the_database_says_so_too(
    plant: SmallPlant, ana: Person, order: WorkOrder
) -> None:
    on(plant, ana, order, at(6))
    other = plant.order("WO-2", line=plant.line_2)
    order_start(order=other, work_center=plant.press, actor="otto", at=at(6))
    sign_on(person=ana, work_center=plant.press, order=other, actor="ana", at=at(8), key=uuid4())
    assert [(row.order_id, row.starts_at, row.ends_at) for row in SignOn.objects.all()] == [
        (order.pk, at(6), at(8)),
        (other.pk, at(8), None),
    ]
    with pytest.raises(IntegrityError), transaction.atomic():
        SignOn.objects.create(
            person=ana, order=order, work_center=plant.packer, starts_at=at(7), ends_at=at(7, 30), key=uuid4()
        )


def test_nobody_signs_on_to_an_order_that_does_not_run_there(plant: SmallPlant, ana: Person) -> None:
    with pytest.raises(LabourRefused, match="does not run on PACK"):
        on(plant, ana, plant.order("WO-3"), at(6))
    with pytest.raises(LabourRefused, match="does not run on PACK"):
        crew_set(work_center=plant.packer, order=plant.order("WO-4"), people=2, actor="ana", at=at(6))


def test_who_forgot_to_sign_off_is_proposed_with_the_end_of_the_shift_and_not_ended(
    plant: SmallPlant, ana: Person, order: WorkOrder
) -> None:
    row = on(plant, ana, order, at(7))
    assert forgotten_sign_ons(plant.packer, at(13, 59)) == []
    proposed = forgotten_sign_ons(plant.packer, at(14))
    assert [(one.sign_on, one.ends_at) for one in proposed] == [(row, at(14))]
    row.refresh_from_db()
    assert row.ends_at is None
    assert sign_off(sign_on=row, actor="sue", at=at(16), ends_at=at(14), why="shift over")
    assert labour_of(order, at(20)).named_ms == 7 * HOUR_MS
    with pytest.raises(LabourRefused):
        sign_off(sign_on=on(plant, ana, order, at(17)), actor="sue", at=at(18), ends_at=at(18) + timedelta(minutes=1))


def test_the_number_of_people_without_a_name_is_set_once_and_seen_before_it_is_changed(
    plant: SmallPlant, order: WorkOrder
) -> None:
    for first in (True, False):
        assert crew_set(work_center=plant.packer, order=order, people=3, actor="a", at=at(7), seen=0) is first
    with pytest.raises(LabourRefused, match="to 3 meanwhile"):
        crew_set(work_center=plant.packer, order=order, people=1, actor="b", at=at(8), seen=0)
    assert crew_set(work_center=plant.packer, order=order, people=1, actor="b", at=at(8), seen=3)
    assert list(Crew.objects.values_list("people", "starts_at", "ends_at")) == [(3, at(7), at(8)), (1, at(8), None)]
    with pytest.raises(LabourRefused, match="0 to 50"):
        crew_set(work_center=plant.packer, order=order, people=51, actor="b", at=at(9))
