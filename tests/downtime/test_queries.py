"""Which stops need a reason, how they are named, and which reasons are likely."""

from datetime import timedelta

import pytest

from mes.downtime.models import Reason, Stop
from mes.downtime.queries import (
    reason_tree,
    stop_by_ref,
    stop_ref,
    stops_in,
    stops_that_need_a_reason,
    suggestions_for,
)
from mes.plant.models import WorkCenter
from mes.production.models import Run
from tests.production.small_plant import SIX, SmallPlant

MIN = timedelta(minutes=1)
NOON = SIX + timedelta(hours=6)


def stop(plant: SmallPlant, minute: float, length: float | None, **fields: object) -> Stop:
    start = SIX + minute * MIN
    end = None if length is None else start + length * MIN
    return Stop.objects.create(work_center=plant.filler, starts_at=start, ends_at=end, state="Held", **fields)


@pytest.mark.parametrize(
    ("minute", "length", "fields", "needs"),
    [
        (10, 2.0, {}, True),  # exactly the threshold of 120 s
        (10, 1.99, {}, False),
        (10, 30, {"kind": "idle"}, False),  # no order: nothing to explain
        (10, 30, {"kind": "waiting"}, False),
        (10, 30, {"kind": "setup"}, True),
        (240, 30, {}, False),  # the lunch break, whole
        (240, 31, {}, True),
        (-60, 60, {}, False),  # before the shift, to its very start
        (-60, 61, {}, True),
        (359, None, {}, False),  # open for one minute at noon
        (358, None, {}, True),
    ],
)
def test_a_stop_needs_a_reason_when_it_took_time_from_a_shift(
    plant: SmallPlant, minute: float, length: float | None, fields: dict[str, object], needs: bool
) -> None:
    stop(plant, minute, length, **fields)
    assert stops_that_need_a_reason(Stop.objects.all(), NOON).exists() is needs


def test_a_machine_that_idles_needs_a_reason_only_while_it_has_an_order(plant: SmallPlant) -> None:
    stop(plant, 10, 30, kind="idle")
    Run.objects.create(
        work_center=plant.filler,
        order=plant.order("WO-1"),
        item=plant.cola,
        starts_at=SIX + 39 * MIN,
        started_by="otto",
    )
    assert stops_that_need_a_reason(Stop.objects.all(), NOON).exists()
    Run.objects.update(starts_at=SIX + 40 * MIN)
    assert not stops_that_need_a_reason(Stop.objects.all(), NOON).exists()


def test_an_explained_stop_needs_none(plant: SmallPlant) -> None:
    stop(plant, 10, 30, reason=plant.jam)
    assert not stops_that_need_a_reason(Stop.objects.all(), NOON).exists()


def test_a_stop_is_found_by_its_name_only_on_machines_one_may_see(plant: SmallPlant) -> None:
    found = stop(plant, 10.5, 5)
    ref = stop_ref(found)
    assert ref == "FILL@2026-03-02T06:10:30.000000Z"
    assert stop_by_ref(ref, WorkCenter.objects.all()) == found
    assert stop_by_ref(ref, WorkCenter.objects.filter(line=plant.line_2)) is None
    assert stop_by_ref("FILL@yesterday", WorkCenter.objects.all()) is None
    assert stop_by_ref("FILL", WorkCenter.objects.all()) is None


def test_stops_of_a_window_are_those_that_overlap_it_half_open(plant: SmallPlant) -> None:
    before, inside = stop(plant, 0, 10), stop(plant, 15, 5)
    stop(plant, 20, 5)
    assert list(stops_in([plant.filler], SIX + 10 * MIN, SIX + 20 * MIN)) == [inside]
    assert list(stops_in([plant.filler], SIX + 9 * MIN, SIX + 20 * MIN)) == [inside, before]


def test_the_reason_the_machine_named_comes_first_then_the_frequent_ones(plant: SmallPlant) -> None:
    for minute in (1, 11, 21):
        stop(plant, minute, 5, reason=plant.motor)
    stop(plant, 31, 5, reason=plant.cleaning)
    now = stop(plant, 41, None, plc_code=17)
    names = [(suggestion.reason.code, suggestion.why) for suggestion in suggestions_for(now, NOON)]
    assert names == [
        ("JAM", "the machine gave code 17"),
        ("MOTOR", "3 in the last 30 days"),
        ("CLEAN", "1 in the last 30 days"),
    ]


def test_what_people_said_of_the_same_code_beats_the_code_itself_and_rules_do_not_vote(plant: SmallPlant) -> None:
    """Code 17 is bound to a jam; of four stops with it people called three a motor fault and one a cleaning."""
    for minute, reason in ((1, plant.motor), (11, plant.motor), (21, plant.motor), (31, plant.cleaning)):
        stop(plant, minute, 5, reason=reason, plc_code=17)
    for minute in (41, 51):
        stop(plant, minute, 5, reason=plant.cleaning, plc_code=17, explained_by="rule: X")
    found = [(one.reason.code, one.why, one.share) for one in suggestions_for(stop(plant, 61, None, plc_code=17), NOON)]
    assert found == [
        ("MOTOR", "75 % of the stops with code 17", 0.75),
        ("CLEAN", "25 % of the stops with code 17", 0.25),
        ("JAM", "the machine gave code 17", None),
    ]


def test_of_equally_frequent_reasons_the_latest_is_likelier(plant: SmallPlant) -> None:
    for minute, reason in ((1, plant.motor), (11, plant.cleaning)):
        stop(plant, minute, 5, reason=reason)
    found = [one.reason.code for one in suggestions_for(stop(plant, 61, None), NOON)]
    assert found == ["CLEAN", "MOTOR"]


def test_a_category_without_reasons_below_it_is_a_reason_itself(plant: SmallPlant) -> None:
    Reason.objects.create(code="OLD", name="Old", parent=Reason.objects.get(code="MACHINE"), archived=True)
    tree = [(category.reason.code, [reason.code for reason in category.children]) for category in reason_tree()]
    assert tree == [("MACHINE", ["JAM", "MOTOR"]), ("CLEAN", ["CLEAN"])]
