"""A count by hand against the counter's own readings: fine where they are kept, by the minute where they are not."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from mes.journal.models import JournalEntry
from mes.plc.models import Controller, TagBinding
from mes.tracking.models import CountHour
from mes.witness.judge import Word
from mes.witness.models import Tally
from mes.witness.queries import tally_comparison
from mes.witness.tallies import TallyRefused, counted_in, tallies_weigh, tally_enter, tally_withdraw
from tests.production.small_plant import SmallPlant, small_plant
from tests.tracking.ingest_kit import Told

TEN = timedelta(minutes=10)


@pytest.fixture
def plant(db: None) -> SmallPlant:
    return small_plant()


@pytest.fixture
def told(plant: SmallPlant) -> Told:
    """The filler makes a piece every three seconds and is read every second, for twelve minutes from six o'clock on."""
    told = Told(plant.filler, plant.shift.starts_at)
    told.store(*(told.reading(second, good=100 + second // 3) for second in range(721)))
    return told


def test_readings_tell_the_count_within_a_piece_at_each_border(told: Told) -> None:
    # from 0:30 to 10:30 a piece every 3 s: 110 to 310, of which the first and the last may lie outside
    assert counted_in(told.machine, told.at(30), told.at(630)) == (Decimal(198), Decimal(200))
    assert counted_in(told.machine, told.at(31), told.at(631)) == (Decimal(199), Decimal(201))


def test_the_pieces_per_count_of_the_tag_are_those_of_that_time(told: Told, plant: SmallPlant) -> None:
    plc = Controller.objects.create(code="PLC", name="PLC", site=plant.line_1.area.site, address="127.0.0.1:1")
    binding = {"controller": plc, "work_center": told.machine, "role": "good"}
    first = TagBinding.objects.create(**binding, tag="A", factor=4, valid_from=told.at(-100))
    assert counted_in(told.machine, told.at(30), told.at(630)) == (Decimal(792), Decimal(800))
    first.valid_to = told.at(300)
    first.save()
    TagBinding.objects.create(**binding, tag="B", valid_from=told.at(300))
    # bound anew in the middle: the readings are of two counters, so the minutes are asked: nine whole ones of 20, two
    # cut ones of 19 (the first reading of all counts nothing) and 20
    assert counted_in(told.machine, told.at(30), told.at(630)) == (Decimal(180), Decimal(219))


def test_where_the_counter_was_restarted_the_minutes_are_asked(told: Told) -> None:
    told.store(told.reading(721, good=0))
    told.store(*(told.reading(second, good=(second - 721) // 3) for second in range(722, 790)))
    # minutes 11 and 12 have 20 each; minute 13 has one before the restart at 12:01 and 19 after it
    assert counted_in(told.machine, told.at(600), told.at(780)) == (60, 60)
    assert counted_in(told.machine, told.at(300), told.at(600)) == (Decimal(98), Decimal(100))


def test_a_count_by_hand_that_fits_vouches_and_one_of_half_contradicts(told: Told) -> None:
    for pieces, word in ((201, Word.AGREES), (100, Word.DIFFERS)):
        tally = tally_enter(
            work_center=told.machine, starts_at=told.at(30), ends_at=told.at(630), pieces=pieces, actor="otto",
            at=told.at(700), key=uuid4(),
        )  # fmt: skip
        assert tally_comparison(tally, "FILL").word is word


def test_it_is_stored_once_and_a_repeat_with_another_number_is_refused(told: Told) -> None:
    said = {
        "work_center": told.machine, "starts_at": told.at(30), "ends_at": told.at(630), "actor": "otto",
        "at": told.at(700), "key": uuid4(),
    }  # fmt: skip
    first = tally_enter(pieces=200, **said)
    assert tally_enter(pieces=200, **said) == first
    with pytest.raises(TallyRefused, match="sent before"):
        tally_enter(pieces=190, **said)
    assert Tally.objects.count() == 1
    [entry] = JournalEntry.objects.filter(action="tally_enter")
    assert entry.data["after"]["pieces"] == 200
    assert tally_withdraw(key=said["key"], actor="sue", at=told.at(800))
    assert not tally_withdraw(key=said["key"], actor="sue", at=told.at(801))
    with pytest.raises(TallyRefused):
        tally_withdraw(key=uuid4(), actor="sue", at=told.at(801))


def test_what_comes_late_is_compared_again(told: Told) -> None:
    tally = tally_enter(
        work_center=told.machine, starts_at=told.at(30), ends_at=told.at(900), pieces=290, actor="otto",
        at=told.at(901), key=uuid4(),
    )  # fmt: skip
    told.store(*(told.reading(second, good=100 + second // 3) for second in range(721, 960)))
    assert tallies_weigh(told.at(0)) == 1
    assert tallies_weigh(told.at(0)) == 0
    tally.refresh_from_db()
    assert (tally.counted_low, tally.counted_high) == (288, 290)


def test_minutes_are_asked_where_no_readings_are_kept(plant: SmallPlant) -> None:
    start = plant.shift.starts_at
    CountHour.objects.create(work_center=plant.packer, hour=start, good=[7] * 60, good_sum=420)
    assert counted_in(plant.packer, start, start + TEN) == (70, 70)
    half = timedelta(seconds=30)
    assert counted_in(plant.packer, start + half, start + TEN + half) == (63, 77)
