"""A wrong tag address shows as a bad tag on the controller's page, never as zero."""

import pytest

from tests.acceptance.stack import Stack, until

pytestmark = pytest.mark.timeout(200)

SIMULATED = """
controllers:
  PLC-4:
    machines:
      MIX_1:
        script:
          - {run: 100000, cycle_s: 0.5, item: MIX, order: WO-4}
"""
PLANT = """
sites:
  TEST: {{name: Test, time_zone: Europe/Berlin}}
areas:
  HALL-4: {{name: Hall 4, site: TEST}}
lines:
  LINE-4: {{name: Line 4, area: HALL-4}}
work_centers:
  MIX-1: {{name: Mixer, line: LINE-4, exit: true}}
controllers:
  PLC-4: {{name: Mixer, address: "{address}", period_s: 0.5, site: TEST}}
bindings:
  MIX-1:
    controller: PLC-4
    state_map: packml-tr88
    tags: {{state: MIX_1.State, good: MIX_1.Good, scrap: MIX_1.Scrapp}}
"""


def test_a_misspelt_tag_is_named_on_the_controllers_page_and_counts_nothing(stack: Stack) -> None:
    simulated = stack.simulate(SIMULATED)
    stack.import_plant(PLANT.format(address=simulated.controller("PLC-4").address))
    until("the good tag counts", lambda: stack.counted("MIX-1")[0] > 2, 60)
    bad = "SELECT tag FROM plc_taghealth t JOIN plc_controller c ON c.id = t.controller_id WHERE c.code = 'PLC-4'"
    until("the bad tag is known", lambda: stack.rows(bad) == [("MIX_1.Scrapp",)], 20)
    page = stack.session().get(f"{stack.url}/controllers/PLC-4/", timeout=20).text
    assert "MIX_1.Scrapp" in page
    assert "did you mean &#x27;Scrap&#x27;?" in page
    scrap = (
        "SELECT count(*) FROM tracking_signalcursor s JOIN plant_workcenter w ON w.id = s.work_center_id"
        " WHERE w.code = 'MIX-1' AND role = 'scrap' AND raw IS NOT NULL"
    )
    assert stack.rows(scrap) == [(0,)]
