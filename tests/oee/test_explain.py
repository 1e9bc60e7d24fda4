"""What stands behind a number: everything sums to what it is made of, and every stretch says why."""

from datetime import timedelta

import pytest

from mes.downtime.actions import stop_explain
from mes.downtime.models import Stop
from mes.oee.explain import explain
from mes.oee.places import Place, line_place, machine_place
from mes.oee.policy import ISO, SMRP
from mes.oee.policy_change import policies_follow
from tests.oee.explain_kit import EIGHT_H, MIN, shift_story
from tests.production.small_plant import SIX, SmallPlant, small_plant

NOW = SIX + 12 * timedelta(hours=1)


@pytest.fixture
def plant(db: None) -> SmallPlant:
    plant = small_plant()
    shift_story(plant)
    return plant


def test_r9_the_owned_intervals_sum_to_the_scheduled_time_and_each_says_why(plant: SmallPlant) -> None:
    found = explain(machine_place(plant.packer), EIGHT_H, now=NOW)
    assert found.explained_ms == found.figure.elements.scheduled_ms == 480 * 60_000
    minutes: dict[str, float] = {}
    for piece in found.intervals:
        minutes[piece.owner] = minutes.get(piece.owner, 0) + piece.ms / 60_000
        assert piece.why
    assert minutes == {"run": 330, "unplanned": 99, "micro": 1, "planned_stop": 30, "unknown": 20}
    why = {
        piece.owner: piece.why for piece in found.intervals if piece.reason == "Jam infeed" or piece.owner == "micro"
    }
    assert why == {
        "unplanned": "A person gave the reason: Jam infeed.",
        "micro": "The whole standstill in Down was shorter than 120 s (R16).",
    }


def test_unknown_minutes_say_why(plant: SmallPlant) -> None:
    found = explain(machine_place(plant.packer), EIGHT_H, now=NOW)
    [silent] = found.unknown
    assert (silent.start, silent.ms, silent.why) == (SIX + 329 * MIN, 20 * 60_000, "PLC-1 did not answer")


def test_counts_stand_by_hour_and_gaps_apart_and_sum_to_the_pieces(plant: SmallPlant) -> None:
    found = explain(machine_place(plant.packer), EIGHT_H, now=NOW)
    rows = [(row.start, row.item, row.order, row.good, row.scrap, row.gap) for row in found.counts]
    assert rows == [
        (SIX, "COLA-05", "WO-1", 20000, 500, False),
        (SIX + 329 * MIN, "COLA-05", "WO-1", 1000, 0, True),
        (SIX + 360 * MIN, "COLA-05", "WO-1", 4000, 0, False),
    ]
    assert {row.ideal_ms for row in found.counts} == {800}
    assert sum(row.good for row in found.counts) == found.figure.elements.good


def test_the_formula_has_the_value_of_the_kpi(plant: SmallPlant) -> None:
    """430 min known of 450 planned; run 330 and 1 micro: A = 331/430. 25,000 good x 0.8 s = 333 min 20 s."""
    place = machine_place(plant.packer)
    availability = explain(place, EIGHT_H, now=NOW, kpi="availability").formula
    assert availability.filled == (
        "Availability = production time 5 h 31 min / known planned busy time 7 h 10 min = 77.0 %"
    )
    oee = explain(place, EIGHT_H, now=NOW).formula
    assert oee.filled == ("OEE = ideal time of the good pieces 5 h 33 min 20 s / planned busy time 7 h 30 min = 74.1 %")
    assert explain(place, EIGHT_H, now=NOW, kpi="availability", policy=ISO).formula.value == pytest.approx(330 / 430)
    assert explain(place, EIGHT_H, now=NOW, policy=SMRP).formula.value == pytest.approx(20000 / 60 / 480)


def test_the_policy_says_who_put_it_in_force(plant: SmallPlant) -> None:
    policies_follow(at=SIX)
    [policy] = explain(machine_place(plant.packer), EIGHT_H, now=NOW).policies
    assert policy.label == "six-losses v1, stops under 120 s are lost speed"
    assert (policy.by, policy.why) == ("system", "The default, until somebody decides otherwise.")
    assert "Planned stops are no loss: they are taken out of the planned busy time (ISO 22400)." in policy.words


def test_edits_that_touched_the_time_are_listed(plant: SmallPlant) -> None:
    stop = Stop.objects.get()
    stop_explain(stop_id=stop.pk, reason=plant.motor, note="belt", actor="mia", at=NOW, version=stop.version)
    [edit] = explain(machine_place(plant.packer), EIGHT_H, now=NOW).edits
    assert (edit.actor, edit.action, edit.work_center) == ("mia", "stop_explain", "PACK")
    assert ("reason", "JAM", "MOTOR") in edit.change


def test_a_line_is_explained_by_its_machines(plant: SmallPlant) -> None:
    found = explain(line_place(plant.line_1), EIGHT_H, now=NOW)
    assert [(part.kind, part.code) for part in found.below] == [("work_center", "FILL"), ("work_center", "PACK")]
    assert found.formula.value == found.figure.kpi.oee == pytest.approx(20000 / 60 / 450)
    assert found.explained_ms == found.figure.elements.scheduled_ms
    assert found.intervals == []


def test_an_area_is_explained_by_its_lines(plant: SmallPlant) -> None:
    machines = [plant.filler, plant.packer, plant.press]
    found = explain(Place("area", "AREA", machines), EIGHT_H, now=NOW)
    assert [(part.kind, part.code) for part in found.below] == [("line", "LINE-1"), ("line", "LINE-2")]


def test_a_long_window_is_explained_by_its_days(plant: SmallPlant) -> None:
    found = explain(machine_place(plant.packer), (SIX - timedelta(days=3), SIX + timedelta(days=1)), now=NOW)
    assert [(day.code, day.elements.scheduled_ms // 60_000) for day in found.days] == [
        ("2026-02-27", 0),
        ("2026-02-28", 0),
        ("2026-03-01", 0),
        ("2026-03-02", 480),
        ("2026-03-03", 0),
    ]
    assert found.intervals == found.counts == []
    assert found.explained_ms == 480 * 60_000


def test_where_nothing_was_scheduled_the_number_is_not_known(plant: SmallPlant) -> None:
    found = explain(machine_place(plant.press), EIGHT_H, now=NOW)
    assert found.formula.value is None
    assert [note.code for note in found.figure.kpi.notes] == ["not-scheduled"]
    assert found.explained_ms == 0
