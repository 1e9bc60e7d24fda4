"""Target OEE of lines, machines and items is effective-dated, and pieces due follow it (R41)."""

from datetime import timedelta
from decimal import Decimal

import pytest

from mes.journal.models import JournalEntry
from mes.oee.facts import window_facts
from mes.production.models import Run, Target
from mes.production.targets import TargetRefused, target_set, targets_of
from tests.production.small_plant import SIX, SmallPlant, small_plant

HOUR = timedelta(hours=1)


@pytest.fixture
def plant(db: None) -> SmallPlant:
    return small_plant()


def say(plant: SmallPlant, place: object, share: str, *, item: object = None, begins: int = 0) -> Target:
    at = SIX - 24 * HOUR
    return target_set(
        place=place,
        item=item,
        target_oee=Decimal(share),
        valid_from=SIX + begins * HOUR,
        actor="mia",
        at=at,
        why="goal",
    )


def test_the_nearest_word_wins_and_the_items_before_that_for_all(plant: SmallPlant) -> None:
    say(plant, plant.line_1, "0.7")
    say(plant, plant.line_1, "0.6", item=plant.cola)
    say(plant, plant.packer, "0.5", begins=1)
    say(plant, plant.packer, "0.4", item=plant.water, begins=1)
    found = targets_of([plant.filler, plant.packer, plant.press], SIX + 9 * HOUR)
    filler, packer, press = (found[wc.pk] for wc in (plant.filler, plant.packer, plant.press))
    assert filler.at(plant.cola.pk, SIX) == Decimal("0.6")
    assert filler.at(plant.water.pk, SIX) == filler.at(None, SIX) == Decimal("0.7")
    assert packer.at(plant.cola.pk, SIX) == Decimal("0.6")  # its own word begins an hour later
    assert packer.at(plant.cola.pk, SIX + HOUR) == Decimal("0.5")
    assert packer.at(plant.water.pk, SIX + HOUR) == Decimal("0.4")
    assert (
        press.at(plant.cola.pk, SIX) == filler.at(plant.cola.pk, SIX - HOUR) == Decimal("0.85")
    )  # the machine's field


def test_pieces_due_change_with_the_target_and_never_mix_what_was_before_r41(plant: SmallPlant) -> None:
    """4 h at 100 %, then, after half an hour of lunch, 3.5 h at 50 %: (240 + 210 / 2) min x 60 / 0.8 s."""
    order = plant.order("WO-1")
    Run.objects.create(
        work_center=plant.packer, order=order, item=plant.cola, starts_at=SIX, ends_at=SIX + 8 * HOUR, started_by="x"
    )
    say(plant, plant.packer, "1")
    say(plant, plant.packer, "0.5", begins=4)
    facts = window_facts([plant.packer], SIX, SIX + 8 * HOUR, now=SIX + 8 * HOUR)["PACK"]
    assert facts.target == pytest.approx(Decimal(345 * 75))
    running = window_facts([plant.packer], SIX, SIX + 8 * HOUR, now=SIX + 2 * HOUR)["PACK"]
    assert running.target == pytest.approx(Decimal(120 * 75))


def test_said_twice_it_is_stored_once_with_one_journal_entry(plant: SmallPlant) -> None:
    assert say(plant, plant.line_1, "0.7") == say(plant, plant.line_1, "0.7")
    [entry] = JournalEntry.objects.filter(action="target_set")
    assert (entry.actor, entry.code, entry.data["before"], entry.data["after"]) == ("mia", "LINE-1", None, "0.7")
    assert entry.data["why"] == "goal"
    with pytest.raises(TargetRefused, match="begins at that instant"):
        say(plant, plant.line_1, "0.8")


@pytest.mark.parametrize("share", ["0", "-0.1", "1.001"])
def test_a_share_that_no_machine_can_reach_is_refused(plant: SmallPlant, share: str) -> None:
    with pytest.raises(TargetRefused, match="at most 100 %"):
        say(plant, plant.line_1, share)


def test_the_past_keeps_its_target(plant: SmallPlant) -> None:
    with pytest.raises(TargetRefused, match="never for the past"):
        say(plant, plant.line_1, "0.7", begins=-25)
    assert not Target.objects.exists()
