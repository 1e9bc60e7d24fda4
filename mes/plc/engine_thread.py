"""One controller's polling thread: the grid, the driver's life, the checks, and one Poll per executed slot."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

from mes.plc.drivers.port import PlcDriver, PlcError, Quality, TagValue
from mes.plc.engine_clock import EngineClock
from mes.plc.engine_extra import PAUSE_S, ROOM_SHARE, ExtraGrid, ExtraRead
from mes.plc.engine_poll import CommState, ControllerSpec, ControllerStats, EngineEvent, Poll
from mes.plc.engine_state import CommMachine, next_slot, phase_of

log = logging.getLogger("mes.plc.engine")

CHECK_PERIOD_S = 9.0  # program and keyswitch are looked at within 10 s, whatever the poll period rounds it up to
ALIVE_PERIOD_S = 1.0  # a lost controller is reported at least this often (or once per period, if that is longer)
STUCK_TIMEOUTS = 3
_FIRST_TRY_WITHIN_S = 1.0
_LATENESS_KEPT = 512
_RUNNING = ("RUN", "REMOTE RUN", "UNKNOWN")
_HELD_BACK = "The controller's program was just changed; this one reading is held back."


class ControllerLoop:
    """Polls one controller until stopped. All public methods may be called from any thread."""

    def __init__(
        self,
        spec: ControllerSpec,
        fence: int,
        *,
        sink: Callable[[Poll], None],
        clock: EngineClock,
        driver_factory: Callable[[ControllerSpec], PlcDriver],
        on_event: Callable[[EngineEvent], None],
        random: Callable[[], float],
        seq: int = 0,
        extra_sink: Callable[[ExtraRead], None] | None = None,
    ) -> None:
        self._sink = sink
        self._extra_sink = extra_sink
        self._extra = ExtraGrid()
        self._clock = clock
        self._factory = driver_factory
        self._on_event = on_event
        self._lock = threading.RLock()  # a sink may drop its own controller
        self._wake = threading.Event()
        self._stopped = False
        self._spec = spec
        self._fence = fence
        self._seq = seq
        self._machine = CommMachine(random)
        self._driver: PlcDriver | None = None
        self._driver_of: tuple[str, str, float] | None = None
        self._signature: str | None = None
        self._keyswitch: str | None = None
        self._check_at_mono = 0.0
        self._polls = self._failures = self._missed = self._bad_tags = 0
        self._late_s: deque[float] = deque(maxlen=_LATENESS_KEPT)
        self._rtt_s: float | None = None
        self._last_good_at: datetime | None = None
        self._lost_mono: float | None = None
        self._last_error: str | None = None
        self._sink_broken = False
        self._progress_mono = clock.monotonic()
        self._began_mono = self._expected_by_mono = self._progress_mono
        self._last_emit_mono = self._progress_mono

    # -- asked from outside --------------------------------------------------------------------------------------

    @property
    def fence(self) -> int:
        """The fence its polls carry."""
        return self._fence

    @property
    def position(self) -> tuple[int, int]:
        """Fence and number of the last poll; another loop goes on from here when the same fence returns."""
        with self._lock:
            return self._fence, self._seq

    @property
    def lateness_s(self) -> list[float]:
        """By how much each of the last slots began after it was due."""
        return list(self._late_s)

    def update(self, spec: ControllerSpec, fence: int) -> None:
        """Go on with another spec or fence. A fence lower than the present one is out of date and ignored."""
        with self._lock:
            if fence < self._fence:
                return
            if fence > self._fence:
                self._fence, self._seq = fence, 0
            if spec != self._spec:
                self._spec = spec
                self._wake.set()

    def stop(self) -> None:
        """No poll is emitted after this returns; the thread ends as soon as its present request does."""
        with self._lock:
            self._stopped = True
        self._wake.set()

    def kill(self) -> None:
        """Cut the line under a request that does not come back."""
        driver = self._driver
        if driver is not None:
            driver.kill()

    def stats(self) -> ControllerStats:
        """A snapshot of how it goes."""
        late = sorted(self._late_s)
        return ControllerStats(
            code=self._spec.code,
            fence=self._fence,
            comm=self._machine.state,
            polls=self._polls,
            failures=self._failures,
            missed=self._missed,
            bad_tags=self._bad_tags,
            late_p95_s=late[min(len(late) - 1, int(len(late) * 0.95))] if late else None,
            rtt_s=self._rtt_s,
            last_good_at=self._last_good_at,
            last_progress_mono=self._last_progress(),
            last_error=self._last_error,
        )

    def is_stuck(self, now_mono: float) -> bool:
        """True when nothing moved for longer than three time-outs after it should have."""
        patience_s = STUCK_TIMEOUTS * self._spec.timeout_s
        return now_mono > max(self._last_progress(), self._expected_by_mono) + patience_s

    def report_if_lost(self) -> None:
        """Emit a failure poll for a lost controller, so that others see the engine is alive and the line is not."""
        now_mono = self._clock.monotonic()
        if self._machine.state is CommState.OFFLINE and now_mono - self._last_emit_mono >= self._alive_period():
            self._emit(self._clock.now(), 0.0, {}, self._last_error, False)

    # -- the thread ----------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Poll until stopped: on the grid while the line stands, at its back-off times while it is lost."""
        slot: int | None = None  # the last executed grid slot; None when the last try was off the grid
        grid: tuple[float, float] | None = None
        try:
            while not self._stopped:
                spec = self._spec
                period_s, phase_s = spec.period_s, phase_of(spec)
                if (period_s, phase_s) != grid:
                    grid, slot = (period_s, phase_s), None
                upcoming: int | None = None
                if self._machine.state is CommState.OFFLINE:
                    due_mono = self._machine.retry_at_mono
                elif self._machine.state is CommState.CONNECTING:
                    due_mono = self._began_mono + phase_s / period_s * min(period_s, _FIRST_TRY_WITHIN_S)
                else:
                    upcoming = next_slot(self._clock.monotonic(), period_s, phase_s)
                    upcoming = upcoming if slot is None else max(upcoming, slot + 1)
                    due_mono = phase_s + upcoming * period_s
                if self._sleep_until(due_mono):
                    continue
                if upcoming is not None and slot is not None:
                    self._missed += upcoming - slot - 1  # skipped, never made up for
                slot = upcoming
                self._slot(spec, due_mono)
        finally:
            self._part(graceful=True)

    def _sleep_until(self, due_mono: float) -> bool:
        """Wait for the slot; True when woken for another reason."""
        self._expected_by_mono = due_mono
        wait_s = due_mono - self._clock.monotonic()
        if wait_s > 0 and self._clock.wait(self._wake, wait_s):
            self._wake.clear()
            return True
        return self._stopped

    def _slot(self, spec: ControllerSpec, due_mono: float) -> None:
        started_mono = self._progress_mono = self._clock.monotonic()
        self._late_s.append(max(0.0, started_mono - due_mono))
        connecting = False
        try:
            if self._driver is None or self._driver_of != (spec.kind, spec.address, spec.timeout_s):
                connecting = True
                self._connect(spec)
                connecting = False
            assert self._driver is not None  # noqa: S101 - _connect() raises or sets it
            changed = started_mono >= self._check_at_mono and self._check()
            asked_mono, asked_at = self._clock.monotonic(), self._clock.now()
            values = self._driver.read(spec.tags)
            rtt_s = self._clock.monotonic() - asked_mono
        except Exception as error:
            self._fail(error, connecting)
            return
        self._succeed(values, asked_at + timedelta(seconds=rtt_s / 2), rtt_s, changed)
        if spec.extra and self._extra_sink is not None and not changed:
            self._read_extra(spec, due_mono + spec.period_s * ROOM_SHARE)

    def _read_extra(self, spec: ControllerSpec, until_mono: float) -> None:
        """Read unbound tags in what is left of the slot. Whatever fails here is no failure of the poll."""
        while not self._stopped and self._driver is not None:
            began_mono, began_at = self._clock.monotonic(), self._clock.now()
            at = self._extra.next(spec.extra, began_mono, until_mono - began_mono)
            if at is None:
                return
            try:
                values = self._driver.read(spec.extra[at])
            except Exception as error:
                self._part(graceful=False)
                if self._extra.failed(self._clock.monotonic()):
                    text = "Controller %s: its unbound tags are not read for %.0f s: %s"
                    log.warning(text, spec.code, PAUSE_S, error)
                return
            took_s = self._clock.monotonic() - began_mono
            self._extra.done(at, began_mono, took_s, spec.extra_period_s)
            self._emit_extra(ExtraRead(spec.code, began_at + timedelta(seconds=took_s / 2), values))

    def _connect(self, spec: ControllerSpec) -> None:
        self._part(graceful=True)
        driver = self._factory(spec)
        self._driver = driver
        driver.open()
        self._driver_of = (spec.kind, spec.address, spec.timeout_s)
        self._check_at_mono = 0.0

    def _check(self) -> bool:
        """Look at program and keyswitch; True when the program is another one than at the last look."""
        assert self._driver is not None  # noqa: S101 - only called with a driver
        signature = self._driver.program_signature()
        changed = self._signature is not None and signature != self._signature
        self._signature = signature
        keyswitch = self._driver.identity().keyswitch
        if keyswitch != self._keyswitch and (self._keyswitch is not None or keyswitch not in _RUNNING):
            self._tell("keyswitch", f"The keyswitch of controller {self._spec.code} is now at {keyswitch}.")
        self._keyswitch = keyswitch
        self._check_at_mono = self._clock.monotonic() + CHECK_PERIOD_S
        if changed:
            self._tell("program-changed", f"The program of controller {self._spec.code} was changed.")
        return changed

    def _succeed(self, values: dict[str, TagValue], at: datetime, rtt_s: float, changed: bool) -> None:
        self._polls += 1
        self._rtt_s, self._last_good_at = rtt_s, at
        self._bad_tags = sum(value.quality is Quality.BAD for value in values.values())
        if self._machine.succeeded():
            self._tell_return()
        self._last_error = None
        if changed:
            values = {tag: _held_back(value) for tag, value in values.items()}
        self._emit(at, rtt_s, values, None, changed)

    def _fail(self, error: Exception, connecting: bool) -> None:
        self._failures += 1
        self._part(graceful=False)
        text = str(error) if isinstance(error, PlcError) else f"Unexpected fault in the driver: {error!r}."
        if not isinstance(error, PlcError) and self._last_error != text:
            log.error("Controller %s: unexpected fault in the driver", self._spec.code, exc_info=error)
        self._last_error = text
        now_mono = self._clock.monotonic()
        if self._machine.failed(now_mono, connecting=connecting):
            self._lost_mono = now_mono
            log.warning("Controller %s is lost: %s", self._spec.code, text)
            self._tell("lost", f"Controller {self._spec.code} is lost: {text}")
        self._emit(self._clock.now(), now_mono - self._progress_mono, {}, text, False)

    def _tell_return(self) -> None:
        if self._lost_mono is None:
            log.info("Controller %s is connected", self._spec.code)
            self._tell("connected", f"Controller {self._spec.code} is connected.")
            return
        away_s = self._clock.monotonic() - self._lost_mono
        self._lost_mono = None
        log.warning("Controller %s is back after %.0f s", self._spec.code, away_s)
        self._tell("back", f"Controller {self._spec.code} is back after {away_s:.0f} s.")

    def _part(self, *, graceful: bool) -> None:
        driver, self._driver, self._driver_of = self._driver, None, None
        if driver is not None:
            if graceful:
                driver.close()
            else:
                driver.kill()

    def _emit(self, at: datetime, rtt_s: float, values: dict[str, TagValue], error: str | None, changed: bool) -> None:
        with self._lock:
            if self._stopped:
                return
            self._seq += 1
            poll = Poll(
                self._spec.code,
                self._fence,
                self._seq,
                at,
                rtt_s,
                self._machine.state,
                values,
                error,
                changed,
                self._keyswitch,
            )
            self._progress_mono = self._last_emit_mono = self._clock.monotonic()
            try:
                self._sink(poll)
                self._sink_broken = False
            except Exception:
                if not self._sink_broken:
                    log.exception("Controller %s: the sink refused a poll", self._spec.code)
                self._sink_broken = True

    def _emit_extra(self, read: ExtraRead) -> None:
        with self._lock:
            if self._stopped or self._extra_sink is None:
                return
            self._progress_mono = self._clock.monotonic()
            try:
                self._extra_sink(read)
            except Exception:
                log.exception("Controller %s: the sink refused an extra read", read.controller)

    def _tell(self, kind: str, text: str) -> None:
        try:
            self._on_event(EngineEvent(self._spec.code, kind, text, self._clock.now()))
        except Exception:
            log.exception("Controller %s: an event could not be delivered", self._spec.code)

    def _last_progress(self) -> float:
        driver = self._driver
        return max(self._progress_mono, driver.last_reply_mono if driver is not None else 0.0)

    def _alive_period(self) -> float:
        return max(ALIVE_PERIOD_S, self._spec.period_s)


def _held_back(value: TagValue) -> TagValue:
    if value.quality is Quality.GOOD:
        return TagValue(value.value, Quality.UNCERTAIN, _HELD_BACK)
    return value
