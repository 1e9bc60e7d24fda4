"""A stop of three weeks ago gets another reason: open pages show it, nothing else moves, the report stays readable."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page

from tests.acceptance.stack import PASSWORD, PERSON, Stack

pytestmark = pytest.mark.timeout(300)

PLANT = """
sites:
  PAST: {name: Past, time_zone: UTC}
areas:
  HALL-7: {name: Hall 7, site: PAST}
lines:
  LINE-7: {name: Line 7, area: HALL-7}
work_centers:
  SAW-7: {name: Saw, line: LINE-7, exit: true, micro_stop_s: 60}
"""
# Eight hours, one of them down without a reason; 12,600 good pieces of 1.5 s are worth 18,900 s of 28,800 s.
HISTORY = """
from datetime import datetime, timedelta
from django.utils import timezone
from mes.oee.closing import shift_close
from mes.downtime.models import Reason, Stop
from mes.plant.models import Shift, WorkCenter
from mes.production.models import IdealCycle, Item, Run, WorkOrder
from mes.tracking.models import CountHour, StateInterval
start, hour = datetime.fromisoformat("{start}"), timedelta(hours=1)
saw = WorkCenter.objects.get(code="SAW-7")
day = start.date()
shifts = [Shift.objects.create(line=saw.line, name=name, production_date=day, starts_at=at, ends_at=at + 8 * hour)
          for name, at in (("Early", start), ("Late", start + 8 * hour))]
board = Item.objects.create(code="BOARD", name="Board")
IdealCycle.objects.create(item=board, work_center=saw, ideal_cycle_s="1.5", valid_from=start)
order = WorkOrder.objects.create(number="WO-7", item=board, line=saw.line, quantity=20000)
Run.objects.create(work_center=saw, order=order, item=board, starts_at=start, ends_at=start + 16 * hour, started_by="x")
for a, b, state, kind in ((0, 2, "Execute", "run"), (2, 3, "Aborted", "down"), (3, 16, "Execute", "run")):
    span = dict(starts_at=start + a * hour, ends_at=start + b * hour)
    StateInterval.objects.create(work_center=saw, state=state, kind=kind, **span)
Stop.objects.create(work_center=saw, starts_at=start + 2 * hour, ends_at=start + 3 * hour, state="Aborted")
for at, shift in ((start, shifts[0]), (start + 8 * hour, shifts[1])):
    CountHour.objects.create(work_center=saw, hour=at, shift=shift, order=order, item=board,
                             good=[12600] + [0] * 59, good_sum=12600)
group = Reason.objects.create(code="PLAN-7", name="Planned")
Reason.objects.create(code="INSPECT-7", name="Inspection", klass="planned", parent=group)
for shift in shifts:
    shift_close(shift_id=shift.pk, actor="x", at=timezone.now())
"""


@pytest.fixture
def start(stack: Stack) -> datetime:
    """When that shift began: three weeks ago, on a full hour."""
    began = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=21)
    stack.import_plant(PLANT)
    stack.manage("shell", "-c", HISTORY.format(start=began.isoformat()))
    return began


@pytest.fixture
def look(stack: Stack, browser: Browser) -> Iterator[Page]:
    """A logged-in browser with one page."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{stack.url}/login/?next=/shift/")
    page.fill("[name=username]", PERSON)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/shift/**")
    yield page
    context.close()


def test_a_reason_for_a_stop_of_three_weeks_ago(stack: Stack, start: datetime, look: Page) -> None:
    """R42, R43, R46: 28,800 s less 3,600 s of inspection are 25,200 s: OEE 65.6 % becomes 75.0 %."""
    span = {"from": _text(start), "to": _text(start + timedelta(hours=8))}
    query = f"work_center=SAW-7&from={span['from']}&to={span['to']}"
    shown = {
        f"/shift/LINE-7/{start.date()}/Early/": ("66", "75"),
        f"/explain/?{query}&kpi=oee": ("65.6", "75.0"),
        f"/improve/?{query}": ("65.6", "75.0"),
    }
    pages = {address: look.context.new_page() for address in shown}
    for address, page in pages.items():
        page.goto(stack.url + address)
        page.wait_for_function(
            "text => document.getElementById('main').innerText.includes(text)", arg=shown[address][0]
        )
    before = _kpi(stack, span)
    late = _kpi(stack, {"from": span["to"], "to": _text(start + timedelta(hours=16))})
    reported = datetime.now(UTC)

    look.goto(f"{stack.url}/downtime/SAW-7@{start + timedelta(hours=2):%Y-%m-%dT%H:%M:%S.%f}Z/")
    look.locator("summary", has_text="Planned").click()
    look.get_by_role("button", name="Inspection").click()

    for address, page in pages.items():
        page.wait_for_function(
            "text => document.getElementById('main').innerText.includes(text)", arg=shown[address][1], timeout=15_000
        )
    after = _kpi(stack, span)
    assert before["kpi"]["oee"] == pytest.approx(18_900 / 28_800)
    assert after["kpi"]["oee"] == pytest.approx(18_900 / 25_200)
    moved = {name for name, value in after["elements"].items() if value != before["elements"][name]}
    assert moved == {"unplanned_s", "planned_stop_s", "planned_s", "known_s"}
    assert (after["elements"]["unplanned_s"], after["elements"]["planned_stop_s"]) == (0, 3600)
    assert after["counts"] == before["counts"]
    assert _kpi(stack, {"from": span["to"], "to": _text(start + timedelta(hours=16))})["kpi"] == late["kpi"]
    then = _kpi(stack, span | {"as_of": _text(reported)})
    assert then["kpi"]["oee"] == before["kpi"]["oee"]
    assert then["elements"]["unplanned_s"] == 3600


def _text(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")


def _kpi(stack: Stack, asked: dict[str, str]) -> dict:
    answer = stack.session().get(f"{stack.url}/api/v1/kpi/", params={"work_center": "SAW-7", **asked}, timeout=20)
    assert answer.status_code == 200, answer.text
    return json.loads(answer.text)
