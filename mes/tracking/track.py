"""Pure: takes one reading into a machine's history: counts, state, stop. No database, no clock."""

from datetime import datetime
from decimal import ROUND_FLOOR, Decimal

from mes.tracking.reading import (
    COUNTED,
    CountAdded,
    CountFlagged,
    LastValue,
    Machine,
    MachineRules,
    OpenSpan,
    OpenStop,
    Reading,
    SignalRule,
    SpanClosed,
    StopClosed,
)
from mes.tracking.rules import DeltaKind, counter_delta, no_production_start
from mes.tracking.states import kind_of, settle

STOPPING_KINDS = ("down", "waiting", "idle", "setup")
NO_PRODUCTION = "No production"
RESTLESS = ("heartbeat", "speed")  # these change with every reading: one sample a minute tells enough


def take(machine: Machine, reading: Reading, rules: MachineRules) -> None:
    """Applies a reading that is newer than everything the machine has; adds what it meant to the machine's lists."""
    silent_from = _silence(machine, reading.at, rules.silence_s)
    if silent_from is not None and (machine.span is None or machine.span.kind != "unknown"):
        _turn(machine, silent_from, OpenSpan(None, silent_from, "Unknown", "unknown", why="nothing was heard"))
    refused = _count(machine, reading, rules, gap=silent_from is not None)
    _state(machine, reading, rules)
    _code(machine, reading)
    _stop_code(machine, reading)
    _no_production(machine, reading.at, rules)
    _remember(machine, reading, refused, rules)


def _silence(machine: Machine, at: datetime, silence_s: float) -> datetime | None:
    """When the machine fell silent, if the time since it was last heard is too long to assume it went on (R18)."""
    if machine.heard_at is None or (at - machine.heard_at).total_seconds() <= silence_s:
        return None
    return machine.heard_at


def _count(machine: Machine, reading: Reading, rules: MachineRules, *, gap: bool) -> set[str]:
    """Turns totalizers into pieces; a total without a good counter gives good = total - scrap (R28).

    Returns the roles whose value no such counter can have: they are not remembered.
    """
    refused: set[str] = set()
    epoch = _epoch_changed(machine, reading)
    pieces: dict[str, int] = {}
    for role, rule in rules.counters.items():
        value = reading.values.get(role)
        if value is None or value.raw is None or value.quality == "bad":
            continue
        made = _pieces(machine, reading, role, value.raw, rule, epoch)
        if made is None:
            refused.add(role)
        else:
            pieces[role] = made
    if _good_from_total(machine, reading, rules):
        pieces["good"] = pieces.get("total", 0) - pieces.get("scrap", 0)
    for role in COUNTED:
        quantity = pieces.get(role, 0)
        if quantity and gap and machine.heard_at is not None:
            detail = "made while nothing was heard; the counter went on"
            begin, end = machine.heard_at, reading.at
            flag = CountFlagged("gap", role, begin, end, quantity, detail, reading.order, reading.item)
            machine.flags.append(flag)
        elif quantity:
            machine.counts.append(CountAdded(role, reading.at, quantity, reading.order, reading.item))
    for role, quantity in reading.made:
        machine.counts.append(CountAdded(role, reading.at, quantity, reading.order, reading.item))
    return refused


def _good_from_total(machine: Machine, reading: Reading, rules: MachineRules) -> bool:
    """Whether good is total - scrap (R28): no good counter, or from a source that pushes, none seen so far."""
    if not rules.pushed:
        return "total" in rules.counters and "good" not in rules.counters
    seen = machine.values.keys() | reading.values.keys()
    return "total" in seen and "good" not in seen


def _pieces(machine: Machine, reading: Reading, role: str, raw: int, rule: SignalRule, epoch: bool) -> int | None:
    """Pieces made since the last reading of this counter; what is implausible is flagged and not booked (R21-R23).

    None: the value is outside the counter's range and says nothing.
    """
    last = machine.values.get(role)
    dt_s = max((reading.at - last.at).total_seconds(), rule.least_dt_s) if last else 0.0
    delta = counter_delta(last.raw if last else None, raw, dt_s, rule.counter, epoch_changed=epoch)
    if delta.quarantined and last is not None:
        detail = f"{delta.kind.value}: counter went from {last.raw} to {raw} in {dt_s:.1f} s"
        held = _whole(raw, rule.factor) - _whole(raw - delta.quarantined, rule.factor)
        machine.flags.append(CountFlagged("quarantine", role, last.at, reading.at, held, detail))
    if delta.kind is DeltaKind.INVALID:
        return None
    return _whole(raw, rule.factor) - _whole(raw - delta.quantity, rule.factor)


def _whole(raw: int, factor: Decimal) -> int:
    """Whole pieces of a counter value: with a factor like 0.5 the halves carry over to the next count by themselves."""
    return int((raw * factor).to_integral_value(rounding=ROUND_FLOOR))


def _epoch_changed(machine: Machine, reading: Reading) -> bool:
    """True when the controller says its counters began anew (first scan, download)."""
    value, last = reading.values.get("epoch"), machine.values.get("epoch")
    return bool(value and last and value.raw is not None and last.raw is not None and value.raw != last.raw)


def _state(machine: Machine, reading: Reading, rules: MachineRules) -> None:
    """Opens a new state interval when the state changed, and opens or ends the stop that goes with it."""
    if reading.state is None and rules.state_from_counts and _produced(machine, reading):
        if machine.span is None or machine.span.kind != "run":
            _turn(machine, reading.at, OpenSpan(None, reading.at, "Running", "run"))
        return
    if reading.state is None:
        if machine.span is not None and machine.span.kind == "unknown":
            return
        if machine.span is None or reading.state_quality != "good":
            why = "nothing counted yet" if rules.state_from_counts else "the state tag is not good"
            _turn(machine, reading.at, OpenSpan(None, reading.at, "Unknown", "unknown", why=why))
        return
    name, kind = reading.state
    code = reading.values.get("state")
    raw_code = code.raw if code else None
    if kind == "acting":
        before = machine.span if machine.span is not None and machine.span.kind != "unknown" else None
        name = settle(before.state if before else None, name, acting=True)
        kind = before.kind if before is not None and before.state == name else str(kind_of(name))
    if machine.span is not None and (machine.span.state, machine.span.kind) == (name, kind):
        return
    if (
        machine.span is not None
        and machine.span.state == NO_PRODUCTION
        and kind == "run"
        and not _produced(machine, reading)
    ):
        return
    _turn(machine, reading.at, OpenSpan(None, reading.at, name, kind, raw_code))


def _code(machine: Machine, reading: Reading) -> None:
    """Keeps each change of the raw state code, whatever it means today: a wrong map can be mended from them."""
    value, last = reading.values.get("state"), machine.values.get("state")
    if value is None or value.raw is None or value.quality == "bad":
        return
    if last is None or last.raw != value.raw:
        machine.codes.append((reading.at, value.raw))


def _produced(machine: Machine, reading: Reading) -> bool:
    return any(count.at == reading.at and count.pieces > 0 for count in machine.counts)


def _turn(machine: Machine, at: datetime, span: OpenSpan) -> None:
    """Ends the open interval at `at`, begins the next one there, and lets the stop follow."""
    if machine.span is not None:
        if machine.span.starts_at < at:
            machine.closed_spans.append(SpanClosed(machine.span, at))
        elif machine.span.row is not None:
            span.row, span.starts_at = machine.span.row, machine.span.starts_at  # nothing lasted: overwrite it
    machine.span, machine.span_dirty = span, True
    stopping = span.kind in STOPPING_KINDS
    if machine.stop is not None and not stopping:
        machine.closed_stops.append(StopClosed(machine.stop, at))
        machine.stop = None
    elif machine.stop is None and stopping:
        machine.stop, machine.stop_dirty = OpenStop(None, span.starts_at, span.state, span.kind), True


def _stop_code(machine: Machine, reading: Reading) -> None:
    """Keeps the first reason code that the controller gives during a stop."""
    reason = reading.values.get("reason")
    stop = machine.stop
    if stop is not None and stop.plc_code is None and reason is not None and reason.quality == "good" and reason.raw:
        stop.plc_code, machine.stop_dirty = reason.raw, True


def _no_production(machine: Machine, at: datetime, rules: MachineRules) -> None:
    """R18: running, heard, but nothing counted for too long is a stop, back-dated to when the next was due."""
    if rules.slowest_cycle_s is None or machine.span is None or machine.span.kind != "run":
        return
    changes = [last.changed_at for role, last in machine.values.items() if role in ("good", "total")]
    changes += [count.at for count in machine.counts if count.pieces > 0]
    if not changes:
        return
    last = max([*changes, machine.span.starts_at])
    since = no_production_start(last, at, rules.slowest_cycle_s, rules.no_production_cycles)
    if since is not None:
        _turn(machine, since, OpenSpan(None, since, NO_PRODUCTION, "down", why="running, but nothing was counted"))


def _remember(machine: Machine, reading: Reading, refused: set[str], rules: MachineRules) -> None:
    """Moves the signal cursors on and samples what changed, or what was last sampled in an earlier minute.

    The samples of a source that pushes are all kept, by whoever took its message.
    """
    for role, value in reading.values.items():
        last = machine.values.get(role)
        if value.quality == "bad" or role in refused:
            if last is not None and not last.lost:
                last.lost = last.dirty = True
            continue
        changed = last is None or (last.raw, last.text) != (value.raw, value.text or "")
        if not rules.pushed and ((changed and role not in RESTLESS) or _minute_turned(last, reading)):
            machine.samples.append((reading, role, value))
        if changed or last is None or last.lost or rules.pushed:
            changed_at = last.changed_at if last and not changed else reading.at
            machine.values[role] = LastValue(value.raw, value.text or "", reading.at, changed_at, dirty=True)
        else:
            last.at = reading.at
    if reading.said or any(value.quality != "bad" for value in reading.values.values()):
        machine.heard_at = reading.at


def _minute_turned(last: LastValue | None, reading: Reading) -> bool:
    """Whether a minute boundary of the poller's clock lies between the last reading and this one."""
    if last is None:
        return True
    return int(last.at.timestamp()) // 60 != int(reading.at.timestamp()) // 60
