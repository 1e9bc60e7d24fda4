"""Checks are stored once, judged at once by specification and run rules, and hold what may be bad."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from mes.journal.models import JournalEntry
from mes.production.models import Run
from mes.quality.checks import CheckRefused, check_record, check_withdraw
from mes.quality.judging import Reading
from mes.quality.limits import LimitsRefused, limits_set
from mes.quality.models import Characteristic, Check, ControlLimits, Hold, Nonconformance, Trigger
from tests.production.small_plant import SIX
from tests.quality.conftest import MIN, Laboratory


def freeze(
    laboratory: Laboratory, *, newest: int = 3, seen: int = 0, minute: float = 30, why: str = "start"
) -> ControlLimits:
    now = SIX + minute * MIN
    return limits_set(
        characteristic=laboratory.weight, newest=newest, why=why, actor="quinn", at=now, seen_version=seen
    )


def test_a_check_within_limits_is_stored_with_its_order_and_journalled_once(laboratory: Laboratory) -> None:
    key = uuid4()
    first = laboratory.weigh(10, "10.2", key=key)
    again = laboratory.weigh(10, "10.2", key=key)
    assert (first.new, again.new, again.check) == (True, False, first.check)
    stored = Check.objects.get()
    assert (stored.verdict, stored.order, stored.item, stored.values) == (
        "good", laboratory.order, laboratory.plant.cola, [Decimal("10.2")],
    )  # fmt: skip
    assert JournalEntry.objects.filter(action="check_record", code="FILL-W").count() == 1
    with pytest.raises(CheckRefused, match="with other values"):
        laboratory.weigh(10, "10.3", key=key)


def test_a_value_on_the_limit_is_inside(laboratory: Laboratory) -> None:
    assert laboratory.weigh(10, "10.4").check.verdict == "good"
    assert laboratory.weigh(11, "10.0").check.verdict == "good"
    assert not Hold.objects.exists()


def test_out_of_limits_holds_what_was_made_since_the_last_good_check(laboratory: Laboratory) -> None:
    laboratory.weigh(10, "10.2")
    found = laboratory.weigh(40, "10.5")
    hold = Hold.objects.get()
    assert found.hold == hold
    assert (hold.order, hold.starts_at, hold.ends_at) == (laboratory.order, SIX + 10 * MIN, SIX + 40 * MIN)
    report = Nonconformance.objects.get()
    assert (report.status, report.finding) == ("open", "Fill weight: 10.5 g, allowed 10.0 to 10.4")


def test_a_second_check_out_extends_the_hold_and_opens_no_other(laboratory: Laboratory) -> None:
    laboratory.weigh(40, "10.5")
    laboratory.weigh(50, "10.6")
    hold = Hold.objects.get()
    assert (hold.starts_at, hold.ends_at) == (SIX, SIX + 50 * MIN)  # no good check: since the run began
    assert Nonconformance.objects.count() == 1
    assert list(JournalEntry.objects.filter(kind="hold").order_by("pk").values_list("action", flat=True)) == [
        "hold_open", "hold_extend",
    ]  # fmt: skip


def test_a_good_check_of_an_order_before_does_not_stretch_the_hold_into_it(laboratory: Laboratory) -> None:
    laboratory.weigh(-5, "10.2")
    laboratory.weigh(20, "9.9")
    assert Hold.objects.get().starts_at == SIX


def test_a_check_that_was_not_made_or_taken_back_is_no_good_check(laboratory: Laboratory) -> None:
    laboratory.weigh(10, "10.2")
    laboratory.weigh(20, note="scale broken")
    wrong = laboratory.weigh(25, "10.2").check
    check_withdraw(key=wrong.key, why="another bottle", actor="quinn", at=SIX + 26 * MIN)
    laboratory.weigh(40, "10.5")
    assert Hold.objects.get().starts_at == SIX + 10 * MIN


def test_two_open_holds_of_one_order_are_refused_by_the_database(laboratory: Laboratory) -> None:
    hold = laboratory.weigh(40, "10.5").hold
    assert hold is not None
    other = laboratory.weigh(41, "10.2").check
    hold.pk, hold.check_out = None, other
    with pytest.raises(IntegrityError), transaction.atomic():
        hold.save(force_insert=True)


def test_bad_pieces_above_the_accepted_number_open_a_hold(laboratory: Laboratory) -> None:
    for minute, found, verdict in ((5, 1, "good"), (6, 2, "out")):
        said = check_record(
            characteristic=laboratory.label, reading=Reading(found=found, size=50), taken_at=SIX + minute * MIN,
            actor="quinn", at=SIX + minute * MIN, key=uuid4(),
        )  # fmt: skip
        assert said.check.verdict == verdict
    assert Nonconformance.objects.get().finding == "Label: 2 of 50 pieces bad, 1 accepted"


def test_what_makes_no_sense_is_refused(laboratory: Laboratory) -> None:
    for said in (
        lambda: laboratory.weigh(10, "10.2", "10.3"),
        lambda: laboratory.weigh(10),
        lambda: laboratory.weigh(10, "NaN"),
        lambda: laboratory.weigh(10, "1e30"),
        lambda: laboratory.weigh(10, "10.2", note="a\0b"),
        lambda: laboratory.weigh(10, "10.2", note="x" * 201),
        lambda: laboratory.weigh(10, "10.2", now=SIX),
        lambda: laboratory.weigh(10, "10.2", now=SIX + timedelta(days=8)),
    ):
        with pytest.raises(CheckRefused):
            said()
    assert not Check.objects.exists()


def test_a_check_of_another_item_than_the_machine_makes_is_refused(laboratory: Laboratory) -> None:
    Characteristic.objects.filter(code="FILL-W").update(item=laboratory.plant.water)
    with pytest.raises(CheckRefused, match="PACK made COLA-05"):
        laboratory.weigh(10, "10.2")


def test_a_check_after_the_end_of_the_run_belongs_to_its_order_for_twelve_hours(laboratory: Laboratory) -> None:
    Run.objects.update(ends_at=SIX + 60 * MIN)
    assert laboratory.weigh(90, "10.2").check.order == laboratory.order
    assert laboratory.weigh(60 + 12 * 60, "10.2").check.order is None


def test_run_rules_speak_from_the_frozen_limits_only(laboratory: Laboratory) -> None:
    # 10.1, 10.2, 10.1: centre 10.1333, moving ranges 0.1 and 0.1, sigma 0.1 / 1.128379 = 0.088623;
    # limits 10.1333 -+ 0.265869 = 9.8675 and 10.3992: 10.4 is inside the specification and beyond the control limit
    assert laboratory.weigh(1, "10.4").check.signals == []
    for minute, value in ((2, "10.1"), (3, "10.2"), (4, "10.1")):
        laboratory.weigh(minute, value)
    limits = freeze(laboratory)
    assert limits.center == pytest.approx(10.133333, abs=1e-6)
    assert limits.sigma == pytest.approx(0.088623, abs=1e-6)
    assert (limits.version, limits.samples, limits.provisional, limits.since) == (1, 3, True, SIX + 2 * MIN)
    found = laboratory.weigh(40, "10.4").check
    # beyond 3 sigma (N1); the moving range of 0.3 stays below 3.2665 x 0.1 = 0.3267
    assert (found.verdict, found.signals, found.limits) == ("signal", ["N1"], limits)
    assert not Hold.objects.exists()


@pytest.mark.parametrize("gap", ["missed", "taken back"])
def test_a_gap_breaks_the_run(laboratory: Laboratory, gap: str) -> None:
    for minute, value in ((1, "10.1"), (2, "10.3"), (3, "10.2")):
        laboratory.weigh(minute, value)  # ranges 0.2 and 0.1: centre 10.2, sigma 0.15 / 1.128379 = 0.132934
    freeze(laboratory)
    for minute in range(40, 44):
        laboratory.weigh(minute, "10.3")
    if gap == "missed":
        assert laboratory.weigh(44, note="scale broken").check.verdict == "missed"
    else:
        wrong = laboratory.weigh(44, "10.3").check
        check_withdraw(key=wrong.key, why="another bottle", actor="quinn", at=SIX + 44 * MIN)
    for minute in range(45, 53):
        assert laboratory.weigh(minute, "10.3").check.verdict == "good"  # 12 above the centre, 8 since the gap
    assert laboratory.weigh(53, "10.3").check.signals == ["N2"]  # the ninth


def test_neighbours_of_two_items_are_no_run(laboratory: Laboratory) -> None:
    for minute, value in ((1, "10.1"), (2, "10.3"), (3, "10.2")):
        laboratory.weigh(minute, value)
    freeze(laboratory)
    for minute in range(40, 48):
        laboratory.weigh(minute, "10.3")
    order = laboratory.plant.order("WO-2", item=laboratory.plant.water)
    Run.objects.filter(ends_at=None).update(ends_at=SIX + 48 * MIN)
    Run.objects.create(
        work_center=laboratory.plant.packer, order=order, item=order.item, starts_at=SIX + 48 * MIN, started_by="otto"
    )
    assert laboratory.weigh(49, "10.3").check.signals == []  # the ninth on one side, but the first of another item


def test_a_check_taken_back_needs_a_reason_and_happens_once(laboratory: Laboratory) -> None:
    key = laboratory.weigh(40, "10.5").check.key
    with pytest.raises(CheckRefused, match="why"):
        check_withdraw(key=key, why=" ", actor="quinn", at=SIX + 50 * MIN)
    assert check_withdraw(key=key, why="typed wrong", actor="quinn", at=SIX + 50 * MIN)
    assert not check_withdraw(key=key, why="typed wrong", actor="quinn", at=SIX + 51 * MIN)
    assert JournalEntry.objects.get(action="check_withdraw").data["before"]["values"] == ["10.5"]
    assert Hold.objects.get().released_at is None


def test_limits_set_anew_keep_the_old_version_and_need_a_reason(laboratory: Laboratory) -> None:
    for minute, value in ((1, "10.1"), (2, "10.3"), (3, "10.2")):
        laboratory.weigh(minute, value)
    freeze(laboratory)
    with pytest.raises(LimitsRefused, match="why"):
        freeze(laboratory, seen=1, why=" ")
    with pytest.raises(LimitsRefused, match="quinn set version 1"):
        freeze(laboratory, seen=0, why="another")
    second = freeze(laboratory, seen=1, minute=60, why="new nozzle")
    assert freeze(laboratory, seen=1, minute=61, why="new nozzle") == second
    assert [(one.version, one.since) for one in ControlLimits.objects.order_by("version")] == [
        (1, SIX + MIN), (2, SIX + 60 * MIN),
    ]  # fmt: skip
    assert JournalEntry.objects.filter(action="limits_set").count() == 2


def test_points_left_out_do_not_teach_and_their_neighbours_are_not_joined(laboratory: Laboratory) -> None:
    for minute, value in ((1, "10.1"), (2, "10.2"), (3, "10.4"), (4, "10.1"), (5, "10.2")):
        laboratory.weigh(minute, value)
    odd = Check.objects.get(at=SIX + 3 * MIN)
    limits = limits_set(
        characteristic=laboratory.weight, newest=5, left_out=[odd.pk], why="start", actor="quinn", at=SIX + 9 * MIN,
        seen_version=0,
    )  # fmt: skip
    assert limits.center == pytest.approx(10.15)  # (10.1 + 10.2 + 10.1 + 10.2) / 4
    assert limits.sigma == pytest.approx(0.1 / 1.128379, rel=1e-6)


def test_without_checks_no_limits_can_be_frozen(laboratory: Laboratory) -> None:
    with pytest.raises(LimitsRefused, match="measure first"):
        freeze(laboratory)


def test_a_plan_that_cannot_work_is_refused_in_words(laboratory: Laboratory) -> None:
    wrong = Characteristic(
        code="X", name="X", work_center=laboratory.plant.packer, chart="means-ranges", rules=["N9"],
        lsl=Decimal(2), usl=Decimal(1),
    )  # fmt: skip
    with pytest.raises(ValidationError) as said:
        wrong.clean()
    assert sorted(said.value.message_dict) == ["chart", "rules", "usl"]
    for kind, every in (("pieces", None), ("start", 5)):
        with pytest.raises(ValidationError):
            Trigger(characteristic=laboratory.weight, kind=kind, every=every).clean()
        with pytest.raises(IntegrityError), transaction.atomic():
            Trigger.objects.create(characteristic=laboratory.weight, kind=kind, every=every)
