"""A machine on the small plant's first line, and short ways to let it be read and to look at what was stored."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from mes.downtime.models import Stop
from mes.plant.models import WorkCenter
from mes.tracking.ingest import MachineContext, Taken, ingest
from mes.tracking.models import CountFlag, CountHour, StateInterval
from mes.tracking.reading import MachineRules, Reading, SignalRule, Value
from mes.tracking.rules import CounterRule

RUN = ("Execute", "run")
HELD = ("Held", "down")
NINE = Decimal(9)  # nine pieces a second are believed, ten are not


def rules(**other: object) -> MachineRules:
    """Good and scrap counters, silent after three seconds, no rule for missing production."""
    counter = SignalRule(CounterRule(modulus=None, max_rate_per_s=NINE), least_dt_s=1)
    return MachineRules(**{"counters": {"good": counter, "scrap": counter}, "silence_s": 3.0, **other})  # type: ignore[arg-type]


@dataclass
class Told:
    """Readings of one machine from one stream, a second apart unless told otherwise."""

    machine: WorkCenter
    start: datetime
    rules: MachineRules = field(default_factory=rules)
    stream: str = "plc:PLC-1"
    fence: int = 1
    bindings: dict[str, int] = field(default_factory=dict)

    def at(self, second: float) -> datetime:
        """The instant so many seconds after the start."""
        return self.start + timedelta(seconds=second)

    def reading(
        self,
        second: float,
        state: tuple[str, str] | None = RUN,
        *,
        seq: int | None = None,
        quality: str = "good",
        **values: int | None,
    ) -> Reading:
        """A reading at a second; a value of None could not be read. The sequence number is the second in ms."""
        read = {role: Value(raw, None, "good" if raw is not None else "bad") for role, raw in values.items()}
        if state is not None:
            read["state"] = Value(sum(map(ord, state[0])))
        return Reading(
            self.stream,
            self.fence,
            round(second * 1000) if seq is None else seq,
            self.at(second),
            self.machine.pk,
            read,
            state,
            quality,
        )

    def store(self, *readings: Reading, now: datetime | None = None) -> Taken:
        """One batch, stored when its last reading was made unless told otherwise."""
        now = now or max(reading.at for reading in readings)
        return ingest(readings, {self.machine.pk: MachineContext(self.rules, self.bindings)}, now=now)

    def good(self) -> int:
        """Good pieces in hour rows."""
        return sum(CountHour.objects.filter(work_center=self.machine).values_list("good_sum", flat=True))

    def flags(self) -> list[tuple[str, str, int]]:
        """Flags by time: kind, role, pieces."""
        rows = CountFlag.objects.filter(work_center=self.machine).order_by("to_at", "role")
        return [(flag.kind, flag.role, int(flag.quantity)) for flag in rows]

    def states(self) -> list[tuple[float, float | None, str, str]]:
        """Intervals: begin and end in seconds, state, kind."""
        rows = StateInterval.objects.filter(work_center=self.machine).order_by("starts_at")
        return [(self._s(s.starts_at) or 0.0, self._s(s.ends_at), s.state, s.kind) for s in rows]

    def stops(self) -> list[tuple[float, float | None, str, int | None]]:
        """Stops: begin and end in seconds, state, reason code of the controller."""
        rows = Stop.objects.filter(work_center=self.machine).order_by("starts_at")
        return [(self._s(s.starts_at) or 0.0, self._s(s.ends_at), s.state, s.plc_code) for s in rows]

    def _s(self, instant: datetime | None) -> float | None:
        return None if instant is None else (instant - self.start).total_seconds()
