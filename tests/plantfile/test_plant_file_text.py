"""Whatever a Plant says, its text says the same."""

from datetime import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mes.plantfile.document import (
    AreaRow,
    BindingRow,
    BreakRow,
    ControllerRow,
    ItemRow,
    LineRow,
    PatternRow,
    Plant,
    ReasonRow,
    Ref,
    ShiftRow,
    SiteRow,
    StateMapRow,
    StateRow,
    WorkCenterRow,
)
from mes.plantfile.read import plant_read
from mes.plantfile.write import plant_text

SITE = SiteRow("S", "Site", "Europe/Berlin", "shift-start", None, "site")
AREA = AreaRow("A", "Area", Ref("S"), None, "area")
LINE = LineRow("L", "Line", Ref("A"), "serial", "line", None, "work-center")
MACHINE = WorkCenterRow("M", "Machine", Ref("L"), True, 120, False, "work-unit")
PLC = ControllerRow("PLC", "Plc", Ref("S"), "pycomm3-logix", "10.0.0.1:44818", Decimal("1"), Decimal("1.5"), True)
PLACES = Plant(sites=(SITE,), areas=(AREA,), lines=(LINE,), work_centers=(MACHINE,), controllers=(PLC,))

printable = st.text(min_size=1, max_size=60).filter(lambda text: text.isprintable() and text.strip() == text)


@given(printable)
def test_any_name_survives(name: str) -> None:
    item = ItemRow("I", name, "pcs", ())
    assert plant_read(plant_text(Plant(items=(item,)))).items == (item,)


@pytest.mark.parametrize(
    "name", ["null", "~", "none", "true", "12", "06:00", "a: b", "a #b", "- a", "'", '"', "{x}", "Ä 😀", "a:"]
)
def test_names_that_mean_something_to_yaml_survive(name: str) -> None:
    item = ItemRow("I", name, name[:16], ())
    assert plant_read(plant_text(Plant(items=(item,)))).items == (item,)


def _binding(role: str, tag: str, **more: object) -> BindingRow:
    return BindingRow(Ref("M"), role, Ref("PLC"), tag, **more)  # type: ignore[arg-type]


TR88 = Ref("packml-tr88")


@pytest.mark.parametrize(
    "bindings",
    [
        (_binding("good", "X.Good"), _binding("scrap", "X.Scrap"), _binding("total", "X.Total")),
        (
            _binding("good", "X.Good", modulus=65536),
            _binding("scrap", "X.Scrap", modulus=65536),
            _binding("total", "Y"),
        ),
        (_binding("good", "a.b", floor=-5, modulus=10), _binding("state", "N7:1", state_map=TR88)),
        (_binding("good", "X.Good", factor=Decimal("0.5")), _binding("state", "X.State", state_map=TR88)),
        (_binding("good", "X.Good", max_rate_per_s=Decimal("7.25")), _binding("order", "Program:Main.Order[3].DATA")),
    ],
)
def test_bindings_of_any_shape_survive(bindings: tuple[BindingRow, ...]) -> None:
    plant = Plant(**{**PLACES.__dict__, "bindings": bindings, "bound": ("M",)})
    assert plant_read(plant_text(plant)) == plant


def test_places_patterns_maps_and_reasons_survive() -> None:
    shift = ShiftRow("N", (0, 1, 6), time(22), time(6), (BreakRow("B", time(2), time(2, 30)),))
    other = ShiftRow("W", (2, 3, 4), time(6, 5), time(14), ())
    parts = {
        "patterns": (PatternRow("P", "Pattern", (other, shift)),),
        "sites": (SiteRow("S", "S", "Europe/Berlin", "calendar", Ref("P"), "area"),),
        "work_centers": (
            WorkCenterRow("M", "M", Ref("L"), False, 0, True, "work-unit"),
            WorkCenterRow("N", "N", Ref("L"), False, 7, False, "work-center"),
        ),
        "state_maps": (StateMapRow("OWN", "Own", (StateRow(-1, "Rinsing", "setup"), StateRow(6, "Execute", "down"))),),
        "reasons": (
            ReasonRow("C", "C", None, "planned", "scheduled-down", None, False),
            ReasonRow("R", "Reason", "C", "failure", "engineering", 7, True),
        ),
    }
    plant = Plant(**{**PLACES.__dict__, **parts})
    assert plant_read(plant_text(plant)) == plant
