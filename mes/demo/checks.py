"""What was checked in the demo's last four weeks: limits frozen, one filler that drifted, reports decided and open."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from uuid import NAMESPACE_URL, uuid5

from mes.people.models import Person
from mes.production.models import Run
from mes.quality.corrective import action_add, action_done, action_verify
from mes.quality.holds import hold_open
from mes.quality.judging import ChartKind, Reading, charts_of, out_of_limits
from mes.quality.limits import limits_set
from mes.quality.models import Characteristic, Check, ControlLimits, Hold, Nonconformance
from mes.quality.ncr import ncr_close, ncr_dispose
from mes.quality.queries import baseline_in, readings_of, with_gaps

MINUTE = timedelta(minutes=1)
LEARNED = 30  # checks after which the laboratory froze the limits
REACH = 3.0  # sigmas: nothing ordinary lies further out, so that what is out is part of the story
TECHNICIAN = "quentin"


@dataclass(frozen=True)
class Habit:
    """How a characteristic behaves: its usual mean and spread (counts: the mean alone), who checks, how often.

    `shift`: by how many sigmas the mean lies off, so many days ago.
    """

    code: str
    actor: str
    every_min: int
    mean: float
    sigma: float = 0.0
    shift: Callable[[float], float] = lambda _days_ago: 0.0
    asleep: bool = False  # nobody has checked since the present order began


def _drifted(days_ago: float) -> float:
    """A worn valve fills more every hour, until it is found and changed five days ago."""
    return max(0.0, (6.3 - days_ago) * 6.2) if 5.0 < days_ago < 6.3 else 0.0


def _creeping(days_ago: float) -> float:
    """Too small to be seen in one value; a chart with memory sees it."""
    return 2.0 if days_ago < 0.6 else 0.0


HABITS = (
    Habit("FILL-1-WEIGHT", "olga", 120, 502.0, 0.9, _drifted),
    Habit("CAP-1-TORQUE", "olga", 90, 1.6, 0.06),
    Habit("BLOW-1-WALL", "olga", 90, 0.285, 0.006, _creeping),
    Habit("LABEL-1-TORN", "olga", 480, 0.6, asleep=True),
    Habit("FILL-2-LEVEL", "otto", 180, 48.0, 0.7),
    Habit("FILL-2-RINSE", "otto", 2_000, 0.0),
    Habit("CRATE-2-SCUFF", "otto", 240, 2.4),
    Habit("PRINT-3-CODE", "otto", 240, 0.3),
    Habit("MULTI-3-WRAP", "otto", 240, 1.5),
)
_TORN = timedelta(days=12)  # so long ago a batch of labels was bad


def checks_write(*, now: datetime, start: datetime, seed: int = 7) -> None:
    """Writes the checks of every plan from `start` to `now` and the reports they led to; needs the story's runs."""
    plans = Characteristic.objects.select_related("work_center__line").in_bulk(field_name="code")
    for habit in HABITS:
        _plan_write(plans[habit.code], habit, now, start, Random(f"{seed} {habit.code}"))
    _reports(now)


def _plan_write(plan: Characteristic, habit: Habit, now: datetime, start: datetime, dice: Random) -> None:
    runs = list(Run.objects.filter(work_center=plan.work_center).order_by("starts_at").select_related("item"))
    checks, run_of = [], {}
    for run in runs:
        if habit.asleep and run.ends_at is None:
            continue
        for at in _instants(run, habit, now, start, dice):
            check = _check(plan, habit, run, at, now, dice)
            run_of[check.key] = run
            checks.append(check)
    _troubles(plan, checks, now)
    Check.objects.bulk_create(checks[:LEARNED])
    limits = _frozen(plan, checks)
    _judge(plan, checks, limits)
    Check.objects.bulk_update(checks[:LEARNED], ["verdict"])
    Check.objects.bulk_create(checks[LEARNED:])
    out = [check for check in checks if check.verdict == Check.Verdict.OUT]
    holds = {hold_open(check, run_of[check.key], actor=check.actor, at=check.at).pk for check in out}
    for hold in Hold.objects.filter(pk__in=holds, ends_at__lt=now - timedelta(days=1)).order_by("pk"):
        _decided(hold)


def _instants(run: Run, habit: Habit, now: datetime, start: datetime, dice: Random) -> list[datetime]:
    """One soon after the changeover, then one in every period, never just before the end."""
    begin, end = max(run.starts_at, start) + 35 * MINUTE, min(run.ends_at or now, now) - 4 * MINUTE
    found: list[datetime] = []
    while begin < end:
        found.append(begin)
        begin += timedelta(minutes=habit.every_min * dice.uniform(0.93, 1.06))
    return found


def _check(plan: Characteristic, habit: Habit, run: Run, at: datetime, now: datetime, dice: Random) -> Check:
    pieces = plan.subgroup_size
    check = Check(
        characteristic=plan,
        work_center=plan.work_center,
        order_id=run.order_id,
        item_id=run.item_id,
        at=at,
        size=pieces,
        lsl=plan.lsl,
        usl=plan.usl,
        actor=habit.actor,
        recorded_at=at,
        verdict=Check.Verdict.GOOD,
        key=uuid5(NAMESPACE_URL, f"demo:{plan.code}:{at.isoformat()}"),
        to_sign=plan.signatures if now - at < timedelta(days=1) else [],
    )
    if plan.kind == Characteristic.Kind.MEASURED:
        middle = habit.mean + habit.shift((now - at) / timedelta(days=1)) * habit.sigma
        check.values = [_value(dice, middle, habit.sigma, plan.decimals) for _ in range(pieces)]
    else:
        check.found = min(sum(dice.random() < habit.mean / 40 for _ in range(40)), plan.accept)
    return check


def _value(dice: Random, middle: float, sigma: float, decimals: int) -> Decimal:
    return Decimal(str(round(middle + sigma * max(-REACH, min(REACH, dice.gauss(0, 1))), decimals)))


def _troubles(plan: Characteristic, checks: Sequence[Check], now: datetime) -> None:
    """What chance does not bring: a bad batch of labels days ago, a capping head that lost torque just now."""
    if plan.code == "LABEL-1-TORN":
        torn = min(checks, key=lambda check: abs(now - check.at - _TORN))
        torn.found = 9
    if plan.code == "CAP-1-TORQUE":
        checks[-1].values = [Decimal("1.14")]


def _frozen(plan: Characteristic, checks: Sequence[Check]) -> ControlLimits:
    at = checks[LEARNED - 1].at + 10 * MINUTE
    return limits_set(
        characteristic=plan, newest=LEARNED, why="First weeks of production", actor=TECHNICIAN, at=at, seen_version=0
    )


def _judge(plan: Characteristic, checks: Sequence[Check], limits: ControlLimits) -> None:
    """Verdicts as they were given: by the specification, and by the run rules once the limits were frozen."""
    sequence = with_gaps(checks)
    drawn = charts_of(ChartKind(plan.chart), readings_of(sequence), baseline_in(limits), plan.rules)
    seen: dict[int, set[str]] = {}
    for one in (*drawn.signals, *drawn.spread_signals):
        seen.setdefault(one.number, set()).add(one.rule)
    for number, check in enumerate(sequence, start=1):
        if check is None:
            continue
        if check.at > limits.at:
            check.limits, check.signals = limits, sorted(seen.get(number, ()))
        said = Reading(tuple(check.values), check.found, check.size)
        beyond, too_many = out_of_limits(said, lsl=plan.lsl, usl=plan.usl, accept=plan.accept)
        signal = Check.Verdict.SIGNAL if check.signals else Check.Verdict.GOOD
        check.verdict = Check.Verdict.OUT if beyond or too_many else signal


def _decided(hold: Hold) -> None:
    """Quality decided two hours later; the drifting filler is closed, torn labels wait for what the supplier does."""
    report, at = hold.nonconformance, hold.ends_at + timedelta(hours=2)
    torn = hold.characteristic.code == "LABEL-1-TORN"
    decision = "Sort by hand, labels from the next roll" if torn else "Overfilled by up to 6 g: within the law, sold"
    disposition = "sort" if torn else "use"
    ncr_dispose(report=report, disposition=disposition, decision=decision, actor=TECHNICIAN, at=at)


def _reports(now: datetime) -> None:
    """Corrective actions: one that worked, and one that is late."""
    marta, quentin = Person.objects.get(username="marta"), Person.objects.get(username=TECHNICIAN)
    decided = Nonconformance.objects.filter(status=Nonconformance.Status.DISPOSITIONED).order_by("pk")
    for report in decided.select_related("hold__characteristic"):
        assert report.disposed_at is not None and report.hold is not None  # noqa: S101, PT018  (decided, from a check)
        at, key = report.disposed_at, uuid5(NAMESPACE_URL, f"demo:{report.key}")
        torn = report.hold.characteristic.code == "LABEL-1-TORN"
        text = "Agree with the supplier on glue and storage" if torn else "Change the filling valves every 4,000 hours"
        action = action_add(
            report=report,
            text=text,
            owner=quentin if torn else marta,
            due=(at + timedelta(days=7)).date(),
            key=key,
            actor=TECHNICIAN,
            at=at,
        )
        if not torn:
            done = at + timedelta(days=1)
            action_done(action=action, result="All 40 valves changed, hours counter set", actor="marta", at=done)
            action_verify(action=action, worked=True, actor=TECHNICIAN, at=at + timedelta(days=3))
            ncr_close(report=report, closing="", actor=TECHNICIAN, at=at + timedelta(days=3))
