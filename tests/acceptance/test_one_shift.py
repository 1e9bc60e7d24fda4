"""A shift on one line, from a plant file, a virtual controller and a CSV of orders: the summary equals the ledger."""

import csv
import io
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser

from mes.plc.simulator.ledger import Ledger
from tests.acceptance.stack import PASSWORD, PERSON, Stack, until

pytestmark = pytest.mark.timeout(400)

ZONE = ZoneInfo("Europe/Berlin")
PERIOD_S = 0.5
# At speed 20 the script lasts 47 of the shift's 60 seconds. It makes 150 + 100 + 100 = 350 parts, every tenth scrap.
SIMULATED = """
speed: 20
controllers:
  PLC-2:
    machines:
      PACK_1:
        script:
          - {idle: 40}
          - {run: 300, cycle_s: 2.0, scrap_every: 10, item: BOX, order: WO-77}
          - {breakdown: 120, reason: 12}
          - {run: 200, cycle_s: 2.0, scrap_every: 10, item: BOX, order: WO-77}
          - {starved: 60, reason: 40}
          - {run: 200, cycle_s: 2.0, scrap_every: 10, item: BOX, order: WO-77}
          - {idle: 10}
"""
PLANT = """
sites:
  TEST: {{name: Test, time_zone: Europe/Berlin}}
shift_patterns:
  SHORT:
    name: One minute
    shifts:
      - {{name: Test, days: all, from: "{start}", to: "{end}"}}
areas:
  HALL-2: {{name: Hall 2, site: TEST}}
lines:
  LINE-2: {{name: Line 2, area: HALL-2, shifts: SHORT}}
work_centers:
  PACK-1: {{name: Packer, line: LINE-2, exit: true, micro_stop_s: 0}}
controllers:
  PLC-2: {{name: Packer, address: "{address}", period_s: 0.5, site: TEST}}
bindings:
  PACK-1: {{controller: PLC-2, udt: PACK_1, state_map: packml-tr88}}
reasons:
  MATERIAL:
    name: Material
    reasons:
      EMPTY: {{name: No boxes, plc_code: 40}}
  DRIVE:
    name: Drive
    class: failure
    reasons:
      BELT: {{name: Belt torn, plc_code: 12}}
items:
  BOX: {{name: Box, ideal_cycle_s: {{PACK-1: 0.1}}}}
"""
ORDERS = "number,item,line,quantity,due\nWO-77,BOX,LINE-2,1000,2030-01-01T12:00:00+01:00\n"


@dataclass
class Done:
    """What a finished shift left behind."""

    shift_page: str
    machine: dict[str, str]
    stops: list[dict[str, str]]
    ledger: Ledger
    start_ms: int
    end_ms: int


@pytest.fixture(scope="module")
def done(stack: Stack, browser: Browser) -> Done:
    """Runs the shift once; every test looks at what it left."""
    simulated = stack.simulate(SIMULATED)
    simulated.pause()
    start = (datetime.now(ZONE) + timedelta(seconds=95)).replace(second=0, microsecond=0)
    end = start + timedelta(minutes=1)
    address = simulated.controller("PLC-2").address
    stack.import_plant(PLANT.format(start=f"{start:%H:%M}", end=f"{end:%H:%M}", address=address))
    (stack.folder / "orders.csv").write_text(ORDERS)
    stack.manage("orders", "import", str(stack.folder / "orders.csv"))
    until("the machine is heard", lambda: stack.heard("PLC-2"), 60)
    page = browser.new_page()
    page.goto(f"{stack.url}/login/?next=/station/PACK-1/")
    page.fill("[name=username]", PERSON)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.get_by_role("link", name="Start order").click()
    page.get_by_role("button", name="WO-77").click()
    page.get_by_role("heading", name="WO-77").wait_for()
    assert datetime.now(UTC) < start, "the preparation took longer than the lead time"
    time.sleep(max(0.0, (start - datetime.now(UTC)).total_seconds()) + 2)  # the shift is a matter of the wall clock
    simulated.resume()
    breakdown = "SELECT count(*) FROM downtime_stop WHERE plc_code = 12 AND starts_at > %s"
    until("the breakdown is seen", lambda: stack.rows(breakdown, start)[0][0], 60)
    page.goto(f"{stack.url}/station/PACK-1/")
    page.get_by_role("link", name="Stop reason").click()
    page.get_by_role("button", name="Belt torn").first.click()
    page.get_by_text("Belt torn").first.wait_for()
    time.sleep(max(0.0, (end - datetime.now(UTC)).total_seconds()) + 2)
    address = f"/shift/LINE-2/{start:%Y-%m-%d}/Test/"
    page.goto(stack.url + address)
    text = page.inner_text("main")
    table = stack.session().get(f"{stack.url}{address}?format=csv", timeout=20).content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(table)))
    machines = [dict(zip(rows[0], row, strict=False)) for row in rows[1:] if row and row[0] == "machine"]
    head = next(row for row in rows if row[5:6] == ["from"])
    stops = [dict(zip(head, row, strict=False)) for row in rows if row and row[0] == "stop"]
    page.close()
    window = (int(start.timestamp() * 1000), int(end.timestamp() * 1000))
    return Done(text, machines[0], stops, simulated.ledger("PACK_1"), *window)


def test_parts_equal_the_ledger_exactly(done: Done) -> None:
    assert done.ledger.parts(done.start_ms, done.end_ms) == (315, 35)  # 350 parts, every tenth scrap
    assert (int(done.machine["good"]), int(done.machine["scrap"])) == (315, 35)
    assert "315" in done.shift_page


def test_run_seconds_equal_the_ledger_within_a_poll_period_per_transition(done: Done) -> None:
    # 300 + 200 + 200 simulated seconds at speed 20; six transitions
    run_s = done.ledger.totals(done.start_ms, done.end_ms).kind_ms["run"] / 1000
    assert run_s == pytest.approx(35.0, abs=0.01)
    assert float(done.machine["run_s"]) == pytest.approx(35.0, abs=6 * PERIOD_S)


def test_owners_sum_to_the_shift(done: Done) -> None:
    owners = ("run_s", "setup_s", "micro_s", "unplanned_s", "planned_stop_s", "no_order_s", "unknown_s")
    assert float(done.machine["scheduled_s"]) == 60.0
    assert sum(float(done.machine[name]) for name in owners) == pytest.approx(60.0, abs=0.001)
    assert float(done.machine["unknown_s"]) == 0.0


def test_every_stop_of_the_ledger_is_listed_and_no_other(done: Done) -> None:
    made = sorted(done.ledger.stops(done.start_ms, done.end_ms), key=lambda stop: stop.start_ms)
    listed = sorted(done.stops, key=lambda stop: stop["from"])
    assert len(listed) == len(made) == 4  # idle before, breakdown, starved, idle after
    for stop, row in zip(made[1:3], listed[1:3], strict=True):
        assert stop.end_ms is not None
        for ledger_ms, text in ((stop.start_ms, row["from"]), (stop.end_ms, row["to"])):
            seen = datetime.fromisoformat(text).timestamp()
            assert 0 <= seen - ledger_ms / 1000 <= PERIOD_S + 0.2
    assert [row["state"] for row in listed] == ["Idle", "Aborted", "Suspended", "Idle"]


def test_the_reason_given_in_two_taps_stands_in_the_summary(done: Done) -> None:
    breakdown = sorted(done.stops, key=lambda stop: stop["from"])[1]
    assert breakdown["reason"] == "Belt torn"
    assert "Belt torn" in done.shift_page


def test_oee_is_what_hand_arithmetic_says(done: Done) -> None:
    # 315 good x 0.1 s = 31.5 s of 60 s planned
    assert float(done.machine["oee"]) == pytest.approx(31.5 / 60, abs=0.0001)
    assert float(done.machine["quality"]) == pytest.approx(315 / 350, abs=0.0001)
    assert float(done.machine["coverage"]) == 1.0
