"""The virtual controllers of the demo are those of its plant file, with the bound tags and reasons it knows."""

from mes.demo.load import CONTROLLERS, CONTROLLERS_FILE, PLANT_FILE
from mes.plantfile.read import plant_read
from mes.plc.simulator.config import load
from mes.plc.simulator.yaml_reader import read_file

PLANT = plant_read(PLANT_FILE.read_text())


def test_they_are_listed_in_the_order_in_which_the_ports_are_given_out() -> None:
    assert list(load(CONTROLLERS_FILE).controllers) == list(CONTROLLERS)


def test_every_bound_tag_is_in_its_controller() -> None:
    tags = {code: each.controller.scopes[""].tags for code, each in load(CONTROLLERS_FILE).controllers.items()}
    for binding in PLANT.bindings:
        machine, member = binding.tag.split(".")
        assert machine.lower() in tags[binding.controller.code]
        assert member in {"Heartbeat", "Epoch", "Good", "Scrap", "Total", "State", "ReasonCode", "OrderId", "Speed"}


def test_every_reason_a_virtual_machine_gives_is_in_the_reason_tree() -> None:
    known = {reason.plc_code for reason in PLANT.reasons}
    given = {
        cause["reason"]
        for controller in read_file(CONTROLLERS_FILE).data["controllers"].values()
        for machine in controller["machines"].values()
        for cause in machine["causes"]
    }
    assert given
    assert given <= known


def test_no_machine_is_faster_than_its_fastest_ideal_cycle() -> None:
    fastest = {
        cycle.work_center.code: min(
            other.ideal_cycle_s
            for item in PLANT.items
            for other in item.cycles
            if other.work_center.code == cycle.work_center.code
        )
        for item in PLANT.items
        for cycle in item.cycles
    }
    for controller in read_file(CONTROLLERS_FILE).data["controllers"].values():
        for name, machine in controller["machines"].items():
            assert all(job["cycle_s"] >= float(fastest[name.replace("_", "-")]) for job in machine["jobs"])
