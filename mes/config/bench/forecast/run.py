"""`bench forecast`: forecasts lines that nobody tuned on and scores them, beside peers that are installed elsewhere."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from mes.config.bench.forecast import figures, more
from mes.config.bench.forecast.commands import (
    PLANLESS,
    WITH_PLAN,
    answers_path,
    asked_of,
    evaluate,
    run_peers,
    write_inputs,
)
from mes.config.bench.forecast.damage import KINDS, damaged
from mes.config.bench.forecast.files import write_lines
from mes.config.bench.forecast.lines import Line, line_of
from mes.config.bench.forecast.score import GRAINS, Grain, Scored, answers_of, scored, truths_of
from mes.config.bench.forecast.signals import rate_steps, slow_spells
from mes.config.bench.forecast.wanted import Wanted
from mes.config.bench.result import Result

WEEKS = 57
ORIGINS = ((45, 0), (49, 2), (53, 4))  # week and weekday: a Monday, a Wednesday before the holidays, a Friday
PEERS_HOW = "install statsforecast and lightgbm in a virtual environment and name its Python by --peers-python"

Scores = dict[str, dict[str, list[Scored]]]
"""Method, then grain, then every line and origin."""


@dataclass(slots=True)
class Found:
    """Everything that was measured; what is empty was not."""

    patterns: dict[str, str]
    scores: Scores = field(default_factory=dict)
    damaged: Scores = field(default_factory=dict)
    seconds: float = 0.0

    def add(self, into: Scores, method: str, grain: Grain, scores: Sequence[Scored]) -> None:
        """Adds what one run scored."""
        into.setdefault(method, {}).setdefault(grain.name, []).extend(scores)


def forecast_lines(*, quick: bool, say: Callable[[str], None], wanted: Wanted) -> Result:
    """Simulates, forecasts by `forecast_eval` in a child, scores, damages, asks the signals."""
    result = Result("forecast", quick)
    with TemporaryDirectory(prefix="bench-forecast-") as folder:
        root = Path(folder)
        say(f"simulating {len(wanted.seeds)} lines")
        lines = [line_of(seed, WEEKS) for seed in wanted.seeds]
        found = _forecast(root, lines, wanted, ORIGINS[:1] if quick else ORIGINS, say)
        say("damaging histories")
        _damage(root, found, GRAINS[1:2] if quick else GRAINS)
        say("measuring CPU")
        cost = json.loads(asked_of("cost", root / "0"))
        say("slowing lines down")
        slow, steps = slow_spells(lines), rate_steps(root / "0" / "shift")
        plain = more.plain_series(root, wanted, quick=quick, say=say) if wanted.series else {}
    result.tables += [figures.accuracy(found.scores), *figures.ratios(found.scores), figures.groups(found)]
    result.tables += [figures.damage(found.scores, found.damaged), more.cost_table(cost), more.plain_table(plain)]
    result.goals += figures.goals(found, quick=quick) + more.goals(cost, slow, steps, plain, quick=quick)
    result.tables = [table for table in result.tables if table.rows]
    missing = [name for name in (*PLANLESS, *WITH_PLAN) if name not in found.scores]
    result.absent += [f"{name}: {PEERS_HOW}" for name in missing]
    if not wanted.series:
        result.absent.append("series without a plan (M4 hourly, steel plant): name their folder by --series")
    return result


def _forecast(
    root: Path,
    lines: Sequence[Line],
    wanted: Wanted,
    origins: Sequence[tuple[int, int]],
    say: Callable[[str], None],
) -> Found:
    found = Found({f"S{line.seed:05d}": line.pattern for line in lines})
    for n, (week, day) in enumerate(origins):
        for grain in GRAINS:
            folder, few = root / str(n) / grain.name, root / f"{n}-peers" / grain.name
            hour = week * 168 + day * 24 + 6
            write_lines(folder, lines, hour, grain.weeks)
            say(f"forecasting {len(lines)} lines by the {grain.name} from origin {n + 1} of {len(origins)}")
            found.seconds += evaluate(folder, grain)
            truths = truths_of(folder)
            answers = answers_of(answers_path(folder, grain))
            found.add(found.scores, "ours", grain, [scored(truth, answers[truth.line], grain) for truth in truths])
            if not wanted.peers_python:
                continue
            say(f"the same by peers, {wanted.peer_lines} lines")
            write_lines(few, lines[: wanted.peer_lines], hour, grain.weeks)
            write_inputs(few, grain)
            for name, path in run_peers(wanted.peers_python, few, grain, (*PLANLESS, *WITH_PLAN)).items():
                theirs = answers_of(path)
                told = [scored(truth, theirs[truth.line], grain) for truth in truths if truth.line in theirs]
                found.add(found.scores, name, grain, told)
    return found


def _damage(root: Path, found: Found, grains: Sequence[Grain]) -> None:
    """Forecasts the first origin again from damaged histories; truth and scale are those of the whole ones."""
    for grain in grains:
        folder = root / "0" / grain.name
        truths = truths_of(folder)
        for kind in KINDS:
            name = damaged(folder, kind)
            found.seconds += evaluate(folder, grain, history=name)
            answers = answers_of(answers_path(folder, grain, history=name))
            found.add(found.damaged, kind, grain, [scored(truth, answers[truth.line], grain) for truth in truths])
