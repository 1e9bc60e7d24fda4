"""What is entered on the floor becomes messages: each once, in sequence, with totals; and nothing without news."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import transaction

from erp_sync.models import ErpConnection, ErpLink, ErpMapping, FollowMark, OutboxMessage
from erp_sync.outbound.follow import follow
from mes.downtime.actions import stop_explain
from mes.downtime.models import Stop
from mes.journal.seal import seal
from mes.oee.closing import shift_close
from mes.plant.models import Shift
from mes.production.models import WorkOrder
from mes.production.orders import order_complete
from mes.tracking.scrap import scrap_enter
from tests.erp_sync.outbound.conftest import NOON, Floor
from tests.production.small_plant import SIX


def begin(floor: Floor) -> None:
    """The connection follows from here on, and its interval was served just now."""
    floor.follow(NOON)


def scrap(floor: Floor, link: ErpLink, pieces: int = 24) -> None:
    scrap_enter(work_center=floor.plant.packer, quantity=pieces, order=link.order, actor="ana", at=NOON, key=uuid4())


def last(link: ErpLink) -> OutboxMessage:
    return OutboxMessage.objects.filter(link=link).order_by("-sequence")[0]


def test_scrap_at_the_tap_becomes_one_message_with_totals_and_difference(floor: Floor) -> None:
    link = floor.link()
    floor.counts(link, 2400)
    begin(floor)
    assert floor.messages(link) == [(1, "pending", "100")]
    scrap(floor, link)
    assert floor.follow(NOON) == 1
    assert floor.follow(NOON) == 0
    told = last(link)
    assert (told.sequence, told.cause, told.status) == (2, "scrap_enter", "pending")
    assert told.payload["cumulative"]["good"] == {"value": "99", "unit": "pk24"}
    assert told.payload["cumulative"]["scrap"] == {"value": "1", "unit": "pk24"}
    assert (told.payload["delta"]["good"]["value"], told.payload["delta"]["scrap"]["value"]) == ("-1", "1")
    assert told.payload["posting_date"] == "2026-03-02"
    assert ErpLink.objects.get(pk=link.pk).badge == "sending"


def test_lots_used_in_the_order_are_told_at_the_tap(floor: Floor) -> None:
    link = floor.link()
    begin(floor)
    floor.uses(link, "80")
    assert floor.follow(NOON) == 1
    assert last(link).payload["cumulative"]["materials"] == [
        {"use": "consumed", "item": "SYRUP", "quantity": {"value": "80", "unit": "l"}, "lot": "S-1", "reason": ""}
    ]


def test_unchanged_totals_write_nothing(floor: Floor) -> None:
    link = floor.link()
    floor.counts(link, 2400)
    begin(floor)
    assert follow(NOON + timedelta(hours=1)) == 0
    assert len(floor.messages(link)) == 1


def test_machines_count_without_a_tap_so_running_orders_are_told_by_interval(floor: Floor) -> None:
    link = floor.link()
    begin(floor)
    floor.counts(link, 2400)
    assert floor.follow(NOON + timedelta(minutes=14)) == 0
    assert floor.follow(NOON + timedelta(minutes=15)) == 1
    assert (last(link).cause, last(link).payload["cumulative"]["good"]["value"]) == ("interval", "100")


def test_completion_is_final_and_a_correction_after_it_has_a_higher_sequence(floor: Floor) -> None:
    link = floor.link()
    floor.counts(link, 9600)
    begin(floor)
    order_complete(order=WorkOrder.objects.get(pk=link.order_id), good=Decimal(9600), actor="ana", at=NOON)
    assert floor.follow(NOON) == 1
    assert (last(link).final, last(link).sequence) == (True, 2)
    scrap(floor, link)
    assert floor.follow(NOON) == 1
    assert (last(link).final, last(link).sequence) == (True, 3)
    assert last(link).payload["cumulative"]["good"]["value"] == "399"


def test_with_interval_posting_a_tap_alone_sends_nothing_but_the_end_does(floor: Floor) -> None:
    ErpConnection.objects.update(posting="interval")
    link = floor.link()
    floor.counts(link, 9600)
    begin(floor)
    scrap(floor, link)
    assert floor.follow(NOON) == 0
    order_complete(order=WorkOrder.objects.get(pk=link.order_id), good=Decimal(9600), actor="ana", at=NOON)
    assert floor.follow(NOON) == 1


def test_with_approval_an_order_is_told_when_all_its_shifts_are_closed(floor: Floor) -> None:
    ErpConnection.objects.update(posting="approval")
    link = floor.link()
    floor.counts(link, 9600)
    floor.runs(link, SIX, NOON)
    begin(floor)
    order_complete(order=WorkOrder.objects.get(pk=link.order_id), good=Decimal(9600), actor="ana", at=NOON)
    assert floor.follow(NOON) == 0
    closing = SIX + timedelta(hours=10)
    shift_close(shift_id=floor.plant.shift.pk, actor="sam", at=closing)
    assert floor.follow(closing) == 1
    assert (last(link).cause, last(link).final) == ("approval", True)


def test_a_stretch_of_the_journal_that_was_rolled_back_is_followed_again_and_each_message_is_written_once(
    floor: Floor,
) -> None:
    link = floor.link()
    floor.counts(link, 2400)
    begin(floor)
    scrap(floor, link)
    seal()
    with pytest.raises(ZeroDivisionError):
        _follow_and_die()
    assert len(floor.messages(link)) == 1
    assert follow(NOON) == 1
    mark = FollowMark.objects.get()
    FollowMark.objects.update(seq=0)
    assert follow(NOON) == 0
    assert FollowMark.objects.get().seq == mark.seq


def test_a_dry_run_and_a_draft_tell_nothing_and_a_stopped_connection_gathers(floor: Floor) -> None:
    link = floor.link()
    floor.counts(link, 2400)
    for state, expected in (("draft", 0), ("dry-run", 0), ("stopped", 1)):
        ErpConnection.objects.update(state=state)
        floor.follow(NOON)
        assert len(floor.messages(link)) == expected
    assert floor.deliver(NOON) == 0


def test_an_item_without_a_mapping_makes_the_message_wait_and_the_mapping_sends_it(floor: Floor) -> None:
    ErpMapping.objects.filter(mes_code="SYRUP-5").delete()
    link = floor.link()
    begin(floor)
    floor.uses(link, "80")
    floor.follow(NOON)
    floor.deliver(NOON)
    floor.uses(link, "20")
    floor.follow(NOON)
    told = last(link)
    assert (told.sequence, told.status, told.fault) == (2, "dead", "mapping")
    assert "SYRUP-5" in told.last_error
    ErpMapping.objects.create(
        connection=floor.connection, kind="item", ext_key="SYRUP", mes_code="SYRUP-5", valid_from=SIX, by="paula"
    )
    floor.uses(link, "1")
    floor.follow(NOON)
    told.refresh_from_db()
    assert (told.status, told.fault, told.payload["cumulative"]["materials"][0]["quantity"]["value"]) == (
        "pending",
        "",
        "101",
    )


def test_what_is_made_for_an_order_that_the_erp_cancelled_is_parked(floor: Floor) -> None:
    link = floor.link()
    floor.counts(link, 2400)
    ErpLink.objects.update(badge="cancelled")
    begin(floor)
    assert floor.messages(link) == [(1, "parked", "100")]
    assert floor.deliver(NOON) == 0


def test_a_closed_period_moves_the_posting_or_waits_for_a_planner(floor: Floor) -> None:
    first, second = floor.link("7"), floor.link("8")
    ErpConnection.objects.update(closed_until=date(2026, 3, 31))
    floor.counts(first, 2400)
    begin(floor)
    assert last(first).payload["posting_date"] == "2026-04-01"
    ErpConnection.objects.update(closed_period="hold")
    scrap_link = ErpLink.objects.get(pk=second.pk)
    floor.counts(scrap_link, 240, minutes=60)
    floor.follow(NOON + timedelta(minutes=15))
    assert (last(second).status, last(second).payload["posting_date"]) == ("parked", "")


def test_the_posting_date_of_a_night_shift_is_its_production_day(floor: Floor) -> None:
    night = SIX + timedelta(hours=16)  # 22:00 UTC
    Shift.objects.create(
        line=floor.plant.line_1,
        name="Night",
        production_date=date(2026, 3, 2),
        starts_at=night,
        ends_at=night + timedelta(hours=8),
    )
    link = floor.link()
    floor.counts(link, 2400)
    floor.follow(night + timedelta(hours=4))
    assert last(link).payload["posting_date"] == "2026-03-02"
    ErpConnection.objects.update(posting_day="calendar")
    floor.counts(link, 2400, minutes=60)
    floor.follow(night + timedelta(hours=5))
    assert last(link).payload["posting_date"] == "2026-03-03"


def test_a_reason_for_a_stop_is_told_with_the_orders_that_ran_then(floor: Floor) -> None:
    link, other = floor.link("7"), floor.link("8", status="released")
    floor.runs(link, SIX, NOON)
    begin(floor)
    about = {"starts_at": SIX + timedelta(hours=1), "ends_at": SIX + timedelta(hours=2), "state": "down"}
    stop = Stop.objects.create(work_center=floor.plant.packer, kind="down", **about)
    stop_explain(stop_id=stop.pk, reason=floor.plant.jam, note="", actor="ana", at=NOON, version=stop.version)
    assert floor.follow(NOON) == 1
    told = last(link)
    assert told.payload["cumulative"]["downtime"] == [{"reason": "T-17", "seconds": 3600, "work_center": "PACK"}]
    assert floor.messages(other) == []


def _follow_and_die() -> None:
    with transaction.atomic():
        follow(NOON)
        raise ZeroDivisionError
