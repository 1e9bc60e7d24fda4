"""Simulated time of one machine: real time at a speed, with holds; whole microseconds, and back to real instants."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class SimClock:
    """Maps real milliseconds (UTC) to simulated microseconds. `speed` is simulated seconds per real second."""

    speed: float
    anchor_real_ms: int
    anchor_sim_us: int = 0
    holds: set[str] = field(default_factory=set)

    def sim_us(self, real_ms: int) -> int:
        """Simulated instant; stands still while held, never runs backwards."""
        if self.holds:
            return self.anchor_sim_us
        passed_ms = max(real_ms - self.anchor_real_ms, 0)
        return self.anchor_sim_us + int(passed_ms * 1000 * self.speed)

    def real_ms(self, sim_us: int) -> int:
        """Real instant of a simulated one in the present stretch without hold."""
        return int(self.real_exact_ms(sim_us))

    def real_exact_ms(self, sim_us: int) -> float:
        """Like `real_ms`, with the fraction."""
        return self.anchor_real_ms + (sim_us - self.anchor_sim_us) / self.speed / 1000

    def hold(self, who: str, real_ms: int) -> None:
        """Stand still from now until `who` (and every other holder) releases."""
        self._anchor(real_ms)
        self.holds.add(who)

    def release(self, who: str, real_ms: int) -> None:
        """Take back one hold; time goes on when it was the last."""
        self._anchor(real_ms)
        self.holds.discard(who)

    def change_speed(self, speed: float, real_ms: int) -> None:
        """Go on at another speed from now."""
        self._anchor(real_ms)
        self.speed = speed

    def _anchor(self, real_ms: int) -> None:
        self.anchor_sim_us = self.sim_us(real_ms)
        self.anchor_real_ms = max(real_ms, self.anchor_real_ms)
