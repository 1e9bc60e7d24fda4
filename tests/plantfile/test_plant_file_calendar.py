"""Crews, exceptions and planned maintenance in a plant file: read, refused with their line, stored, exported again."""

from datetime import UTC, date, datetime

import pytest

from mes.plant.models import CycleRule, OtherDay, PlannedMaintenance, Shift, WorkCenter
from mes.plantfile.export import plant_export
from mes.plantfile.outcome import Outcome
from mes.plantfile.read import PlantFileError, plant_read
from mes.plantfile.store import plant_import
from mes.plantfile.write import plant_text

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)  # a Sunday
PLANT = """
sites:
  HH: {time_zone: Europe/Berlin, shifts: DAYS}
shift_patterns:
  DAYS:
    shifts:
      - {name: Day, days: all, from: 06:00, to: 18:00, crews: {A: 2-2-3 from 2026-03-02, B: 2-2-3 from 2026-03-09}}
  SHORT:
    shifts:
      - {name: Morning, days: mon-fri, from: 06:00, to: 10:00}
      - {name: Noon, days: mon-fri, from: 10:00, to: 14:00}
areas:
  HALL: {}
lines:
  L1: {area: HALL}
work_centers:
  M1: {line: L1}
  M2: {line: L1, shifts: SHORT}
exceptions:
  - {line: L1, date: 2026-03-04, name: Short day, shifts: SHORT, only: [Morning]}
  - {site: HH, date: 2026-03-05, name: Inventory}
maintenance:
  - {work_center: M1, name: Overhaul, from: 2026-10-25 02:30+01:00, to: 2026-10-25 06:00}
  - {area: HALL, name: Power test, from: 2026-03-03 08:00, to: 2026-03-03 09:00}
"""


def _import(text: str, at: datetime = AT) -> Outcome:
    return plant_import(plant=plant_read(text), source="x.yaml", actor="eva", at=at)


@pytest.mark.django_db
def test_the_calendar_of_a_file_is_stored_and_its_shifts_are_made() -> None:
    _import(PLANT)
    shifts = {
        (shift.production_date.day, shift.name, shift.crew)
        for shift in Shift.objects.filter(work_center=None, production_date__range=("2026-03-02", "2026-03-06"))
    }
    # 2-2-3 of A from Monday the 2nd: on 2, 3, off 4, 5, on 6; B is the other way round.
    assert shifts == {(2, "Day", "A"), (3, "Day", "A"), (4, "Morning", ""), (6, "Day", "A")}
    own = Shift.objects.filter(work_center__code="M2", production_date=date(2026, 3, 6))
    assert sorted(own.values_list("name", flat=True)) == ["Morning", "Noon"]
    overhaul = PlannedMaintenance.objects.get(name="Overhaul")
    assert (overhaul.starts_at, overhaul.ends_at) == (
        datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 5, tzinfo=UTC),
    )


@pytest.mark.django_db
def test_the_same_file_again_changes_nothing_and_the_export_says_the_same() -> None:
    _import(PLANT)
    again = _import(PLANT)
    assert again.changes == []
    text = plant_text(plant_export(at=AT))
    assert plant_read(text) == plant_read(plant_text(plant_read(text)))
    assert _import(text).changes == []
    assert "{A: 2-2-3 from 2026-03-02, B: 2-2-3 from 2026-03-09}" in text
    assert '"2026-10-25 02:30+01:00"' in text


@pytest.mark.django_db
def test_r8_a_later_file_changes_what_lies_ahead_and_leaves_what_has_begun() -> None:
    _import(PLANT)
    thursday = datetime(2026, 3, 5, 12, tzinfo=UTC)
    begun = list(Shift.objects.filter(starts_at__lte=thursday).order_by("pk").values_list("pk", "starts_at", "crew"))
    changed = PLANT.replace("2-2-3 from 2026-03-02", "2-2-3 from 2026-03-09").replace(
        "B: 2-2-3 from 2026-03-09", "B: 2-2-3 from 2026-03-02"
    )
    _import(changed.split("exceptions:")[0] + "exceptions:\nmaintenance:\n", at=thursday)
    assert (
        list(Shift.objects.filter(starts_at__lte=thursday).order_by("pk").values_list("pk", "starts_at", "crew"))
        == begun
    )
    friday = Shift.objects.get(production_date=date(2026, 3, 6), work_center=None)
    assert friday.crew == "B"
    assert set(OtherDay.objects.values_list("name", flat=True)) == {"Short day", "Inventory"}  # both are over
    assert set(PlannedMaintenance.objects.values_list("name", flat=True)) == {"Power test"}
    assert CycleRule.objects.count() == 2


@pytest.mark.django_db
def test_a_file_that_says_nothing_of_exceptions_leaves_them() -> None:
    _import(PLANT)
    _import(PLANT.split("exceptions:")[0])
    assert (OtherDay.objects.count(), PlannedMaintenance.objects.count()) == (2, 2)
    assert str(WorkCenter.objects.get(code="M2").shift_pattern) == "SHORT SHORT"


@pytest.mark.parametrize(
    ("old", "new", "line", "sentence"),
    [
        ("A: 2-2-3 from 2026-03-02", "A: 2-x from 2026-03-02", 7, '"2-x" is no cycle'),
        ("A: 2-2-3 from 2026-03-02", "A: 2-2-3", 7, "write 2-2-3 from 2026-03-02"),
        ("A: 2-2-3 from 2026-03-02", "A: 2-2-3 from 2026-03-09", 5, "Crews A and B both work shift Day"),
        ("only: [Morning]", "only: [Evening]", 20, "'Short day' names shift 'Evening'"),
        ("shifts: SHORT, only", "shifts: SHRT, only", 20, "Did you mean SHORT?"),
        ("{site: HH, date", "{site: HX, date", 21, "'Inventory' names site 'HX'"),
        ("{site: HH, date", "{site: HH, line: L1, date", 21, "must name one place"),
        ("date: 2026-03-05", "date: 5 March", 21, "write 2026-12-25"),
        ("2026-10-25 02:30+01:00", "2026-10-25 02:30", 23, "write 2026-10-25 02:30+02:00 or 2026-10-25 02:30+01:00"),
        ("2026-03-03 08:00", "2026-03-29 02:30", 24, "does not exist in Europe/Berlin"),
        ("to: 2026-03-03 09:00", "to: 2026-03-03 07:00", 24, "ends before it begins"),
        ("M2: {line: L1, shifts: SHORT}", "M2: {line: L1, shifts: SHRT}", 18, "Did you mean SHORT?"),
    ],
)
def test_mistakes_are_said_with_their_line(old: str, new: str, line: int, sentence: str) -> None:
    assert old in PLANT
    with pytest.raises(PlantFileError) as caught:
        plant_read(PLANT.replace(old, new))
    assert any(mistake.line == line and sentence in mistake.text for mistake in caught.value.mistakes), str(
        caught.value
    )
