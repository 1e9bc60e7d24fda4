"""Plants of virtual controllers from a YAML file. `load(path)` gives a SimulatedPlant that only needs `start()`.

The format (times are simulated seconds; everything with [..] may be left out and then has that value; `sample.yaml`
beside this module is a file that uses most of it):

    seed: 7                      # [1] equal seeds give equal runs; another machine name gives other dice
    speed: 1                     # [1] simulated seconds per real second: at 10, ten times the parts, stops a tenth
    tick_s: 0.05                 # [0.05] real seconds between two updates of the tags
    controllers:
      PLC-1:                     # code; unique
        kind: logix              # [logix] or slc (SLC 500 and MicroLogix: data files instead of tags)
        port: 44818              # [a free one] `--port-base N` overrides: N, N+1, ... in file order
        product: 1756-L83E/B     # [1756-L83E/B] a name that begins with 2080 makes it a Micro800
        serial: 0x00C0FFEE       # [made from the code]
        major: 33                # [33] firmware; from 21 on clients use instance ids
        program: BOTTLE_1        # [the code] name of the project in the controller
        wide_ids: false          # [false] instance ids above 65535 (pylogix cannot page through them)
        decoys: true             # [true] tags that look like production data but are not
        udts:                    # [none] structures, each after those it uses: {member: type or [type, length]}
          Motor: {Running: BOOL, Amps: REAL, Faults: [DINT, 4], Name: STRING}
        tags:                    # [none] type, [dims], [value], [access: rw, ro or none]
          Recipe: {type: STRING, value: R-1}
          Zones: {type: REAL, dims: [4], value: [1, 2, 3, 4]}
        programs:                # [none] the same, by program
          MainProgram: {Step: {type: DINT, value: 10}}
        files:                   # slc only: {file: values}, for example N7: [0, 0, 5], F8: [1.5], ST9: [text]
        machines:                # [none]
          FILL_1:                # name of the machine, unique in the file, and of its tag of type MES_Line
            tag: FILL_1          # [the name]; for slc the integer file it is written to, for example N20
            epoch: 1             # [seconds of the start] Epoch of the tag; a restart adds one
            counters: {modulus: 2147483648, floor: 0, good: 0, scrap: 0, total: 0}   # wrap and first values
            states: {run: 6}     # [packml-tr88] own codes by kind, see below
            # either dice:
            jobs:                # rotation of orders; [quantity 1000, scrap 0]; scrap is a share of 1
              - {item: STILL-05, order: WO-1001, quantity: 5000, cycle_s: 0.15, scrap: 0.012}
            causes:              # [none] stops, on average every `every_s` of running; `spread` 0: equally long
              - {kind: micro, reason: 201, every_s: 180, lasts_s: 12, spread: 0.5}
              - {kind: breakdown, reason: 102, every_s: 5400, lasts_s: 480, spread: 0.6}
            changeover: {lasts_s: 600, reason: 501, spread: 0.3}    # [none] between two jobs
            starting_s: 4        # [0] state Starting after every stop longer than a micro-stop
            slower_up_to: 0.05   # [0] every run is up to this share slower than the cycle
            runs_with: FILL_1    # [itself] that machine's dice: with equal jobs and causes both run as one
            # or a script, step by step, for exact tests:
            script:
              - {run: 120, cycle_s: 1.0, scrap_every: 10, item: A, order: WO-1}
              - {breakdown: 45, reason: 12}
            repeat: false        # [false] begin again after the last step; otherwise idle for ever

Kinds of state and their codes in packml-tr88: run 6 (Execute), micro 11 (Held), breakdown 9 (Aborted),
changeover 2 (Stopped), starved 5 and blocked 5 (Suspended), idle 4 (Idle), starting 3 (Starting), off 2.
A script step may set its own code with `state: 13`.

Members of MES_Line: Heartbeat, Epoch, Good, Scrap, Total DINT; State, ReasonCode INT; OrderId STRING; Speed REAL
(parts per minute, 0 while stopped); AuditValue LINT. The tag is there without being declared in the file.
In an SLC a machine writes words 0-7 of an integer file instead: Heartbeat, Epoch, Good, Scrap, Total, State,
ReasonCode, Speed; its counters wrap at 32768.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from .config_machine import MACHINE_KEYS, ClockStart, read_machine
from .config_tags import read_files, read_tags, read_udts
from .decoys import Decoys
from .identity import Identity
from .machine import MES_LINE
from .plant import SimulatedController, SimulatedPlant, utc_now_ms
from .sim_clock import SimClock
from .slc import MACHINE_WORDS, SlcController
from .tags import TagSpec, VirtualController
from .yaml_reader import Block, ConfigError, read, read_file

__all__ = ["MACHINE_KEYS", "ConfigError", "load", "loads"]

PLANT_KEYS = ("seed", "speed", "tick_s", "controllers")
CONTROLLER_KEYS = (
    *("kind", "port", "product", "serial", "major", "program", "wide_ids", "decoys"),
    *("udts", "tags", "programs", "files", "machines"),
)
KINDS = ("logix", "slc")


def load(path: str | Path, *, now_ms: Callable[[], int] = utc_now_ms) -> SimulatedPlant:
    """The plant that a file describes, not yet started. Raises ConfigError with every mistake and its line."""
    return _plant(read_file(Path(path)), str(path), now_ms)


def loads(text: str, *, source: str = "the text", now_ms: Callable[[], int] = utc_now_ms) -> SimulatedPlant:
    """Like `load`, from text."""
    return _plant(read(text, source), source, now_ms)


def _plant(top: Block, source: str, now_ms: Callable[[], int]) -> SimulatedPlant:
    top.only(PLANT_KEYS)
    start = ClockStart(now_ms(), top.number("speed", 1.0, above=0), top.text("seed", "1"))
    if not top.has("controllers"):
        top.complain("controllers", "the file names no controllers; begin with 'controllers:'.")
    taken: set[str] = set()
    controllers = [_controller(code, block, start, taken) for code, block in top.blocks("controllers")]
    tick_s = top.number("tick_s", 0.05, least=0.005)
    if top.problems:
        raise ConfigError(source, top.problems)
    return SimulatedPlant(controllers, speed=start.speed, tick_s=tick_s, now_ms=now_ms)


def _controller(code: str, block: Block, start: ClockStart, taken: set[str]) -> SimulatedController:
    block.only(CONTROLLER_KEYS)
    if block.text("kind", "logix", KINDS) == "slc":
        return _slc(code, block, start, taken)
    controller = VirtualController(
        Identity(
            product_name=block.text("product", "1756-L83E/B"),
            serial=block.whole("serial", zlib.crc32(code.encode()), least=0) & 0xFFFF_FFFF,
            major=block.whole("major", 33, least=1) & 0xFF,
        ),
        name=block.text("program", code),
        utc_s=time.time,
        wide_ids=block.flag("wide_ids", False),
    )
    read_udts(block.block("udts"), controller)
    if block.has("files"):
        block.complain("files", f"{code} is a Logix controller and has no data files; say 'kind: slc' or use 'tags'.")
    if block.has("machines") and MES_LINE.name not in controller.types:
        controller.define_udt(MES_LINE)
    read_tags(block.block("tags"), controller)
    for program, tags in block.blocks("programs"):
        controller.add_program(program)
        read_tags(tags, controller, program)
    each = SimulatedController(code, controller, wanted_port=block.whole("port", 0, least=0))
    each.clock = SimClock(start.speed, start.at_ms)
    for name, machine in _machines(block, taken):
        _add_machine(name, machine, each, start)
    if block.flag("decoys", True):
        each.decoys = _decoys(block, controller, f"{start.seed}:{code}")
    return each


def _machines(block: Block, taken: set[str]) -> Iterator[tuple[str, Block]]:
    for name, machine in block.blocks("machines"):
        if name in taken:
            block.complain("machines", f"there is another machine {name}; machine names are unique in the file.")
        else:
            taken.add(name)
            yield name, machine


def _slc(code: str, block: Block, start: ClockStart, taken: set[str]) -> SimulatedController:
    for key in ("udts", "tags", "programs"):
        if block.has(key):
            block.complain(key, f"{code} is an SLC and has no '{key}'; declare its data in 'files'.")
    serial = block.whole("serial", zlib.crc32(code.encode()), least=0) & 0xFFFF_FFFF
    identity = Identity(block.text("product", "1747-L552/C"), serial, block.whole("major", 13) & 0xFF, 1)
    controller = SlcController(identity=identity, name=code)
    read_files(block.block("files"), controller)
    each = SimulatedController(code, controller, wanted_port=block.whole("port", 0, least=0))
    for name, machine in _machines(block, taken):
        file = machine.text("tag", "N20")
        if file.upper() in {m.tag.upper() for m in each.machines}:
            machine.complain("tag", f"the file {file} already belongs to another machine; give {name} its own.")
            continue
        controller.add_file(file, len(MACHINE_WORDS))
        made = read_machine(name, file, machine, controller, start, modulus=1 << 15)
        if made is not None:
            each.machines.append(made)
    return each


def _add_machine(name: str, block: Block, each: SimulatedController, start: ClockStart) -> None:
    tag = block.text("tag", name)
    if tag.lower() in each.controller.scopes[""].tags:
        block.complain("tag", f"the tag {tag} of machine {name} is already there; give another name with 'tag:'.")
        return
    each.controller.add_tag(TagSpec(tag, MES_LINE.name, value={"AuditValue": zlib.crc32(name.encode())}))
    machine = read_machine(name, tag, block, each.controller, start)
    if machine is not None:
        each.machines.append(machine)


def _decoys(block: Block, controller: VirtualController, seed: str) -> Decoys | None:
    try:
        return Decoys(controller, seed)
    except ValueError as error:
        block.complain("decoys", f"{error} Rename your tag, or say 'decoys: false'.")
        return None
