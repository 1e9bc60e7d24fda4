"""Tables and goals beside accuracy on lines: series without a plan, CPU, signals."""

from collections.abc import Callable, Mapping
from pathlib import Path

from analytics.signals.measure import Slow
from mes.config.bench.forecast import plain
from mes.config.bench.forecast.figures import crps, mase
from mes.config.bench.forecast.intervals import inside, mean_over_lines, ratio
from mes.config.bench.forecast.score import Scored
from mes.config.bench.forecast.signals import Steps
from mes.config.bench.forecast.wanted import Wanted
from mes.config.bench.result import Cell, Goal, Table

LINES = 100
RATE_S, ENSEMBLE_S = 10.0, 60.0
RECALL, FALSE_PER_100_H = 0.80, 1.5
DELAY, FALSE_PER_1000 = 10.0, 8.0
SERIES, QUICK_SERIES = 120, 4
M4, STEEL = "M4 hourly", "steel plant"
SEASON = {M4: 24, STEEL: 168}

Plain = Mapping[str, Mapping[str, list[Scored]]]
"""Data set, then method."""


def plain_series(root: Path, wanted: Wanted, *, quick: bool, say: Callable[[str], None]) -> Plain:
    """Scores of the series that are in the folder."""
    assert wanted.series is not None  # noqa: S101  (asked for only then)
    found = {}
    sets = {M4: plain.m4(wanted.series, QUICK_SERIES if quick else SERIES), STEEL: plain.steel(wanted.series)}
    for number, (name, series) in enumerate(sets.items()):
        if series:
            say(f"forecasting {len(series)} series of {name}")
            folder = root / f"plain{number}"
            found[name] = plain.compared(folder, series, SEASON[name], wanted.peers_python)
    return found


def plain_table(found: Plain) -> Table:
    """One row per data set and method."""
    rows: list[list[Cell]] = []
    for name, methods in found.items():
        for method, told in methods.items():
            ranges = [mean_over_lines(told, of) for of in (mase, crps)] + [inside(told, band) for band in (80, 95)]
            rows.append([f"{name}, {method}", len(told), *(str(one) for one in ranges)])
    return Table("Series without a plan, 48 hours ahead", ["", "series", "MASE", "CRPS", "80 %", "95 %"], rows)


def cost_table(cost: Mapping[str, float]) -> Table:
    """CPU seconds of 100 lines by three grains."""
    rows: list[list[Cell]] = [
        ["rate model, its archive of errors known", cost["rate"] * LINES],
        ["the same and its ensemble", cost["ensemble"] * LINES],
        ["rate model and 26 weeks of archive made anew", cost["anew"] * LINES],
    ]
    return Table(f"CPU seconds of {LINES} lines by day, shift and hour, one fit each", ["", "s"], rows)


def goals(cost: Mapping[str, float], slow: Slow, steps: Steps, found: Plain, *, quick: bool) -> list[Goal]:
    """F5, F6, F10, F11."""
    limits = (("rate", RATE_S, "champion refit"), ("ensemble", ENSEMBLE_S, "with the ensemble"))
    spent = {kind: seconds * LINES for kind, seconds in cost.items()}
    named = [
        Goal(f"F6: {LINES} lines, {text}: at most {most:g} CPU s", f"{spent[kind]:.1f} s", spent[kind] <= most)
        for kind, most, text in limits
    ]
    recall, false = slow.recall or 0.0, slow.false_per_100_h or 0.0
    fine = recall >= RECALL and false <= FALSE_PER_100_H
    text = f"F10: slow running found: at least {RECALL:.0%}, at most {FALSE_PER_100_H:g} false in 100 planned hours"
    named.append(Goal(text, f"{recall:.0%} of {slow.spells}, {false:.2f} false", fine))
    fine = steps.delay <= DELAY and steps.false_per_1000 <= FALSE_PER_1000
    text = f"F11: 15 % slower: found after at most {DELAY:g} shifts (median), {FALSE_PER_1000:g} false in 1000"
    seen = f"{steps.delay:g} shifts of {len(steps.delays)} lines, {steps.false_per_1000:.1f} false"
    named.append(Goal(text, seen, fine))
    named += _plain_goals(found)
    return [Goal(goal.text, goal.measured, None if quick else goal.met) for goal in named]


def _plain_goals(found: Plain) -> list[Goal]:
    named = []
    told = found.get(M4, {})
    if "MSTL" in told:
        value = ratio(told["ours"], told["MSTL"], mase)
        named.append(Goal("F5: M4 hourly: MASE at most 1 x MSTL", str(value), value.value <= 1.0))
    told = found.get(STEEL, {})
    peers = [name for name in told if name != "ours"]
    if peers:
        best = min(peers, key=lambda name: mean_over_lines(told[name], mase).value)
        value = ratio(told["ours"], told[best], mase)
        named.append(Goal(f"F5: steel plant: MASE at most .8 x the best peer ({best})", str(value), value.value <= 0.8))
    return named
