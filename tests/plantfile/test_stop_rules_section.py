"""The section `stop_rules` of a plant file: stored in order and off, exported the same; mistakes with their lines."""

from datetime import UTC, datetime

import pytest

from mes.downtime.models import StopRule
from mes.plantfile.export import plant_export
from mes.plantfile.read import PlantFileError, plant_read
from mes.plantfile.store import plant_import
from mes.plantfile.write import plant_text

AT = datetime(2026, 3, 2, 6, tzinfo=UTC)
HEAD = """sites:
  S: {time_zone: Europe/Berlin}
areas:
  A: {site: S}
lines:
  L: {area: A}
reasons:
  MECH: {reasons: {JAM: {}, OLD: {archived: true}}}
stop_rules:
"""
RULES = (
    HEAD
    + """  NIGHT: {name: At night, reason: JAM, days: [sat, sun], from: "22:00", to: "06:00", line: L}
  CODE: {reason: JAM, plc_code: 17}
"""
)


def test_rules_are_stored_in_order_and_off_and_exported_the_same(db: None) -> None:
    for _ in range(2):
        plant_import(plant=plant_read(RULES), source="x", actor="eva", at=AT)
    stored = StopRule.objects.values_list("code", "weekdays", "plc_code", "enabled_at")
    assert list(stored) == [("NIGHT", "67", None, None), ("CODE", "", 17, None)]
    told = plant_text(plant_export(at=AT))
    assert plant_read(told).stop_rules == plant_read(RULES).stop_rules


@pytest.mark.parametrize(
    ("rule", "mistake"),
    [
        ("R: {reason: JAM}", "has no condition"),
        ("R: {reason: JAMM, plc_code: 1}", "names reason 'JAMM'"),
        ("R: {reason: MECH, plc_code: 1}", "names reason 'MECH'"),
        ("R: {reason: OLD, plc_code: 1}", "names reason 'OLD'"),
        ("R: {reason: JAM, from: '06:00'}", "needs both times"),
        ("R: {reason: JAM, state: Held, line: M}", "names line 'M'"),
        ("R: {reason: JAM, days: someday}", "has the day 'someday'"),
    ],
)
def test_mistakes_are_told_with_their_line(rule: str, mistake: str) -> None:
    with pytest.raises(PlantFileError, match=f"line 10: .*{mistake}"):
        plant_read(HEAD + f"  {rule}\n")
