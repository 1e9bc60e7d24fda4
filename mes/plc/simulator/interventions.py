"""Every intervention by name, as the control door and the tests call it: faults, states, tags, pauses, ledgers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import program_changes as change
from .plant import SimulatedController, SimulatedPlant

Answer = dict[str, Any]


def controllers(plant: SimulatedPlant) -> Answer:
    """All controllers with address, keyswitch and machines."""
    return {
        "controllers": [
            {
                "code": each.code,
                "kind": each.controller.kind,
                "address": each.address,
                "product": each.controller.identity.product_name,
                "keyswitch": each.controller.keyswitch,
                "machines": [machine.name for machine in each.machines],
            }
            for each in plant.controllers.values()
        ],
        "paused": plant.paused,
        "speed": plant.speed,
        "now_ms": plant.now_ms(),
    }


def ledger(plant: SimulatedPlant, machine: str, start_ms: int = 0, end_ms: int | None = None) -> Answer:
    """What a machine made and when it stopped in [start, end) of real UTC milliseconds; up to now when not told."""
    book = plant.ledger(machine)
    now_ms = plant.now_ms()
    return book.report(start_ms, now_ms if end_ms is None else min(end_ms, now_ms))


def get_tag(plant: SimulatedPlant, controller: str, path: str) -> Answer:
    """The value of a tag."""
    return {"value": plant.controller(controller).controller[path]}


def state(plant: SimulatedPlant, machine: str) -> Answer:
    """What a machine does now, brought up to this instant."""
    plant.advance()
    found = plant.machine(machine)
    return {**found.values(), "kind": found.segment.kind, "item": found.segment.item}


def counts(plant: SimulatedPlant, controller: str) -> Answer:
    """How many lines, connections, requests by service and faults a controller has seen."""
    port = plant.controller(controller).port
    host = plant.served()
    return {
        "counts": dict(host.counts(port)),
        "open_lines": host.open_lines(port),
        "open_connections": host.open_connections(port),
    }


def fault(plant: SimulatedPlant, controller: str, fault: str, options: dict[str, Any] | None = None) -> Answer:
    """Switch a fault by its name in FAULTS, with its options. An unknown name raises ValueError."""
    if fault not in FAULTS:
        raise ValueError(f"There is no fault '{fault}'; choose one of {', '.join(sorted(FAULTS))}.")
    FAULTS[fault](plant, plant.controller(controller), **(options or {}))
    return {}


Fault = Callable[..., object]


def _on_reply(name: str) -> Fault:
    def switch(_: SimulatedPlant, each: SimulatedController, **options: Any) -> None:
        each.controller.faults.on_reply(name, **options)

    return switch


def _wire(method: str) -> Fault:
    def switch(_: SimulatedPlant, each: SimulatedController, **options: Any) -> None:
        getattr(each.controller.faults, method)(**options)

    return switch


def _change(act: Callable[..., None]) -> Fault:
    def switch(_: SimulatedPlant, each: SimulatedController, **options: Any) -> None:
        act(each.controller, **options)

    return switch


def _plant(method: str) -> Fault:
    def switch(plant: SimulatedPlant, each: SimulatedController, **options: Any) -> None:
        getattr(plant, method)(each.code, **options)

    return switch


def _machines(method: str) -> Fault:
    def switch(plant: SimulatedPlant, each: SimulatedController, machine: str | None = None, **options: Any) -> None:
        for name in [machine] if machine else [m.name for m in each.machines]:
            getattr(plant, method)(name, **options)

    return switch


#: Every fault by name. Options are those of the function behind it, given by keyword.
FAULTS: dict[str, Fault] = {
    "clear": _wire("clear"),
    "refuse_session": _wire("refuse_session"),
    "refuse_forward_open": _wire("refuse_forward_open"),
    "refuse_large_forward_open": _wire("refuse_large_forward_open"),
    "limit_connections": _wire("limit_connections"),
    "delay": _wire("delay"),
    "miss_tag": _wire("miss_tag"),
    "silent": _on_reply("silent"),
    "reset": _on_reply("reset"),
    "half_reply": _on_reply("half_reply"),
    "garbage": _on_reply("garbage"),
    "wrong_length": _on_reply("wrong_length"),
    "encapsulation_status": _on_reply("encapsulation_status"),
    "duplicate": _on_reply("duplicate"),
    "download_new_ids": _change(change.download_with_new_ids),
    "download_exchanged_ids": _change(change.download_with_exchanged_ids),
    "change_signature": _change(change.change_signature),
    "relayout_udt": _change(change.relayout_udt),
    "retype_tag": _change(change.retype_tag),
    "shift_clock": _change(change.shift_clock),
    "keyswitch": _plant("turn_keyswitch"),
    "restart": _plant("restart"),
    "close_port": _plant("close_port"),
    "open_port": _plant("open_port"),
    "black_hole": _plant("black_hole"),
    "reset_lines": _plant("reset_lines"),
    "freeze_heartbeat": _machines("freeze_heartbeat"),
    "wind_counter": _machines("wind_counter"),
}


def _void(act: Callable[..., None]) -> Callable[..., Answer]:
    def run(plant: SimulatedPlant, **options: Any) -> Answer:
        act(plant, **options)
        return {}

    return run


#: Every command of the control door.
COMMANDS: dict[str, Callable[..., Answer]] = {
    "controllers": controllers,
    "ledger": ledger,
    "state": state,
    "counts": counts,
    "get_tag": get_tag,
    "set_tag": _void(SimulatedPlant.set_tag),
    "fault": fault,
    "force": _void(SimulatedPlant.force),
    "pause": _void(SimulatedPlant.pause),
    "resume": _void(SimulatedPlant.resume),
    "speed": _void(SimulatedPlant.change_speed),
    "restart": _void(SimulatedPlant.restart),
}
