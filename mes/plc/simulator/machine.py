"""One simulated machine: walks its plan in simulated time, makes parts, writes its tags and its ledger."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from typing import Any

from .ledger import Ledger
from .plans import FOREVER_US, KINDS, PACKML_TR88, Plan, Segment
from .sim_clock import SimClock
from .tags import UdtType, VirtualController

MES_LINE = UdtType(
    "MES_Line",
    [
        ("Heartbeat", "DINT"),
        ("Epoch", "DINT"),
        ("Good", "DINT"),
        ("Scrap", "DINT"),
        ("Total", "DINT"),
        ("State", "INT"),
        ("ReasonCode", "INT"),
        ("OrderId", "STRING"),
        ("Speed", "REAL"),
        ("AuditValue", "LINT"),
    ],
)
OFF_HOLDS = frozenset({"keyswitch", "restart"})


@dataclass(slots=True)
class Counters:
    """How the free-running counters look in the tags: they wrap at `modulus` counts from `floor`."""

    modulus: int = 1 << 31
    floor: int = 0
    offset: dict[str, int] = field(default_factory=lambda: {"Good": 0, "Scrap": 0, "Total": 0})

    def shown(self, name: str, made: int) -> int:
        """The tag's value for so many parts made."""
        return (made + self.offset[name] - self.floor) % self.modulus + self.floor

    def wind_to(self, name: str, value: int, made: int) -> None:
        """Let the tag stand at `value` now."""
        self.offset[name] = value - made


class Machine:
    """A machine with a plan, a clock, a ledger and a tag of type MES_Line. `advance` moves it to a real instant.

    Equal plan, seed and speed give equal parts and states at equal instants, however often `advance` is called.
    """

    def __init__(
        self,
        name: str,
        controller: VirtualController,
        plan: Plan,
        ledger: Ledger,
        *,
        seed: str,
        at_ms: int,
        speed: float = 1.0,
        counters: Counters | None = None,
        epoch: int = 1,
        states: dict[str, int] | None = None,
        tag: str | None = None,
    ) -> None:
        self.name = name
        self.controller = controller
        self.plan = plan
        self.ledger = ledger
        self.clock = SimClock(speed, at_ms)
        self.counters = counters or Counters()
        self.epoch = epoch
        self.states = {**PACKML_TR88, **(states or {})}
        self.tag = tag or name
        self.heartbeat_frozen = False
        self._dice = random.Random(f"{seed}:scrap")
        self._heartbeat_ms = 0
        self._heartbeat_at_ms = at_ms
        self._made = 0
        self._written: dict[str, Any] = {}
        self._segment_start_us = 0
        self._fraction_left = 1.0  # of the part in work when the machine stopped
        self._next_part_us = 0
        self._returning: list[Segment] = []
        self.segment = Segment("idle", self.states["idle"], 0, 0)
        self._enter(plan.next_segment(), 0)
        self._note_state(at_ms)
        self.write()

    # -- time ----------------------------------------------------------------------------------------------------

    def advance(self, at_ms: int) -> None:
        """Do everything up to the real instant, then write the tags. Instants of the past change nothing."""
        now_us = self.clock.sim_us(at_ms)
        while self._segment_start_us + self.segment.duration_us <= now_us:
            end_us = self._segment_start_us + self.segment.duration_us
            self._make_until(end_us)
            self._leave(end_us)
            following = self._returning.pop(0) if self._returning else self.plan.next_segment()
            self._enter(following, end_us)
            self._note_state(self.clock.real_ms(end_us))
        self._make_until(now_us)
        self._beat(at_ms)
        self.write()

    def _make_until(self, until_us: int) -> None:
        cycle_us = self.segment.cycle_us
        if not cycle_us or until_us < self._next_part_us:
            return
        parts = (until_us - self._next_part_us) // cycle_us + 1
        scrapped = [i for i in range(parts) if self._is_scrap(self._made + i + 1)]
        first_ms = self.clock.real_exact_ms(self._next_part_us)
        self.ledger.made(first_ms, cycle_us / 1000 / self.clock.speed, parts, scrapped)
        self._made += parts
        self._next_part_us += parts * cycle_us

    def _is_scrap(self, number: int) -> bool:
        if self.segment.scrap_every:
            return number % self.segment.scrap_every == 0
        return bool(self.segment.scrap_share) and self._dice.random() < self.segment.scrap_share

    def _leave(self, at_us: int) -> None:
        if self.segment.cycle_us:
            self._fraction_left = (self._next_part_us - at_us) / self.segment.cycle_us

    def _enter(self, segment: Segment, at_us: int) -> None:
        self.segment = segment
        self._segment_start_us = at_us
        if segment.cycle_us:
            self._next_part_us = at_us + max(round(self._fraction_left * segment.cycle_us), 1)

    def _note_state(self, at_ms: int) -> None:
        self.ledger.break_stretch()
        if self.clock.holds & OFF_HOLDS:
            self.ledger.state(at_ms, self.states["off"], 0, "off")
        else:
            self.ledger.state(at_ms, self.segment.state, self.segment.reason, self.segment.kind)

    def _beat(self, at_ms: int) -> None:
        if not self.clock.holds & OFF_HOLDS:
            self._heartbeat_ms += max(at_ms - self._heartbeat_at_ms, 0)
        self._heartbeat_at_ms = max(at_ms, self._heartbeat_at_ms)

    # -- tags ----------------------------------------------------------------------------------------------------

    def values(self) -> dict[str, Any]:
        """What the tag shows now."""
        good, scrap, segment = self.ledger.good, self.ledger.scrap, self.segment
        shown = {
            "Epoch": self.epoch,
            "Good": self.counters.shown("Good", good),
            "Scrap": self.counters.shown("Scrap", scrap),
            "Total": self.counters.shown("Total", good + scrap),
            "State": segment.state,
            "ReasonCode": segment.reason,
            "OrderId": segment.order,
            "Speed": 60e6 / segment.cycle_us if segment.cycle_us else 0.0,  # parts per minute
        }
        if not self.heartbeat_frozen:
            shown["Heartbeat"] = self._heartbeat_ms // 1000
        return shown

    def write(self) -> None:
        """Write all members at once. While the logic does not run the tags keep what they had."""
        if self.clock.holds & OFF_HOLDS:
            return
        values = self.values()
        if values != self._written:
            self.controller[self.tag] = values
            self._written = values

    # -- interventions -------------------------------------------------------------------------------------------

    def hold(self, who: str, at_ms: int) -> None:
        """Stand still. Holders `keyswitch` and `restart` switch the machine off, others freeze it in its state."""
        self.advance(at_ms)
        self.clock.hold(who, at_ms)
        if who in OFF_HOLDS:
            self._note_state(at_ms)

    def release(self, who: str, at_ms: int) -> None:
        """Go on where it stood."""
        self._beat(at_ms)
        self.clock.release(who, at_ms)
        self._note_state(at_ms)
        self.write()

    def change_speed(self, speed: float, at_ms: int) -> None:
        """Go on at another speed of simulated time."""
        self.advance(at_ms)
        self.clock.change_speed(speed, at_ms)
        self.ledger.break_stretch()

    def force(self, kind: str, at_ms: int, *, reason: int = 0, duration_s: float | None = None) -> None:
        """Bring the machine into a kind of state now, for simulated seconds or until the next `force`.

        `run` ends a stop at once; any other kind interrupts, and the plan goes on behind it. ValueError for
        an unknown kind.
        """
        if kind not in KINDS:
            raise ValueError(f"There is no kind of state '{kind}'; choose one of {', '.join(KINDS)}.")
        self.advance(at_ms)
        now_us = self.clock.sim_us(at_ms)
        old = self.segment
        rest_us = self._segment_start_us + old.duration_us - now_us
        self._leave(now_us)
        if kind == "run":
            self._force_run(now_us)
        else:
            duration_us = FOREVER_US if duration_s is None else round(duration_s * 1000) * 1000
            if old.kind == "run":
                self._returning.insert(0, replace(old, duration_us=rest_us))
            stop = replace(old, kind=kind, state=self.states[kind], reason=reason, duration_us=duration_us, cycle_us=0)
            self._enter(stop, now_us)
        self._note_state(at_ms)
        self.write()

    def _force_run(self, now_us: int) -> None:
        if self.segment.kind == "run":
            self._enter(replace(self.segment, duration_us=FOREVER_US), now_us)
            return
        for _ in range(1000):  # a script without any run must not be searched for ever
            following = self._returning.pop(0) if self._returning else self.plan.next_segment()
            if following.kind == "run" or following.duration_us == FOREVER_US:
                break
        self._enter(following, now_us)

    def restart_counters(self) -> None:
        """The controller started anew: counters and heartbeat at 0, epoch one higher."""
        good, scrap = self.ledger.good, self.ledger.scrap
        for name, made in (("Good", good), ("Scrap", scrap), ("Total", good + scrap)):
            self.counters.wind_to(name, 0, made)
        self.epoch += 1
        self._heartbeat_ms = 0

    def wind_counter(self, name: str, value: int) -> None:
        """Set one counter tag (Good, Scrap or Total) to a value, as a manual reset does; the ledger is not touched."""
        good, scrap = self.ledger.good, self.ledger.scrap
        self.counters.wind_to(name, value, {"Good": good, "Scrap": scrap, "Total": good + scrap}[name])
        self.write()
