"""Rules explain stops: ordered, the first that fits wins, a person always wins, and the past stays as it was."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from mes.downtime.actions import StopRefused, stop_clear_reason, stop_explain
from mes.downtime.cutting import stop_undo
from mes.downtime.models import Reason, Stop, StopRule
from mes.downtime.rules import Facts, Rule, first_that_fits, fits
from mes.downtime.ruling import rules_preview, stop_rule_switch, stops_explain_by_rules
from mes.journal.models import JournalEntry
from mes.plant.models import WorkCenter
from mes.production.models import Run
from tests.production.small_plant import SIX, SmallPlant

MIN = timedelta(minutes=1)
MONDAY_NIGHT = Facts(1, 11, 17, "Held", 5, datetime(2026, 3, 2, 23, 30, tzinfo=UTC))


@pytest.mark.parametrize(
    ("rule", "fitting"),
    [
        (Rule("R"), True),
        (Rule("R", line=1, work_center=11, plc_code=17, state="held", item=5, weekdays="15"), True),
        (Rule("R", line=2), False),
        (Rule("R", work_center=12), False),
        (Rule("R", plc_code=18), False),
        (Rule("R", state="Aborted"), False),
        (Rule("R", item=6), False),
        (Rule("R", weekdays="234567"), False),
        (Rule("R", from_time=time(22), to_time=time(6)), True),  # over midnight
        (Rule("R", from_time=time(6), to_time=time(22)), False),
        (Rule("R", from_time=time(23, 30), to_time=time(23, 31)), True),
        (Rule("R", from_time=time(23), to_time=time(23, 30)), False),  # half-open
        (Rule("R", since=datetime(2026, 3, 2, 23, 31, tzinfo=UTC)), False),
    ],
)
def test_a_rule_fits_where_every_condition_holds(rule: Rule, fitting: bool) -> None:
    assert fits(rule, MONDAY_NIGHT) is fitting


def test_the_first_rule_that_fits_decides() -> None:
    rules = [Rule("A", plc_code=99), Rule("B", state="Held"), Rule("C", plc_code=17)]
    assert first_that_fits(rules, MONDAY_NIGHT) == rules[1]
    assert first_that_fits(rules, replace(MONDAY_NIGHT, state="x", plc_code=1)) is None


@pytest.fixture
def rule(plant: SmallPlant) -> StopRule:
    """Code 17 is a jam; switched on at six."""
    rule = StopRule.objects.create(code="CODE-17", name="Code 17", plc_code=17, reason=plant.jam, position=2)
    stop_rule_switch(rule=rule, on=True, actor="eva", at=SIX)
    return rule


def stop(plant: SmallPlant, minute: float, length: float | None = 5, **fields: object) -> Stop:
    start = SIX + minute * MIN
    end = None if length is None else start + length * MIN
    return Stop.objects.create(
        **{"work_center": plant.filler, "starts_at": start, "ends_at": end, "state": "Held", "plc_code": 17} | fields
    )


def run_rules(minute: float = 60) -> int:
    return stops_explain_by_rules(at=SIX + minute * MIN)


def reasons() -> list[str | None]:
    return list(Stop.objects.order_by("starts_at").values_list("reason__code", flat=True))


def test_a_rule_explains_once_and_says_so(plant: SmallPlant, rule: StopRule) -> None:
    found = stop(plant, 10)
    assert (run_rules(), run_rules()) == (1, 0)
    found.refresh_from_db()
    assert (found.reason, found.explained_by) == (plant.jam, "rule: CODE-17")
    entry = JournalEntry.objects.get(action="stop_explain_by_rule")
    assert (entry.actor, entry.data["after"]["reason"]) == ("rule: CODE-17", "JAM")


def test_the_order_decides_and_the_item_and_the_local_time_count(plant: SmallPlant, rule: StopRule) -> None:
    """The site is UTC+1: 07:00 there is six o'clock UTC."""
    Run.objects.create(
        work_center=plant.filler, order=plant.order("WO-1"), item=plant.water, starts_at=SIX + 20 * MIN, started_by="x"
    )
    early = StopRule.objects.create(
        code="EARLY", name="Early", position=1, from_time=time(7), to_time=time(7, 15), reason=plant.cleaning
    )
    water = StopRule.objects.create(code="WATER", name="Water", position=1, item=plant.water, reason=plant.motor)
    for one in (early, water):
        stop_rule_switch(rule=one, on=True, actor="eva", at=SIX)
    for minute in (10, 15.5, 30):
        stop(plant, minute)
    assert run_rules() == 3
    assert reasons() == ["CLEAN", "JAM", "MOTOR"]


def test_a_persons_word_wins_over_a_rule(plant: SmallPlant, rule: StopRule) -> None:
    told, cleared, ruled = stop(plant, 10), stop(plant, 20), stop(plant, 30)
    stop_explain(stop_id=told.pk, reason=plant.motor, note="", actor="otto", at=SIX, version=1)
    stop_explain(stop_id=cleared.pk, reason=plant.motor, note="", actor="otto", at=SIX, version=1)
    stop_clear_reason(stop_id=cleared.pk, actor="otto", at=SIX, version=2)
    assert run_rules() == 1
    assert reasons() == ["MOTOR", None, "JAM"]
    ruled.refresh_from_db()
    stop_explain(stop_id=ruled.pk, reason=plant.motor, note="", actor="otto", at=SIX, version=ruled.version)
    run_rules()
    assert reasons() == ["MOTOR", None, "MOTOR"]


def test_what_a_rule_said_and_somebody_undid_is_not_said_again(plant: SmallPlant, rule: StopRule) -> None:
    found = stop(plant, 10)
    run_rules()
    entry = JournalEntry.objects.get(action="stop_explain_by_rule")
    stop_undo(stop_id=found.pk, entry=entry.pk, actor="mia", at=SIX)
    assert (run_rules(), reasons()) == (0, [None])


def test_rules_leave_the_past_the_short_ones_and_locked_shifts_alone(plant: SmallPlant, rule: StopRule) -> None:
    stop(plant, -30)  # before it was switched on
    stop(plant, 10, 1.9)  # a micro-stop
    stop(plant, 58.5, None)  # no longer than two minutes yet
    assert run_rules() == 0
    assert run_rules(61) == 1
    stop(plant, 20)
    plant.shift.locked_at = SIX
    plant.shift.save()
    assert run_rules(61) == 0


def test_switched_twice_is_switched_once_and_off_it_explains_nothing(plant: SmallPlant, rule: StopRule) -> None:
    assert stop_rule_switch(rule=rule, on=True, actor="eva", at=SIX + MIN) is False
    rule.refresh_from_db()
    assert rule.enabled_at == SIX
    assert stop_rule_switch(rule=rule, on=False, actor="eva", at=SIX) is True
    assert stop_rule_switch(rule=rule, on=False, actor="eva", at=SIX) is False
    assert JournalEntry.objects.filter(action="stop_rule_switch").count() == 2
    stop(plant, 10)
    assert run_rules() == 0
    Reason.objects.filter(pk=plant.jam.pk).update(archived=True)
    with pytest.raises(StopRefused, match="nobody can choose"):
        stop_rule_switch(rule=StopRule.objects.get(), on=True, actor="eva", at=SIX)


def test_a_preview_tells_what_each_rule_would_have_done_before_it_is_on(plant: SmallPlant, rule: StopRule) -> None:
    """Five stops of 5 min: 3 with code 17, one of them with the same and one with another reason; 4 were Held."""
    held = StopRule.objects.create(code="HELD", name="Held", state="Held", reason=plant.motor, position=3)
    stop(plant, 0)
    stop(plant, 10, reason=plant.jam)
    stop(plant, 20, reason=plant.motor, state="Aborted")
    stop(plant, 30, plc_code=None)
    stop(plant, 40, plc_code=None, reason=plant.motor)
    first, second = rules_preview(WorkCenter.objects.all(), now=SIX + 60 * MIN)
    assert (first.rule, first.fitting, first.first, first.minutes) == (rule, 3, 3, 15)
    assert (first.explained, first.agreeing, first.differing) == (1, 1, 1)
    assert (second.rule, second.fitting, second.first, second.minutes) == (held, 4, 2, 10)
    assert (second.explained, second.agreeing, second.differing) == (1, 1, 0)
    assert not JournalEntry.objects.filter(action="stop_explain_by_rule").exists()
